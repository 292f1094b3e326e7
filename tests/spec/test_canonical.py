"""Canonical equations: the same for every way to write them, another for every other meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.spec.canonical import canonical_dimension, canonical_equations
from sim.spec.expressions import Number, Operation, Reference
from sim.spec.model import Component, Variable
from sim.translate import load_spec

BASE = """\
{UTF-8}
place: north, south ~~|
size[north] = 2 ~ km ~ How large. ~|
size[south] = 3 ~ km ~ How large. ~|
rate = 0.5 ~ 1/year ~ How fast. ~|
shape([(0,0)-(2,2)],(0,0),(1,2),(2,1)) ~ dmnl ~ A curve. ~|
growth[place] = size[place] * rate - shape(Time/10) + MAX(rate, 1) ~ km/year ~ What is added. ~|
stock[place] = INTEG(growth[place], size[place]) ~ km ~ What is there. ~|
FINAL TIME = 10 ~ year ~ ~|
INITIAL TIME = 0 ~ year ~ ~|
SAVEPER = TIME STEP ~ year ~ ~|
TIME STEP = 0.5 ~ year ~ ~|
"""
SAME = [
    ("How fast.", "How  fast."),
    ("~ What is added.", "~ 每年增加多少"),
    ("rate = 0.5 ~ 1/year", "rate = 0.5 ~ 1/Month"),
    ("size[place] * rate - shape", "(size[place]  *  RATE) - shape"),
    ("MAX(rate, 1)", "max( Rate , 1.0 )"),
    ("rate = 0.5 ~ 1/year ~ How fast. ~|\n", ""),
]
OTHER = [
    ("* rate -", "* rate +"),
    ("size[place] * rate - shape(Time/10)", "size[place] * (rate - shape(Time/10))"),
    ("MAX(rate, 1)", "MAX(rate, 1.0000001)"),
    ("MAX(rate, 1)", "MIN(rate, 1)"),
    ("Time/10", "Time/rate"),
    ("(1,2)", "(1,1.5)"),
    ("INTEG(growth[place], size[place])", "INTEG(growth[place], size[north])"),
    ("stock[place] = INTEG(growth[place]", "stock[place] = INTEG(size[place]"),
]


def table(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "model.mdl"
    path.write_text(text, encoding="utf-8")
    model = load_spec(path)
    return {name.lower(): canonical_equations(one) for name, one in model.variables.items()}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(("old", "new"), SAME)
def test_what_changes_no_number_changes_nothing(tmp_path: Path, old: str, new: str) -> None:
    assert BASE.count(old) == 1
    # The last case moves an equation to the end of the file.
    text = BASE.replace(old, new) if new else BASE.replace(old, "") + old
    assert table(tmp_path, text) == table(tmp_path, BASE)


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_what_changes_numbers_changes_that_equation_alone(tmp_path: Path, old: str, new: str) -> None:
    assert BASE.count(old) == 1
    before, after = table(tmp_path, BASE), table(tmp_path, BASE.replace(old, new))
    assert len([name for name in before if before[name] != after[name]]) == 1


def written(expression: Operation) -> str:
    return canonical_equations(Variable("x", "auxiliary", "", (), "", "", (Component((), (), expression),)))


def test_a_long_sum_is_one_equation_however_the_tree_holds_it() -> None:
    a, b, c = (Reference(name) for name in "abc")
    nested = Operation("-", (Operation("+", (a, b)), c))
    assert written(nested) == written(Operation("-", (Operation("+", (Reference("A"), b)), c)))
    assert written(Operation("+", (a, b, c))) == written(Operation("+", (Operation("+", (a, b)), c)))
    assert written(nested) != written(Operation("-", (a, Operation("+", (b, c)))))
    deep = a
    for _ in range(20_000):
        deep = Operation("+", (deep, b))  # type: ignore[assignment]
    assert written(deep).count("+ b") == 20_000  # type: ignore[arg-type]


def test_a_sign_belongs_to_its_number() -> None:
    a = Reference("a")
    negative = Operation("negative", (Number(2.0),))
    assert written(Operation("^", (a, negative))) == written(Operation("^", (a, Number(-2.0))))
    square = Operation("^", (Number(2.0), Number(2.0)))
    assert written(Operation("negative", (square,))) != written(Operation("^", (negative, Number(2.0))))


def test_the_elements_of_a_dimension_count_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "model.mdl"
    path.write_text(BASE, encoding="utf-8")
    before = canonical_dimension(load_spec(path).dimensions["place"])
    path.write_text(BASE.replace("north, south", "south, north"), encoding="utf-8")
    assert canonical_dimension(load_spec(path).dimensions["place"]) != before
