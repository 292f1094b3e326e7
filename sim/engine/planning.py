"""What a run must compute: which equations, in which order, with which states and inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sim.engine.products import is_power, sign_of
from sim.spec.expressions import (
    HELD,
    Call,
    Delay,
    Expression,
    FixedDelay,
    HeldNode,
    Initial,
    LookupCall,
    Random,
    Reference,
    Sample,
    Smooth,
    Stock,
    walk,
)
from sim.spec.functions import REDUCTIONS, TIMED
from sim.spec.model import Component, Model, key
from sim.spec.structure import (
    TIME,
    Piece,
    axes_of,
    dependencies,
    evaluated,
    in_order,
    loop_axes,
    moved_by,
    needed,
    pieces_hit,
    reduced_axes,
    resolve,
)

__all__ = ["Held", "HeldNode", "Hoisted", "Plan", "make_plan"]

_MOVING = TIMED | {"active_initial"}
"""Functions whose value changes with time although their arguments do not."""


@dataclass(frozen=True, slots=True)
class Held:
    """A value kept between steps: the node that defines it, its piece and the axes it varies along."""

    piece: Piece
    node: HeldNode
    axes: tuple[str, ...]
    scope: tuple[str, ...]

    @property
    def steps(self) -> bool:
        """True if it has a next content at each time step, false if it flows."""
        return isinstance(self.node, FixedDelay | Sample | Random)


@dataclass(frozen=True, slots=True)
class Hoisted:
    """A part of the running equations that does not change with time, computed once before the loop.

    ``node`` is an expression, or a reference to a lookup, whose heights and slopes are then kept.
    """

    node: Expression
    axes: tuple[str, ...]
    piece: Piece
    scope: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """A model cut down to what ``outputs`` need.

    ``first`` lists the pieces evaluated once at the initial time, in order; ``running`` those
    evaluated at every step; ``states`` what is integrated; ``kept`` the INITIAL values;
    ``constants`` the inputs; ``overridden`` the stocks whose initial value is an input; ``hoisted`` what
    the loop takes as given, found by (expression, axes of the loop around it) in ``hoisted_at``.
    """

    model: Model
    outputs: tuple[str, ...]
    first: tuple[Piece, ...]
    running: tuple[Piece, ...]
    states: tuple[Held, ...]
    kept: tuple[Held, ...]
    constants: tuple[str, ...]
    tables: tuple[str, ...]
    overridden: tuple[str, ...]
    still: frozenset[Piece]
    hoisted: tuple[Hoisted, ...]
    hoisted_at: Mapping[tuple[Expression, tuple[str, ...]], int]

    @property
    def is_random(self) -> bool:
        """True if random numbers are drawn."""
        return any(isinstance(held.node, Random) for held in self.states)

    @cached_property
    def still_outputs(self) -> tuple[str, ...]:
        """Outputs that do not change with time."""
        return tuple(name for name in self.outputs if self._is_still(name))

    @cached_property
    def computed_still(self) -> tuple[str, ...]:
        """Outputs that do not change with time and are no inputs."""
        kinds = self.model.variables
        return tuple(n for n in self.still_outputs if kinds[n].kind not in ("constant", "control"))

    @cached_property
    def observed(self) -> frozenset[Piece]:
        """Running pieces that no state needs: only the saved times need them."""
        planner = _Planner(self.model)
        holding = {held.piece for held in self.states}
        moved = planner.closure(piece for holder in holding for piece in planner.needs(holder, "rate"))
        return frozenset(self.running) - set(moved)

    @cached_property
    def moving(self) -> tuple[str, ...]:
        """Outputs that are stored at every save."""
        still = set(self.still_outputs)
        return tuple(name for name in self.outputs if name not in still)

    def _is_still(self, name: str) -> bool:
        variable = self.model.variables[name]
        if variable.kind in ("constant", "control"):
            return True
        return all((name, place) in self.still for place in range(len(variable.components)))


class _Planner:
    def __init__(self, model: Model) -> None:
        self.model = model
        self._still: dict[Piece, bool] = {}
        self._dependencies: dict[tuple[Piece, str], list[Piece]] = {}

    def component(self, piece: Piece) -> Component:
        return self.model.variables[piece[0]].components[piece[1]]

    def needs(self, piece: Piece, phase: str) -> list[Piece]:
        """Return what a piece needs in a phase; its states begin by ``start`` and move by ``rate``."""
        found = self._dependencies.get((piece, phase))
        if found is None:
            found = list(dict.fromkeys(self._find_needs(piece, phase)))
            self._dependencies[(piece, phase)] = found
        return found

    def _find_needs(self, piece: Piece, phase: str) -> Iterator[Piece]:
        component = self.component(piece)
        axes = loop_axes(self.model, component)
        if phase == "rate":
            for held in self.held(piece):
                for part in moved_by(held.node):
                    yield from dependencies(self.model, part, held.scope, "run")
        elif phase == "start":
            for held in self.held(piece):
                yield from dependencies(self.model, held.node, held.scope, "initial")
        else:
            yield from dependencies(
                self.model, component.expression, axes, "initial" if phase == "initial" else "run"
            )

    def held(self, piece: Piece) -> list[Held]:
        """Return what the equation holds between steps, the outermost first.

        What only begins a value, such as a SMOOTH inside INITIAL, is not held beyond that.
        """
        component = self.component(piece)
        found: dict[HeldNode, Held] = {}

        def visit(node: Expression, scope: tuple[str, ...]) -> None:
            if isinstance(node, HELD) and node not in found:
                # A stock's own axes are those of its left side, even where nothing in it varies.
                whole = node is component.expression
                axes = scope if whole else axes_of(self.model, node, scope)
                found[node] = Held(piece, node, axes, scope)
            inner = scope
            if isinstance(node, Call) and node.function in REDUCTIONS:
                inner = (*scope, *reduced_axes(node))
            for part in dict.fromkeys((*evaluated(node, "run"), *moved_by(node))):
                visit(part, inner)

        visit(component.expression, loop_axes(self.model, component))
        return list(found.values())

    def closure(self, wanted: Iterable[Piece]) -> list[Piece]:
        """Return every piece that ``wanted`` needs while running, rates of their states included."""
        found: dict[Piece, None] = {}
        pending = list(wanted)
        while pending:
            piece = pending.pop()
            if piece not in found:
                found[piece] = None
                pending.extend(self.needs(piece, "run"))
                pending.extend(self.needs(piece, "rate"))
        return list(found)

    def is_still(self, piece: Piece) -> bool:
        """True if the piece has one value for the whole run; pieces must be asked in order."""
        known = self._still.get(piece)
        if known is None:
            expression = self.component(piece).expression
            known = not any(_moves(node) for node in needed(expression, "run")) and all(
                self.is_still(other) for other in self.needs(piece, "run")
            )
            self._still[piece] = known
        return known


def make_plan(model: Model, outputs: Iterable[str], overridden: Iterable[str] = ()) -> Plan:
    """Return what ``outputs`` (declared names) need; stocks in ``overridden`` start from inputs."""
    planner = _Planner(model)
    names = tuple(dict.fromkeys(outputs))
    live = planner.closure(_pieces_of(model, names))
    run_order = in_order({piece: planner.needs(piece, "run") for piece in live}, live)
    still = frozenset(piece for piece in run_order if planner.is_still(piece))
    held = [item for piece in run_order for item in planner.held(piece)]
    states = tuple(item for item in held if not isinstance(item.node, Initial))
    running = _running(run_order, still)
    hoister = _Hoister(planner, still)
    hoister.collect(running, states)
    first = _first(planner, run_order, still, held)
    constants, tables = _inputs(model, names, [*first, *run_order])
    return Plan(
        model,
        names,
        first,
        running,
        states,
        tuple(item for item in held if isinstance(item.node, Initial)),
        constants,
        tables,
        tuple(dict.fromkeys(overridden)),
        still,
        tuple(hoister.slots.values()),
        hoister.places,
    )


def _running(run_order: list[Piece], still: frozenset[Piece]) -> tuple[Piece, ...]:
    """Moving pieces, and the still pieces of variables that also have moving ones."""
    moving = {name for name, place in run_order if (name, place) not in still}
    return tuple(piece for piece in run_order if piece not in still or piece[0] in moving)


class _Hoister:
    """Finds the largest parts of running equations that do not change with time."""

    def __init__(self, planner: _Planner, still: frozenset[Piece]) -> None:
        self._planner = planner
        self._model = planner.model
        self._still_pieces = still
        self._known: dict[tuple[Expression, tuple[str, ...]], bool] = {}
        self._numbers: dict[tuple[Expression, tuple[str, ...]], int] = {}
        self.slots: dict[int, Hoisted] = {}
        self.places: dict[tuple[Expression, tuple[str, ...]], int] = {}

    def collect(self, running: Iterable[Piece], states: Iterable[Held]) -> None:
        """Visit everything that is evaluated at each step."""
        for piece in running:
            component = self._planner.component(piece)
            self._visit(component.expression, loop_axes(self._model, component), piece)
        for held in states:
            for part in moved_by(held.node):
                self._visit(part, held.scope, held.piece)

    def _visit(self, node: Expression, scope: tuple[str, ...], piece: Piece) -> None:
        if self._is_still(node, scope):
            if _has_lanes(self._model, node):
                self._keep(node, scope, piece)
            return
        inner = _inner(node, scope)
        if isinstance(node, LookupCall):
            if isinstance(node.table, Reference):
                self._keep(node.table, scope, piece)
            self._visit(node.argument, inner, piece)
            return
        if is_power(node):
            exponent = node.arguments[1]  # type: ignore[union-attr]
            if self._is_still(exponent, scope) and _has_lanes(self._model, exponent):
                self._keep(sign_of(exponent), scope, piece)
        for part in evaluated(node, "run"):
            self._visit(part, inner, piece)

    def _keep(self, node: Expression, scope: tuple[str, ...], piece: Piece) -> None:
        if (node, scope) in self.places:
            return
        axes = axes_of(self._model, node, scope)
        number = self._numbers.setdefault((node, axes), len(self._numbers))
        self.slots.setdefault(number, Hoisted(node, axes, piece, scope))
        self.places[(node, scope)] = number

    def _is_still(self, node: Expression, scope: tuple[str, ...]) -> bool:
        known = self._known.get((node, scope))
        if known is None:
            known = self._known[(node, scope)] = self._find_still(node, scope)
        return known

    def _find_still(self, node: Expression, scope: tuple[str, ...]) -> bool:
        if _moves(node):
            return False
        if isinstance(node, Initial):
            return True
        if isinstance(node, Reference):
            variable = self._model.variables[node.name]
            if variable.kind not in ("stock", "auxiliary"):
                return True
            hit = pieces_hit(self._model, node.name, resolve(self._model, node, scope))
            return all((node.name, place) in self._still_pieces for place in hit)
        inner = _inner(node, scope)
        return all(self._is_still(part, inner) for part in evaluated(node, "run"))


def _inner(node: Expression, scope: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(node, Call) and node.function in REDUCTIONS:
        return (*scope, *reduced_axes(node))
    return scope


def _has_lanes(model: Model, node: Expression) -> bool:
    """True if any input, equation or INITIAL value is in it, and not only numbers and time settings."""
    for part in walk(node):
        if isinstance(part, Initial):
            return True
        if isinstance(part, Reference) and model.variables[part.name].kind != "control":
            return True
    return False


def _first(
    planner: _Planner, run_order: list[Piece], still: frozenset[Piece], held: list[Held]
) -> tuple[Piece, ...]:
    holding = list(dict.fromkeys(item.piece for item in held))
    starting = [piece for holder in holding for piece in planner.needs(holder, "start")]
    wanted = [*(piece for piece in run_order if piece in still), *holding, *starting]
    graph: dict[Piece, list[Piece]] = {}
    pending = list(wanted)
    while pending:
        piece = pending.pop()
        if piece not in graph:
            graph[piece] = planner.needs(piece, "initial")
            pending.extend(graph[piece])
    return tuple(in_order(graph, wanted))


def _pieces_of(model: Model, names: Iterable[str]) -> Iterator[Piece]:
    for name in names:
        variable = model.variables[name]
        if variable.kind in ("stock", "auxiliary"):
            yield from ((name, place) for place in range(len(variable.components)))


def _inputs(
    model: Model, outputs: Iterable[str], pieces: Iterable[Piece]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    used: dict[str, None] = dict.fromkeys(outputs)
    for name, place in pieces:
        expression = model.variables[name].components[place].expression
        used.update((n.name, None) for n in walk(expression) if isinstance(n, Reference))
        used.update((n.table.name, None) for n in walk(expression) if _named_lookup(n))  # type: ignore[union-attr]
    kinds = {name: model.variables[name].kind for name in used if key(name) != TIME}
    constants = tuple(name for name in model.variables if kinds.get(name) == "constant")
    tables = tuple(name for name in model.variables if kinds.get(name) == "lookup")
    return constants, tables


def _named_lookup(node: Expression) -> bool:
    return isinstance(node, LookupCall) and isinstance(node.table, Reference)


def _moves(node: Expression) -> bool:
    if isinstance(node, Stock | Smooth | Delay | FixedDelay | Sample | Random):
        return True
    if isinstance(node, Call):
        return node.function in _MOVING
    return isinstance(node, Reference) and key(node.name) == TIME
