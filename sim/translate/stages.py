"""Delays and smooths that are short against the time step, as the programs they come from take them.

A stage shorter than a time step gives out more than it holds, and swings ever wider. Vensim lowers the
order of DELAY N and SMOOTH N until delay time is no less than order times TIME STEP, and takes a delay
below one TIME STEP as one (its help on DELAY N, SMOOTH N and DELAY FIXED). DELAY1, DELAY3, SMOOTH and SMOOTH3
it leaves as they are: they are shorthand for stocks, and swing in Vensim as well. Stella keeps the order
of all, and takes a stage below one DT as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sim.spec.expressions import (
    Call,
    Delay,
    Expression,
    Initial,
    Number,
    Operation,
    Reference,
    Smooth,
    Table,
    walk,
)
from sim.spec.literals import is_literal, value_of
from sim.spec.model import Model

__all__ = ["by_stella", "by_vensim", "short_delays"]

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


def short_delays(model: Model) -> Iterator[str]:
    """Yield a sentence for each delay or smooth whose time is a number or a constant and too short."""
    step = model.control.time_step
    for variable in model.variables.values():
        for component in variable.components:
            for node in walk(component.expression):
                if isinstance(node, Smooth | Delay):
                    time = _shortest(model, _as_written(node))
                    if time is not None and time < node.order * step * (1 - 1e-6):
                        line = f" (line {component.line})" if component.line else ""
                        yield f"{variable.name}{line}: {_short(node, time, step)}"


def _short(node: Smooth | Delay, time: float, step: float) -> str:
    name = "SMOOTH" if isinstance(node, Smooth) else "DELAY"
    text = f"{name} of order {node.order} over {time:g}: shorter than {node.order} times TIME STEP ({step:g})"
    if node.stages is not None:
        return f"{text}, so it gets fewer stages, as in Vensim."
    return f"{text}, so its output swings, as in Vensim. Choose a smaller TIME STEP or a longer time."


def _as_written(node: Smooth | Delay) -> Expression:
    """Return the time before :func:`by_vensim` has put a bound to it."""
    bounded = node.stages is not None and isinstance(node.time, Call)
    return node.time.arguments[0] if bounded and isinstance(node.time, Call) else node.time


def _shortest(model: Model, time: Expression) -> float | None:
    """Return the smallest value of a literal or a constant, else None."""
    if is_literal(time):
        return value_of(time)
    if not isinstance(time, Reference) or time.name not in model.variables:
        return None
    variable = model.variables[time.name]
    if variable.kind != "constant":
        return None
    expressions = [component.expression for component in variable.components]
    return min(min(e.values) if isinstance(e, Table) else value_of(e) for e in expressions)
