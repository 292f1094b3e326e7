"""Machine code that was just made, judged by NumPy: a few steps of one block of random lanes.

Compilers err: jaxlib 0.10.2 computed the arc tangent wrongly in half the lanes of a vector. So new code
is compared with the same equations in NumPy before it is used or kept; code from the cache was.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sim.engine.changing import Array
from sim.engine.packing import default_rows
from sim.engine.planning import Plan, make_plan
from sim.engine.stepping import moments
from sim.engine.timing import Timing, timing
from sim.spec.expressions import Random, walk
from sim.spec.model import Model

if TYPE_CHECKING:
    from sim.engine.compiling import Executable

__all__ = ["difference"]

Outputs: TypeAlias = dict[str, Array]

_STEPS = 2
_TOLERANCE = 1e-9
_FLOOR = 1e-6
"""Part of the largest value below which a peak counts as zero: what large terms leave when they cancel."""
_SEED = 20_240_601
_SPREAD = 0.02
"""Random lanes stay within some per cent of the model's own values, where its equations make sense."""
_REACH = 1e-4
"""Step of the differences along random directions, which move each input by 2 % of itself at most."""
_NOISE = 1e-9
"""Part of a value that differences between two runs may lose to rounding."""
_AGREED, _CLOSE = 1e-6, 1e-5
"""Differences must agree to the first, and a derivative with them to the second, both of its peak."""


def difference(model: Model, executable: Executable) -> str | None:
    """Return where new code and NumPy differ by more than 1e-9 of a variable's peak, or None.

    Single precision and random numbers are not compared, nor anything if ``SIM_SELF_CHECK`` is 0.
    """
    request = executable.request
    if request.dtype != "float64" or os.environ.get("SIM_SELF_CHECK") == "0":
        return None
    plan = make_plan(model, request.outputs, request.overridden)
    if _is_random(plan):
        return None
    case = _Case(plan, executable, _times(model, request.slots), _rows(model, executable))
    expected = case.expected(case.rows)
    found, slopes = case.computed(_directions(case.rows) if request.tangents else None)
    floor = _FLOOR * max((_peak(array) for array in expected.values()), default=0.0)
    texts = (_difference(name, found[name][: len(array)], array, floor) for name, array in expected.items())
    return next(filter(None, texts), None) or (_slopes_differ(case, slopes) if slopes else None)


def _times(model: Model, slots: int) -> Timing:
    control = model.control
    whole = timing(control, None, None, control.time_step)
    return Timing(whole.initial, whole.step, whole.final, whole.step, min(_STEPS, slots - 1, whole.saves), 1)


def _rows(model: Model, executable: Executable) -> Array:
    """Return inputs of a whole block: the first lane as the model has it, the others around it."""
    base = default_rows(model, executable.description.inputs)[:, None]
    noise = np.random.default_rng(_SEED).uniform(-_SPREAD, _SPREAD, (len(base), executable.request.width))
    noise[:, 0] = 0.0
    rows: Array = base * (1.0 + noise)
    return rows


def _directions(rows: Array) -> Array:
    """Return one random direction for each lane; an initial value that is not given does not move."""
    shares = np.random.default_rng(_SEED + 1).uniform(-_SPREAD, _SPREAD, rows.shape)
    return np.where(np.isfinite(rows), shares * rows, 0.0)


@dataclass(frozen=True)
class _Case:
    """A plan, its code, and the times and inputs (packed inputs, lanes) with which they are compared."""

    plan: Plan
    executable: Executable
    times: Timing
    rows: Array

    def computed(self, directions: Array | None) -> tuple[Outputs, Outputs]:
        """Return outputs by the code, (times, *subscripts, lanes), and their derivatives if it gives them."""
        import jax

        description, settings = self.executable.description, self.times.values(np.float64)
        rows = self.rows if directions is None else np.concatenate([self.rows, directions])
        with jax.enable_x64(True):
            still, given, states = self.executable.start(rows, settings)
            moving, _ = self.executable.loop(given, states, settings, self.times.counts())
        named = [
            (name, np.asarray(array)[None]) for name, array in zip(description.still, still, strict=True)
        ]
        moved = [(name, np.asarray(array)) for name, array in zip(description.moving, moving, strict=True)]
        if directions is None:
            return dict(named + moved), {}
        halves = len(named) // 2, len(moved) // 2
        values, slopes = named[: halves[0]] + moved[: halves[1]], named[halves[0] :] + moved[halves[1] :]
        return dict(values), dict(slopes)

    def expected(self, rows: Array) -> Outputs:
        """Return outputs by NumPy: (times, *subscripts, lanes), one time for those that stand still."""
        description = self.executable.description
        kept: dict[str, list[Array]] = {name: [] for name in description.moving}
        result: dict[str, Array] = {}
        with np.errstate(all="ignore"):
            for _, evaluator in moments(self.plan, self.times, rows, self.executable.request.integrator):
                first = evaluator.phase == "initial"
                for name in dict.fromkeys(description.still) if first else kept:
                    shape = (*self.plan.model.shape(self.plan.model.variables[name]), rows.shape[1])
                    value = np.broadcast_to(evaluator.operations.number(evaluator.variable(name)), shape)
                    if first:
                        result[name] = value[None]
                    else:
                        kept[name].append(value)
        return result | {name: np.stack(values) for name, values in kept.items()}


def _slopes_differ(case: _Case, slopes: Outputs) -> str | None:
    """Return where a derivative is not what differences tend to, or None. The first lane may be on kinks."""
    wides, narrows = (_differences(case, reach) for reach in (_REACH, _REACH / 2))
    for name, array in slopes.items():
        (wide, peak), (narrow, _) = wides[name], narrows[name]
        found = array[: len(narrow), ..., 1:]
        with np.errstate(all="ignore"):
            scale = max(_peak(narrow), _NOISE / _REACH * peak)
            wrong = (np.abs(wide - narrow) <= _AGREED * scale) & ~(np.abs(found - narrow) <= _CLOSE * scale)
        if wrong.any():
            place = tuple(np.argwhere(wrong)[0])
            return f"the derivative of {name} is {found[place]:.10g} where {narrow[place]:.10g} is right"
    return None


def _differences(case: _Case, reach: float) -> dict[str, tuple[Array, float]]:
    """Return central differences, (times, *subscripts, lanes but the first), and the peak of each output."""
    step = reach * _directions(case.rows)
    high, low = case.expected(case.rows + step), case.expected(case.rows - step)
    with np.errstate(all="ignore"):
        return {n: ((high[n] - low[n])[..., 1:] / (2.0 * reach), _peak(high[n])) for n in high}


def _peak(values: Array) -> float:
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def _difference(name: str, found: Array, expected: Array, floor: float) -> str | None:
    with np.errstate(all="ignore"):
        scale = np.maximum(np.abs(expected), max(_peak(expected), floor))
        close = np.abs(found - expected) <= _TOLERANCE * scale
    same = close | (found == expected) | (np.isnan(found) & np.isnan(expected))
    if same.all():
        return None
    place = tuple(np.argwhere(~same)[0])
    count = int((~same).any(axis=tuple(range(same.ndim - 1))).sum())
    return (
        f"{name} is {found[place]:.10g} where {expected[place]:.10g} is right "
        f"(step {int(place[0])}, {count} of {same.shape[-1]} lanes)"
    )


def _is_random(plan: Plan) -> bool:
    return any(
        isinstance(node, Random)
        for name, place in (*plan.first, *plan.running)
        for node in walk(plan.model.variables[name].components[place].expression)
    )
