"""The inputs of a run as rows of one array: constants, heights of lookups, initial values of stocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from sim.engine.drawing import NOISE, NOISE_ROWS
from sim.spec.expressions import Expression, Lookup, Table
from sim.spec.literals import value_of
from sim.spec.model import Model, Variable

if TYPE_CHECKING:
    from sim.engine.planning import Plan

__all__ = [
    "Slot",
    "default_rows",
    "defaults",
    "input_shape",
    "layout",
    "point_count",
    "table_heights",
    "table_points",
]

Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an input stands in the rows; ``shape`` is without lanes."""

    name: str
    start: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Rows taken."""
        return int(np.prod(self.shape, dtype=int))


def layout(plan: Plan) -> list[Slot]:
    """Return the slots of a plan's inputs, in order."""
    slots: list[Slot] = []
    start = 0
    for name in (*plan.constants, *plan.tables, *plan.overridden):
        slot = Slot(name, start, input_shape(plan.model, plan.model.variables[name]))
        slots.append(slot)
        start += slot.size
    if plan.is_random:
        slots.append(Slot(NOISE, start, (NOISE_ROWS,)))
    return slots


def input_shape(model: Model, variable: Variable) -> tuple[int, ...]:
    """Return the shape of one lane of an input: (points, *subscripts) for a lookup, else the subscripts."""
    shape = model.shape(variable)
    return (point_count(variable), *shape) if variable.kind == "lookup" else shape


def default_rows(model: Model, slots: Iterable[Slot]) -> Array:
    """Return one lane of inputs as the model has them; NaN where a stock starts from its equation."""
    parts = [
        np.zeros(slot.size) if slot.name == NOISE else _default(model, model.variables[slot.name]).ravel()
        for slot in slots
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _default(model: Model, variable: Variable) -> Array:
    if variable.kind == "lookup":
        return table_heights(variable, model)
    if variable.kind == "stock":
        return np.full(model.shape(variable), np.nan)
    return defaults(model, variable)


def defaults(model: Model, variable: Variable) -> Array:
    """Return a constant's values, (*subscripts)."""
    result = np.zeros(model.shape(variable))
    for component in variable.components:
        positions = model.select(variable, component.subscripts)
        box = tuple(len(axis) for axis in positions)
        part = np.broadcast_to(_literal(component.expression, box), box)
        if not component.excepted:
            result[np.ix_(*positions)] = part
            continue
        covered = model.cells(component.subscripts, component.excepted)
        elements = [model.dimensions[dimension].elements for dimension in variable.dimensions]
        for index in np.ndindex(*box):
            place = tuple(axis[i] for axis, i in zip(positions, index, strict=True))
            if tuple(names[i] for names, i in zip(elements, place, strict=True)) in covered:
                result[place] = part[index]
    return result


def _literal(expression: Expression, box: tuple[int, ...]) -> Array:
    if isinstance(expression, Table):
        return np.array(expression.values).reshape(box)
    return np.array(value_of(expression))


def table_points(variable: Variable, model: Model) -> Array:
    """Return the x of a lookup's points, (points, *subscripts); shorter tables repeat their last point."""
    return _table(variable, model, "x")


def table_heights(variable: Variable, model: Model) -> Array:
    """Return the y of a lookup's points, (points, *subscripts)."""
    return _table(variable, model, "y")


def point_count(variable: Variable) -> int:
    """Return how many points the longest table of a lookup has."""
    return max(len(_lookup(component.expression).x) for component in variable.components)


def _lookup(expression: Expression) -> Lookup:
    assert isinstance(expression, Lookup)
    return expression


def _table(variable: Variable, model: Model, side: str) -> Array:
    count = point_count(variable)
    result = np.zeros((count, *model.shape(variable)))
    for component in variable.components:
        given = getattr(_lookup(component.expression), side)
        padded = np.array([*given, *[given[-1]] * (count - len(given))])
        positions = model.select(variable, component.subscripts)
        result[np.ix_(range(count), *positions)] = padded.reshape((-1, *[1] * len(positions)))
    return result
