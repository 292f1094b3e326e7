"""PySD's syntax trees to typed expressions. Classes are told apart by name, so pysd is not imported here."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from sim.errors import BadInput
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
from sim.spec.functions import RANDOM
from sim.spec.model import key
from sim.translate.dialect import translated

__all__ = ["Decoder"]

_OPERATORS = {":AND:": "and", ":OR:": "or", ":NOT:": "not", "negative": "negative"}
_MANNERS: dict[str, Literal["extrapolate", "before", "after"]] = {
    "lookup_extrapolate": "extrapolate",
    "lookup_backward": "before",
    "lookup_forward": "after",
}


@dataclass
class Decoder:
    """Turns PySD trees into typed expressions, with names as the model declares them.

    ``names`` and ``subscripts`` map keys to declared names; ``lookups`` holds the declared names of lookups;
    ``sizes`` the number of elements of each range. ``owner`` is the variable whose equations are decoded.
    ``constant_spans`` collects delays whose time must not change, by variable.
    """

    names: dict[str, str]
    subscripts: dict[str, str]
    lookups: set[str]
    sizes: dict[str, int] = field(default_factory=dict)
    xmile: bool = False
    owner: str = ""
    constant_spans: list[tuple[str, Expression]] = field(default_factory=list)
    _draws: dict[str, int] = field(default_factory=dict)
    _seen: dict[tuple[str, int], tuple[Any, Expression]] = field(default_factory=dict)

    def decode(self, node: Any) -> Expression:
        """Return the typed expression of a PySD tree."""
        if isinstance(node, bool | int | float | np.number):
            return Number(_held(node))
        if isinstance(node, np.ndarray):
            return Table(tuple(node.shape), tuple(_held(value) for value in node.ravel()))
        if isinstance(node, str):
            return Text(node)
        place = self.owner, id(node)
        if place not in self._seen:
            # PySD gives DELAY1 its input twice, as the same object: ten inside each other would be 1024.
            self._seen[place] = node, self._made(node)
        return self._seen[place][1]

    def _made(self, node: Any) -> Expression:
        method: Callable[[Any], Expression] | None = getattr(self, "_" + _snake(type(node).__name__), None)
        return method(node) if method else self._unknown(node)

    def _unknown(self, node: Any) -> Expression:
        """What is not supported keeps its parts, so that a check knows what it uses."""
        parts = (part for value in vars(node).values() for part in _listed(value))
        known = [part for part in parts if hasattr(self, "_" + _snake(type(part).__name__))]
        name = _snake(type(node).__name__).removesuffix("_structure")
        return Call(name, tuple(self.decode(part) for part in known))

    def subscript(self, name: str) -> str:
        """Return a subscript as declared, keeping a final ``!``; unknown ones as they are written."""
        plain = name.strip()
        mark = "!" if plain.endswith("!") else ""
        plain = plain.removesuffix("!").strip()
        return self.subscripts.get(key(plain), plain) + mark

    def _arithmetic_structure(self, node: Any) -> Expression:
        arguments = [self.decode(argument) for argument in node.arguments]
        operators = [_OPERATORS.get(operator.upper(), operator) for operator in node.operators]
        if operators[0] in ("negative", "not"):
            return Operation(_OPERATORS.get(node.operators[0], operators[0]), (arguments[0],))
        if operators[0] in ("+", "-") and len(arguments) > 2:
            return _sum(operators, arguments)
        if operators[0] == "^":
            return _from_right(operators, arguments)
        if "or" in operators and "and" in operators:
            return _and_before_or(operators, arguments)
        return _from_left(operators, arguments)

    _logic_structure = _arithmetic_structure

    def _reference_structure(self, node: Any) -> Expression:
        subscripts = node.subscripts.subscripts if node.subscripts else ()
        wanted = key(node.reference)
        # A final $ in a macro means the model's own variable.
        name = self.names.get(wanted, self.names.get(wanted.removesuffix("$"), wanted.removesuffix("$")))
        reference = Reference(name, tuple(self.subscript(subscript) for subscript in subscripts))
        return translated(reference, self.names) if self.xmile else reference

    def _call_structure(self, node: Any) -> Expression:
        if not hasattr(node.function, "reference"):
            raise BadInput("a call of something that is not a function")
        name = key(node.function.reference)
        if name in self.names and self.names[name] in self.lookups and len(node.arguments) == 1:
            called = self._reference_structure(node.function)
            assert isinstance(called, Reference)
            return LookupCall(called, self.decode(node.arguments[0]))
        arguments = tuple(self.decode(argument) for argument in node.arguments)
        call = Call(name.replace(" ", "_"), arguments)
        return self._special(translated(call, self.names) if self.xmile else call)

    def _special(self, call: Expression) -> Expression:
        """Give calls that are more than functions of numbers their own form."""
        if not isinstance(call, Call):
            return call
        arguments = call.arguments
        if call.function in _MANNERS and len(arguments) == 2 and self._is_table(arguments[0]):
            assert isinstance(arguments[0], Reference)
            return LookupCall(arguments[0], arguments[1], _MANNERS[call.function])
        if call.function == "get_time_value" and len(arguments) == 3:
            return _time_value(call)
        if call.function == "elmcount" and len(arguments) == 1 and isinstance(arguments[0], Reference):
            size = self.sizes.get(key(arguments[0].name))
            return call if size is None else Number(float(size))
        if call.function in RANDOM and RANDOM[call.function][0] <= len(arguments) <= RANDOM[call.function][1]:
            return Random(call.function, arguments, self._site())
        return call

    def _is_table(self, node: Expression) -> bool:
        return isinstance(node, Reference) and node.name in self.lookups

    def _site(self) -> int:
        """Return a number for one random call, by its variable and its place there alone."""
        count = self._draws[self.owner] = self._draws.get(self.owner, 0) + 1
        return zlib.crc32(f"{key(self.owner)} {count}".encode())

    def _game_structure(self, node: Any) -> Expression:
        return self.decode(node.expression)

    def _initial_structure(self, node: Any) -> Expression:
        return Initial(self.decode(node.initial))

    def _integ_structure(self, node: Any) -> Expression:
        if not isinstance(node.non_negative, bool):
            raise BadInput("INTEG takes a flow and an initial value, and no more")
        return Stock(self.decode(node.flow), self.decode(node.initial), node.non_negative)

    def _delay_structure(self, node: Any) -> Expression:
        return Delay(*self._parts(node, node.delay_time), _stages(self.decode(node.order)))

    def _delay_n_structure(self, node: Any) -> Expression:
        order = self.decode(node.order)
        delay = Delay(*self._parts(node, node.delay_time), _stages(order), Initial(order))
        self.constant_spans.append((self.owner, delay.time))
        return delay

    def _smooth_structure(self, node: Any) -> Expression:
        return Smooth(*self._parts(node, node.smooth_time), _stages(self.decode(node.order)))

    def _smooth_n_structure(self, node: Any) -> Expression:
        order = self.decode(node.order)
        return Smooth(*self._parts(node, node.smooth_time), _stages(order), Initial(order))

    def _parts(self, node: Any, time: Any) -> tuple[Expression, Expression, Expression]:
        return self.decode(node.input), self.decode(time), self.decode(node.initial)

    def _delay_fixed_structure(self, node: Any) -> Expression:
        return FixedDelay(self.decode(node.input), self.decode(node.delay_time), self.decode(node.initial))

    def _sample_if_true_structure(self, node: Any) -> Expression:
        return Sample(self.decode(node.condition), self.decode(node.input), self.decode(node.initial))

    def _trend_structure(self, node: Any) -> Expression:
        """Relative growth of the input against its own average."""
        entering, span = self.decode(node.input), self.decode(node.average_time)
        average = _average(entering, span, self.decode(node.initial_trend))
        size = Call("abs", (average,))
        return Call("zidz", (_minus(entering, average), Operation("*", (span, size))))

    def _forecast_structure(self, node: Any) -> Expression:
        """The input carried on with its growth against its own average."""
        entering, span = self.decode(node.input), self.decode(node.average_time)
        average = _average(entering, span, self.decode(node.initial_trend))
        growth = Call("zidz", (_minus(entering, average), Operation("*", (span, average))))
        ahead = Operation("*", (growth, self.decode(node.horizon)))
        return Operation("*", (entering, Operation("+", (Number(1.0), ahead))))

    def _inline_lookups_structure(self, node: Any) -> Expression:
        table = self._lookups_structure(node.lookups)
        return LookupCall(table, self.decode(node.argument)) if isinstance(table, Lookup) else table

    def _lookups_structure(self, node: Any) -> Expression:
        if node.type not in ("interpolate", "extrapolate", "hold_backward"):
            return Call(f"lookup_of_type_{node.type}", ())
        xs, ys = tuple(_held(x) for x in node.x), tuple(_held(y) for y in node.y)
        between: Literal["line", "before"] = "before" if node.type == "hold_backward" else "line"
        return Lookup(xs, ys, node.type == "extrapolate", between)


def _held(written: Any) -> float:
    """Return a literal as a number; BadInput if it is too large to be one."""
    number = float(written)
    if math.isinf(number):
        raise BadInput("a number beyond 1.8e308 cannot be held; write a smaller one.")
    return number


def _stages(order: Expression) -> int:
    """Return the number of stages if it is a number, else 0: then it is taken at the initial time."""
    return max(0, int(order.value)) if isinstance(order, Number) else 0


def _average(entering: Expression, span: Expression, trend: Expression) -> Expression:
    if trend == Number(0.0):
        return Smooth(entering, span, entering, 1)
    start = Operation("/", (entering, Operation("+", (Number(1.0), Operation("*", (trend, span))))))
    return Smooth(entering, span, start, 1)


def _minus(left: Expression, right: Expression) -> Expression:
    return Operation("-", (left, right))


def _time_value(call: Call) -> Expression:
    """Only times in the model's own unit: a calendar needs to know that unit, a clock never repeats."""
    relative, offset, measure = call.arguments
    if measure == Number(0.0) and relative in (Number(0.0), Number(1.0)):
        return Operation("+", (Reference("Time" if relative == Number(0.0) else "INITIAL TIME"), offset))
    return Call("get_time_value_of_a_calendar_or_clock", ())


def _sum(operators: list[str], arguments: list[Expression]) -> Expression:
    """Return one node; ``a + (-b)`` is ``a - b`` to the last bit."""
    pairs = zip(operators, arguments[1:], strict=True)
    terms = (term if sign == "+" else Operation("negative", (term,)) for sign, term in pairs)
    return Operation("+", (arguments[0], *terms))


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


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
