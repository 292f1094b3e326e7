"""Delays and smooths that are short against the time step, as the programs they come from take them.

A stage shorter than a time step gives out more than it holds, and swings ever wider. Vensim lowers the
order of DELAY N and SMOOTH N until delay time is no less than order times TIME STEP, and takes a delay
below one TIME STEP as one (its help on DELAY N, SMOOTH N and DELAY FIXED). DELAY1, DELAY3, SMOOTH and SMOOTH3
it leaves as they are: they are shorthand for stocks, and swing in Vensim as well. Stella keeps the order
of all, and takes a stage below one DT as one.
"""

from __future__ import annotations

from dataclasses import replace

from sim.spec.expressions import Call, Delay, Expression, Initial, Number, Operation, Reference, Smooth

__all__ = ["by_stella", "by_vensim"]

_ROUNDING = Number(1e-6)
"""Three tenths by one tenth are three."""


def by_vensim(node: Smooth | Delay, step: Reference) -> Smooth | Delay:
    """Return a delay or smooth with as many stages as Vensim gives it; those of order 1 and 3 as they are."""
    if not isinstance(node.stages, Initial):
        return node
    fitting = Call("integer", (Operation("+", (Operation("/", (node.time, step)), _ROUNDING)),))
    fewer = Call("min", (node.stages.expression, _no_less(Number(1.0), fitting)))
    stages = None if node.order == 1 else Initial(fewer)
    return replace(node, time=_no_less(node.time, step), stages=stages)


def by_stella(node: Smooth | Delay, step: Reference) -> Smooth | Delay:
    """Return a delay or smooth in which no stage is shorter than a time step."""
    count: Expression = Number(float(node.order))
    stages = None
    if isinstance(node.stages, Initial) and not isinstance(node.stages.expression, Number):
        count, stages = Call("integer", (node.stages.expression,)), node.stages
    return replace(node, time=_no_less(node.time, Operation("*", (count, step))), stages=stages)


def _no_less(value: Expression, least: Expression) -> Expression:
    return Call("max", (value, least))
