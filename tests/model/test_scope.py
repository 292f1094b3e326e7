"""Every target is an indicator or excused, and every name of the model has a Chinese one."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from sim.spec.anchors import load_anchors
from sim.spec.facts import load_facts
from sim.spec.glossary import load_glossary
from sim.spec.kpis import load_kpis
from sim.spec.levers import load_levers
from sim.spec.observations import load_observations
from sim.translate import load_spec

ROOT = Path(__file__).resolve().parents[2]
SCOPE = (ROOT / "model" / "scope.md").read_text("utf-8")
MODEL = load_spec(ROOT / "model" / "changji.mdl")


def test_every_target_is_an_indicator_or_excused() -> None:
    targets = {fact.id for fact in load_facts() if fact.is_target}
    modelled = {fact for kpi in load_kpis() for fact in kpi.facts}
    excused = re.findall(r"^\| (F\d+) \|", SCOPE, re.MULTILINE)
    assert len(excused) == len(set(excused))
    assert targets - modelled == set(excused)


def test_every_target_starts_from_a_figure_or_says_that_there_is_none() -> None:
    facts = {fact.id: fact for fact in load_facts()}
    rows = list(csv.DictReader((ROOT / "model" / "kpis.csv").read_text("utf-8").splitlines()))
    with_target = [row for row in rows if row["target"]]
    for row in with_target:
        names = [] if row["start"] == "none" else row["start"].split(";")
        assert row["start"], row
        assert all(name in facts and not facts[name].is_target for name in names), row
        # A starting figure is of the same place or its part, and of a year before the target's.
        assert all(int(facts[name].period[:4]) < int(row["year"]) for name in names), row
    assert 0 < sum(row["start"] == "none" for row in with_target) < len(with_target)


def test_what_a_document_gives_is_not_called_missing() -> None:
    """An indicator without a starting figure has a variable that no document's figure ties."""
    tied = {anchor.variable.name for anchor in load_anchors() if re.search(r"\bF\d+", anchor.source)}
    tied |= {one.variable.name for one in load_observations(ROOT / "calibration" / "observations.csv")}
    lacking = {kpi.variable.name for kpi in load_kpis() if kpi.target is not None and not kpi.assessed}
    assert lacking
    assert not lacking & tied
    # What a note of the facts or the indicators calls without a baseline is marked so.
    for kpi in load_kpis():
        assert not (kpi.assessed and "no baseline" in kpi.note), kpi


def test_every_excuse_gives_a_reason() -> None:
    rows = [line.strip("| ").split(" | ") for line in SCOPE.splitlines() if re.match(r"\| F\d+ ", line)]
    assert all(len(row) == 3 and len(row[2]) > 5 for row in rows)


def test_scope_names_levers_and_groups_that_exist() -> None:
    known = {lever.id for lever in load_levers()} | {variable.group for variable in MODEL.variables.values()}
    known |= set(MODEL.variables) | {
        element for found in MODEL.dimensions.values() for element in found.elements
    }
    named = {name for name in re.findall(r"`([^`]+)`", SCOPE) if "." not in name and name != "code"}
    assert named <= known


def test_every_name_has_a_chinese_one_and_none_is_stale() -> None:
    levers = {lever.element for lever in load_levers()}
    elements = {element for found in MODEL.dimensions.values() for element in found.elements} - levers
    glossary = load_glossary().names
    assert set(glossary["variable"]) == set(MODEL.variables)
    assert set(glossary["group"]) == {variable.group for variable in MODEL.variables.values()}
    assert set(glossary["element"]) == elements
    # Dimensions such as "sector (a, b)" come from equations that cover only some elements.
    assert set(glossary["dimension"]) == {name for name in MODEL.dimensions if "(" not in name}


def test_chinese_names_are_chinese_and_distinct() -> None:
    names = load_glossary().names["variable"]
    assert all(re.search("[\u4e00-\u9fff]", zh) for zh in names.values())
    assert len(set(names.values())) == len(names)
