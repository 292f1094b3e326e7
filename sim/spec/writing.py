"""Expressions back to text, as a Vensim user would write them."""

from __future__ import annotations

from collections.abc import Sequence

from sim.spec.expressions import (
    Call,
    Delay,
    Expression,
    FixedDelay,
    Initial,
    Lookup,
    LookupCall,
    Number,
    Operation,
    Random,
    Reference,
    Sample,
    Smooth,
    Stock,
    Table,
    Text,
)
from sim.spec.functions import written

__all__ = ["to_text"]

_STRENGTH = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "negative": 7, "^": 8}
_COMPARISON = 4
_ATOM = 9


def to_text(node: Expression) -> str:
    """Return ``node`` as an equation, with no more brackets than needed."""
    return _text(node)[0]


def _text(node: Expression) -> tuple[str, int]:
    """Return the text and how strongly it holds together."""
    if isinstance(node, Operation):
        return _operation(node)
    if isinstance(node, Number) and str(node.value).startswith("-"):
        return _atom(node), _STRENGTH["negative"]
    return _atom(node), _ATOM


def _atom(node: Expression) -> str:
    if isinstance(node, Number):
        return f"{node.value:.15g}"
    if isinstance(node, Reference):
        return node.name + (f"[{', '.join(node.subscripts)}]" if node.subscripts else "")
    if isinstance(node, Text):
        return f"'{node.value}'"
    if isinstance(node, Table):
        return ", ".join(f"{value:.15g}" for value in node.values)
    if isinstance(node, Lookup):
        return "(" + ", ".join(f"({x:.15g},{y:.15g})" for x, y in zip(node.x, node.y, strict=True)) + ")"
    name, arguments = _called(node)
    return f"{name}({', '.join(to_text(argument) for argument in arguments)})"


def _called(node: Expression) -> tuple[str, tuple[Expression, ...]]:
    if isinstance(node, Call):
        return written(node.function), node.arguments
    if isinstance(node, LookupCall):
        return _looked_up(node)
    if isinstance(node, Random):
        return written(node.function), node.arguments
    if isinstance(node, Stock):
        return "INTEG", (node.flow, node.initial)
    if isinstance(node, Initial):
        return "INITIAL", (node.expression,)
    if isinstance(node, FixedDelay):
        return "DELAY FIXED", (node.input, node.time, node.initial)
    if isinstance(node, Sample):
        return "SAMPLE IF TRUE", (node.condition, node.input, node.initial)
    assert isinstance(node, Smooth | Delay)
    if node.stages is not None:
        name = "SMOOTH N" if isinstance(node, Smooth) else "DELAY N"
        return name, (node.input, node.time, node.initial, node.stages)
    name = ("SMOOTH" if isinstance(node, Smooth) else "DELAY") + _order(node)
    if node.initial == node.input:
        return name, (node.input, node.time)
    return name + "I", (node.input, node.time, node.initial)


def _looked_up(node: LookupCall) -> tuple[str, tuple[Expression, ...]]:
    if not isinstance(node.table, Reference):
        return "WITH LOOKUP", (node.argument, node.table)
    if node.manner == "own":
        return _atom(node.table), (node.argument,)
    names = {"extrapolate": "LOOKUP EXTRAPOLATE", "before": "LOOKUP BACKWARD", "after": "LOOKUP FORWARD"}
    return names[node.manner], (node.table, node.argument)


def _order(node: Smooth | Delay) -> str:
    return "" if node.order == 1 and isinstance(node, Smooth) else str(node.order)


def _operation(node: Operation) -> tuple[str, int]:
    strength = _STRENGTH.get(node.operator, _COMPARISON)
    if node.operator in ("negative", "not"):
        sign = "-" if node.operator == "negative" else ":NOT: "
        return sign + _inside(node.arguments[0], strength), strength
    if len(node.arguments) > 2:
        return _sum(node.arguments, strength), strength
    # The right side of - and /, and the left side of ^, need brackets at equal strength.
    left = _inside(node.arguments[0], strength + (node.operator == "^"))
    right = _inside(node.arguments[1], strength + (node.operator in ("-", "/")))
    sign = {"and": ":AND:", "or": ":OR:"}.get(node.operator, node.operator)
    return f"{left} {sign} {right}", strength


def _sum(terms: Sequence[Expression], strength: int) -> str:
    text = _inside(terms[0], strength)
    for term in terms[1:]:
        if isinstance(term, Operation) and term.operator == "negative":
            text += f" - {_inside(term.arguments[0], strength + 1)}"
        else:
            text += f" + {_inside(term, strength)}"
    return text


def _inside(node: Expression, strength: int) -> str:
    text, own = _text(node)
    return f"({text})" if own < strength else text
