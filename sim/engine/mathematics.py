"""Logarithm, power and arc tangent for many lanes at once, in double precision.

XLA's own ``log`` and ``pow`` cost 3 and 9 ns for each number; these are polynomials that the
compiler turns into vector instructions.

``log``: x = m·2^e with m in [√½, √2); log m = 2·atanh s with s = (m−1)/(m+1) (Abramowitz and
Stegun 4.1.28), as an odd polynomial in s. Within 2 units in the last place.
``power``: exp(y·log x), within 1e-13 relative for |y·log x| up to 20 or so: the error of the
exponent, |y·log x|·2^-53, becomes the relative error of the result. A product of powers takes one exp.

Each has its own rule of differentiation, since bits have no derivative (see :mod:`sim.engine.slopes`).
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sim.engine.slopes import finite, moving, sloped

__all__ = [
    "absolute",
    "arccos",
    "arcsin",
    "fast_arctan",
    "fast_log",
    "fast_power",
    "power_sign",
    "powers",
    "sqrt",
]

_TAN_1_8, _TAN_3_8 = 0.4142135623730951, 2.414213562373095

# Minimax fit (Remez) of (2·atanh(s)/s − 2)/s² as a polynomial in s² on [0, 0.02944]; error of log 1.6e-20.
_ATANH = (
    0.6666666666666666,
    0.4000000000000617,
    0.2857142856910524,
    0.22222222644407003,
    0.18181775828645763,
    0.15387084500620393,
    0.1325024444390797,
    0.13250284630092474,
)
# The same for (atan(s)/s − 1)/s² on [0, tan²(π/8)]; error of atan 6e-19.
_ATAN = (
    -0.3333333333333329,
    0.19999999999974136,
    -0.14285714281894604,
    0.11111110856239981,
    -0.09090899603275406,
    0.0769208973817197,
    -0.06663410225021899,
    0.058499442875081784,
    -0.050479201955478975,
    0.03826966834903553,
    -0.01811890423002206,
)
_LN2_HIGH = 0.6931471805598903
_LN2_LOW = 5.497923018708371e-14
"""ln 2 in two parts: 42 bits, so that its product with an exponent is exact, and the rest."""


@jax.jit
@sloped(lambda x: 1.0 / jnp.abs(x))  # Below 0 there is no logarithm.
def fast_log(x: Any) -> Any:
    """Return the natural logarithm: −inf at 0, NaN below; by the polynomial in double precision."""
    if x.dtype != np.float64:
        return jnp.log(x)
    result = jnp.where(x == jnp.inf, x, _log(x))
    return jnp.where(x > 0.0, result, jnp.where(x == 0.0, -jnp.inf, jnp.nan))


def _log(x: Any) -> Any:
    """Return the logarithm of positive finite numbers; anything else gives some number."""
    bits = jax.lax.bitcast_convert_type(x, jnp.int64)
    # Adding the distance from √½ to 1 in bits makes the exponent field round where the mantissa passes √2.
    shifted = bits + np.int64(0x3FF0000000000000 - 0x3FE6A09E667F3BCD)
    exponent_bits = jax.lax.shift_right_logical(shifted, np.int64(52))
    # The bits of 2^52 + n are those of 2^52 with n added: cheaper than a conversion from integer.
    exponent = jax.lax.bitcast_convert_type(exponent_bits | np.int64(0x4330000000000000), jnp.float64) - (
        4503599627370496.0 + 1023.0
    )
    mantissa_bits = (shifted & np.int64(0x000FFFFFFFFFFFFF)) + np.int64(0x3FE6A09E667F3BCD)
    f = jax.lax.bitcast_convert_type(mantissa_bits, jnp.float64) - 1.0
    s = f / (2.0 + f)
    s2 = s * s
    half = 0.5 * f * f
    tail = s * (half + s2 * _polynomial(s2, _ATANH)) + exponent * _LN2_LOW
    return exponent * _LN2_HIGH - ((half - tail) - f)


def power_sign(y: Any) -> Any:
    """Return what a negative number to the power ``y`` is multiplied by: 1, −1, or NaN for no whole ``y``."""
    half = 0.5 * y
    parity = half - jnp.floor(half)
    return jnp.where(parity == 0.0, 1.0, jnp.where(parity == 0.5, -1.0, jnp.nan))


def fast_power(x: Any, y: Any) -> Any:
    """Return x to the power y, with the usual rules for zero, negative x and y = 0."""
    return powers([(x, y, power_sign(y))])


@jax.custom_jvp
def powers(factors: list[tuple[Any, Any, Any]]) -> Any:
    """Return the product of x to the power y over (x, y, ``power_sign(y)``): exp of the sum of y·log|x|."""
    result = jnp.exp(functools.reduce(operator.add, [_exponent(x, y) for x, y, _ in factors]))
    for x, _, sign in factors:
        result = jnp.where(x < 0.0, sign * result, result)
    return result


@functools.partial(powers.defjvp, symbolic_zeros=True)
def _powers_move(primals: Any, tangents: Any) -> Any:
    """y·x^(y−1) and x^y·log x, times the other factors; a sign does not move."""
    (factors,), (moves,) = primals, tangents
    result = powers(factors)
    total = jnp.zeros_like(result)
    for place, ((x, y, sign), (x_moves, y_moves, _)) in enumerate(zip(factors, moves, strict=True)):
        if moving(x_moves):
            lowered = [*factors[:place], (x, y - 1.0, -sign), *factors[place + 1 :]]
            total = total + finite(jnp.where(y == 0.0, 0.0, y * powers(lowered))) * x_moves
        if moving(y_moves):
            total = total + finite(_by_exponent(x, y, result)) * y_moves
    return result, total


def _by_exponent(x: Any, y: Any, result: Any) -> Any:
    """Return result·log x; 0 for 0^y with y > 0, and for negative x, whose exponent can only be whole."""
    still = (x < 0.0) | ((x == 0.0) & (y > 0.0))
    return jnp.where(still, 0.0, result * jnp.log(jnp.where(still, 1.0, x)))


@jax.jit
def _exponent(x: Any, y: Any) -> Any:
    size = jnp.abs(x)
    # What is left for the other branch is 0, infinite or NaN, and stands for its own logarithm but for 0.
    ordinary = (size > 0.0) & (size < jnp.inf)
    plain = _log(size) if size.dtype == np.float64 else jnp.log(size)
    log = jnp.where(ordinary, plain, jnp.where(size == 0.0, -jnp.inf, size))
    return jnp.where(y == 0.0, 0.0, y * log)


@sloped(lambda x: 1.0 / (1.0 + x * x))
def fast_arctan(x: Any) -> Any:
    """Return the arc tangent; jaxlib 0.10.2's own is wrong in half the lanes of vectors of eight.

    The argument is brought into [−tan π/8, tan π/8] by atan x = π/2 − atan 1/x and π/4 + atan (x−1)/(x+1).
    """
    size = jnp.abs(x)
    large, middle = size > _TAN_3_8, size > _TAN_1_8
    top = jnp.where(large, -1.0, jnp.where(middle, size - 1.0, size))
    bottom = jnp.where(large, size, jnp.where(middle, size + 1.0, 1.0))
    s = top / bottom
    base = jnp.where(large, np.pi / 2, jnp.where(middle, np.pi / 4, 0.0))
    s2 = s * s
    result = base + (s + s * s2 * _polynomial(s2, _ATAN))
    return jnp.where(x < 0.0, -result, result)


@sloped(jnp.sign)
def absolute(x: Any) -> Any:
    """Return the size of a number."""
    return jnp.abs(x)


@sloped(lambda x: 0.5 / jnp.sqrt(x))
def sqrt(x: Any) -> Any:
    """Return the square root; its slope at 0 is infinite."""
    return jnp.sqrt(x)


@sloped(lambda x: 1.0 / jnp.sqrt((1.0 - x) * (1.0 + x)))
def arcsin(x: Any) -> Any:
    """Return the arc sine; its slope at −1 and 1 is infinite."""
    return jnp.arcsin(x)


@sloped(lambda x: -1.0 / jnp.sqrt((1.0 - x) * (1.0 + x)))
def arccos(x: Any) -> Any:
    """Return the arc cosine; its slope at −1 and 1 is infinite."""
    return jnp.arccos(x)


def _polynomial(s2: Any, coefficients: tuple[float, ...]) -> Any:
    total = jnp.full_like(s2, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total * s2 + coefficient
    return total
