"""The sign of a link: whether an equation rises or falls with one of the variables that it names.

Read from the equation's form, with every variable and constant taken as above zero and every
difference from a constant, such as 1 - x, as well: enough for the links of feedback loops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sim.spec.expressions import (
    Call,
    Delay,
    Expression,
    Initial,
    Lookup,
    LookupCall,
    Number,
    Operation,
    Reference,
    Smooth,
    Stock,
    walk,
)
from sim.spec.model import Variable, key

__all__ = ["loop_signs", "sign"]

RISING = frozenset(("max", "min", "exp", "ln", "sqrt", "sum", "integer", "step"))


def sign(variable: Variable, name: str) -> int | None:
    """Return 1 if ``variable`` rises with ``name``, -1 if it falls, None if the form does not tell."""
    return _joined(_sign(part.expression, key(name)) for part in variable.components)


def loop_signs(signs: list[int | None], polarity: str) -> list[int | None]:
    """Return the signs; a single unknown one follows from the loop's polarity (R or B)."""
    if signs.count(None) != 1:
        return signs
    product = 1 if polarity == "R" else -1
    for known in signs:
        product *= known or 1
    return [product if known is None else known for known in signs]


def _joined(signs: Iterable[int | None]) -> int | None:
    """Return the sign that parts agree on (0: the name does not occur)."""
    found = set(signs) - {0}
    if not found:
        return 0
    return found.pop() if len(found) == 1 else None


def _flipped(value: int | None) -> int | None:
    return None if value is None else -value


def _sign(node: Expression, name: str) -> int | None:
    if isinstance(node, Reference):
        return int(key(node.name) == name)
    if isinstance(node, Operation):
        return _OPERATIONS.get(node.operator, _unknown)(node, name)
    if isinstance(node, Stock):
        return _sign(node.flow, name)
    if isinstance(node, Smooth | Delay):
        return _joined([_sign(node.input, name), _absent(node.time, name)])
    if isinstance(node, Initial | Number):
        return 0
    if isinstance(node, Call):
        return _call(node, name)
    if isinstance(node, LookupCall):
        return _lookup(node, name)
    return _unknown(node, name)


def _call(node: Call, name: str) -> int | None:
    if node.function == "if_then_else":
        return _joined([_absent(node.arguments[0], name), *(_sign(n, name) for n in node.arguments[1:])])
    if node.function in ("zidz", "xidz"):
        return _ratio(Operation("/", node.arguments[:2]), name)
    if node.function in RISING:
        return _joined(_sign(argument, name) for argument in node.arguments)
    return _unknown(node, name)


def _lookup(node: LookupCall, name: str) -> int | None:
    inner = _sign(node.argument, name)
    if inner == 0 or not isinstance(node.table, Lookup):
        return inner and None
    rises = list(node.table.y) == sorted(node.table.y)
    falls = list(node.table.y) == sorted(node.table.y, reverse=True)
    return inner if rises and not falls else _flipped(inner) if falls and not rises else None


def _unknown(node: Expression, name: str) -> int | None:
    return _absent(node, name)


def _absent(node: Expression, name: str) -> int | None:
    """Return 0 if the name does not occur, None if it does."""
    found = any(isinstance(one, Reference) and key(one.name) == name for one in walk(node))
    return None if found else 0


def _same(node: Operation, name: str) -> int | None:
    return _joined(_sign(argument, name) for argument in node.arguments)


def _difference(node: Operation, name: str) -> int | None:
    return _joined([_sign(node.arguments[0], name), _flipped(_sign(node.arguments[1], name))])


def _ratio(node: Operation, name: str) -> int | None:
    top, bottom = node.arguments
    above, below = _sign(top, name), _sign(bottom, name)
    if above and _limits(top, bottom):
        return above
    return _joined([above, _flipped(below)])


def _limits(top: Expression, bottom: Expression) -> bool:
    """Whether a ratio saturates: x / (x + c), or the soft minimum x / (1 + (x / c) ^ s) ^ (1 / s)."""
    if isinstance(bottom, Operation) and bottom.operator == "+":
        return bool(set(_factors(top)) & set(bottom.arguments))
    if isinstance(bottom, Operation) and bottom.operator == "^":
        base, root = bottom.arguments
        if isinstance(base, Operation) and base.operator == "+" and isinstance(base.arguments[1], Operation):
            power = base.arguments[1]
            return power.operator == "^" and root == Operation("/", (Number(1.0), power.arguments[1]))
    return False


def _factors(node: Expression) -> list[Expression]:
    if isinstance(node, Operation) and node.operator == "*":
        return [node, *_factors(node.arguments[0]), *_factors(node.arguments[1])]
    return [node]


def _power(node: Operation, name: str) -> int | None:
    base, exponent = node.arguments
    inner = _sign(base, name)
    return _joined([_flipped(inner) if _negative(exponent) else inner, _absent(exponent, name)])


def _negative(node: Expression) -> bool:
    if isinstance(node, Number):
        return node.value < 0
    if isinstance(node, Operation) and node.operator == "negative":
        return not _negative(node.arguments[0])
    if isinstance(node, Operation) and node.operator in ("*", "/"):
        return _negative(node.arguments[0]) != _negative(node.arguments[1])
    return False


def _minus(node: Operation, name: str) -> int | None:
    return _flipped(_sign(node.arguments[0], name))


_OPERATIONS: dict[str, Callable[[Operation, str], int | None]] = {
    "+": _same,
    "*": _same,
    "-": _difference,
    "/": _ratio,
    "^": _power,
    "negative": _minus,
}
