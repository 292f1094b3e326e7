"""Checks of a typed model before anything runs: names, subscripts, functions, circles."""

from __future__ import annotations

from collections.abc import Iterator

from sim.characters import find_control, visible
from sim.errors import BadInput, did_you_mean
from sim.spec.expressions import (
    Call,
    Expression,
    Lookup,
    LookupCall,
    Number,
    Reference,
    Table,
    children,
    walk,
)
from sim.spec.functions import ALONG_LAST, FUNCTIONS, REDUCTIONS, written
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
    vector_range,
)

__all__ = ["check", "problems", "sorted_problems"]

_MOST_CIRCLES = 100


def check(model: Model) -> None:
    """Raise BadInput with every problem of ``model`` in one message; return if there is none."""
    found = problems(model)
    if found:
        raise BadInput(f"{model.name} cannot run:\n" + "\n".join(f"- {problem}" for problem in found))


def problems(model: Model) -> list[str]:
    """Return one line per problem; see :func:`sorted_problems`."""
    return [text for _, text in sorted_problems(model)]


def sorted_problems(model: Model) -> list[tuple[str, str]]:
    """Return (kind, text) of each problem: function, name, subscript, table or loop.

    One problem does not hide another: each check leaves out only what it cannot judge.
    """
    found = [
        *(("function", text) for text in _unsupported(model)),
        *(("name", text) for text in (*_hidden(model), *_own_time(model), *_undefined(model))),
        *(("table", text) for text in (*_misplaced(model), *_bad_tables(model))),
        *(("subscript", text) for text in _bad_subscripts(model)),
        *(("loop", text) for text in _loops(model)),
    ]
    return list(dict.fromkeys(found))


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
                users.setdefault(node.function, {})[_place(variable, component)] = None
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


def _hidden(model: Model) -> Iterator[str]:
    """Names and units with characters that act on a terminal, or turn the writing round."""
    for variable in model.variables.values():
        for kind, text in (("name", variable.name), ("unit", variable.units)):
            if found := find_control(text):
                yield f"{visible(variable.name)}: its {kind} holds the control character {found}. Remove it."
    for dimension in model.dimensions.values():
        for text in (dimension.name, *dimension.elements):
            if found := find_control(text):
                yield f"{visible(text)}: a subscript holds the control character {found}. Remove it."


def _own_time(model: Model) -> Iterator[str]:
    """Time is the program's own; an equation for it would be passed over."""
    for variable, component in _equations(model):
        if key(variable.name) == "time":
            yield f"{_place(variable, component)}: Time runs by itself and takes no equation. Rename it."


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
            elif isinstance(node, Table | Lookup) and variable.kind in ("auxiliary", "stock"):
                if id(node) not in tables:
                    yield f"{where}: a list of numbers cannot be part of an equation"
            elif isinstance(node, Call) and node.function in REDUCTIONS and not reduced_axes(node):
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
            if isinstance(node, Call) and node.function in ALONG_LAST | {"vector_select"}:
                yield from (f"{where}: {text}" for text in _bad_vector(model, node))


def _bad_vector(model: Model, node: Call) -> Iterator[str]:
    name = written(node.function)
    if node.function == "vector_select" and len(node.arguments) == 5:
        action, strict = node.arguments[3:]
        if action not in [Number(float(code)) for code in range(11)]:
            yield f"the fourth argument of {name} must be a number from 0 to 10"
        if strict not in [Number(float(code)) for code in range(4)]:
            yield f"the fifth argument of {name} must be a number from 0 to 3"
    elif node.arguments and vector_range(node) not in model.dimensions:
        yield f"the first argument of {name} must be a variable whose last subscript is a range"


def _bad_subscripts(model: Model) -> Iterator[str]:
    for variable, component in _equations(model):
        try:
            _resolve_all(model, component.expression, loop_axes(model, component))
        except BadInput as error:
            yield f"{_place(variable, component)}: {error}"


def _resolve_all(model: Model, node: Expression, axes: tuple[str, ...]) -> None:
    if isinstance(node, Reference) and node.name in model.variables:
        selections = resolve(model, node, axes)
        labels = [selection.label for selection in selections if selection.label]
        if len(set(labels)) < len(labels):
            raise BadInput(f"{node.name} is used with the same subscript twice; declare an alias (<->)")
    inner = axes
    if isinstance(node, Call) and node.function in REDUCTIONS:
        inner = (*axes, *reduced_axes(node))
    for child in children(node):
        _resolve_all(model, child, inner)


def _loops(model: Model) -> Iterator[str]:
    phases: tuple[tuple[Phase, str], ...] = (
        ("run", "algebraic loop (each needs the next at the same time; put a stock or a SMOOTH between)"),
        ("initial", "initial values need each other"),
    )
    told: set[Piece] = set()
    for phase, title in phases:
        for loop in _circles(_graph(model, phase)):
            if not told & set(loop.pieces):
                yield f"{title}: {loop}"
            told |= set(loop.pieces)


def _circles(graph: dict[Piece, list[Piece]]) -> Iterator[Loop]:
    """Yield circles, each with at least one link that is in none before."""
    for _ in range(_MOST_CIRCLES):
        try:
            in_order(graph, graph)
        except Loop as loop:
            yield loop
            last, first = loop.pieces[-2:]
            graph[last] = [piece for piece in graph[last] if piece != first]
        else:
            return


def _graph(model: Model, phase: Phase) -> dict[Piece, list[Piece]]:
    """Return what every piece needs; flows of stocks count as their own pieces in no phase."""
    return {
        (variable.name, place): _needs(model, component, phase)
        for variable in model.variables.values()
        if variable.kind in ("stock", "auxiliary")
        for place, component in enumerate(variable.components)
    }


def _needs(model: Model, component: Component, phase: Phase) -> list[Piece]:
    """Return what an equation needs; nothing where another check has found it at fault."""
    if any(isinstance(n, Call) and n.function not in FUNCTIONS for n in walk(component.expression)):
        return []
    try:
        found = list(dependencies(model, component.expression, loop_axes(model, component), phase))
    except (BadInput, KeyError):
        return []
    return found
