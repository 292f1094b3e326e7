"""Equations to array operations: the meaning of every expression, written once.

A value is an array with the loop axes of the equation first and the lanes last, or a scalar.
Functions follow PySD's definitions, so that both give the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.engine.formulas import FUNCTIONS, OPERATORS, TIMED, folded, inline_rises, interpolated, reduced
from sim.engine.operations import Operations
from sim.engine.packing import table_points
from sim.engine.planning import Held, HeldNode, Hoisted, Plan
from sim.engine.selecting import boxes, taken
from sim.spec.expressions import (
    Call,
    Delay,
    Expression,
    Initial,
    Lookup,
    LookupCall,
    Number,
    Operation,
    Reference,
    Smooth,
    Stock,
)
from sim.spec.functions import REDUCTIONS
from sim.spec.model import key
from sim.spec.structure import (
    TIME,
    Phase,
    Piece,
    Selection,
    axes_of,
    loop_axes,
    pieces_hit,
    reduced_axes,
    resolve,
)

__all__ = ["Clock", "Evaluator", "Value"]


@dataclass(frozen=True, slots=True)
class Value:
    """``array`` has one axis for each of ``axes``, then lanes; with no axes it may be a plain scalar."""

    array: Any
    axes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and the settings of the run, as scalars; names are the keys of the control variables."""

    time: Any
    settings: Mapping[str, Any]

    @property
    def step(self) -> Any:
        """The time step."""
        return self.settings["time step"]


@dataclass
class Evaluator:
    """Evaluates the pieces of a plan at one moment.

    ``inputs`` maps constants to arrays ``(*subscripts, lanes)`` and lookups to first height and slopes;
    ``held`` maps states and INITIAL values to arrays (with the orders of a delay first); ``given`` holds the
    values of the plan's hoisted parts, once they are known.
    """

    plan: Plan
    operations: Operations
    inputs: Mapping[str, Any]
    clock: Clock
    phase: Phase
    held: dict[tuple[Piece, HeldNode], Any] = field(default_factory=dict)
    pieces: dict[Piece, Value] = field(default_factory=dict)
    given: Sequence[Any] = ()

    def evaluate(self, piece: Piece) -> None:
        """Compute one equation and remember its value."""
        component = self.plan.model.variables[piece[0]].components[piece[1]]
        axes = loop_axes(self.plan.model, component)
        self.pieces[piece] = _Scope(self, piece, axes).value(component.expression)

    def variable(self, name: str) -> Any:
        """Return a whole variable, ``(*subscripts, lanes)`` or a scalar; its pieces must be there."""
        variable = self.plan.model.variables[name]
        if variable.kind == "constant":
            return self.inputs[name]
        if variable.kind == "control":
            return self.clock.settings[key(name)]
        everything = tuple(
            Selection(dimension, tuple(range(size)))
            for dimension, size in zip(variable.dimensions, self.plan.model.shape(variable), strict=True)
        )
        return self.assembled(name, everything)

    def rates(self, held: Held) -> Any:
        """Return how fast a state changes, shaped like the state."""
        scope = _Scope(self, held.piece, held.scope)
        node = held.node
        if isinstance(node, Stock):
            return self.broadcast(scope.value(node.flow), held.axes)
        assert isinstance(node, Smooth | Delay)
        state = self.held[(held.piece, node)]
        span = self.broadcast(scope.value(node.time), held.axes)
        entering = self.broadcast(scope.value(node.input), held.axes)
        leaving = state if isinstance(node, Smooth) else state / span[None]
        flows = self.operations.xp.concatenate([entering[None], leaving[:-1]], axis=0)
        moved = (flows - leaving) * float(node.order)
        return moved / span[None] if isinstance(node, Smooth) else moved

    def start(self, held: Held) -> Any:
        """Return the initial content of a state or an INITIAL value."""
        scope = _Scope(self, held.piece, held.scope)
        node = held.node
        if isinstance(node, Stock):
            return self._stock_start(held, node, scope)
        if isinstance(node, Initial):
            return self.broadcast(scope.value(node.expression), held.axes)
        value = self.broadcast(scope.value(node.initial), held.axes)
        if isinstance(node, Delay):
            value = value * self.broadcast(scope.value(node.time), held.axes)
        return self.operations.xp.stack([value] * node.order)

    def hoist(self, hoisted: Hoisted) -> Any:
        """Return a part that stands still, over its axes and lanes; points first for a lookup."""
        scope = _Scope(self, hoisted.piece, hoisted.scope)
        if (
            isinstance(hoisted.node, Reference)
            and self.plan.model.variables[hoisted.node.name].kind == "lookup"
        ):
            rises = [self.broadcast(value, hoisted.axes) for value in scope.rises(hoisted.node)]
            return self.operations.xp.stack(rises)
        return self.broadcast(scope.value(hoisted.node), hoisted.axes)

    def _stock_start(self, held: Held, node: Stock, scope: _Scope) -> Any:
        """An input that is not NaN replaces the equation's initial value, cell by cell."""
        computed = self.broadcast(scope.value(node.initial), held.axes)
        name = held.piece[0]
        if name not in self.plan.overridden:
            return computed
        variable = self.plan.model.variables[name]
        component = variable.components[held.piece[1]]
        positions = self.plan.model.select(variable, component.subscripts)
        keep = [subscript in self.plan.model.dimensions for subscript in component.subscripts]
        given = taken(self.inputs[name], positions, keep, self.operations.xp)
        return self.operations.xp.where(self.operations.xp.isnan(given), computed, given)

    def assembled(self, name: str, selections: tuple[Selection, ...]) -> Any:
        """Return an array over all cells of the variable, filled where ``selections`` point."""
        model = self.plan.model
        variable = model.variables[name]
        hit = pieces_hit(model, name, selections)
        if len(variable.components) == 1:
            return self._whole(name, 0)
        shape = (*model.shape(variable), self.lanes)
        whole = self.operations.xp.zeros(shape, self.operations.dtype)
        for place in hit:
            whole = self._placed(whole, name, place)
        return whole

    def _whole(self, name: str, place: int) -> Any:
        """A single equation covers the variable; its axes may come in another order."""
        variable = self.plan.model.variables[name]
        component = variable.components[place]
        if not variable.dimensions:
            return self.pieces[(name, place)].array
        full = self.broadcast(self.pieces[(name, place)], loop_axes(self.plan.model, component))
        box = tuple(len(self.plan.model.elements(s)) for s in component.subscripts)
        return full.reshape((*box, self.lanes))

    def _placed(self, whole: Any, name: str, place: int) -> Any:
        model = self.plan.model
        variable = model.variables[name]
        component = variable.components[place]
        part = self._whole(name, place)
        positions = model.select(variable, component.subscripts)
        placed = whole
        for starts, box in boxes(positions):
            placed = self.operations.place(placed, part[box], (*starts, 0))
        if not component.excepted:
            return placed
        covered = model.cells(component.subscripts, component.excepted)
        elements = [model.dimensions[dimension].elements for dimension in variable.dimensions]
        mask = np.zeros([len(axis) for axis in elements], bool)
        for cell in covered:
            mask[tuple(axis.index(item) for axis, item in zip(elements, cell, strict=True))] = True
        return self.operations.xp.where(mask[..., None], placed, whole)

    def broadcast(self, value: Value, axes: tuple[str, ...]) -> Any:
        """Return the value's array over ``axes`` and all lanes."""
        sizes = tuple(len(self.plan.model.elements(axis)) for axis in axes)
        array = self.operations.number(aligned(value, axes, self.operations.xp))
        return self.operations.xp.broadcast_to(
            self.operations.xp.asarray(array, self.operations.dtype), (*sizes, self.lanes)
        )

    @property
    def lanes(self) -> int:
        """Lanes in a block."""
        return int(self.clock.settings["lanes"])


class _Scope:
    """One equation being evaluated, inside loops over ``axes``."""

    def __init__(self, evaluator: Evaluator, piece: Piece, axes: tuple[str, ...]) -> None:
        self.evaluator = evaluator
        self.model = evaluator.plan.model
        self.operations = evaluator.operations
        self.piece = piece
        self.axes = axes

    def value(self, node: Expression) -> Value:
        """Return the value of any expression."""
        if isinstance(node, Number):
            return Value(node.value)
        given = self._given(node)
        if given is not None:
            return Value(given[1], given[0])
        if isinstance(node, Reference):
            return self._reference(node)
        if isinstance(node, Operation):
            return self._operation(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, LookupCall):
            return self._lookup(node)
        if isinstance(node, Stock | Smooth | Delay | Initial):
            return self._held(node)
        raise TypeError(f"{type(node).__name__} cannot be evaluated")

    def _given(self, node: Expression) -> tuple[tuple[str, ...], Any] | None:
        evaluator = self.evaluator
        if not evaluator.given:
            return None
        place = evaluator.plan.hoisted_at.get((node, self.axes))
        return None if place is None else (evaluator.plan.hoisted[place].axes, evaluator.given[place])

    def rises(self, node: Reference) -> list[Value]:
        """Return the first height and the slopes of a lookup variable."""
        given = self._given(node)
        if given is not None:
            return [Value(row, given[0]) for row in given[1]]
        selections = resolve(self.model, node, self.axes)
        return [self._selected(row, selections) for row in self.evaluator.inputs[node.name]]

    def _reference(self, node: Reference) -> Value:
        evaluator = self.evaluator
        if key(node.name) == TIME and node.name not in self.model.variables:
            return Value(evaluator.clock.time)
        variable = self.model.variables[node.name]
        if variable.kind == "control":
            return Value(evaluator.clock.settings[key(node.name)])
        selections = resolve(self.model, node, self.axes)
        if variable.kind == "constant":
            return self._selected(evaluator.inputs[node.name], selections)
        if not variable.dimensions:
            return evaluator.pieces[(node.name, 0)]
        hit = pieces_hit(self.model, node.name, selections)
        if len(hit) == 1:
            return self._from_piece((node.name, hit[0]), selections)
        return self._selected(evaluator.assembled(node.name, selections), selections)

    def _from_piece(self, piece: Piece, selections: tuple[Selection, ...]) -> Value:
        """Read one equation's value without putting the whole variable together."""
        variable = self.model.variables[piece[0]]
        component = variable.components[piece[1]]
        covered = self.model.select(variable, component.subscripts)
        value = self.evaluator.pieces[piece]
        moved: list[Selection] = []
        for subscript, own, selection in zip(component.subscripts, covered, selections, strict=True):
            if subscript in value.axes:
                positions = tuple(own.index(position) for position in selection.positions)
                moved.append(Selection(selection.label, positions))
            # Where the equation has one value for all elements, whatever is selected is that value.
        wanted = tuple(s for s in component.subscripts if s in value.axes)
        array = aligned(value, wanted, self.operations.xp) if value.axes else value.array
        return self._selected(array, tuple(moved))

    def _selected(self, array: Any, selections: tuple[Selection, ...]) -> Value:
        if not selections:
            return Value(array)
        keep = [selection.label is not None for selection in selections]
        part = taken(array, [s.positions for s in selections], keep, self.operations.xp)
        return Value(part, tuple(s.label for s in selections if s.label is not None))

    def _operation(self, node: Operation) -> Value:
        values = [self.value(argument) for argument in node.arguments]
        if node.operator in ("*", "/") and not all(isinstance(value.array, float) for value in values):
            values = [self._opaque(value) for value in values]
        return self.apply(OPERATORS[node.operator], *values)

    def _opaque(self, value: Value) -> Value:
        """Hide a literal factor from the compiler.

        It would turn x/3 into x·(1/3) and x·a·b into x·(a·b); INTEGER(x/3) then misses whole numbers.
        """
        if not isinstance(value.array, float) or abs(math.frexp(value.array)[0]) in (0.0, 0.5):
            return value
        return Value(value.array * self.evaluator.clock.settings["one"])

    def _call(self, node: Call) -> Value:
        if node.function in REDUCTIONS:
            return self._reduction(node)
        if node.function == "active_initial":
            return self.value(node.arguments[1 if self.evaluator.phase == "initial" else 0])
        values = [self.value(argument) for argument in node.arguments]
        clock = self.evaluator.clock
        if node.function in TIMED:
            return self.apply(TIMED[node.function], Value(clock.time), Value(clock.step), *values)
        return self.apply(FUNCTIONS[node.function], *values)

    def _reduction(self, node: Call) -> Value:
        marked = reduced_axes(node.arguments[0])
        inner = _Scope(self.evaluator, self.piece, (*self.axes, *marked))
        value = inner.value(node.arguments[0])
        axes = tuple(axis for axis in inner.axes if axis in value.axes or axis in marked)
        sizes = tuple(len(self.model.elements(axis)) for axis in axes)
        array = self.operations.number(aligned(value, axes, self.operations.xp))
        array = self.operations.xp.broadcast_to(array, (*sizes, self.evaluator.lanes))
        places = tuple(place for place, axis in enumerate(axes) if axis in marked)
        whole = reduced(self.operations, node.function, array, places)
        return Value(whole, tuple(axis for axis in axes if axis not in marked))

    def _held(self, node: Stock | Smooth | Delay | Initial) -> Value:
        evaluator = self.evaluator
        axes = self.axes if self._is_whole(node) else axes_of(self.model, node, self.axes)
        if evaluator.phase == "initial":
            held = Held(self.piece, node, axes, self.axes)
            found = evaluator.held.get((self.piece, node))
            if found is None:
                found = evaluator.held[(self.piece, node)] = evaluator.start(held)
        else:
            found = evaluator.held[(self.piece, node)]
        if isinstance(node, Smooth):
            return Value(found[-1], axes)
        if isinstance(node, Delay):
            return Value(found[-1] / evaluator.broadcast(self.value(node.time), axes), axes)
        return Value(found, axes)

    def _is_whole(self, node: Expression) -> bool:
        return node is self.model.variables[self.piece[0]].components[self.piece[1]].expression

    def _lookup(self, node: LookupCall) -> Value:
        argument = self.value(node.argument)
        if isinstance(node.table, Lookup):
            return self._inline(node.table, argument)
        variable = self.model.variables[node.table.name]
        selections = resolve(self.model, node.table, self.axes)
        points = table_points(variable, self.model)
        rises = self.rises(node.table)
        places = [self._selected_points(point, selections) for point in points]
        lookup = variable.components[0].expression
        count = len(points)
        return self.apply(
            lambda o, x, *arrays: interpolated(o, arrays[:count], arrays[count:], x, lookup),
            argument,
            *places,
            *rises,
        )

    def _inline(self, lookup: Lookup, argument: Value) -> Value:
        xs, rises = [float(x) for x in lookup.x], inline_rises(lookup)
        return self.apply(lambda o, x: interpolated(o, xs, rises, x, lookup), argument)

    def _selected_points(self, point: Any, selections: tuple[Selection, ...]) -> Value:
        if not selections:
            return Value(float(point))
        return self._selected(point[..., None].astype(self.operations.dtype), selections)

    def apply(self, function: Callable[..., Any], *values: Value) -> Value:
        """Apply an elementwise function after lining up the axes of its arguments."""
        used = {axis for value in values for axis in value.axes}
        axes = tuple(axis for axis in self.axes if axis in used)
        arrays = [aligned(value, axes, self.operations.xp) for value in values]
        if all(isinstance(array, int | float | bool) for array in arrays):
            return Value(folded(function, arrays))
        return Value(function(self.operations, *arrays), axes)


def aligned(value: Value, axes: tuple[str, ...], xp: Any) -> Any:
    """Return the value's array with its axes in the order of ``axes``, of size 1 where it has none."""
    if not value.axes or value.axes == axes:
        return value.array
    present = tuple(axis for axis in axes if axis in value.axes)
    array = value.array
    if present != value.axes:
        order = [value.axes.index(axis) for axis in present]
        array = xp.transpose(array, (*order, len(order)))
    sizes = iter(array.shape)
    shape = [next(sizes) if axis in value.axes else 1 for axis in axes]
    return array.reshape((*shape, array.shape[-1]))
