"""What can only be settled once all variables are known: room for stages, whole arrays, delays that stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sim.errors import BadInput
from sim.spec.depth import check_size
from sim.spec.expressions import (
    HELD,
    Call,
    Delay,
    Expression,
    Initial,
    LookupCall,
    Number,
    Reference,
    Smooth,
    Table,
    children,
    rebuilt,
)
from sim.spec.functions import REDUCTIONS, TIMED
from sim.spec.literals import value_of
from sim.spec.model import Component, Variable, key
from sim.translate.stages import by_stella, by_vensim

__all__ = ["completed"]

_ROOM = 12
"""Stages of a smooth or delay whose order is a constant, and so may differ by lane, at least."""


def completed(
    variables: Iterable[Variable],
    spans: list[tuple[str, Expression]],
    problems: list[str],
    *,
    xmile: bool = False,
) -> dict[str, Variable]:
    """Return the finished variables by name; what cannot be finished is added to ``problems``."""
    named = {variable.name: variable for variable in variables}
    for owner, span in spans:
        if not _stands_still(named, span, set()):
            problems.append(
                f"{owner}: DELAY N needs a delay time that does not change during a run; "
                "use DELAY1I or DELAY3I, which allow it."
            )
    step = Reference(next((name for name in named if key(name) == "time step"), "TIME STEP"))
    return {name: _finished(variable, named, problems, step, xmile) for name, variable in named.items()}


def _finished(
    variable: Variable, named: dict[str, Variable], problems: list[str], step: Reference, xmile: bool
) -> Variable:
    timed = by_stella if xmile else by_vensim

    def change(node: Expression) -> Expression:
        if isinstance(node, Smooth | Delay):
            return timed(_with_room(variable, node, named, problems), step)
        if xmile and isinstance(node, Call) and node.function in REDUCTIONS and len(node.arguments) == 1:
            return _over_all(node, named)
        return node

    def finished(component: Component) -> Component:
        expression = rebuilt(component.expression, change)
        if expression is component.expression:
            return component
        try:
            check_size(expression)
        except BadInput as error:
            problems.append(
                f"{variable.name}{f' (line {component.line})' if component.line else ''}: {error}"
            )
            expression = Number(0.0)
        return replace(component, expression=expression)

    return replace(variable, components=tuple(finished(component) for component in variable.components))


def _with_room(
    variable: Variable, node: Smooth | Delay, named: dict[str, Variable], problems: list[str]
) -> Smooth | Delay:
    """Give an order that is a constant room for as many stages as a lane may ask for."""
    if node.stages is None or node.order:
        return node
    assert isinstance(node.stages, Initial)
    if isinstance(node.stages.expression, Number):
        problems.append(f"{variable.name}: the order of a smooth or delay must be at least 1.")
        return replace(node, order=1)
    largest = _largest(node.stages.expression, named)
    if largest is None or largest < 1:
        problems.append(f"{variable.name}: the order must be a number or a constant, and at least 1.")
        return replace(node, order=1)
    return replace(node, order=max(_ROOM, int(largest)))


def _largest(order: Expression, named: dict[str, Variable]) -> float | None:
    if not isinstance(order, Reference) or order.name not in named or named[order.name].kind != "constant":
        return None
    values: list[float] = []
    for component in named[order.name].components:
        expression = component.expression
        values.extend(expression.values if isinstance(expression, Table) else [value_of(expression)])
    return max(values)


def _over_all(node: Call, named: dict[str, Variable]) -> Expression:
    """Give a variable without subscripts inside SUM, MAX and the like all its ranges, as XMILE means it."""
    reference = node.arguments[0]
    if not isinstance(reference, Reference) or reference.subscripts or reference.name not in named:
        return node
    marked = tuple(f"{dimension}!" for dimension in named[reference.name].dimensions)
    return replace(node, arguments=(replace(reference, subscripts=marked),)) if marked else node


def _stands_still(named: dict[str, Variable], expression: Expression, seen: set[str]) -> bool:
    """Tell whether an expression has one value for a whole run."""
    if isinstance(expression, Initial):
        return True
    if isinstance(expression, HELD) or (isinstance(expression, Call) and expression.function in TIMED):
        return False
    if isinstance(expression, Reference):
        return _reference_stands_still(named, expression, seen)
    parts = (expression.argument,) if isinstance(expression, LookupCall) else children(expression)
    return all(_stands_still(named, part, seen) for part in parts)


def _reference_stands_still(named: dict[str, Variable], reference: Reference, seen: set[str]) -> bool:
    variable = named.get(reference.name)
    if variable is None:
        return key(reference.name) != "time"
    if variable.kind in ("constant", "control", "lookup") or reference.name in seen:
        return True
    seen.add(reference.name)
    return all(_stands_still(named, component.expression, seen) for component in variable.components)
