"""Observations: what is read, what is refused, and that every fact has its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.folders import content
from sim.spec.anchors import load_anchors
from sim.spec.facts import load_facts
from sim.spec.observations import load_observations, load_unused_facts

HEADER = "id,zh,en,facts,variable,operator,of,year,scale,value,unit,error,discrepancy,side,group,note\n"
GOOD = {
    "id": "gdp", "zh": "产值", "en": "GDP", "facts": "F001", "variable": "output[city]", "operator": "level",
    "of": "", "year": "2024", "scale": "1", "value": "705.11", "unit": "1e8 CNY", "error": "2",
    "discrepancy": "3", "side": "both", "group": "gdp", "note": "",
}  # fmt: skip


LEVEL_AND_ANOTHER = {"F186"}
"""Capacity, fitted, beside output, anchored."""


def written(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "observations.csv"
    lines = [",".join((GOOD | row)[name] for name in HEADER.strip().split(",")) for row in rows]
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_errors_add_in_squares(tmp_path: Path) -> None:
    (one,) = load_observations(written(tmp_path, {"error": "3", "discrepancy": "4"}))
    assert one.deviation == pytest.approx(5)
    assert [str(reference) for reference in one.references] == ["output[city]"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"facts": "F022"}, r"row 2, column 'facts': F022 .* is a target of a plan.*no evidence of what was"),
        ({"facts": "F289"}, r"F289 .* is a forecast"),
        ({"facts": "F999"}, r"'F999' is not in facts.csv"),
        ({"facts": ""}, r"no fact is named"),
        ({"error": "0"}, r"column 'error': 0 is not above 0"),
        ({"error": "-1"}, r"column 'error': -1 is not above 0"),
        ({"discrepancy": "-1"}, r"column 'discrepancy': -1 is below 0"),
        ({"value": "many"}, r"column 'value': 'many' is not a finite number"),
        ({"operator": "levle"}, r"'levle' is not known.*Did you mean 'level'"),
        ({"operator": "share"}, r"column 'of': a share needs the variable"),
        ({"of": "output"}, r"column 'of': a share needs the variable"),
        ({"side": "up"}, r"'up' is not known"),
        ({"variable": "output[city"}, r"is not a model variable"),
        ({"scale": "0"}, r"column 'scale': 0 is not above 0"),
    ],
)
def test_a_faulty_row_is_refused(tmp_path: Path, row: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        load_observations(written(tmp_path, row))


def test_an_id_may_stand_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'gdp' is there twice"):
        load_observations(written(tmp_path, {}, {}))


def test_a_reason_must_be_one_of_the_list(tmp_path: Path) -> None:
    path = tmp_path / "unused.csv"
    path.write_text("fact,reason,note\nF001,mood,\n", encoding="utf-8")
    with pytest.raises(BadInput, match="'mood' is not known"):
        load_unused_facts(path)
    path.write_text("fact,reason,note\nF001,input,\nF001,input,\n", encoding="utf-8")
    with pytest.raises(BadInput, match="'F001' is there twice"):
        load_unused_facts(path)


def test_every_fact_is_fitted_or_has_a_reason() -> None:
    fitted = {fact for one in load_observations() for fact in one.facts}
    unused = {one.fact for one in load_unused_facts()}
    assert not fitted & unused
    assert fitted | unused == {fact.id for fact in load_facts()}


def test_what_is_said_to_be_anchored_or_a_target_is() -> None:
    sources = " ".join(anchor.source for anchor in load_anchors())
    anchored = set(re.findall(r"F\d{3}", sources))
    facts = {fact.id: fact for fact in load_facts()}
    for one in load_unused_facts():
        assert one.reason != "anchored" or one.fact in anchored, one
        assert (one.reason == "target") == facts[one.fact].is_target, one
        assert one.note or one.reason in ("target", "anchored", "forecast", "before_start", "other_place"), (
            one
        )


def test_no_figure_is_both_fitted_and_anchored() -> None:
    sources = " ".join(anchor.source for anchor in load_anchors())
    anchored = set(re.findall(r"F\d{3}", sources))
    assert not anchored & {fact for one in load_observations() for fact in one.facts} - LEVEL_AND_ANOTHER


def test_figures_are_the_facts_own() -> None:
    facts = {fact.id: fact for fact in load_facts()}
    for one in load_observations():
        assert one.value == facts[one.facts[0]].value, one.id
        assert one.unit == facts[one.facts[0]].unit, one.id


def test_there_are_groups_enough_to_leave_out() -> None:
    assert len({one.group for one in load_observations()}) >= 10
    assert content("calibration", "observations.csv").is_file()
