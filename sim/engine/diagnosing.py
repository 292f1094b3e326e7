"""Where a lane went wrong: the same equations in NumPy, one lane, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.changing import Array
from sim.engine.evaluating import Clock, Evaluator
from sim.engine.formulas import table_rises
from sim.engine.operations import NumpyOperations
from sim.engine.packing import layout, table_points
from sim.engine.planning import Plan, make_plan
from sim.engine.timing import Timing
from sim.spec.expressions import Stock
from sim.spec.model import Model

if TYPE_CHECKING:
    from sim.engine.compiling import Executable

__all__ = ["reasons"]

_MOST_EXAMINED = 20
"""Lanes examined one by one; the others get a general reason, since each takes about a second."""


def reasons(
    model: Model, executable: Executable, times: Timing, lanes: list[int], rows: Callable[[int], Array]
) -> dict[int, str]:
    """Return why each lane failed: the first variable that is not finite and the time at which it is."""
    plan = make_plan(model, executable.request.outputs, executable.request.overridden)
    found = {}
    for place, lane in enumerate(lanes):
        if place < _MOST_EXAMINED:
            found[lane] = _reason(plan, times, rows(lane))
        else:
            found[lane] = "a value turned NaN or infinite"
    return found


def _reason(plan: Plan, times: Timing, rows: Array) -> str:
    with np.errstate(all="ignore"):
        for time, evaluator in _moments(plan, times, rows):
            for (name, place), value in evaluator.pieces.items():
                array = np.asarray(value.array)
                if not np.isfinite(array).all():
                    kind = "NaN" if np.isnan(array).any() else "infinite"
                    return f"{name}{_where(plan.model, name, place, value)} is {kind} at time {time:g}"
    return "a value turned NaN or infinite"


def _where(model: Model, name: str, place: int, value: Any) -> str:
    """Name the first cell that is not finite."""
    component = model.variables[name].components[place]
    if not component.subscripts:
        return ""
    array = np.asarray(value.array)
    first = np.argwhere(~np.isfinite(array))[0]
    chosen = {axis: model.elements(axis)[int(i)] for axis, i in zip(value.axes, first, strict=False)}
    return "[" + ", ".join(chosen.get(s, s) for s in component.subscripts) + "]"


def _moments(plan: Plan, times: Timing, rows: Array) -> Any:
    """Yield the time and an evaluator with all pieces, from the initial time on, with Euler steps."""
    operations = NumpyOperations()
    inputs = _inputs(plan, rows)
    first = Evaluator(plan, operations, inputs, _clock(times, times.initial), "initial")
    for piece in plan.first:
        first.evaluate(piece)
    for held in (*plan.states, *plan.kept):
        if (held.piece, held.node) not in first.held:
            first.held[(held.piece, held.node)] = first.start(held)
    yield times.initial, first
    fixed = {piece: value for piece, value in first.pieces.items() if piece in plan.still}
    now = dict(first.held)
    for step in range(times.saves * times.steps + 1):
        time = times.initial + step * times.step
        evaluator = Evaluator(plan, operations, inputs, _clock(times, time), "run", now, dict(fixed))
        for piece in plan.running:
            evaluator.evaluate(piece)
        yield time, evaluator
        moved = dict(now)
        for held in plan.states:
            moved[(held.piece, held.node)] = now[(held.piece, held.node)] + times.step * evaluator.rates(held)
            if isinstance(held.node, Stock) and held.node.non_negative:
                moved[(held.piece, held.node)] = np.maximum(moved[(held.piece, held.node)], 0.0)
        now = moved


def _inputs(plan: Plan, rows: Array) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    for slot in layout(plan):
        inputs[slot.name] = rows[slot.start : slot.start + slot.size].reshape((*slot.shape, 1))
    for name in plan.tables:
        inputs[name] = table_rises(inputs[name], table_points(plan.model.variables[name], plan.model))
    return inputs


def _clock(times: Timing, time: float) -> Clock:
    settings = {
        "initial time": times.initial,
        "time step": times.step,
        "final time": times.final,
        "saveper": times.every,
        "one": 1.0,
        "lanes": 1,
    }
    return Clock(time, settings)
