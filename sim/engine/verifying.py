"""Machine code that was just made, judged by NumPy: a few steps of one block of random lanes.

Compilers err: jaxlib 0.10.2 computed the arc tangent wrongly in half the lanes of a vector. So new code
is compared with the same equations in NumPy before it is used or kept; code from the cache was.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

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

_STEPS = 2
_TOLERANCE = 1e-9
_FLOOR = 1e-6
"""Part of the largest value below which a peak counts as zero: what large terms leave when they cancel."""
_SEED = 20_240_601
_SPREAD = 0.02
"""Random lanes stay within some per cent of the model's own values, where its equations make sense."""


def difference(model: Model, executable: Executable) -> str | None:
    """Return where new code and NumPy differ by more than 1e-9 of a variable's peak, or None.

    Single precision and random numbers are not compared, nor anything if ``SIM_SELF_CHECK`` is 0.
    """
    request = executable.request
    if request.dtype != "float64" or os.environ.get("SIM_SELF_CHECK") == "0":
        return None
    times = _times(model, request.slots)
    rows = _rows(model, executable)
    plan = make_plan(model, request.outputs, request.overridden)
    if _is_random(plan):
        return None
    with np.errstate(all="ignore"):
        expected = _expected(plan, times, rows, executable)
    found = _computed(executable, times, rows)
    floor = _FLOOR * max((_peak(array) for array in expected.values()), default=0.0)
    for name, array in expected.items():
        text = _difference(name, found[name][: len(array)], array, floor)
        if text:
            return text
    return None


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


def _computed(executable: Executable, times: Timing, rows: Array) -> dict[str, npt.NDArray[Any]]:
    import jax

    description, settings = executable.description, times.values(np.float64)
    with jax.enable_x64(True):
        still, given, states = executable.start(rows, settings)
        moving, _ = executable.loop(given, states, settings, times.counts())
    found = {name: np.asarray(array)[None] for name, array in zip(description.still, still, strict=True)}
    return found | {name: np.asarray(array) for name, array in zip(description.moving, moving, strict=True)}


def _expected(plan: Plan, times: Timing, rows: Array, executable: Executable) -> dict[str, Array]:
    """Return outputs by NumPy: (times, *subscripts, lanes), one time for those that stand still."""
    kept: dict[str, list[Array]] = {name: [] for name in executable.description.moving}
    result: dict[str, Array] = {}
    for _, evaluator in moments(plan, times, rows, executable.request.integrator):
        names = executable.description.still if evaluator.phase == "initial" else kept
        for name in names:
            shape = (*plan.model.shape(plan.model.variables[name]), rows.shape[1])
            value = np.broadcast_to(evaluator.operations.number(evaluator.variable(name)), shape)
            if evaluator.phase == "initial":
                result[name] = value[None]
            else:
                kept[name].append(value)
    return result | {name: np.stack(values) for name, values in kept.items()}


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
