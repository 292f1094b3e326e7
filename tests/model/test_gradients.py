"""Derivatives of the shipped model, all levers at a half, against central differences over a ladder of steps.

The differences know nothing of the derivative: of each constant, that estimate is taken (Richardson, over
three neighbouring steps) which changes least from one to the next. Where it has not settled, the output must
be shown to jump or to bend at the constant, which is listed with the reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.engine import LoadedModel, load_model
from sim.engine.planning import make_plan
from sim.folders import content

Array = NDArray[np.float64]

_SEED = 2024
_LADDER = 2.0 ** -np.arange(6, 27, 2)
"""Steps as parts of the constant (of 1 if it is 0), each a quarter of the one before."""
_AT = {"lever intensity": 0.5}
"""In the model's file no lever is pulled, and a lever cannot be pulled by less than nothing."""
_CLOSE, _LEAST = 1e-6, 1e-4
"""How close, of the largest derivative over time, but at least of what would move the output's peak by a ten
thousandth when the constant doubles: what differences lose to rounding is 1e-11 of the peak."""

KINKS = {
    "lever start year": "MAX(0, Time - lever start year) bends at a time step, and costs begin there",
    "base year": "Time is compared with it: moved at all, a condition turns a whole time step apart",
    "committed until": "Time is compared with it, as with the base year",
    "one year": "a delay in whole time steps: moved at all, what was a year ago is of another step",
}
"""Constants whose own value is where the output bends or jumps, so that it has no derivative there."""


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(content("model", "changji.mdl"))


@dataclass(frozen=True)
class Cell:
    """One number of a constant: its name with elements, and its value."""

    name: str
    value: float

    @property
    def unit(self) -> float:
        return abs(self.value) or 1.0


def _cells(model: LoadedModel, output: str) -> Iterator[Cell]:
    """Yield every cell of the constants in the equations of an output."""
    defaults = model.defaults() | {name: np.full_like(model.defaults()[name], _AT[name]) for name in _AT}
    for name in make_plan(model.spec, (output,)).constants:
        axes = [model.spec.dimensions[axis].elements for axis in model.variables[name].dimensions]
        for elements, value in zip(product(*axes), defaults[name].ravel(), strict=True):
            yield Cell(f"{name}[{', '.join(elements)}]" if elements else name, float(value))


def _chosen(model: LoadedModel, output: str, count: int) -> list[Cell]:
    """Return cells drawn by the seed and their names, so that a new constant changes no other's chance."""

    def draw(cell: Cell) -> bytes:
        return hashlib.sha256(f"{_SEED} {cell.name}".encode()).digest()

    return sorted(_cells(model, output), key=draw)[:count]


def _sides(model: LoadedModel, output: str, cells: list[Cell], steps: Array) -> tuple[Array, Array]:
    """Return outputs (cells, steps, 2 sides, times) above and below each cell, and how far each was moved."""
    lanes = (len(cells), len(steps), 2)
    changes: dict[str, Any] = dict(_AT)
    moved = np.empty(lanes)
    for place, cell in enumerate(cells):
        values = np.full(lanes, cell.value)
        values[place] += cell.unit * steps[:, None] * np.array([1.0, -1.0])
        changes[cell.name] = values.ravel()
        moved[place] = values[place] - cell.value
    result = model.run(changes, outputs=[output])
    return result[output].reshape((*lanes, -1)), moved


def _slopes(values: Array, moved: Array) -> Array:
    """Return estimates of the derivative, (cells, steps − 2, times), free of errors of order 1 and 2."""
    central = (values[:, :, 0] - values[:, :, 1]) / (moved[:, :, 0] - moved[:, :, 1])[..., None]
    bent = (4.0 * central[:, 1:] - central[:, :-1]) / 3.0
    return (16.0 * bent[:, 1:] - bent[:, :-1]) / 15.0


def _settled(slopes: Array, scale: float) -> tuple[Array, float]:
    """Return the estimate (times,) that changes least from the one before, and by how much, of the scale."""
    changes = np.abs(np.diff(slopes, axis=0)).max(axis=1)
    place = int(np.nanargmin(changes)) + 1
    own = max(float(np.abs(slopes[place]).max()), scale)
    return slopes[place], float(changes[place - 1]) / own


def _order(values: Array, middle: Array) -> float:
    """Return the power of the step with which the second difference falls: 2 is smooth, 1 a bend, 0 a jump.

    ``values`` is (steps, 2 sides, times), ``middle`` (times,) between them. Where all is rounding, 2.
    """
    second = np.abs(values[:, 0] + values[:, 1] - 2.0 * middle).max(axis=1)[-5:]
    if second[-1] < 1e-12 * np.abs(middle).max():
        return 2.0
    return float(np.log(second[0] / second[-1]) / np.log(4.0**4))


def _check(model: LoadedModel, output: str, cells: list[Cell]) -> dict[str, float]:
    """Return how far each derivative is off, of its scale; those left out are proven and listed."""
    gradient = model.gradient(output, _AT, [cell.name for cell in cells])
    values, moved = _sides(model, output, cells, _LADDER)
    middle = gradient.value.ravel()
    off: dict[str, float] = {}
    left_out: dict[str, float] = {}
    for cell, ends, slopes in zip(cells, values, _slopes(values, moved), strict=True):
        floor = _LEAST * float(np.abs(middle).max()) / cell.unit
        wanted, change = _settled(slopes, floor)
        if change > _CLOSE:
            left_out[cell.name] = _order(ends, middle)
        else:
            scale = max(float(np.abs(wanted).max()), floor)
            off[cell.name] = float(np.abs(gradient[cell.name].ravel() - wanted).max()) / scale
    assert {name for name, order in left_out.items() if order > 1.5} == set()
    assert {name.partition("[")[0] for name in left_out} <= KINKS.keys()
    assert len(left_out) <= 0.2 * len(cells)
    assert {name: value for name, value in off.items() if not value <= _CLOSE} == {}
    assert any(gradient[name].any() for name in off)
    return off


@pytest.mark.parametrize("output", ["transfers", "power exports"])
def test_a_small_part_of_the_model_has_the_gradient_of_its_runs(model: LoadedModel, output: str) -> None:
    off = _check(model, output, _chosen(model, output, 20))
    assert len(off) >= 8


@pytest.mark.parity
def test_fifty_constants_have_the_derivatives_that_differences_tend_to(model: LoadedModel) -> None:
    cells = _chosen(model, "prefecture gdp constant", 50)
    assert len(_check(model, "prefecture gdp constant", cells)) >= 40


def test_a_kink_is_told_from_a_smooth_turn() -> None:
    def order(function: Any) -> float:
        sides = np.array([[[function(step)], [function(-step)]] for step in _LADDER])
        return _order(sides, np.array([function(0.0)]))

    assert order(lambda x: 3.0 + abs(x)) == pytest.approx(1.0)
    assert order(lambda x: 3.0 + (x > 0.0)) == pytest.approx(0.0)
    assert order(lambda x: 3.0 + x + 1e5 * x * x) == pytest.approx(2.0, abs=0.01)
    assert order(lambda x: np.exp(x)) == 2.0
