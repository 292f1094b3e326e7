"""The JAX program of a plan: one loop over time for a block of lanes."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from sim.engine.evaluating import Clock, Evaluator
from sim.engine.mathematics import (
    absolute,
    arccos,
    arcsin,
    fast_arctan,
    fast_log,
    fast_power,
    power_sign,
    powers,
    sqrt,
)
from sim.engine.operations import MANY, Operations
from sim.engine.packing import layout, table_points
from sim.engine.planning import Held, Plan
from sim.engine.tables import table_rises
from sim.spec.expressions import Stock

__all__ = ["Integrator", "Program", "shape"]

Integrator = Literal["euler", "rk4"]


def shape(sizes: tuple[int, ...], dtype: Any) -> Any:
    """Return a stand-in for an array, for tracing."""
    return jax.ShapeDtypeStruct(sizes, dtype)  # type: ignore[no-untyped-call]


class JaxOperations(Operations):
    """JAX, with the functions of :mod:`sim.engine.mathematics` and their rules of differentiation."""

    def __init__(self, dtype: Any) -> None:
        super().__init__(jnp, np.dtype(dtype))

    def log(self, x: Any) -> Any:
        """Natural logarithm."""
        return fast_log(self._array(x))

    def power(self, x: Any, y: Any) -> Any:
        """``x`` to the power ``y``."""
        return fast_power(self._array(x), self._array(y))

    def powers(self, factors: Sequence[tuple[Any, Any, Any]]) -> Any:
        """Product of ``x`` to the power ``y`` over (x, y, ``power_sign(y)``)."""
        return powers([(self._array(x), self._array(y), self._array(sign)) for x, y, sign in factors])

    def power_sign(self, y: Any) -> Any:
        """1, −1, or NaN where a negative number cannot be raised to ``y``."""
        return power_sign(self._array(y))

    def absolute(self, x: Any) -> Any:
        """Absolute value."""
        return absolute(self._array(x))

    def arccos(self, x: Any) -> Any:
        """Arc cosine."""
        return arccos(self._array(x))

    def arcsin(self, x: Any) -> Any:
        """Arc sine."""
        return arcsin(self._array(x))

    def arctan(self, x: Any) -> Any:
        """Arc tangent."""
        return fast_arctan(self._array(x))

    def sqrt(self, x: Any) -> Any:
        """Square root."""
        return sqrt(self._array(x))

    def normal_share(self, x: Any) -> Any:
        """Share of the standard normal distribution below ``x``."""
        return jax.scipy.special.ndtr(self._array(x))

    def normal_point(self, share: Any) -> Any:
        """Point of the standard normal distribution that has ``share`` below it."""
        return jax.scipy.special.ndtri(self._array(share))

    def place(self, whole: Any, part: Any, starts: Sequence[int]) -> Any:
        """Return ``whole`` with ``part`` written at ``starts``."""
        places: list[Any] = list(starts)
        if places and hasattr(places[0], "dtype"):  # Known only while running: all must have its type.
            places = [jnp.asarray(place, places[0].dtype) for place in places]
        return jax.lax.dynamic_update_slice(whole, part, tuple(places))

    def total(self, x: Any, axes: tuple[int, ...]) -> Any:
        """Terms one by one, so that the compiler sees plain additions over all lanes."""
        for axis in reversed(axes):
            if x.shape[axis] >= MANY:
                x = jnp.sum(x, axis=axis)
                continue
            terms = [jax.lax.index_in_dim(x, place, axis, keepdims=False) for place in range(x.shape[axis])]
            x = functools.reduce(operator.add, terms)
        return x

    def _array(self, x: Any) -> Any:
        return jnp.asarray(x, self.dtype)


@dataclass(frozen=True)
class Program:
    """Two functions for a block of ``width`` lanes: ``start`` once, then ``loop`` over time.

    They are compiled apart, since the equations of the start run once and are worth no optimising.
    ``room`` is how many time steps DELAY FIXED can remember, 0 if the plan has none.
    ``rows`` is (packed inputs, lanes); ``times`` is (initial time, time step, final time, save interval, 1);
    ``counts`` is (saves, steps in a save), with room for ``slots`` saved times.
    """

    plan: Plan
    width: int
    slots: int
    integrator: Integrator
    dtype: str
    room: int = 0

    @cached_property
    def operations(self) -> JaxOperations:
        """The array operations of this precision."""
        return JaxOperations(self.dtype)

    @cached_property
    def rows(self) -> int:
        """Rows of the packed inputs."""
        slots = layout(self.plan)
        return slots[-1].start + slots[-1].size if slots else 0

    def start_arguments(self) -> tuple[Any, Any]:
        """Return the shapes of the arguments of ``start``."""
        rows = shape((self.rows, self.width), self.operations.dtype)
        return rows, shape((5,), self.operations.dtype)

    def start(self, rows: Any, times: Any) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
        """Return the outputs that stand still, what the loop takes as given, and the initial states."""
        first = self._first(self._unpacked(rows), times)
        still = tuple(self._whole(first, name) for name in self.plan.computed_still)
        given = tuple(first.hoist(hoisted) for hoisted in self.plan.hoisted)
        return still, given, tuple(first.held[(h.piece, h.node)] for h in self.plan.states)

    def loop(
        self, given: Any, states: Any, times: Any, counts: Any
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return the moving outputs, (slots, *subscripts, lanes), and the final states."""

        def moment(time: Any, now: tuple[Any, ...], place: Any) -> Evaluator:
            held = {(h.piece, h.node): value for h, value in zip(self.plan.states, now, strict=True)}
            clock = self._clock(time, times, place)
            evaluator = Evaluator(self.plan, self.operations, {}, clock, "run", held, {}, given)
            for piece in self.plan.running:
                if piece not in self.plan.observed:
                    evaluator.evaluate(piece)
            return evaluator

        run = self._euler if self.integrator == "euler" else self._rk4
        saved, final = run(moment, tuple(states), times, counts)
        return saved, final

    def _unpacked(self, rows: Any) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        for slot in layout(self.plan):
            part = rows[slot.start : slot.start + slot.size]
            inputs[slot.name] = part.reshape((*slot.shape, self.width))
        for name in self.plan.tables:
            points = table_points(self.plan.model.variables[name], self.plan.model)
            inputs[name] = table_rises(inputs[name], points)
        return inputs

    def _clock(self, time: Any, times: Any, place: Any = 0) -> Clock:
        settings = {
            "initial time": times[0],
            "time step": times[1],
            "final time": times[2],
            "saveper": times[3],
            "one": times[4],
            "lanes": self.width,
            "place": place,
            "room": self.room,
        }
        return Clock(time, settings)

    def _first(self, inputs: Mapping[str, Any], times: Any) -> Evaluator:
        clock = self._clock(times[0], times)
        evaluator = Evaluator(self.plan, self.operations, inputs, clock, "initial")
        for piece in self.plan.first:
            evaluator.evaluate(piece)
        for held in (*self.plan.states, *self.plan.kept):
            if (held.piece, held.node) not in evaluator.held:
                evaluator.held[(held.piece, held.node)] = evaluator.start(held)
        return evaluator

    def _whole(self, evaluator: Evaluator, name: str) -> Any:
        shape = (*self.plan.model.shape(self.plan.model.variables[name]), self.width)
        value = self.operations.number(evaluator.variable(name))
        return jnp.broadcast_to(jnp.asarray(value, self.operations.dtype), shape)

    def _empty(self) -> tuple[Any, ...]:
        model = self.plan.model
        shapes = ((self.slots, *model.shape(model.variables[n]), self.width) for n in self.plan.moving)
        return tuple(jnp.zeros(shape, self.operations.dtype) for shape in shapes)

    def _store(self, saved: tuple[Any, ...], evaluator: Evaluator, slot: Any, now: Any) -> tuple[Any, ...]:
        """Write the outputs to a slot if they are to be saved now; what only they need is computed then."""

        def write(buffers: tuple[Any, ...]) -> tuple[Any, ...]:
            for piece in self.plan.running:
                if piece in self.plan.observed:
                    evaluator.evaluate(piece)
            return tuple(
                jax.lax.dynamic_update_index_in_dim(buffer, self._whole(evaluator, name), slot, 0)
                for buffer, name in zip(buffers, self.plan.moving, strict=True)
            )

        kept: tuple[Any, ...] = jax.lax.cond(now, write, lambda buffers: buffers, saved)
        return kept

    def _euler(self, moment: Any, states: Any, times: Any, counts: Any) -> tuple[Any, Any]:
        saves, steps = counts[0], counts[1]

        def body(place: Any, carried: Any) -> Any:
            now, saved = carried
            evaluator = moment(times[0] + place.astype(self.operations.dtype) * times[1], now, place)
            moved = tuple(self._moved(evaluator, h, x, times[1]) for h, x in self._pairs(now))
            return moved, self._store(saved, evaluator, place // steps, place % steps == 0)

        final, saved = jax.lax.fori_loop(0, saves * steps + 1, body, (states, self._empty()))
        return saved, final

    def _rk4(self, moment: Any, states: Any, times: Any, counts: Any) -> tuple[Any, Any]:
        """The classic four stages as one flat loop, so that the equations stand in the program once."""
        saves, steps = counts[0], counts[1]
        offsets = jnp.array([0.0, 0.5, 0.5, 1.0], self.operations.dtype)
        weights = jnp.array([1.0, 2.0, 2.0, 1.0], self.operations.dtype) / 6.0

        def body(place: Any, carried: Any) -> Any:
            base, now, gathered, saved = carried
            step, stage = place // 4, place % 4
            time = times[0] + (step.astype(self.operations.dtype) + offsets[stage]) * times[1]
            evaluator = moment(time, now, step)
            rates = tuple(None if h.steps else evaluator.rates(h) for h in self.plan.states)
            start = jnp.where(stage == 0, 0.0, 1.0).astype(self.operations.dtype)
            # Of a state that steps, what is gathered is the next content, known from the first stage on.
            gathered = tuple(
                jnp.where(stage == 0, evaluator.advanced(h), g)
                if r is None
                else g * start + weights[stage] * r
                for h, g, r in zip(self.plan.states, gathered, rates, strict=True)
            )
            last = stage == 3
            reach = offsets[(stage + 1) % 4] * times[1]
            ended = tuple(
                g if h.steps else self._limited(h, b + times[1] * g)
                for h, b, g in zip(self.plan.states, base, gathered, strict=True)
            )
            within = tuple(b if r is None else b + reach * r for b, r in zip(base, rates, strict=True))
            now = tuple(jnp.where(last, e, w) for e, w in zip(ended, within, strict=True))
            base = tuple(jnp.where(last, e, b) for e, b in zip(ended, base, strict=True))
            saved = self._store(saved, evaluator, step // steps, (stage == 0) & (step % steps == 0))
            return base, now, gathered, saved

        zero = tuple(jnp.zeros_like(state) for state in states)
        carried = (states, states, zero, self._empty())
        base, _, _, saved = jax.lax.fori_loop(0, 4 * saves * steps + 1, body, carried)
        return saved, base

    def _pairs(self, states: tuple[Any, ...]) -> list[tuple[Held, Any]]:
        return list(zip(self.plan.states, states, strict=True))

    def _moved(self, evaluator: Evaluator, held: Held, state: Any, step: Any) -> Any:
        if held.steps:
            return evaluator.advanced(held)
        return self._limited(held, state + step * evaluator.rates(held))

    def _limited(self, held: Held, state: Any) -> Any:
        if isinstance(held.node, Stock) and held.node.non_negative:
            return jnp.maximum(state, 0.0)
        return state
