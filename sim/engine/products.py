"""Products of powers, which cost one exponential together instead of one each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sim.spec.expressions import Call, Expression, Number, Operation
from sim.spec.literals import PLAIN_POWERS

__all__ = ["POWER_SIGN", "factors", "is_power", "sign_of"]

POWER_SIGN = "power_sign"
"""The function of an exponent that says what a negative base gives; no model can call it."""
_PLAIN_EXPONENTS = (0.5, *PLAIN_POWERS)
"""These are computed without a logarithm."""


def is_power(node: Expression) -> bool:
    """True for a power that takes a logarithm."""
    named = (isinstance(node, Operation) and node.operator == "^") or (
        isinstance(node, Call) and node.function == "power"
    )
    if not named:
        return False
    exponent = _number(node.arguments[1])  # type: ignore[union-attr]
    return exponent is None or exponent not in _PLAIN_EXPONENTS


def sign_of(exponent: Expression) -> Call:
    """Return the expression of :data:`POWER_SIGN` of an exponent."""
    return Call(POWER_SIGN, (exponent,))


def factors(
    node: Expression, whole: Callable[[Expression], bool], divided: bool = False
) -> Iterator[tuple[Expression, bool]]:
    """Yield what a product multiplies, in order, and whether it divides by it.

    ``whole`` tells what is not to be taken apart. A divisor that is itself a product stays whole, since two
    divisions cost more than one.
    """
    if isinstance(node, Operation) and node.operator in ("*", "/") and not divided and not whole(node):
        left, right = node.arguments
        yield from factors(left, whole)
        yield from factors(right, whole, node.operator == "/")
    else:
        yield node, divided


def _number(node: Expression) -> float | None:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Operation) and node.operator == "negative" and isinstance(node.arguments[0], Number):
        return -node.arguments[0].value
    return None
