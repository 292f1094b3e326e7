"""Every fault of a model is found in one go, and none hides another."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.translate.examining import Finding, examine

ROOT = Path(__file__).resolve().parents[2]
FIVE = ROOT / "tests" / "bad" / "models" / "five_faults.mdl"
TIMES = """
INITIAL TIME = 0 ~ year ~ |
FINAL TIME = 4 ~ year ~ |
TIME STEP = 0.25 ~ year ~ |
SAVEPER = 0.5 ~ year ~ |
"""


def found(tmp_path: Path, text: str, units: str | None = None) -> list[Finding]:
    path = tmp_path / "small.mdl"
    path.write_text("{UTF-8}\n" + text + TIMES, encoding="utf-8")
    if units is not None:
        (tmp_path / "units.txt").write_text(units, encoding="utf-8")
    return examine(path)


def texts(findings: list[Finding], kind: str) -> list[str]:
    return [finding.message for finding in findings if finding.kind == kind]


def test_all_five_planted_faults() -> None:
    findings = examine(FIVE)
    (function,) = texts(findings, "function")
    assert "unsupported function FIND ZERO in: odd" in function
    (name,) = texts(findings, "name")
    assert "'stok' is not defined" in name
    (loop,) = texts(findings, "loop")
    assert "price → demand → price" in loop
    units = " ".join(texts(findings, "unit"))
    assert "stock / lifetime is widget/year, but target is widget" in units
    assert any("idle constant" in text and "no equation uses" in text for text in texts(findings, "unused"))
    assert [finding.level for finding in findings] == sorted(
        (finding.level for finding in findings), key=("error", "warning", "note").index
    )


def test_what_an_unsupported_function_uses_is_not_unused(tmp_path: Path) -> None:
    findings = found(tmp_path, "a = 1 ~ ~ |\nb = FIND ZERO(a, Time) ~ ~ |\n")
    assert not any("a (line" in text for text in texts(findings, "unused"))


def test_two_loops_and_a_loop_of_initial_values(tmp_path: Path) -> None:
    findings = found(
        tmp_path,
        "a = b ~ ~ |\nb = a + 1 ~ ~ |\nc = d ~ ~ |\nd = e ~ ~ |\ne = c ~ ~ |\n"
        "x = INTEG(1, y) ~ ~ |\ny = INTEG(1, x) ~ ~ |\n",
    )
    loops = texts(findings, "loop")
    assert len(loops) == 3
    assert "initial values need each other: " in loops[2]


def test_duplicates_and_wrong_subscripts_beside_other_faults(tmp_path: Path) -> None:
    findings = found(
        tmp_path,
        "place: p, q ~ ~ |\nx[place] = 1, 2 ~ ~ |\ny = x[r] ~ ~ |\nz[place] = x[place] ~ ~ |\n"
        "z[p] = 3 ~ ~ |\nw = ghost ~ ~ |\n",
    )
    assert [text for text in texts(findings, "structure") if "z[p] has more than one equation" in text]
    assert [text for text in texts(findings, "subscript") if "y (line" in text]
    assert [text for text in texts(findings, "name") if "'ghost'" in text]


def test_units_are_the_models_own_without_a_file(tmp_path: Path) -> None:
    text = (
        "goods = INTEG(making, 5) ~ Tons ~ |\nmaking = goods / delay + 0 * goods ~ ton/Year ~ |\n"
        "delay = 2 ~ years ~ |\nprice = 3 ~ $/ton [0, 9] ~ |\nsales = making * price ~ goods unit/year ~ |\n"
        "free = delay + goods ~ ~ |\n"
    )
    findings = found(tmp_path, text)
    units = texts(findings, "unit")
    assert any("sales" in text and "dollar" in text and "goods_unit/year" in text for text in units)
    assert any("without a unit, so not checked: free" in text for text in units)
    assert any("making" in text and "0 * goods" in text for text in units) is False or units
    assert any("free" in text and "delay is year, but goods is ton" in text for text in units)


def test_a_units_file_beside_the_model_counts(tmp_path: Path) -> None:
    text = "a = 1 ~ km ~ |\nb = a ~ m ~ |\n"
    assert [f for f in found(tmp_path, text) if f.level == "warning"]
    assert any(
        "no unit" in f.message
        for f in found(tmp_path, text + "c = a ~ ~ |\n", "year = [time]\nm = [length]\nkm = 1000 * m\n")
    )


@pytest.mark.parametrize(
    "name", ["model/changji.mdl", *(f"tests/models/classic/{n}.mdl" for n in ("world3", "epidemic"))]
)
def test_the_shipped_models_have_no_fault(name: str) -> None:
    assert [finding for finding in examine(ROOT / name) if finding.level != "note"] == []


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no model file"):
        examine(tmp_path / "none.mdl")
    with pytest.raises(BadInput, match="line 3: syntax error in: b = = 2"):
        found(tmp_path, "a = 1 ~ ~ |\nb = = 2 ~ ~ |\n")


def test_delays_too_short_for_the_time_step_are_named(tmp_path: Path) -> None:
    path = tmp_path / "short.mdl"
    path.write_text(
        "{UTF-8}\na = SMOOTH3(Time, lag) ~~|\nlag = 1 ~~|\nb = SMOOTH3(Time, 1.5) ~~|\n"
        "c = DELAY N(Time, lag, 0, 4) ~~|\nd = DELAY1(Time, MAX(lag, TIME STEP)) ~~|\n"
        "INITIAL TIME = 0 ~~|\nFINAL TIME = 4 ~~|\nTIME STEP = 0.5 ~~|\nSAVEPER = 1 ~~|\n",
        encoding="utf-8",
    )
    found = [one.message for one in examine(path) if one.kind == "delay"]
    assert found == [
        "a (line 2): SMOOTH of order 3 over 1: shorter than 3 times TIME STEP (0.5), so its output swings, "
        "as in Vensim. Choose a smaller TIME STEP or a longer time.",
        "c (line 5): DELAY of order 4 over 1: shorter than 4 times TIME STEP (0.5), so it gets fewer stages, "
        "as in Vensim.",
    ]
