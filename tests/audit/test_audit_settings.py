"""audit.toml: what is refused, one message each."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.audit import load_settings
from sim.errors import BadInput
from sim.folders import content

BAD = {
    "not TOML": ("[limits", "", "not valid TOML"),
    "an unknown table": ("[[wholes]]", "[[hole]]", "key 'hole' is not known. Did you mean 'wholes'"),
    "an unknown key": ('level = "', 'levle = "', "key 'levle' is not known. Did you mean 'level'"),
    "a missing key": ('share = "finance share of GDP"\n', "", "the key 'share' is missing"),
    "an unknown class": (
        'kind = "older_vintage"',
        'kind = "old"',
        "'old' is not known. Allowed: contradiction",
    ),
    "text for a number": ("price_drift = 6.0", 'price_drift = "6"', "'6' must be a number"),
    "a number for text": ('level = "tertiary value added"', "level = 3", "3 must be a text"),
    "a text for a list": ('parts = ["exports", "imports"]', 'parts = "exports"', "must be a list of texts"),
    "a table for a list": ("[[drifts]]", "[drifts]", "must be a list of tables"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(tmp_path: Path, name: str) -> None:
    old, new, message = BAD[name]
    shipped = content("calibration", "audit.toml").read_text("utf-8")
    assert name == "not TOML" or old in shipped
    text = old if name == "not TOML" else shipped.replace(old, new)
    (tmp_path / "audit.toml").write_text(text, "utf-8")
    with pytest.raises(BadInput, match=message) as error:
        load_settings(tmp_path / "audit.toml")
    assert "audit.toml" in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load_settings(tmp_path / "none.toml")
