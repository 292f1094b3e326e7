"""How equations refer to each other: axes of references, which equation serves which cell, order.

A *piece* is one equation of a variable, named by (variable, position among its components).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeAlias

from sim.errors import BadInput
from sim.spec.expressions import (
    Call,
    Delay,
    Expression,
    FixedDelay,
    Initial,
    LookupCall,
    Random,
    Reference,
    Sample,
    Smooth,
    Stock,
    children,
)
from sim.spec.functions import REDUCTIONS
from sim.spec.model import Component, Model, Variable, key

__all__ = [
    "TIME",
    "Loop",
    "Phase",
    "Piece",
    "Selection",
    "axes_of",
    "axis_of",
    "dependencies",
    "evaluated",
    "in_order",
    "loop_axes",
    "moved_by",
    "needed",
    "pieces_hit",
    "reduced_axes",
    "resolve",
    "vector_range",
]

TIME = "time"
"""The name under which equations refer to the current time."""

_SHOWN = 30
"""Variables of a circle that are named."""

Piece: TypeAlias = tuple[str, int]
Phase: TypeAlias = Literal["initial", "run"]


class Loop(Exception):
    """Equations depend on each other in a circle; ``pieces`` lists it."""

    def __init__(self, pieces: list[Piece]) -> None:
        names = [name for name, _ in pieces]
        few = names if len(names) <= _SHOWN else [*names[: _SHOWN - 2], f"… ({len(names)} in all)", names[-1]]
        super().__init__(" → ".join(few))
        self.pieces = pieces


@dataclass(frozen=True, slots=True)
class Selection:
    """One axis of a reference: positions in the variable's dimension, and the loop axis they run along."""

    label: str | None
    positions: tuple[int, ...]


def loop_axes(model: Model, component: Component) -> tuple[str, ...]:
    """Return the dimensions on the left side of an equation."""
    return tuple(subscript for subscript in component.subscripts if subscript in model.dimensions)


def reduced_axes(call: Call) -> tuple[str, ...]:
    """Return the axes marked with ``!`` that a reduction runs over."""
    found: dict[str, None] = {}

    def visit(node: Expression) -> None:
        if isinstance(node, Call) and node.function in REDUCTIONS:
            return
        if isinstance(node, Reference):
            found.update((subscript, None) for subscript in node.subscripts if subscript.endswith("!"))
        for child in children(node):
            visit(child)

    for argument in call.arguments:
        visit(argument)
    return tuple(found)


def vector_range(call: Call) -> str:
    """Return the last subscript of the first subscripted variable in a function of a whole vector, or ''."""

    def find(node: Expression) -> str:
        if isinstance(node, Reference) and node.subscripts:
            return node.subscripts[-1]
        return next((found for child in children(node) if (found := find(child))), "")

    return find(call.arguments[0]) if call.arguments else ""


def axes_of(model: Model, expression: Expression, axes: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the loop ``axes`` along which ``expression`` varies, in their order."""
    used: set[str] = set()

    def visit(node: Expression, scope: tuple[str, ...]) -> None:
        if isinstance(node, Random):
            used.update(scope)  # Each element draws its own number.
        if isinstance(node, Reference) and node.subscripts:
            used.update(s.label for s in resolve(model, node, scope) if s.label is not None)
        inner = scope
        if isinstance(node, Call) and node.function in REDUCTIONS:
            inner = (*scope, *reduced_axes(node))
        for child in children(node):
            visit(child, inner)

    visit(expression, axes)
    return tuple(axis for axis in axes if axis in used)


def resolve(model: Model, reference: Reference, axes: tuple[str, ...]) -> tuple[Selection, ...]:
    """Return how each axis of the referenced variable is selected inside loops over ``axes``."""
    variable = model.variables[reference.name]
    if len(reference.subscripts) != len(variable.dimensions):
        given = f"[{', '.join(reference.subscripts)}]" if reference.subscripts else "none"
        wanted = f"[{', '.join(variable.dimensions)}]" if variable.dimensions else "none"
        raise BadInput(f"{reference.name} is used with subscripts {given}; it has {wanted}")
    return tuple(
        _selection(model, variable, dimension, subscript, axes)
        for dimension, subscript in zip(variable.dimensions, reference.subscripts, strict=True)
    )


def _selection(
    model: Model, variable: Variable, dimension: str, subscript: str, axes: tuple[str, ...]
) -> Selection:
    places = {element: place for place, element in enumerate(model.dimensions[dimension].elements)}
    label, wanted = None, model.elements(subscript)
    if subscript.removesuffix("!") in model.dimensions:
        label, wanted = _labelled(model, variable, subscript, axes)
    missing = [element for element in wanted if element not in places]
    if missing:
        raise BadInput(f"{variable.name} has no element {missing[0]!r} in {dimension}")
    return Selection(label, tuple(places[element] for element in wanted))


def _labelled(
    model: Model, variable: Variable, subscript: str, axes: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """Return the loop axis that a range runs along, and its element at each place of that axis."""
    if subscript in axes:
        return subscript, model.elements(subscript)
    if not subscript.endswith("!"):
        found = [(axis, _mapped(model, subscript, axis)) for axis in axes]
        mapped = [(axis, elements) for axis, elements in found if elements]
        if len(mapped) == 1:
            return mapped[0]
    where = (
        "is marked with ! outside SUM, PROD, VMIN, VMAX and VECTOR SELECT"
        if subscript.endswith("!")
        else (f"is not on the left side ({', '.join(axes) or 'no subscripts'})")
    )
    raise BadInput(f"{variable.name}[{subscript}]: {subscript} {where}")


def axis_of(model: Model, subscript: str, axes: tuple[str, ...]) -> str:
    """Return the loop axis that a range runs along; BadInput if there is none."""
    found = [axis for axis in axes if axis == subscript or _mapped(model, subscript, axis)]
    if not found:
        raise BadInput(f"{subscript} is not on the left side ({', '.join(axes) or 'no subscripts'})")
    return subscript if subscript in axes else found[0]


def _mapped(model: Model, one: str, other: str) -> tuple[str, ...]:
    """Return the element of range ``one`` for each element of the axis ``other``; empty if not mapped."""
    if other.endswith("!"):
        return ()
    first, second = model.dimensions[one], model.dimensions[other]
    for target, places in first.lists:
        if target == other:
            pairs = zip(first.elements, places, strict=True)
            back = {theirs: mine for mine, many in pairs for theirs in many}
            return tuple(back[element] for element in second.elements)
    for target, places in second.lists:
        if target == one and all(len(many) == 1 for many in places):
            return tuple(many[0] for many in places)
    if len(first.elements) != len(second.elements):
        return ()
    return first.elements if other in first.mapped_to or one in second.mapped_to else ()


def pieces_hit(model: Model, name: str, selections: tuple[Selection, ...]) -> tuple[int, ...]:
    """Return which equations of the variable serve the selected cells."""
    variable = model.variables[name]
    if len(variable.components) == 1:
        return (0,)
    axes = [model.dimensions[dimension].elements for dimension in variable.dimensions]
    wanted = set(product(*([axis[p] for p in s.positions] for axis, s in zip(axes, selections, strict=True))))
    return tuple(
        place
        for place, component in enumerate(variable.components)
        if wanted & model.cells(component.subscripts, component.excepted)
    )


def needed(expression: Expression, phase: Phase) -> Iterator[Expression]:
    """Yield the parts of ``expression`` that are evaluated now: states are held while running."""
    yield expression
    for part in evaluated(expression, phase):
        yield from needed(part, phase)


def moved_by(node: Expression) -> tuple[Expression, ...]:
    """Return the parts of a node that holds a value which its next content is made from, at every step."""
    if isinstance(node, Stock):
        return (node.flow,)
    if isinstance(node, Smooth | Delay):
        return (node.input, node.time, *(() if node.stages is None else (node.stages,)))
    if isinstance(node, FixedDelay):
        return (node.input,)
    return (node.condition, node.input) if isinstance(node, Sample) else ()


def evaluated(node: Expression, phase: Phase) -> Iterable[Expression]:
    """Return the parts directly below ``node`` that are evaluated in that phase.

    ``initial`` is how a value begins, ``run`` how it shows later; :func:`moved_by` has what moves it.
    """
    first = phase == "initial"
    if isinstance(node, Smooth | Delay):
        stages = () if node.stages is None else (node.stages,)
        own = (node.time,) if isinstance(node, Delay) else ()
        return (*((node.initial,) if first else ()), *own, *stages)
    if isinstance(node, Stock):
        return (node.initial,) if first else ()
    if isinstance(node, FixedDelay):
        return (node.initial, node.time) if first else ()
    if isinstance(node, Sample):
        return (node.condition, node.input, *((node.initial,) if first else ()))
    if isinstance(node, Initial):
        return (node.expression,) if first else ()
    if isinstance(node, Call) and node.function == "active_initial":
        return (node.arguments[1 if first else 0],)
    return children(node)


def dependencies(
    model: Model, expression: Expression, axes: tuple[str, ...], phase: Phase
) -> Iterator[Piece]:
    """Yield the pieces that ``expression`` needs in that phase; constants and lookups are always there."""

    def visit(node: Expression, scope: tuple[str, ...]) -> Iterator[Piece]:
        if isinstance(node, Reference) and key(node.name) != TIME:
            variable = model.variables[node.name]
            if variable.kind in ("stock", "auxiliary"):
                selections = resolve(model, node, scope)
                yield from ((node.name, place) for place in pieces_hit(model, node.name, selections))
            return
        inner = scope
        if isinstance(node, Call) and node.function in REDUCTIONS:
            inner = (*scope, *reduced_axes(node))
        for part in evaluated(node, phase):
            if not (isinstance(node, LookupCall) and part is node.table):
                yield from visit(part, inner)

    yield from visit(expression, axes)


def in_order(graph: Mapping[Piece, Iterable[Piece]], wanted: Iterable[Piece]) -> list[Piece]:
    """Return ``wanted`` and all they need, each after what it needs; Loop if that cannot be."""
    done: dict[Piece, None] = {}
    for start in wanted:
        _visit(graph, start, done)
    return list(done)


def _visit(graph: Mapping[Piece, Iterable[Piece]], start: Piece, done: dict[Piece, None]) -> None:
    if start in done:
        return
    path: dict[Piece, Iterator[Piece]] = {start: iter(graph[start])}
    while path:
        current = next(reversed(path))
        following = next((piece for piece in path[current] if piece not in done), None)
        if following is None:
            done[current] = None
            del path[current]
        elif following in path:
            trail = list(path)
            raise Loop([*trail[trail.index(following) :], following])
        else:
            path[following] = iter(graph[following])
