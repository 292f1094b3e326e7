"""The tool that makes mutants: each operator and constant once, nothing else, and no stale excuse."""

from __future__ import annotations

import ast

import pytest
from mutation.ledger import ROOT, Subject, excuses, subjects
from mutation.sites import mutants

SOURCE = '''"""A module."""
__all__ = ["band"]
LOW = {"p05": 0.05}


def band(values: "list[float]", share: float = 0.5) -> float:
    """Say something."""
    if not values and share < 1:
        raise ValueError("no values", 3)
    return values["p50"] - share * -LOW
'''


def test_each_operator_and_constant_once_and_nothing_else() -> None:
    made = [(one.number, one.what) for one in mutants(SOURCE)]
    assert made == [
        (3, "'p05' → 'p25'"),
        (3, "0.05 → 0.07500000000000001"),
        (6, "0.5 → 0.75"),
        (8, "And → Or"),
        (8, "Not → nothing"),
        (8, "Lt → LtE"),
        (8, "1 → 2"),
        (10, "'p50' → 'p75'"),
        (10, "Sub → Add"),
        (10, "Mult → Div"),
        (10, "USub → nothing"),
    ]
    trees = {ast.dump(ast.parse(one.text)) for one in mutants(SOURCE)}
    assert len(trees) == len(made)
    assert ast.dump(ast.parse(SOURCE)) not in trees


@pytest.mark.parametrize("subject", subjects(), ids=lambda one: one.module)
def test_a_module_and_its_tests_are_there_and_mutants_have_own_names(subject: Subject) -> None:
    module, tests = ROOT / subject.module, subject.tests
    assert tests
    assert all((ROOT / name).exists() for name in tests)
    made = [one.key for one in mutants(module.read_text(encoding="utf-8"))]
    assert len(set(made)) == len(made) > 0


def test_every_excuse_is_of_a_mutant_that_there_is() -> None:
    known = {
        (subject.module, *one.key)
        for subject in subjects()
        for one in mutants((ROOT / subject.module).read_text(encoding="utf-8"))
    }
    for row in excuses():
        assert (row.module, row.function, row.line, row.what) in known
        assert row.kind in ("equivalent", "survivor")
        assert len(row.reason) > 20
