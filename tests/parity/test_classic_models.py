"""Published classics, typed in from their equations, against PySD over their full horizon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.engine import load_model
from sim.translate.units import check_units

FOLDER = Path(__file__).parents[1] / "models" / "classic"
NAMES = ["beer_game", "epidemic", "market_growth", "urban_dynamics", "world3"]

QUICK: dict[str, dict[str, Any]] = {
    "beer_game": {},
    "epidemic": {},
    "market_growth": {},
    "urban_dynamics": {"time_step": 2.5, "save_every": 5.0},
    "world3": {"time_step": 1.0, "save_every": 5.0},
}
"""A longer step and fewer saved times where PySD takes more than a few seconds."""

CHANGED: dict[str, dict[str, Any]] = {
    "beer_game": {"supply line weight": 1.0, "customer orders rise": 6.5},
    "epidemic": {"contact rate": 3.3, "susceptible": 8000.0},
    "market_growth": {"delivery delay weighting": 0.25, "production capacity receiving delay": 7.5},
    "urban_dynamics": {
        "slum housing demolition rate": 0.05,
        "low cost housing programme coefficient": 0.02,
        "programme start": 100.0,
    },
    "world3": {
        "initial nonrenewable resources": 2e12,
        "policy year": 2002.0,
        "life of industrial capital after": 18.0,
        "pollution transmission delay after": 12.0,
    },
}

TOLERANCES = {"urban_dynamics": 1e-10}
"""Of each variable's peak; only urban dynamics has a transcendental function."""


def _tolerance(name: str) -> float:
    return TOLERANCES.get(name, 1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_equals_pysd(name: str, compare: Callable[..., None], case: type[Any]) -> None:
    compare(FOLDER / f"{name}.mdl", case(**QUICK[name]), _tolerance(name))


@pytest.mark.parametrize("name", ["beer_game", "epidemic", "market_growth"])
def test_changed_constants_equal_pysd(name: str, compare: Callable[..., None], case: type[Any]) -> None:
    compare(FOLDER / f"{name}.mdl", case(CHANGED[name]), _tolerance(name))


@pytest.mark.parity
@pytest.mark.parametrize("name", ["urban_dynamics", "world3"])
@pytest.mark.parametrize("changed", [False, True])
def test_shipped_step_equals_pysd(
    name: str, changed: bool, compare: Callable[..., None], case: type[Any]
) -> None:
    changes = CHANGED[name] if changed else {}
    compare(FOLDER / f"{name}.mdl", case(changes), _tolerance(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_is_described_and_units_fit(name: str) -> None:
    model = load_model(FOLDER / f"{name}.mdl")
    for variable in model.variables.values():
        assert variable.units, variable.name
        assert variable.doc, variable.name
        assert variable.group, variable.name
    assert check_units(model.spec, FOLDER / "units.txt") == []
