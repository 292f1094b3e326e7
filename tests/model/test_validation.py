"""The model's own tests, as `sim validate` runs them: every family, extreme case and loop by name."""

from __future__ import annotations

import pytest

from sim.analyse.validate import FAMILIES, Check, Validation, validate
from sim.ensemble import Project
from sim.folders import content
from sim.spec.extremes import load_extremes
from sim.spec.loops import load_loops

CASES = [case.id for case in load_extremes()]
LOOPS = [loop.id for loop in load_loops()]
SINGLY = ("extremes", "loops", "toy")


@pytest.fixture(scope="module")
def found(project: Project) -> Validation:
    return validate(project)


def said(checks: tuple[Check, ...]) -> list[str]:
    """Return the failures in words."""
    return [
        f"{one.id} ({one.en}): found {one.found}, wanted {one.wanted}. {one.detail}"
        for one in checks
        if not one.passed
    ]


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in SINGLY])
def test_family(found: Validation, family: str) -> None:
    checks = found.of(family)
    assert checks
    assert not said(checks)


@pytest.mark.parametrize("case", CASES)
def test_extreme_condition(found: Validation, case: str) -> None:
    assert not said(tuple(check for check in found.of("extremes") if check.id == case))


@pytest.mark.parametrize("loop", LOOPS)
def test_loop_knocked_out(found: Validation, loop: str) -> None:
    assert not said(tuple(check for check in found.of("loops") if check.id == loop))


@pytest.mark.parametrize("test", ["frozen", "variance", "dimensions", "together", "ranks"])
def test_against_the_toy(found: Validation, test: str) -> None:
    (check,) = (check for check in found.of("toy") if check.id == test)
    assert not said((check,))


def test_there_are_enough_cases_loops_and_levers(found: Validation) -> None:
    assert len(CASES) == len(found.of("extremes")) >= 60
    assert len(LOOPS) == len(found.of("loops")) >= 20
    assert {f"R{n}" for n in range(1, 11)} | {f"B{n}" for n in range(1, 11)} <= set(LOOPS)


def test_the_page_of_loops_is_that_of_the_table() -> None:
    page = content("model", "loops.md").read_text(encoding="utf-8")
    for loop in load_loops():
        assert f"## {loop.id} {loop.zh} · {loop.en}" in page
        assert loop.found is not None
        assert (loop.found > 0) == (loop.expected == "larger")
        assert " → ".join((*loop.chain, loop.chain[0])) in page
