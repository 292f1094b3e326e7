"""The functions and operators of models as array operations, each written once.

They follow PySD's definitions, so that both give the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sim.engine.operations import NumpyOperations, Operations
from sim.spec.expressions import Lookup

__all__ = [
    "FUNCTIONS",
    "OPERATORS",
    "TIMED",
    "folded",
    "inline_rises",
    "interpolated",
    "reduced",
    "table_rises",
]

_SMALL = 1e-6
"""What Vensim takes for zero in divisions and comparisons with time."""


def folded(function: Callable[..., Any], arrays: list[Any]) -> float:
    """Return a function of plain numbers, computed before compiling."""
    with np.errstate(all="ignore"):
        return float(function(NumpyOperations(), *(np.float64(array) for array in arrays)))


def reduced(operations: Operations, function: str, array: Any, axes: tuple[int, ...]) -> Any:
    """Return SUM, PROD, VMIN or VMAX over axes."""
    if function == "sum":
        return operations.total(array, axes)
    reducers = {"prod": operations.xp.prod, "vmin": operations.xp.min, "vmax": operations.xp.max}
    return reducers[function](array, axis=axes)


def table_rises(heights: Any, points: Any) -> Any:
    """Return the first height and the slope of each segment, (points, *subscripts, lanes), for a lookup.

    ``heights`` is (points, *subscripts, lanes); ``points`` the x, (points, *subscripts).
    """
    widths = np.diff(points, axis=0)[..., None]
    inverse = np.where(widths > 0, 1.0 / np.where(widths > 0, widths, 1.0), 0.0).astype(heights.dtype)
    return [heights[0], *((heights[1:] - heights[:-1]) * inverse)]


def inline_rises(lookup: Lookup) -> list[float]:
    """Return the first height and the slopes of a lookup given by numbers."""
    pairs = zip(lookup.x, lookup.x[1:], lookup.y, lookup.y[1:], strict=False)
    return [lookup.y[0], *((y1 - y0) / (x1 - x0) for x0, x1, y0, y1 in pairs)]


def interpolated(operations: Operations, xs: Any, rises: Any, x: Any, lookup: Any) -> Any:
    """Sum of clamped segments: y0 + Σ slope·(min(max(x, x_k), x_k+1) − x_k).

    It needs no search and no gather, so that all lanes go together.
    """
    xp = operations.xp
    total = rises[0]
    last = len(rises) - 1
    for place in range(1, len(rises)):
        inside = x
        if not (lookup.extrapolate and place == 1):
            inside = xp.maximum(inside, xs[place - 1])
        if not (lookup.extrapolate and place == last):
            inside = xp.minimum(inside, xs[place])
        total = total + rises[place] * (inside - xs[place - 1])
    return total


def _power(o: Operations, x: Any, y: Any) -> Any:
    if isinstance(y, int | float):
        simple = {
            0.0: lambda b: b * 0.0 + 1.0,
            1.0: lambda b: b,
            2.0: lambda b: b * b,
            3.0: lambda b: b * b * b,
        }
        if float(y) in simple:
            return simple[float(y)](o.number(x))
        if float(y) == 0.5:
            return o.xp.sqrt(o.number(x))
        if float(y) == -1.0:
            return 1.0 / o.number(x)
    return o.power(o.number(x), o.number(y))


def _arithmetic(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda o, a, b: function(o.number(a), o.number(b))


OPERATORS: dict[str, Callable[..., Any]] = {
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: a / b),
    "^": _power,
    "negative": lambda o, a: -o.number(a),
    "=": _arithmetic(lambda a, b: a == b),
    "<>": _arithmetic(lambda a, b: a != b),
    "<": _arithmetic(lambda a, b: a < b),
    "<=": _arithmetic(lambda a, b: a <= b),
    ">": _arithmetic(lambda a, b: a > b),
    ">=": _arithmetic(lambda a, b: a >= b),
    "and": lambda o, a, b: o.xp.logical_and(o.truth(a), o.truth(b)),
    "or": lambda o, a, b: o.xp.logical_or(o.truth(a), o.truth(b)),
    "not": lambda o, a: o.xp.logical_not(o.truth(a)),
}


def _plain(name: str) -> Callable[..., Any]:
    return lambda o, *a: getattr(o.xp, name)(*(o.number(item) for item in a))


def _choose(o: Operations, condition: Any, yes: Any, no: Any) -> Any:
    return o.xp.where(o.truth(condition), o.number(yes), o.number(no))


def _quantum(o: Operations, a: Any, b: Any) -> Any:
    return o.xp.where(b < _SMALL, a, b * o.xp.trunc(a / o.xp.where(b < _SMALL, 1.0, b)))


def _xidz(o: Operations, a: Any, b: Any, c: Any) -> Any:
    zero = o.xp.abs(b) < _SMALL
    return o.xp.where(zero, c, a / o.xp.where(zero, 1.0, b))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": _plain("abs"),
    "arccos": _plain("arccos"),
    "arcsin": _plain("arcsin"),
    "arctan": lambda o, a: o.arctan(o.number(a)),
    "cos": _plain("cos"),
    "cosh": _plain("cosh"),
    "exp": _plain("exp"),
    "if_then_else": _choose,
    "integer": _plain("trunc"),
    "ln": lambda o, a: o.log(o.number(a)),
    "log": lambda o, a, b: o.log(o.number(a)) / o.log(o.number(b)),
    "max": _plain("maximum"),
    "min": _plain("minimum"),
    "modulo": lambda o, a, b: a - _quantum(o, a, b),
    "pi": lambda o: float(np.pi),
    "power": _power,
    "quantum": _quantum,
    "sin": _plain("sin"),
    "sinh": _plain("sinh"),
    "sqrt": _plain("sqrt"),
    "tan": _plain("tan"),
    "tanh": _plain("tanh"),
    "xidz": _xidz,
    "zidz": lambda o, a, b: _xidz(o, a, b, 0.0),
}


def _step(o: Operations, now: Any, step: Any, height: Any, start: Any) -> Any:
    return height * o.number(now + step / 2 > start)


def _ramp(o: Operations, now: Any, step: Any, slope: Any, start: Any, finish: Any) -> Any:
    return o.number(now + _SMALL > start) * slope * (o.xp.minimum(finish, now) - start)


def _pulse(o: Operations, now: Any, step: Any, start: Any, width: Any) -> Any:
    return o.number(o.xp.logical_and(start - _SMALL <= now, now < start + width))


def _pulse_train(o: Operations, now: Any, step: Any, start: Any, interval: Any, width: Any, end: Any) -> Any:
    active = o.xp.logical_and(start <= now, now < end)
    phase = o.xp.mod(now - start + _SMALL, interval)
    return o.number(o.xp.logical_and(active, phase < width))


TIMED: dict[str, Callable[..., Any]] = {
    "step": _step,
    "ramp": _ramp,
    "pulse": _pulse,
    "pulse_train": _pulse_train,
}
