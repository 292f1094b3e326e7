"""Rules of differentiation for functions whose slope is infinite somewhere, or that work on bits.

A slope that is infinite, as that of a square root at 0, is taken as the largest number to the power ⅔: so
zero times it is 0 and not NaN, a branch that a ``where`` does not take leaves nothing behind, and it still
stands out at the end of a chain of factors. At a kink (``max``, ``abs``, the points of a lookup) the slope is
the mean of those of the two sides, which is what central differences tend to.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["finite", "moving", "sloped", "steepest"]


def steepest(dtype: Any) -> float:
    """Return what stands for an infinite slope; beyond its square root no derivative means anything."""
    largest: float = math.log10(jnp.finfo(dtype).max)  # type: ignore[no-untyped-call]
    return math.pow(10.0, 2.0 / 3.0 * largest)


def finite(slope: Any) -> Any:
    """Return a slope with infinities cut to :func:`steepest`, and 0 where there is none (NaN)."""
    limit = steepest(slope.dtype)
    return jnp.where(jnp.isnan(slope), 0.0, jnp.clip(slope, -limit, limit))


def moving(tangent: Any) -> bool:
    """Tell whether a tangent under ``symbolic_zeros`` may differ from zero."""
    return not isinstance(tangent, jax.custom_derivatives.SymbolicZero)


def sloped(slope: Callable[[Any], Any]) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Give a function of one array its slope, cut to finite numbers; the function itself stays as it is."""

    def decorated(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        ruled = jax.custom_jvp(function)
        ruled.defjvp(lambda at, moves: (ruled(at[0]), finite(slope(at[0])) * moves[0]))
        return ruled

    return decorated
