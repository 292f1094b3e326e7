"""A plan run step by step in NumPy: the same equations as the compiled program, slow but plain.

It finds where a lane went wrong, and judges machine code that was just made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import numpy as np

from sim.engine.changing import Array
from sim.engine.evaluating import Clock, Evaluator
from sim.engine.operations import NumpyOperations
from sim.engine.packing import layout, table_points
from sim.engine.planning import HeldNode, Plan
from sim.engine.tables import table_rises
from sim.engine.timing import Timing
from sim.spec.expressions import Stock
from sim.spec.structure import Piece

__all__ = ["moments"]

_Content: TypeAlias = dict[tuple[Piece, HeldNode], Any]


def moments(
    plan: Plan, times: Timing, rows: Array, integrator: Literal["euler", "rk4"] = "euler"
) -> Iterator[tuple[float, Evaluator]]:
    """Yield the initial moment, and then the start of every time step, with all equations evaluated.

    ``rows`` is (packed inputs, lanes). The first evaluator is in the phase ``initial``; the second one
    stands at the same time, with the states in place.
    """
    run = _Stepping(plan, times, rows)
    first = run.first()
    yield times.initial, first
    now: _Content = dict(first.held)
    last = times.saves * times.steps
    for step in range(last + 1):
        time = times.initial + step * times.step
        evaluator = run.at(time, now, step)
        yield time, evaluator
        if step == last:
            return
        now = run.euler(evaluator, now) if integrator == "euler" else run.rk4(evaluator, now, time)


class _Stepping:
    def __init__(self, plan: Plan, times: Timing, rows: Array) -> None:
        self.plan = plan
        self.times = times
        self.lanes = rows.shape[1]
        self.operations = NumpyOperations()
        self.inputs = self._inputs(rows)
        self.fixed: dict[Piece, Any] = {}

    def first(self) -> Evaluator:
        """Return the equations at the initial time, with the initial content of all states."""
        first = Evaluator(self.plan, self.operations, self.inputs, self._clock(self.times.initial), "initial")
        for piece in self.plan.first:
            first.evaluate(piece)
        for held in (*self.plan.states, *self.plan.kept):
            if (held.piece, held.node) not in first.held:
                first.held[(held.piece, held.node)] = first.start(held)
        self.fixed = {piece: value for piece, value in first.pieces.items() if piece in self.plan.still}
        return first

    def at(self, time: float, now: _Content, place: int) -> Evaluator:
        """Return the equations at a time, in time step ``place``, given the content of the states."""
        clock = self._clock(time, place)
        evaluator = Evaluator(self.plan, self.operations, self.inputs, clock, "run", now, dict(self.fixed))
        for piece in self.plan.running:
            evaluator.evaluate(piece)
        return evaluator

    def euler(self, evaluator: Evaluator, now: _Content) -> _Content:
        """Return the states one time step later."""
        return self._limited(_moved(now, self._rates(evaluator), self.times.step) | self._advanced(evaluator))

    def rk4(self, evaluator: Evaluator, now: _Content, time: float) -> _Content:
        """Return the states one time step later, by the classic four stages."""
        step, place = self.times.step, evaluator.clock.settings["place"]
        stages = [self._rates(evaluator)]
        for reach in (step / 2, step / 2, step):
            stages.append(self._rates(self.at(time + reach, _moved(now, stages[-1], reach), place)))
        mean = {
            place: sum(weight * stage[place] for weight, stage in zip((1, 2, 2, 1), stages, strict=True))
            / 6.0
            for place in stages[0]
        }
        return self._limited(_moved(now, mean, step) | self._advanced(evaluator))

    def _rates(self, evaluator: Evaluator) -> _Content:
        return {(h.piece, h.node): evaluator.rates(h) for h in self.plan.states if not h.steps}

    def _advanced(self, evaluator: Evaluator) -> _Content:
        return {(h.piece, h.node): evaluator.advanced(h) for h in self.plan.states if h.steps}

    def _limited(self, now: _Content) -> _Content:
        for (piece, node), value in now.items():
            if isinstance(node, Stock) and node.non_negative:
                now[(piece, node)] = np.maximum(value, 0.0)
        return now

    def _inputs(self, rows: Array) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        for slot in layout(self.plan):
            part = rows[slot.start : slot.start + slot.size]
            inputs[slot.name] = part.reshape((*slot.shape, self.lanes))
        for name in self.plan.tables:
            points = table_points(self.plan.model.variables[name], self.plan.model)
            inputs[name] = table_rises(inputs[name], points)
        return inputs

    def _clock(self, time: float, place: int = 0) -> Clock:
        settings = {
            "initial time": self.times.initial,
            "time step": self.times.step,
            "final time": self.times.final,
            "saveper": self.times.every,
            "one": 1.0,
            "lanes": self.lanes,
            "place": place,
            "room": self.times.saves * self.times.steps + 1,
        }
        return Clock(time, settings)


def _moved(now: _Content, rates: _Content, step: float) -> _Content:
    return {**now, **{place: now[place] + step * rate for place, rate in rates.items()}}
