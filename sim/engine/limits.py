"""Stocks that must not start below zero: by their limits (``[0, ?]`` in the unit field) or their kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.spec.expressions import Stock
from sim.spec.model import Variable

if TYPE_CHECKING:
    from sim.engine.planning import Plan

__all__ = ["may_be_negative", "never_negative"]


def may_be_negative(variable: Variable) -> bool:
    """Tell whether a stock may start below zero."""
    lowest = variable.limits[0]
    if lowest is not None and lowest >= 0:
        return False
    nodes = (component.expression for component in variable.components)
    return not any(isinstance(node, Stock) and node.non_negative for node in nodes)


def never_negative(plan: Plan) -> tuple[int, ...]:
    """Return the places among the plan's states of the stocks that must not start below zero."""
    return tuple(
        place
        for place, held in enumerate(plan.states)
        if plan.model.variables[held.piece[0]].kind == "stock"
        and not may_be_negative(plan.model.variables[held.piece[0]])
    )
