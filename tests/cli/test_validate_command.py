"""``sim validate``: table, failures in words, JSON, exit codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.analyse import validate as module
from sim.analyse.checks import Check

GOOD = Check("units", "Prices", "价格", "Prices", True, "0/8", "0/8")
BAD = Check("toy", "variance", "方差", "Variance explained", False, "0.803", "≤ 0.7", 1.15, "too simple")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Any:
    asked: dict[str, Any] = {}

    def give(*checks: Check) -> dict[str, Any]:
        def fake(**options: Any) -> module.Validation:
            asked.update(options)
            families = tuple(dict.fromkeys(check.family for check in checks))
            return module.Validation(families, checks, options["members"], options["seed"], 1.25)

        monkeypatch.setattr(module, "validate", fake)
        return asked

    return give


def test_all_passed_is_exit_0(sim: Any, found: Any) -> None:
    asked = found(GOOD)
    said = sim("validate", "--lang=en", "--members=32", "--family=units")
    assert said.code == 0
    assert "All 1 checks passed" in said.out
    assert (asked["members"], asked["families"]) == (32, ("units",))


def test_a_failure_is_told_in_words_with_exit_1(sim: Any, found: Any) -> None:
    found(GOOD, BAD)
    said = sim("validate", "--lang=en")
    assert said.code == 1
    assert "Variance explained" in said.out
    assert "Found 0.803, wanted ≤ 0.7. too simple" in said.out
    assert "1 of 2 checks passed, 1 failed" in said.out
    assert "与玩具模型之别" in sim("validate", "--lang=zh").out


def test_json_holds_families_and_checks(sim: Any, found: Any) -> None:
    found(GOOD, BAD)
    said = sim("validate", "--json")
    assert said.code == 1
    whole = json.loads(said.out)
    assert whole["passed"] is False
    assert [(one["id"], one["passed"], one["total"], one["worst"]) for one in whole["families"]] == [
        ("units", 1, 1, "Prices"),
        ("toy", 0, 1, "variance"),
    ]
    assert whole["checks"][1]["detail"] == "too simple"


def test_an_unknown_family_is_bad_input(sim: Any) -> None:
    said = sim("validate", "--family=loop")
    assert said.code == 2
    assert "Did you mean" in said.err
