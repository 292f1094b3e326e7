"""Numbers as text: about three digits, equal decimals within a band, one sign for minus.

Values are rounded as they are written in decimal, halves away from zero, as people round. ``shift`` is the
power of ten from the stored to the shown number (see :mod:`sim.words.units`); it moves the decimal point and
changes no digit, so that 1115 亿元 is 111.5 billion yuan.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

__all__ = ["NONE", "band", "decimals", "fixed", "given", "number", "numbers", "rounded"]

NONE = "–"
MINUS = "−"
GROUPED_FROM = 10_000
LARGE, SMALL = 1e7, 1e-4
"""Sizes beyond which three digits are written with a power of ten."""


def number(value: float | None, *, sign: bool = False, shift: int = 0) -> str:
    """Return ``value`` with about three digits: 1115 · 705 · 43.7 · 5.12 · 0.80 · 0.0512; – for none."""
    return numbers(value, sign=sign, shift=shift)[0]


def numbers(*values: float | None, sign: bool = False, shift: int = 0) -> list[str]:
    """Return ``values`` with the same number of decimals, as the largest of them needs."""
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    largest = max(sizes, default=0.0)
    if largest >= LARGE or 0 < largest < SMALL:
        return [_powers(value, sign=sign, shift=shift) for value in values]
    places = decimals(*values)
    return [fixed(value, places, sign=sign, shift=shift) for value in values]


def decimals(*values: float | None) -> int:
    """Return the decimals that show about three digits of the largest value; none where all are whole."""
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    size = max(sizes, default=0.0)
    if size >= 99.95 or all(one == int(one) for one in sizes):
        return 0
    return 1 if size >= 9.995 else 2 if size >= 0.0995 else 4 if size >= 0.00095 else 6


def fixed(value: float | None, places: int, *, sign: bool = False, shift: int = 0) -> str:
    """Return ``value`` rounded to ``places`` decimals of its stored unit, then shifted; – for none."""
    if value is None or not math.isfinite(value):
        return NONE
    exact = rounded(value, places, shift)
    if not exact and not places:
        return "0"
    text = f"{exact:,f}" if abs(exact) >= GROUPED_FROM else f"{exact:f}"
    # What is rounded away has no sign.
    return _signed(text if exact else text.lstrip("-"), sign=sign and exact != 0)


def band(
    low: float | None, middle: float | None, high: float | None, *, sign: bool = False, shift: int = 0
) -> str:
    """Return ``middle (low–high)`` with equal decimals; ``sign`` shows a plus before the middle."""
    if middle is None:
        return NONE
    first, centre, last = numbers(low, middle, high, shift=shift)
    joint = "–" if low is None or low >= 0 else " – "
    plus = "+" if sign and middle > 0 else ""
    return f"{plus}{centre} ({first}{joint}{last})"


def given(value: float | None, *, shift: int = 0) -> str:
    """Return a number as a document or a person states it, all its digits: 850 · 13.5 · 705.11."""
    if value is None or not math.isfinite(value):
        return NONE
    exact = Decimal(f"{value:.9g}").scaleb(shift).normalize()
    return _signed(f"{exact:,f}" if abs(exact) >= GROUPED_FROM else f"{exact:f}", sign=False)


def rounded(value: float, places: int, shift: int = 0) -> Decimal:
    """Return ``value`` × 10^shift after rounding ``value`` to ``places`` decimals."""
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP).scaleb(shift)


def _powers(value: float | None, *, sign: bool, shift: int) -> str:
    if value is None or not math.isfinite(value):
        return NONE
    return _signed(
        f"{Decimal(repr(float(value))).scaleb(shift):.2e}" if value else "0", sign=sign and value != 0
    )


def _signed(text: str, *, sign: bool) -> str:
    return ("+" if sign and not text.startswith("-") else "") + text.replace("-", MINUS)
