"""PySD's syntax trees to typed expressions. Classes are told apart by name, so pysd is not imported here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from sim.errors import BadInput
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
    Table,
    Text,
)
from sim.spec.model import key

__all__ = ["Decoder"]

_OPERATORS = {":AND:": "and", ":OR:": "or", ":NOT:": "not", "negative": "negative"}


class Decoder:
    """Turns PySD trees into typed expressions, with names as the model declares them.

    ``names`` and ``subscripts`` map keys to declared names; ``lookups`` holds the declared names of lookups.
    """

    def __init__(self, names: dict[str, str], subscripts: dict[str, str], lookups: set[str]) -> None:
        self._names = names
        self._subscripts = subscripts
        self._lookups = lookups

    def decode(self, node: Any) -> Expression:
        """Return the typed expression of a PySD tree."""
        if isinstance(node, bool | int | float | np.number):
            return Number(float(node))
        if isinstance(node, np.ndarray):
            return Table(tuple(node.shape), tuple(float(value) for value in node.ravel()))
        if isinstance(node, str):
            return Text(node)
        method: Callable[[Any], Expression] | None = getattr(self, "_" + _snake(type(node).__name__), None)
        return method(node) if method else Call(_snake(type(node).__name__).removesuffix("_structure"), ())

    def subscript(self, name: str) -> str:
        """Return a subscript as declared, keeping a final ``!``; unknown ones as they are written."""
        plain = name.strip()
        mark = "!" if plain.endswith("!") else ""
        plain = plain.removesuffix("!").strip()
        return self._subscripts.get(key(plain), plain) + mark

    def _arithmetic_structure(self, node: Any) -> Expression:
        arguments = [self.decode(argument) for argument in node.arguments]
        operators = [_OPERATORS.get(operator.upper(), operator) for operator in node.operators]
        if operators[0] in ("negative", "not"):
            return Operation(_OPERATORS.get(node.operators[0], operators[0]), (arguments[0],))
        if operators[0] == "^":
            return _from_right(operators, arguments)
        if "or" in operators and "and" in operators:
            return _and_before_or(operators, arguments)
        return _from_left(operators, arguments)

    _logic_structure = _arithmetic_structure

    def _reference_structure(self, node: Any) -> Expression:
        subscripts = node.subscripts.subscripts if node.subscripts else ()
        name = self._names.get(key(node.reference), node.reference.replace("_", " "))
        return Reference(name, tuple(self.subscript(subscript) for subscript in subscripts))

    def _call_structure(self, node: Any) -> Expression:
        if not hasattr(node.function, "reference"):
            raise BadInput("a call of something that is not a function")
        called = self._reference_structure(node.function)
        assert isinstance(called, Reference)
        arguments = tuple(self.decode(argument) for argument in node.arguments)
        if called.name in self._lookups and len(arguments) == 1:
            return LookupCall(called, arguments[0])
        return Call(key(node.function.reference).replace(" ", "_"), arguments)

    def _game_structure(self, node: Any) -> Expression:
        return self.decode(node.expression)

    def _initial_structure(self, node: Any) -> Expression:
        return Initial(self.decode(node.initial))

    def _integ_structure(self, node: Any) -> Expression:
        return Stock(self.decode(node.flow), self.decode(node.initial), bool(node.non_negative))

    def _delay_structure(self, node: Any) -> Expression:
        return Delay(
            self.decode(node.input), self.decode(node.delay_time), self.decode(node.initial), int(node.order)
        )

    def _smooth_structure(self, node: Any) -> Expression:
        return Smooth(
            self.decode(node.input), self.decode(node.smooth_time), self.decode(node.initial), int(node.order)
        )

    def _smooth_n_structure(self, node: Any) -> Expression:
        if not isinstance(node.order, int | float):
            return Call("smooth_n_of_variable_order", ())
        return self._smooth_structure(node)

    def _inline_lookups_structure(self, node: Any) -> Expression:
        table = self._lookups_structure(node.lookups)
        assert isinstance(table, Lookup)
        return LookupCall(table, self.decode(node.argument))

    def _lookups_structure(self, node: Any) -> Expression:
        if node.type not in ("interpolate", "extrapolate"):
            return Call(f"lookup_of_type_{node.type}", ())
        return Lookup(
            tuple(float(x) for x in node.x), tuple(float(y) for y in node.y), node.type == "extrapolate"
        )


def _from_left(operators: list[str], arguments: list[Expression]) -> Expression:
    result = arguments[0]
    for operator, argument in zip(operators, arguments[1:], strict=True):
        result = Operation(operator.lower(), (result, argument))
    return result


def _and_before_or(operators: list[str], arguments: list[Expression]) -> Expression:
    groups: list[list[Expression]] = [[arguments[0]]]
    for operator, argument in zip(operators, arguments[1:], strict=True):
        if operator == "or":
            groups.append([argument])
        else:
            groups[-1].append(argument)
    joined = [_from_left(["and"] * (len(group) - 1), group) for group in groups]
    return _from_left(["or"] * (len(joined) - 1), joined)


def _from_right(operators: list[str], arguments: list[Expression]) -> Expression:
    result = arguments[-1]
    for operator, argument in zip(reversed(operators), reversed(arguments[:-1]), strict=True):
        result = Operation(operator, (argument, result))
    return result


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
