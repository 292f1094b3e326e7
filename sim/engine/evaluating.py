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

from sim.engine.formulas import FUNCTIONS, OPERATORS, TIMED, folded, reduced
from sim.engine.holding import advanced, flow, shown, started
from sim.engine.operations import MANY, Operations
from sim.engine.packing import point_count, table_points
from sim.engine.planning import Held, HeldNode, Hoisted, Plan
from sim.engine.products import POWER_SIGN, factors, is_power, sign_of
from sim.engine.selecting import boxes, taken
from sim.engine.tables import Reading, inline_value, interpolated, looked_up, reading
from sim.engine.vectors import ALONG, selected
from sim.errors import BadInput
from sim.spec.expressions import (
    HELD,
    Call,
    Expression,
    Lookup,
    LookupCall,
    Number,
    Operation,
    Reference,
)
from sim.spec.functions import ALONG_LAST, CONTINUOUS, REDUCTIONS
from sim.spec.model import key
from sim.spec.structure import (
    TIME,
    Phase,
    Piece,
    Selection,
    axes_of,
    axis_of,
    loop_axes,
    pieces_hit,
    reduced_axes,
    resolve,
    vector_range,
)

__all__ = ["Clock", "Evaluator", "Value"]

POINTS = "points of a lookup"
"""The first axis of a long table."""


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

    @property
    def began(self) -> Any:
        """When the time step began; ``time`` may lie inside it."""
        return self.settings["initial time"] + self.settings["place"] * self.step


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
        """Return how fast a flowing state changes, shaped like the state."""
        return flow(self, held, self._reader(held))

    def advanced(self, held: Held) -> Any:
        """Return what a stepping state holds at the next time step."""
        return advanced(self, held, self._reader(held))

    def start(self, held: Held) -> Any:
        """Return the initial content of a state or an INITIAL value."""
        return started(self, held, self._reader(held))

    def _reader(self, held: Held) -> Callable[[Expression], Any]:
        scope = _Scope(self, held.piece, held.scope)
        return lambda node: self.broadcast(scope.value(node), held.axes)

    def hoist(self, hoisted: Hoisted) -> Any:
        """Return a part that stands still, over its axes and lanes; points first for a lookup."""
        scope = _Scope(self, hoisted.piece, hoisted.scope)
        if (
            isinstance(hoisted.node, Reference)
            and self.plan.model.variables[hoisted.node.name].kind == "lookup"
        ):
            if self.is_long(hoisted.node):
                return self._broadcast_points(scope.rows(hoisted.node), hoisted.axes)
            rises = [self.broadcast(value, hoisted.axes) for value in scope.rises(hoisted.node)]
            return self.operations.xp.stack(rises)
        return self.broadcast(scope.value(hoisted.node), hoisted.axes)

    def is_long(self, node: Reference) -> bool:
        """Tell whether a lookup has so many points that it stays one array."""
        return point_count(self.plan.model.variables[node.name]) >= MANY

    def _broadcast_points(self, value: Value, axes: tuple[str, ...]) -> Any:
        sizes = tuple(len(self.plan.model.elements(axis)) for axis in axes)
        array = aligned(value, (POINTS, *axes), self.operations.xp)
        return self.operations.xp.broadcast_to(array, (len(array), *sizes, self.lanes))

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
        if isinstance(node, HELD):
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

    def rows(self, node: Reference) -> Value:
        """Return the first height and the slopes of a long lookup as one array, points first."""
        given = self._given(node)
        if given is not None:
            return Value(given[1], (POINTS, *given[0]))
        return self._with_points(self.evaluator.inputs[node.name], resolve(self.model, node, self.axes))

    def _with_points(self, array: Any, selections: tuple[Selection, ...]) -> Value:
        return self._selected(array, (Selection(POINTS, tuple(range(len(array)))), *selections))

    def _long_lookup(self, table: Reference, argument: Value, points: Any, way: Reading) -> Value:
        selections = resolve(self.model, table, self.axes)
        values = [argument, self._with_points(points[..., None], selections), self.rows(table)]
        used = {axis for value in values for axis in value.axes}
        axes = tuple(axis for axis in self.axes if axis in used)
        xp = self.operations.xp
        x = self.operations.number(xp.asarray(aligned(values[0], axes, xp), self.operations.dtype))
        rest = [aligned(value, (POINTS, *axes), xp) for value in values[1:]]
        return Value(looked_up(self.operations, rest[0].astype(x.dtype), rest[1], x, way), axes)

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
        if node.operator in ("*", "/"):
            product = self._product(node)
            if product is not None:
                return product
        if is_power(node):
            return self._powers([(node, False)])
        values = [self.value(argument) for argument in node.arguments]
        if node.operator in ("*", "/") and not all(isinstance(value.array, float) for value in values):
            values = [self._opaque(value) for value in values]
        return self.apply(OPERATORS[node.operator], *values)

    def _product(self, node: Operation) -> Value | None:
        """Return a product in which powers along the same axes share one exponential; None if no two do."""
        parts = list(factors(node, lambda part: self._given(part) is not None))
        found = [part for part in parts if is_power(part[0]) and self._given(part[0]) is None]
        axes = [axes_of(self.model, part[0], self.axes) for part in found]
        # Powers along fewer axes stay apart: else their logarithms are computed again for each cell.
        found = [part for part, own in zip(found, axes, strict=True) if own == max(axes, key=len)]
        if len(found) < 2:
            return None
        rest = [part for part in parts if part not in found]
        total = self._powers(found)
        for part, divided in rest:
            value = self._opaque(self.value(part))
            total = self.apply(OPERATORS["/" if divided else "*"], total, value)
        return total

    def _powers(self, nodes: Sequence[tuple[Any, bool]]) -> Value:
        """Return the product of powers, each perhaps divided by."""
        values: list[Value] = []
        for node, divided in nodes:
            base, exponent = (self.value(argument) for argument in node.arguments)
            sign = self._sign(node.arguments[1], exponent)
            values += [base, self.apply(OPERATORS["negative"], exponent) if divided else exponent, sign]
        return self.apply(_power_product, *values)

    def _sign(self, node: Expression, exponent: Value) -> Value:
        """Return the sign of an exponent; computing its value again would double the work in each power."""
        given = self._given(sign_of(node))
        return Value(given[1], given[0]) if given else self.apply(FUNCTIONS[POWER_SIGN], exponent)

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
        if node.function in ALONG_LAST:
            return self._along_last(node)
        if is_power(node):
            return self._powers([(node, False)])
        values = [self.value(argument) for argument in node.arguments]
        clock = self.evaluator.clock
        if node.function in TIMED:
            now = clock.time if node.function in CONTINUOUS else clock.began
            return self.apply(TIMED[node.function], Value(now), Value(clock.step), *values)
        return self.apply(FUNCTIONS[node.function], *values)

    def _reduction(self, node: Call) -> Value:
        marked = reduced_axes(node)
        inner = _Scope(self.evaluator, self.piece, (*self.axes, *marked))
        count = 2 if node.function == "vector_select" else 1
        values = [inner.value(argument) for argument in node.arguments[:count]]
        used = {axis for value in values for axis in value.axes}
        axes = tuple(axis for axis in inner.axes if axis in used or axis in marked)
        arrays = [self.evaluator.broadcast(value, axes) for value in values]
        places = tuple(place for place, axis in enumerate(axes) if axis in marked)
        left = tuple(axis for axis in axes if axis not in marked)
        if node.function != "vector_select":
            return Value(reduced(self.operations, node.function, arrays[0], places), left)
        return self._selection(node, arrays, places, left)

    def _selection(
        self, node: Call, arrays: list[Any], places: tuple[int, ...], left: tuple[str, ...]
    ) -> Value:
        missing, action, strict = (self.value(argument) for argument in node.arguments[2:])
        axes = tuple(axis for axis in self.axes if axis in left or axis in missing.axes)
        if axes != left:
            added = [axis for axis in missing.axes if axis not in left]
            raise BadInput(f"{self.piece[0]}: VECTOR SELECT cannot spread over {', '.join(added)}")
        wide = self.evaluator.broadcast(missing, axes)
        choice, values = arrays
        kind, limit = int(action.array), int(strict.array)
        return Value(selected(self.operations, places, choice, values, wide, kind, limit), axes)

    def _along_last(self, node: Call) -> Value:
        """Order, rank or reorder a vector along the last range of its reference."""
        along = axis_of(self.model, vector_range(node), self.axes)
        values = [self.value(argument) for argument in node.arguments]
        used = {along, *(axis for value in values for axis in value.axes)}
        axes = tuple(axis for axis in self.axes if axis in used)
        arrays = [self.evaluator.broadcast(value, axes) for value in values]
        return Value(ALONG[node.function](self.operations, axes.index(along), *arrays), axes)

    def _held(self, node: HeldNode) -> Value:
        evaluator = self.evaluator
        axes = self.axes if self._is_whole(node) else axes_of(self.model, node, self.axes)
        if evaluator.phase == "initial" and (self.piece, node) not in evaluator.held:
            held = Held(self.piece, node, axes, self.axes)
            evaluator.held[(self.piece, node)] = evaluator.start(held)
        content = evaluator.held[(self.piece, node)]
        sizes = tuple(len(self.model.elements(axis)) for axis in axes)

        def read(part: Expression) -> Any:
            return evaluator.broadcast(self.value(part), axes)

        return Value(shown(evaluator, node, content, read, sizes), axes)

    def _is_whole(self, node: Expression) -> bool:
        return node is self.model.variables[self.piece[0]].components[self.piece[1]].expression

    def _lookup(self, node: LookupCall) -> Value:
        argument = self.value(node.argument)
        if isinstance(node.table, Lookup):
            table = node.table
            way = reading(table, node, np.array(table.x))
            return self.apply(lambda o, x: inline_value(o, table, x, way), argument)
        variable = self.model.variables[node.table.name]
        selections = resolve(self.model, node.table, self.axes)
        points = table_points(variable, self.model)
        lookup = variable.components[0].expression
        assert isinstance(lookup, Lookup)
        way = reading(lookup, node, points)
        if self.evaluator.is_long(node.table):
            return self._long_lookup(node.table, argument, points, way)
        rises = self.rises(node.table)
        places = [self._selected_points(point, selections) for point in points]
        count = len(points)
        return self.apply(
            lambda o, x, *arrays: interpolated(o, arrays[:count], arrays[count:], x, way),
            argument,
            *places,
            *rises,
        )

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


def _power_product(operations: Operations, *arrays: Any) -> Any:
    numbers = [operations.number(array) for array in arrays]
    return operations.powers(list(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)))


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
