"""Whether plain JSON data have the keys and kinds of values that they must have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["NUMBER", "TEXT", "TRUTH", "fits", "maybe"]

NUMBER, TEXT, TRUTH, EMPTY = "a number", "a text", "true or false", "nothing"

Shape = str | list[Any] | Mapping[str, Any] | tuple[Any, ...]
"""A kind of value; a list of one shape; a mapping with at least these keys; a tuple of alternatives."""


def maybe(shape: Shape) -> Shape:
    """Return the shape of what may also be null."""
    return (shape, EMPTY)


def fits(value: object, shape: Shape) -> bool:
    """Tell whether a value read from JSON has a shape; a number is finite, and true is none."""
    if isinstance(shape, tuple):
        return any(fits(value, one) for one in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(one, shape[0]) for one in value)
    if isinstance(shape, Mapping):
        return isinstance(value, Mapping) and all(
            name in value and fits(value[name], inner) for name, inner in shape.items()
        )
    if shape == NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)
    kinds: Mapping[str, type] = {TEXT: str, TRUTH: bool, EMPTY: type(None)}
    return isinstance(value, kinds[shape])


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False
