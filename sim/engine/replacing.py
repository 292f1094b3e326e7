"""Variables held, or given by a time series, instead of computed: for tests and for cutting loops.

The equations are exchanged in the typed model, so that everything else stays as it is. What is given by
numbers (heights, values, switches) enters as lane inputs: only another set of replaced variables, or
a series at other times, compiles again.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sim.engine.changing import Changes, split_name
from sim.engine.packing import table_points
from sim.errors import BadInput
from sim.spec.expressions import (
    Call,
    Expression,
    Initial,
    Lookup,
    LookupCall,
    Number,
    Reference,
    Stock,
    Table,
)
from sim.spec.model import Component, Kind, Model, Variable

__all__ = ["Held", "Points", "TimeSeries", "exchanged", "is_exchange"]

Array: TypeAlias = npt.NDArray[np.float64]
Points: TypeAlias = "list[tuple[float, float]] | tuple[tuple[float, float], ...]"
"""A lookup table as pairs (x, y), x increasing; any number of them."""


@dataclass(frozen=True, eq=False)
class Held:
    """A variable kept from changing: ``{"price": Held()}`` cuts every loop through the price.

    Without ``value`` it stays at what its equation gives at the initial time, lane by lane; a stock stays at
    its initial value. With ``value`` (a number, (lanes,), (*subscripts) or (lanes, *subscripts)) it stays
    there, and other values compile nothing. ``where`` (lanes,) of true and false holds it in those
    lanes only; in the others the equation works. With ``where`` one run tries many cuts at the
    price of one compilation: ``{"price": Held(where=lane == 1), "orders": Held(where=lane == 2)}``.
    """

    value: Any = None
    where: Any = None


@dataclass(frozen=True, eq=False)
class TimeSeries:
    """A variable given over time instead of computed: linear between the points, held beyond the ends.

    ``times`` (points,) increases and is in the model's unit of time. ``values`` is (points, *subscripts),
    (points,), (lanes, points, *subscripts) or (lanes, points), in the variable's unit; the first form that
    fits counts. ``TimeSeries(base.time, base["x"][0])`` repeats a variable's path in another run.
    ``where`` (lanes,) gives it in those lanes only. Other values compile nothing, other times do; each
    point costs a little, so hundreds are many.
    """

    times: Any
    values: Any
    where: Any = None


def is_exchange(value: Any) -> bool:
    """Tell whether a change exchanges equations, and is no array of numbers."""
    return isinstance(value, Held | TimeSeries) or _is_points(value)


def exchanged(model: Model, changes: Changes) -> tuple[Model, dict[str, Any]]:
    """Return the model with equations exchanged, and the changes with numbers alone for it.

    BadInput where a variable cannot be replaced or the values do not fit.
    """
    groups: dict[str, _Group] = {}
    plain: dict[str, Any] = {}
    for name, value in changes.items():
        if is_exchange(value):
            given, elements = split_name(name)
            variable = model.find(given)
            if _is_points(value):
                plain |= _points(groups, model, variable, name, value)
            else:
                groups.setdefault(variable.name, _Group(model, variable)).add(name, elements, value)
        else:
            plain[name] = value
    added: dict[str, Variable] = {}
    numbers: dict[str, Any] = {}
    marks = [model.hash]
    for group in groups.values():
        variables, values, mark = group.built()
        added.update(variables)
        numbers.update(values)
        marks.append(mark)
    if len(marks) == 1:
        return model, {**plain, **numbers}
    renamed = {_routed(model, groups, name): value for name, value in plain.items()}
    mark = hashlib.sha256("\0".join(marks).encode()).hexdigest()
    return replace(model, hash=mark, variables={**model.variables, **added}), {**renamed, **numbers}


class _Group:
    """Everything that exchanges one variable."""

    def __init__(self, model: Model, variable: Variable) -> None:
        self.model = model
        self.variable = variable
        self.shape = model.shape(variable)
        self.items: list[tuple[str, tuple[str, ...], Held | TimeSeries]] = []
        self.points: tuple[Array, Array] | None = None

    def add(self, name: str, elements: tuple[str, ...], value: Held | TimeSeries) -> None:
        """Take one more ``Held`` or ``TimeSeries`` for the variable or some of its elements."""
        if self.variable.kind in ("lookup", "control"):
            kind = "a lookup" if self.variable.kind == "lookup" else "a time setting"
            raise BadInput(
                f"{name} is {kind}; only stocks, constants and computed variables can be replaced."
            )
        if elements:
            self.model.select(self.variable, elements)
        if self.items and _form(self.items[0][2]) != _form(value):
            raise BadInput(
                f"{self.variable.name} is replaced in two ways. "
                "Use the same form, with the same times, for all elements."
            )
        self.items.append((name, elements, value))

    @property
    def switched(self) -> bool:
        """True if the model's own equation still counts, in some lanes or for some elements."""
        return any(elements or value.where is not None for _, elements, value in self.items)

    def built(self) -> tuple[dict[str, Variable], dict[str, Any], str]:
        """Return the variables to put in the model, the numbers they need, and a mark of the exchange."""
        name = self.variable.name
        if self.points is not None:
            xs, ys = self.points
            first = self.variable.components[0].expression
            table = Lookup(
                tuple(xs.tolist()), tuple(ys.tolist()), isinstance(first, Lookup) and first.extrapolate
            )
            return {name: self._as(name, "lookup", table)}, {name: self.over_cells(ys)}, f"{name} {table.x}"
        form = _form(self.items[0][2])
        added: dict[str, Variable] = {}
        numbers: dict[str, Any] = {}
        given = self._given(added, numbers)
        if self.switched:
            added[_modelled(name)] = replace(self.variable, name=_modelled(name))
            added[_switch(name)] = self._constant(_switch(name))
            numbers.update(
                self._numbers(
                    _switch(name), [1.0 if v.where is None else _where(n, v) for n, _, v in self.items]
                )
            )
            own, switch = self._reference(_modelled(name)), self._reference(_switch(name))
            chosen = Call("if_then_else", (switch, given or Initial(own), own))
            added[name] = self._as(name, "auxiliary", chosen)
        elif given is not None:
            added[name] = self._as(name, "auxiliary", given)
        else:
            added[name] = _kept(self.variable)
        return added, numbers, f"{name} {form} {self.switched}"

    def _given(self, added: dict[str, Variable], numbers: dict[str, Any]) -> Expression | None:
        """Return what stands for the equation, or None if that is its own initial value."""
        name, first = self.variable.name, self.items[0][2]
        if isinstance(first, Held):
            if first.value is None:
                return None
            added[_value(name)] = self._constant(_value(name))
            numbers.update(
                self._numbers(_value(name), [v.value for _, _, v in self.items if isinstance(v, Held)])
            )
            return self._reference(_value(name))
        xs = _times(self.items[0][0], first)
        added[_series(name)] = self._as(_series(name), "lookup", Lookup(tuple(xs.tolist()), (0.0,) * len(xs)))
        numbers[_series(name)] = self._heights(len(xs))
        return LookupCall(self._reference(_series(name)), Reference("Time"))

    def _heights(self, points: int) -> Array:
        """Return the heights of all elements, (points, *subscripts) or (lanes, points, *subscripts)."""
        parts = [
            self._part(name, elements, value, points)
            for name, elements, value in self.items
            if isinstance(value, TimeSeries)
        ]
        lanes = {array.shape[0] for array, _ in parts if array.ndim > len(self.shape) + 1}
        if len(lanes) > 1:
            raise BadInput(
                f"{self.variable.name}: series for {' and '.join(map(str, sorted(lanes)))} lanes given."
            )
        whole = np.zeros((*lanes, points, *self.shape))
        for array, positions in parts:
            index: tuple[Any, ...] = np.ix_(*positions) if positions else ()
            whole[(..., *index)] = array
        return whole

    def _part(
        self, name: str, elements: tuple[str, ...], series: TimeSeries, points: int
    ) -> tuple[Array, tuple[tuple[int, ...], ...]]:
        """Return the values of one series over the axes of the elements it is for, and their positions."""
        values = _numbers(name, series.values)
        chosen = elements or self.variable.dimensions
        positions = self.model.select(self.variable, chosen) if chosen else ()
        shape = () if elements else self.shape
        for lanes in ((), values.shape[:1]):
            for cells in (shape, ()):
                if values.shape == (*lanes, points, *cells):
                    box = cells or (1,) * len(self.shape)
                    return values.reshape((*lanes, points, *box)), positions
        sizes = "".join(f", {size}" for size in shape)
        allowed = [f"({points},)", *([f"({points}{sizes})"] if shape else []), f"(lanes, {points})"]
        allowed += [f"(lanes, {points}{sizes})"] if shape else []
        raise BadInput(
            f"{name}: values of shape {values.shape} given for {points} times; allowed: {', '.join(allowed)}."
        )

    def _numbers(self, target: str, values: list[Any]) -> dict[str, Any]:
        return {
            f"{target}[{', '.join(elements)}]" if elements else target: value
            for (_, elements, _), value in zip(self.items, values, strict=True)
        }

    def over_cells(self, ys: Array) -> Array:
        """Return heights (points,) for all cells, (points, *subscripts)."""
        return np.broadcast_to(ys.reshape(-1, *[1] * len(self.shape)), (len(ys), *self.shape))

    def _reference(self, name: str) -> Reference:
        return Reference(name, self.variable.dimensions)

    def _constant(self, name: str) -> Variable:
        zero: Expression = Number(0.0)
        if self.shape:
            zero = Table(self.shape, (0.0,) * int(np.prod(self.shape)))
        return self._as(name, "constant", zero)

    def _as(self, name: str, kind: Kind, expression: Expression) -> Variable:
        component = Component(self.variable.dimensions, (), expression)
        return replace(self.variable, name=name, kind=kind, components=(component,), limits=(None, None))


def _points(
    groups: dict[str, _Group], model: Model, variable: Variable, name: str, value: Any
) -> dict[str, Array]:
    """Return heights if the x are among the model's own; else note that the lookup is exchanged."""
    if variable.kind != "lookup":
        raise BadInput(f"{name}: pairs of points are for lookups; {variable.name} is a {variable.kind}.")
    if split_name(name)[1]:
        raise BadInput(f"{name}: a lookup is set as a whole. Leave out the elements.")
    xs, ys = _numbers(name, value).T
    if len(xs) < 2 or not (np.diff(xs) > 0).all():
        raise BadInput(f"{name}: at least two points with increasing x are needed; x = {_shown(xs)} given.")
    group = _Group(model, variable)
    own = table_points(variable, model).reshape(-1, math.prod(group.shape))
    extrapolates = any(getattr(c.expression, "extrapolate", False) for c in variable.components)
    if (own == own[:, :1]).all() and set(xs) <= set(own[:, 0]) and not extrapolates:
        return {name: group.over_cells(np.interp(own[:, 0], xs, ys))}
    group.points = xs, ys
    groups[variable.name] = group
    return {}


def _is_points(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value)
    )


def _kept(variable: Variable) -> Variable:
    """Return the variable with equations that keep its initial value; a constant's do already."""
    if variable.kind == "constant":
        return variable
    components = tuple(
        replace(component, expression=_still(component.expression)) for component in variable.components
    )
    return replace(variable, components=components)


def _still(expression: Expression) -> Expression:
    if isinstance(expression, Stock):
        return replace(expression, flow=Number(0.0))
    return Initial(expression)


def _routed(model: Model, groups: Mapping[str, _Group], name: str) -> str:
    """A number for a variable that is replaced in some lanes goes to its equation as the model has it."""
    plain, elements = split_name(name)
    variable = model.find(plain)
    group = groups.get(variable.name)
    if group is None:
        return name
    if group.switched:
        return _modelled(variable.name) + (f"[{', '.join(elements)}]" if elements else "")
    if variable.kind == "stock" and _form(group.items[0][2]) == "held":
        return name
    raise BadInput(f"{name} is changed and replaced in the same run. Give one of the two.")


def _form(value: Held | TimeSeries) -> str:
    if isinstance(value, Held):
        return "held" if value.value is None else "held at a value"
    return f"series at {tuple(np.asarray(value.times).ravel().tolist())}"


def _times(name: str, series: TimeSeries) -> Array:
    times = _numbers(name, series.times)
    if times.ndim != 1 or not times.size or not (np.diff(times) > 0).all():
        raise BadInput(f"{name}: the times of a series must increase; {_shown(times)} given.")
    return times


def _where(name: str, value: Held | TimeSeries) -> Array:
    where = np.asarray(value.where)
    if where.ndim != 1 or where.dtype != np.bool_:
        raise BadInput(f"{name}: where must be true or false for each lane, of shape (lanes,).")
    return where.astype(np.float64)


def _numbers(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadInput(f"{name}: numbers are needed, {str(value)[:60]!r} given.") from None
    if not np.isfinite(array).all():
        raise BadInput(f"{name}: values must be finite numbers.")
    return array


def _shown(array: Array) -> str:
    return np.array2string(array, threshold=6, edgeitems=3, max_line_width=10_000)


def _modelled(name: str) -> str:
    return f"{name} as the model has it"


def _switch(name: str) -> str:
    return f"switch of {name}"


def _value(name: str) -> str:
    return f"value held by {name}"


def _series(name: str) -> str:
    return f"series of {name}"
