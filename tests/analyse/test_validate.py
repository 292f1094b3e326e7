"""Validation: what is refused, and that faults put into the model's tables are found."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sim.analyse.check_loops import Knockout
from sim.analyse.check_structure import check_loop_chains, links_of
from sim.analyse.checks import Bench, verdict
from sim.analyse.validate import FAMILIES, validate
from sim.errors import BadInput
from sim.folders import content
from sim.spec.loops import Loop, load_loops
from sim.spec.model import Model
from sim.translate import load_spec


@pytest.fixture(scope="module")
def spec() -> Model:
    return load_spec(content("model", "changji.mdl"))


def chains(spec: Model, *loops: Loop) -> list[Any]:
    bench = SimpleNamespace(project=SimpleNamespace(spec=spec), loops=loops)
    return list(check_loop_chains(cast(Bench, bench)))


def test_an_unknown_family_is_refused_with_a_suggestion() -> None:
    with pytest.raises(BadInput, match=r"There is no family of checks 'loop'\. Did you mean"):
        validate(families=["loop"])


def test_too_few_members_are_refused() -> None:
    with pytest.raises(BadInput, match="3 members are too few"):
        validate(members=3)


def test_a_loop_that_does_not_close_is_found(spec: Model) -> None:
    loop = load_loops()[0]
    assert chains(spec, loop)[0].passed
    (broken,) = chains(spec, replace(loop, chain=loop.chain[:-1]))
    assert not broken.passed
    assert broken.detail == f"{loop.chain[-2]} → {loop.chain[0]}"


def test_initial_values_are_no_links(spec: Model) -> None:
    links = links_of(spec)
    assert "initial population" not in links["population"]
    assert "net migration" in links["population"]


@pytest.mark.parametrize(
    ("found", "least", "passed"),
    [(0.5, False, True), (1.5, False, False), (0.5, True, False), (1.5, True, True)],
)
def test_a_figure_is_held_against_its_limit(found: float, least: bool, passed: bool) -> None:
    check = verdict("toy", "x", "甲", "X", found, 1.0, least=least)
    assert check.passed == passed
    assert check.load is not None
    assert (check.load <= 1) == passed


@pytest.mark.parametrize(
    ("expected", "change", "fine"), [("larger", 1.0, True), ("larger", 0.0, False), ("smaller", 1.0, False)]
)
def test_a_cut_must_move_its_variable_as_the_polarity_says(expected: str, change: float, fine: bool) -> None:
    loop = replace(load_loops()[0], expected=expected)
    assert Knockout(loop, 1.0, 1.0, change).as_expected == fine


def test_families_have_names_in_both_languages() -> None:
    assert len(FAMILIES) == 13
    assert all(zh and en for zh, en in FAMILIES.values())
