"""Equations in a form that changes only where what is computed changes.

Spelling, comments, units, brackets, the order of equations in a file and the shape of the tree that holds
them leave no trace: ``a + (b)`` and ``A+b`` are one equation, and so is a long sum kept as one node or many.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from sim.spec.expressions import Call, Expression, Number, Operation, Reference
from sim.spec.model import Component, Dimension, Variable, key

__all__ = ["canonical_dimension", "canonical_equations"]

_CHAINS = {"+": "+-", "-": "+-", "*": "*/", "/": "*/"}
"""Operators that are worked out from left to right together."""


def canonical_equations(variable: Variable) -> str:
    """Return the equations of a variable, those of its parts in a fixed order."""
    axes = _names(variable.dimensions)
    return f"{axes}: " + "; ".join(sorted(_component(one) for one in variable.components))


def canonical_dimension(dimension: Dimension) -> str:
    """Return the elements of a dimension, in order, and what they are mapped to."""
    lists = [f"{key(target)}: {[_names(many) for many in places]}" for target, places in dimension.lists]
    return f"{_names(dimension.elements)} {sorted(map(key, dimension.mapped_to))} {sorted(lists)}"


def _component(component: Component) -> str:
    excepted = sorted(_names(group) for group in component.excepted)
    return f"{_names(component.subscripts)} {''.join(excepted)} = {_text(component.expression)}"


def _names(names: tuple[str, ...]) -> str:
    return f"[{', '.join(map(key, names))}]"


def _text(node: Expression) -> str:
    if isinstance(node, Number):
        return _plain(float(node.value))
    if isinstance(node, Reference):
        return key(node.name) + (_names(node.subscripts) if node.subscripts else "")
    if isinstance(node, Operation):
        return _operation(node)
    if isinstance(node, Call):
        return f"{node.function}({', '.join(map(_text, node.arguments))})"
    return _other(node)


def _other(node: Expression) -> str:
    kind: Any = type(node)
    parts: list[str] = []
    for name, default in _slots(kind):
        value = getattr(node, name)
        if default is MISSING:
            parts.append(_plain(value))
        elif value != default:
            # A default leaves no trace: a new slot of a node does not change what was written without it.
            parts.append(f"{name} {_plain(value)}")
    return f"{kind.__name__.lower()}({', '.join(parts)})"


def _operation(node: Operation) -> str:
    """Return an operation; numbers take their sign, and chains such as a + b - c become flat."""
    if node.operator == "negative" and isinstance(node.arguments[0], Number):
        return _plain(-float(node.arguments[0].value))
    signs = _CHAINS.get(node.operator)
    if signs is None:
        return f"({node.operator} {' '.join(map(_text, node.arguments))})"
    terms: list[str] = []
    first: Expression = node
    while isinstance(first, Operation) and first.operator in signs:
        terms += [_term(first.operator, term) for term in reversed(first.arguments[1:])]
        first = first.arguments[0]
    return f"({_text(first)} {' '.join(reversed(terms))})"


def _term(operator: str, term: Expression) -> str:
    if operator == "+" and isinstance(term, Operation) and term.operator == "negative":
        return f"- {_text(term.arguments[0])}"
    return f"{operator} {_text(term)}"


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_plain, value))})"
    if isinstance(value, float):
        return f"{value + 0.0!r}"
    return repr(value) if isinstance(value, str | int | bool | None) else _text(value)


@cache
def _slots(kind: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((one.name, one.default) for one in fields(kind))
