"""The vendored fonts: small, TrueType, renamed, with their licence."""

from __future__ import annotations

import pytest
from fontTools.ttLib import TTFont

from sim.folders import content

WEIGHTS = ("Regular", "Bold")


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_font_is_truetype_under_a_name_of_its_own(weight: str) -> None:
    path = content("reports", "fonts", f"SimSansSC-{weight}.ttf")
    with TTFont(path) as font:
        names = font["name"]
        assert "glyf" in font
        assert "CFF " not in font
        assert names.getDebugName(1) == "Sim Sans SC"
        assert names.getDebugName(2) == weight
        for number in (1, 3, 4, 6):
            assert "Noto" not in names.getDebugName(number)
            assert "Source" not in names.getDebugName(number)
        assert "Open Font License" in names.getDebugName(13)
        assert font["OS/2"].usWeightClass == (700 if weight == "Bold" else 400)
    assert path.stat().st_size < 2_500_000


def test_both_weights_have_the_same_characters() -> None:
    sets = []
    for weight in WEIGHTS:
        with TTFont(content("reports", "fonts", f"SimSansSC-{weight}.ttf"), lazy=True) as font:
            sets.append(set(font.getBestCmap()))
    assert sets[0] == sets[1]
    assert len(sets[0]) > 7400


def test_the_licence_is_beside_the_fonts() -> None:
    words = content("reports", "fonts", "OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in words
    assert "DISCLAIMER" in words
    assert "Adobe" in words
