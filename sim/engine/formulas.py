"""The functions and operators of models as array operations, each written once.

They follow PySD's definitions, so that both give the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sim.engine.operations import NumpyOperations, Operations
from sim.engine.products import POWER_SIGN
from sim.spec.literals import PLAIN_POWERS

__all__ = [
    "FUNCTIONS",
    "OPERATORS",
    "TIMED",
    "folded",
    "reduced",
]

_SMALL = 1e-6
"""What Vensim takes for zero in divisions."""
_NEAR = 0.01
"""A share of a time step, far more than rounding makes of a time, in single precision as well."""


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


def _power(o: Operations, x: Any, y: Any) -> Any:
    if isinstance(y, int | float):
        if float(y) == 0.5:
            return o.sqrt(o.number(x))
        plain = PLAIN_POWERS.get(float(y))
        if plain:
            return plain(o.number(x))
    return o.power(o.number(x), o.number(y))


def _arithmetic(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda o, a, b: function(o.number(a), o.number(b))


OPERATORS: dict[str, Callable[..., Any]] = {
    "+": lambda o, *a: o.plus([o.number(item) for item in a]),
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
    "abs": lambda o, a: o.absolute(o.number(a)),
    "arccos": lambda o, a: o.arccos(o.number(a)),
    "arcsin": lambda o, a: o.arcsin(o.number(a)),
    "arctan": lambda o, a: o.arctan(o.number(a)),
    "cos": _plain("cos"),
    "cosh": _plain("cosh"),
    "exp": _plain("exp"),
    "floor": _plain("floor"),
    "floor_modulo": _plain("mod"),
    "if_then_else": _choose,
    "integer": _plain("trunc"),
    "ln": lambda o, a: o.log(o.number(a)),
    "log": lambda o, a, b: o.log(o.number(a)) / o.log(o.number(b)),
    "max": _plain("maximum"),
    "min": _plain("minimum"),
    "modulo": lambda o, a, b: a - _quantum(o, a, b),
    "pi": lambda o: float(np.pi),
    "power": _power,
    POWER_SIGN: lambda o, y: o.power_sign(o.number(y)),
    "quantum": _quantum,
    "sin": _plain("sin"),
    "sinh": _plain("sinh"),
    "sqrt": lambda o, a: o.sqrt(o.number(a)),
    "tan": _plain("tan"),
    "tanh": _plain("tanh"),
    "xidz": _xidz,
    "zidz": lambda o, a, b: _xidz(o, a, b, 0.0),
}


def _step(o: Operations, now: Any, step: Any, height: Any, start: Any) -> Any:
    return height * o.number(now + step / 2 > start)


def _ramp(o: Operations, now: Any, step: Any, slope: Any, start: Any, finish: Any) -> Any:
    return o.xp.where(now > start, slope * (o.xp.minimum(finish, now) - start), 0.0)


def _pulse(o: Operations, now: Any, step: Any, start: Any, width: Any) -> Any:
    """Vensim: compared half a time step later, so that rounding does not matter; no width is one step."""
    plus = now + step / 2
    lasting = o.xp.where(o.number(width) == 0.0, step, width)
    return o.number(o.xp.logical_and(plus > start, plus < start + lasting))


def _pulse_train(o: Operations, now: Any, step: Any, start: Any, interval: Any, width: Any, end: Any) -> Any:
    """Vensim: each pulse lasts a time step at least, and the end belongs to it; pulses that meet are one."""
    lasting = o.xp.maximum(width, step)
    apart = interval > lasting
    since = _since(now, step, start)
    phase = o.xp.mod(since, o.xp.where(apart, interval, 1.0))
    on = o.xp.logical_or(o.xp.logical_not(apart), phase < lasting)
    return o.number(on & (since >= 0.0) & (now <= end + _NEAR * step))


def _since(now: Any, step: Any, start: Any) -> Any:
    """How long ago ``start`` was, half a time step from now; what rounding may hide counts as reached."""
    return now + (0.5 + _NEAR) * step - start


def _x_pulse(o: Operations, now: Any, step: Any, start: Any, amount: Any) -> Any:
    """XMILE: an amount given within the one time step that is nearest to ``start``."""
    since = _since(now, step, start)
    return o.number(o.xp.logical_and(since >= 0.0, since < step)) * (amount / step)


def _x_pulse_train(o: Operations, now: Any, step: Any, start: Any, interval: Any, amount: Any) -> Any:
    """XMILE: again after each interval; once if that is 0."""
    since = _since(now, step, start)
    again = interval > 0.0
    phase = o.xp.where(again, o.xp.mod(since, o.xp.where(again, interval, 1.0)), since)
    return o.number(o.xp.logical_and(since >= 0.0, phase < step)) * (amount / step)


def _x_ramp(o: Operations, now: Any, step: Any, slope: Any, start: Any) -> Any:
    return _ramp(o, now, step, slope, start, now)


TIMED: dict[str, Callable[..., Any]] = {
    "step": _step,
    "ramp": _ramp,
    "pulse": _pulse,
    "pulse_train": _pulse_train,
    "xpulse": _x_pulse,
    "xpulse_train": _x_pulse_train,
    "xramp": _x_ramp,
}
