"""Checks of a typed model before anything runs: names, subscripts, functions, circles."""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import BadInput, did_you_mean
from sim.spec.expressions import (
    Call,
    Expression,
    Lookup,
    LookupCall,
    Reference,
    Table,
    children,
    walk,
)
from sim.spec.functions import FUNCTIONS, REDUCTIONS, written
from sim.spec.model import Component, Model, Variable, key
from sim.spec.structure import (
    TIME,
    Loop,
    Phase,
    Piece,
    dependencies,
    in_order,
    loop_axes,
    reduced_axes,
    resolve,
)

__all__ = ["check", "problems"]


def check(model: Model) -> None:
    """Raise BadInput with every problem of ``model`` in one message; return if there is none."""
    found = problems(model)
    if found:
        raise BadInput(f"{model.name} cannot run:\n" + "\n".join(f"- {problem}" for problem in found))


def problems(model: Model) -> list[str]:
    """Return one line per problem: unknown names, unsupported functions, wrong subscripts, circles."""
    found = [*_unsupported(model), *_undefined(model)]
    if not found:
        found = [*_misplaced(model), *_bad_tables(model), *_bad_subscripts(model)]
    return found or list(_loops(model))


def _equations(model: Model) -> Iterator[tuple[Variable, Component]]:
    for variable in model.variables.values():
        for component in variable.components:
            yield variable, component


def _place(variable: Variable, component: Component) -> str:
    return f"{variable.name} (line {component.line})" if component.line else variable.name


def _unsupported(model: Model) -> Iterator[str]:
    users: dict[str, dict[str, None]] = {}
    for variable, component in _equations(model):
        for node in walk(component.expression):
            if isinstance(node, Call) and node.function not in FUNCTIONS:
                users.setdefault(node.function, {})[variable.name] = None
            elif isinstance(node, Call):
                yield from _wrong_count(variable, component, node)
    for function, names in users.items():
        yield f"unsupported function {written(function)} in: {', '.join(names)}"


def _wrong_count(variable: Variable, component: Component, node: Call) -> Iterator[str]:
    fewest, most = FUNCTIONS[node.function]
    if not fewest <= len(node.arguments) <= most:
        yield (
            f"{_place(variable, component)}: {written(node.function)} takes {fewest} "
            f"argument{'' if fewest == 1 else 's'}, {len(node.arguments)} given"
        )


def _undefined(model: Model) -> Iterator[str]:
    for variable, component in _equations(model):
        for node in walk(component.expression):
            if isinstance(node, Reference) and not _known(model, node):
                near = did_you_mean(node.name, model.variables)
                yield f"{_place(variable, component)}: {node.name!r} is not defined.{near}"


def _known(model: Model, reference: Reference) -> bool:
    return reference.name in model.variables or key(reference.name) == TIME


def _misplaced(model: Model) -> Iterator[str]:
    """Lookups used as numbers, tables inside equations, reductions over nothing."""
    for variable, component in _equations(model):
        tables = {id(n.table) for n in walk(component.expression) if isinstance(n, LookupCall)}
        for node in walk(component.expression):
            where = _place(variable, component)
            if isinstance(node, Reference) and id(node) not in tables and _is_lookup(model, node):
                yield f"{where}: the lookup {node.name} needs an argument, as in {node.name}(x)"
            elif isinstance(node, Table | Lookup) and variable.kind == "auxiliary":
                if id(node) not in tables:
                    yield f"{where}: a list of numbers cannot be part of an equation"
            elif (
                isinstance(node, Call) and node.function in REDUCTIONS and not reduced_axes(node.arguments[0])
            ):
                yield f"{where}: {written(node.function)} needs a subscript marked with !"


def _is_lookup(model: Model, reference: Reference) -> bool:
    return reference.name in model.variables and model.variables[reference.name].kind == "lookup"


def _bad_tables(model: Model) -> Iterator[str]:
    for variable, component in _equations(model):
        where, axes = _place(variable, component), loop_axes(model, component)
        sizes = tuple(len(model.elements(axis)) for axis in axes)
        for node in walk(component.expression):
            squeezed = tuple(size for size in sizes if size > 1)
            if isinstance(node, Table) and node.shape not in (sizes, squeezed):
                yield f"{where}: {node.shape} numbers given for subscripts of sizes {sizes}"
            if isinstance(node, Lookup) and len(set(node.x)) < len(node.x):
                yield f"{where}: the lookup has the same x twice"


def _bad_subscripts(model: Model) -> Iterator[str]:
    for variable, component in _equations(model):
        try:
            _resolve_all(model, component.expression, loop_axes(model, component))
        except BadInput as error:
            yield f"{_place(variable, component)}: {error}"


def _resolve_all(model: Model, node: Expression, axes: tuple[str, ...]) -> None:
    if isinstance(node, Reference) and key(node.name) != TIME:
        selections = resolve(model, node, axes)
        labels = [selection.label for selection in selections if selection.label]
        if len(set(labels)) < len(labels):
            raise BadInput(f"{node.name} is used with the same subscript twice; declare an alias (<->)")
    inner = axes
    if isinstance(node, Call) and node.function in REDUCTIONS:
        inner = (*axes, *reduced_axes(node.arguments[0]))
    for child in children(node):
        _resolve_all(model, child, inner)


def _loops(model: Model) -> Iterator[str]:
    phases: tuple[tuple[Phase, str], ...] = (
        ("run", "algebraic loop (each needs the next at the same time; put a stock or a SMOOTH between)"),
        ("initial", "initial values need each other"),
    )
    for phase, title in phases:
        try:
            in_order(_graph(model, phase), _graph(model, phase))
        except Loop as loop:
            yield f"{title}: {loop}"


def _graph(model: Model, phase: Phase) -> dict[Piece, list[Piece]]:
    """Return what every piece needs; flows of stocks count as their own pieces in no phase."""
    graph: dict[Piece, list[Piece]] = {}
    for variable in model.variables.values():
        if variable.kind in ("stock", "auxiliary"):
            for place, component in enumerate(variable.components):
                axes = loop_axes(model, component)
                graph[(variable.name, place)] = list(dependencies(model, component.expression, axes, phase))
    return graph
