"""Arithmetic on numbers alone, as the engine does it: what a constant or a time setting amounts to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from sim.spec.expressions import Expression, Number, Operation

__all__ = ["PLAIN_POWERS", "is_literal", "value_of"]

PLAIN_POWERS: dict[float, Callable[[Any], Any]] = {
    -1.0: lambda base: 1.0 / base,
    0.0: lambda base: base * 0.0 + 1.0,
    1.0: lambda base: base,
    2.0: lambda base: base * base,
    3.0: lambda base: base * base * base,
}
"""Powers that are products, by their exponent; also for arrays of the engine."""


def is_literal(expression: Expression) -> bool:
    """True for a number, and for operations on numbers."""
    if isinstance(expression, Operation):
        return all(is_literal(argument) for argument in expression.arguments)
    return isinstance(expression, Number)


def value_of(expression: Expression) -> float:
    """Return the value of a literal; NaN or infinite where arithmetic has no other."""
    if isinstance(expression, Number):
        return expression.value
    assert isinstance(expression, Operation)
    arguments = [np.float64(value_of(argument)) for argument in expression.arguments]
    with np.errstate(all="ignore"):
        return float(_OPERATORS[expression.operator](*arguments))


def _power(base: Any, exponent: Any) -> Any:
    if exponent == 0.5:
        return np.sqrt(base)
    plain = PLAIN_POWERS.get(float(exponent))
    return plain(base) if plain else np.power(base, exponent)


_OPERATORS: dict[str, Callable[..., Any]] = {
    "+": lambda *terms: functools.reduce(np.add, terms),
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": _power,
    "negative": np.negative,
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
}
