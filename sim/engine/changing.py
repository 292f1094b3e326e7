"""What a user changes in a run: names and values checked, and turned into rows of inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sim.engine.limits import may_be_negative
from sim.engine.packing import Slot, input_shape
from sim.errors import BadInput, did_you_mean
from sim.spec.model import Model, Variable, key

__all__ = ["Change", "Changes", "count_of", "read_changes", "split_name"]

Array: TypeAlias = npt.NDArray[np.float64]
Changes: TypeAlias = Mapping[str, Any]
_MOST_LANES = 100_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """One checked change: flat cells of the variable, and values ``(cells, lanes)`` or ``(cells, 1)``."""

    variable: Variable
    cells: npt.NDArray[np.intp]
    values: Array

    def rows(self, slots: Mapping[str, Slot]) -> npt.NDArray[np.intp] | None:
        """Return the rows of the input array, or None if the run does not use the variable."""
        slot = slots.get(self.variable.name)
        return None if slot is None else slot.start + self.cells

    def part(self, start: int, stop: int) -> Change:
        """Return the change for the lanes from ``start`` up to ``stop``."""
        return self if self.values.shape[1] == 1 else replace(self, values=self.values[:, start:stop])


def split_name(text: str) -> tuple[str, tuple[str, ...]]:
    """Split ``name[element, element]`` into the name and its elements."""
    name, bracket, rest = text.strip().partition("[")
    if not bracket:
        return name.strip(), ()
    if not rest.endswith("]"):
        raise BadInput(f"{text!r}: a closing ] is missing.")
    return name.strip(), tuple(part.strip() for part in rest[:-1].split(","))


def read_changes(model: Model, changes: Changes, lanes: int | None) -> tuple[list[Change], int]:
    """Return the checked changes and the number of lanes; BadInput naming what is wrong."""
    if lanes is not None:
        count_of("lanes", lanes)
    read = [_Reading(model, name, value) for name, value in changes.items()]
    count = _lanes(read, lanes)
    return [reading.change(count) for reading in read], count


def count_of(name: str, value: object) -> int:
    """Return a number of lanes; BadInput if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= _MOST_LANES:
        raise BadInput(f"{name} must be a whole number between 1 and {_MOST_LANES}; {value!r} given.")
    return int(value)


def _lanes(read: list[_Reading], lanes: int | None) -> int:
    found = lanes
    for reading in read:
        given = reading.lanes
        if given is None:
            continue
        if found is not None and given != found:
            raise BadInput(f"{reading.name}: values for {given} lanes given, but the run has {found}.")
        found = given
    return 1 if found is None else found


class _Reading:
    """One change being checked."""

    def __init__(self, model: Model, name: str, value: Any) -> None:
        self.name = name
        self.model = model
        plain, elements = split_name(name)
        self.variable = _changeable(model, plain)
        self.shape = input_shape(model, self.variable)
        self.cells, self.one_value = self._cells(elements)
        self.value = _numbers(name, value)
        if self.variable.kind == "stock" and not may_be_negative(self.variable):
            _refuse_negative(name, self.value)
        self.lanes = self._lanes()

    def _cells(self, elements: tuple[str, ...]) -> tuple[npt.NDArray[np.intp], bool]:
        whole = np.arange(math.prod(self.shape)).reshape(self.shape)
        if not elements:
            return whole.ravel(), False
        if self.variable.kind == "lookup":
            raise BadInput(f"{self.name}: a lookup is set as a whole, with values of shape {self.shape}.")
        positions = self.model.select(self.variable, elements)
        return whole[np.ix_(*positions)].ravel(), True

    def _lanes(self) -> int | None:
        """Return the lanes that the value is given for, or None if it is the same in all."""
        given = self.value.shape
        if given == () or (given == self.shape and not self.one_value):
            return None
        if len(given) == 1 and self.variable.kind != "lookup":
            return int(given[0])
        if not self.one_value and given[1:] == self.shape:
            return int(given[0])
        raise BadInput(f"{self.name}: values of shape {given} given; allowed: {', '.join(self._allowed())}.")

    def _allowed(self) -> list[str]:
        if self.one_value or not self.shape:
            return ["a number", "(lanes,)"]
        sizes = ", ".join(str(size) for size in self.shape)
        single = f"({sizes},)" if len(self.shape) == 1 else f"({sizes})"
        first = [] if self.variable.kind == "lookup" else ["a number", "(lanes,)"]
        return [*first, single, f"(lanes, {sizes})"]

    def change(self, lanes: int) -> Change:
        """Return the change for a run of ``lanes``."""
        by_lane_or_element = self.lanes is None and self.value.shape == (lanes,) and lanes > 1
        if by_lane_or_element and self.variable.kind != "lookup":
            raise BadInput(
                f"{self.name}: {lanes} values could be lanes or elements of "
                f"{', '.join(self.variable.dimensions)}. Give (lanes, {lanes}) or name the elements."
            )
        count = self.cells.size
        if self.lanes is None:
            values = np.broadcast_to(self.value.reshape(-1, 1), (count, 1))
        elif self.value.ndim == 1:
            values = np.broadcast_to(self.value, (count, lanes))
        else:
            values = self.value.reshape(lanes, count).T
        return Change(self.variable, self.cells, values)


def _changeable(model: Model, name: str) -> Variable:
    variable = model.find(name)
    if variable.kind in ("constant", "stock", "lookup"):
        return variable
    if variable.kind == "control":
        raise BadInput(f"{variable.name} is a time setting: use time_step, final_time or save_every.")
    near = did_you_mean(key(name), (key(v.name) for v in model.variables.values() if v.kind == "constant"))
    raise BadInput(
        f"{variable.name} is computed by an equation. Only constants, initial values of stocks and "
        f"lookups can be set; Held and TimeSeries replace an equation.{near}"
    )


def _refuse_negative(name: str, value: Array) -> None:
    if (value < 0).any():
        place = tuple(int(i) for i in np.argwhere(value < 0)[0])
        where = f" at {place}" if place else ""
        raise BadInput(
            f"{name}: an initial value of {value[place]:g}{where} given, but the model's limits for it allow "
            "nothing below 0."
        )


def _numbers(name: str, value: Any) -> Array:
    given = np.asarray(value)
    if given.dtype.kind not in "fiu":
        raise BadInput(f"{name}: numbers are needed, {str(value)[:60]!r} given.")
    array = given.astype(np.float64)
    if not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(np.atleast_1d(array)))[0]
        shown = np.atleast_1d(array)[tuple(place)]
        where = f" at {tuple(int(i) for i in place)}" if array.ndim else ""
        raise BadInput(f"{name}: {shown}{where} given; values must be finite numbers.")
    return array
