"""Units of every equation, checked against each other.

A unit is a factor and exponents of the base units in the units file (pint's syntax). Two sides fit if
both are equal: adding CNY to YiCNY is an error although both are money. A bare number is
dimensionless, except 0, which fits anything. A number or list that is a whole equation or a whole
initial value has the unit that the variable declares.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import BadInput
from sim.files import read_text
from sim.limits import UNITS_FILE
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
    walk,
)
from sim.spec.functions import FUNCTIONS, written
from sim.spec.model import Component, Model, Variable, key
from sim.spec.structure import TIME, reduced_axes
from sim.spec.writing import to_text

__all__ = ["Unit", "UnitError", "Units", "check_units"]

_NONE = ("", "dmnl", "dimensionless", "1")


@dataclass(frozen=True, slots=True)
class Unit:
    """``factor`` times the product of base units to their exponents; sorted by name."""

    factor: float = 1.0
    exponents: tuple[tuple[str, float], ...] = ()

    def __mul__(self, other: Unit) -> Unit:
        powers = dict(self.exponents)
        for name, exponent in other.exponents:
            powers[name] = powers.get(name, 0.0) + exponent
        return Unit(self.factor * other.factor, _sorted(powers))

    def __truediv__(self, other: Unit) -> Unit:
        return self * other.power(-1.0)

    def power(self, exponent: float) -> Unit:
        """Return the unit to a power."""
        return Unit(self.factor**exponent, _sorted({n: e * exponent for n, e in self.exponents}))

    def fits(self, other: Unit) -> bool:
        """True if values in both units can be added as they are."""
        same = self.exponents == other.exponents
        return same and math.isclose(self.factor, other.factor, rel_tol=1e-9)

    @property
    def is_none(self) -> bool:
        """True if dimensionless."""
        return self.fits(Unit())

    def __str__(self) -> str:
        over = [_raised(name, exponent) for name, exponent in self.exponents if exponent > 0]
        under = [_raised(name, -exponent) for name, exponent in self.exponents if exponent < 0]
        factor = [] if math.isclose(self.factor, 1.0, rel_tol=1e-9) else [f"{self.factor:g}"]
        text = "*".join([*factor, *over]) or ("1" if under else "dmnl")
        return "/".join([text, *under])


@dataclass(frozen=True, slots=True)
class UnitError:
    """One fault: the variable, its line in the file (0 if unknown) and what does not fit."""

    variable: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f" (line {self.line})" if self.line else ""
        return f"{self.variable}{place}: {self.message}"


def check_units(model: Model, units_file: Path | None) -> list[UnitError]:
    """Return every fault of units in ``model``, in the model's order; BadInput if the file is malformed.

    Without a file the model's own unit names are taken as they are: case and a plural s do not count, names
    may hold spaces, and a variable without a unit fits anything.
    """
    units = Units(units_file) if units_file else OwnUnits(model)
    checker = _Checker(model, units, strict=units_file is not None)
    for variable in model.variables.values():
        checker.declared(variable)
    for variable in model.variables.values():
        for component in variable.components:
            # A wrong number of arguments or an unknown subscript is told by another check.
            with suppress(IndexError, KeyError):
                checker.equation(variable, component)
    return checker.errors


_LONGEST = 400
_POWER = re.compile(r"\*\*|\^")
_PLAIN_POWER = re.compile(
    r"(?<![\w.^])(?<!\*\*)(?:[^\W\d]\w*|\d{1,4})\s*(?:\*\*|\^)"
    r"\s*[-+]?\d{1,2}(?:\.\d{1,6})?(?![\w.]|\s*\*\*|\s*\^)"
)


class Units:
    """The units defined in a file, one ``name = definition`` a line; ``dmnl`` is built in."""

    def __init__(self, units_file: Path) -> None:
        self._define(read_text(units_file, UNITS_FILE), units_file.name)

    def _define(self, text: str, source: str) -> None:
        import pint

        self._known: dict[str, Unit] = {}
        self._registry: Any = pint.UnitRegistry(None)
        for number, line in enumerate(text.splitlines(), start=1):
            definition = line.partition("#")[0].strip()
            if not definition:
                continue
            try:
                _check_form(definition)
                self._registry.define(definition)
            except Exception as error:
                raise BadInput(f"{source}, line {number}: {definition!r} is no unit: {error}.") from error

    def read(self, text: str) -> Unit:
        """Return the unit written as ``text``; ValueError saying what is wrong with it."""
        plain = " ".join(text.split())
        if plain.lower() in _NONE:
            return Unit()
        if plain not in self._known:
            self._known[plain] = self._read(plain)
        return self._known[plain]

    def _read(self, text: str) -> Unit:
        if re.search(r"\w\s+\w", text):
            raise ValueError(f"unit {text!r}: write units with * and /, and names without spaces")
        _check_form(text)
        cleaned = re.sub(r"\b(dmnl|Dmnl|DMNL)\b", "1", text)
        try:
            quantity = self._registry.parse_expression(cleaned)
            if isinstance(quantity, int | float):
                factor, based = float(quantity), {}
            else:
                base = quantity.to_base_units()
                factor, based = float(base.magnitude), dict(base.unit_items())
        except Exception as error:
            raise ValueError(f"unit {text!r} is not known: {error}") from error
        return Unit(factor, _sorted({name: float(power) for name, power in based.items()}))


class OwnUnits(Units):
    """The unit names that a model uses, each a unit of its own."""

    def __init__(self, model: Model) -> None:
        texts = (self._plain(variable.units) for variable in model.variables.values())
        names = dict.fromkeys(name for text in texts for name in re.findall(r"[^\W\d]\w*", text))
        self._define("\n".join(f"{name} = [{name}]" for name in names if name not in _NONE), model.name)

    def read(self, text: str) -> Unit:
        """Return the unit written as ``text``; ValueError if it is no product of names."""
        return super().read(self._plain(text))

    @staticmethod
    def _plain(text: str) -> str:
        spelt = text.strip().lower().replace("$", "dollar").replace("%", "percent")
        joined = re.sub(r"(?<=\w)\s+(?=\w)", "_", spelt)
        folded = re.sub(r"[^\W\d]\w*", lambda name: _singular(name.group()), joined)
        return "dmnl" if folded in ("dimensionless", "fraction") else folded


def _check_form(text: str) -> None:
    """Raise ValueError where pint, which works powers of numbers out in full, could take for ever."""
    if len(text) > _LONGEST:
        raise ValueError(f"{text[:40]!r} … is longer than {_LONGEST} characters")
    if len(_POWER.findall(text)) != len(_PLAIN_POWER.findall(text)):
        raise ValueError(
            f"in {text!r}: only a name or a short number is raised to a power, and to at most 99"
        )


def _singular(name: str) -> str:
    if name == "people":
        return "person"
    return name[:-1] if len(name) > 3 and name.endswith("s") and not name.endswith("ss") else name


@dataclass(frozen=True, slots=True)
class _Anything:
    """The unit of 0, of inline lookups, and of what is already reported as wrong."""


_ANYTHING = _Anything()


class _Checker:
    def __init__(self, model: Model, units: Units, *, strict: bool) -> None:
        self._strict = strict
        self.errors: list[UnitError] = []
        self._model = model
        self._units = units
        self._declared: dict[str, Unit | _Anything] = {}
        self._variable = ""
        self._line = 0

    def declared(self, variable: Variable) -> None:
        """Read the variable's own unit."""
        self._variable = variable.name
        self._line = variable.components[0].line if variable.components else 0
        self._declared[variable.name] = _ANYTHING
        if not variable.units.strip():
            # What a macro makes has no unit of its own: the macro serves all units.
            if self._strict and not variable.part_of:
                self._report("has no unit; write dmnl if it has none")
            return
        try:
            self._declared[variable.name] = self._units.read(variable.units)
        except ValueError as error:
            self._report(str(error))

    def equation(self, variable: Variable, component: Component) -> None:
        """Check one equation against the declared unit."""
        self._variable, self._line = variable.name, component.line
        expression = component.expression
        if isinstance(expression, Number | Table | Lookup) or variable.kind in ("constant", "lookup"):
            return
        found = self._unit(expression)
        wanted = self._declared[variable.name]
        if isinstance(found, Unit) and isinstance(wanted, Unit) and not found.fits(wanted):
            self._report(f"declared as {wanted}, but {to_text(expression)} is {found}")

    def _report(self, message: str) -> _Anything:
        self.errors.append(UnitError(self._variable, self._line, message))
        return _ANYTHING

    @property
    def _time(self) -> Unit | _Anything:
        """The unit of time is that of the time step."""
        for name in self._model.variables:
            if key(name) == "time step":
                return self._declared[name]
        return _ANYTHING

    def _unit(self, node: Expression) -> Unit | _Anything:
        if isinstance(node, Number):
            return _ANYTHING if node.value == 0.0 else Unit()
        if isinstance(node, Reference):
            if node.name not in self._declared:
                return self._time if key(node.name) == TIME else _ANYTHING
            return self._declared[node.name]
        if isinstance(node, Operation):
            return self._operation(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, LookupCall):
            self._unit(node.argument)
            return self._unit(node.table) if isinstance(node.table, Reference) else _ANYTHING
        if isinstance(node, Initial):
            return self._unit(node.expression)
        if isinstance(node, Stock):
            return self._stock(node)
        if isinstance(node, Sample):
            self._expect(node.condition, Unit(), "dimensionless", node)
            return self._same(node, node.input, *self._start(node.initial))
        if isinstance(node, Random):
            return self._random(node)
        if isinstance(node, Smooth | Delay | FixedDelay):
            self._expect(node.time, self._time, "a time", node)
            return self._same(node, node.input, *self._start(node.initial))
        return _ANYTHING

    def _random(self, node: Random) -> Unit | _Anything:
        if node.function == "random_weibull":  # It has a shape, which is dimensionless, among the others.
            return self._same(node, *node.arguments[:2], *node.arguments[3:5])
        return self._same(node, *node.arguments[:-1]) if len(node.arguments) > 1 else Unit()

    def _selection(self, node: Call) -> Unit | _Anything:
        """VECTOR SELECT has the unit of its values, except for products; choices are dimensionless."""
        self._expect(node.arguments[0], Unit(), "dimensionless", node)
        powers = node.arguments[3] in (Number(1.0), Number(5.0), Number(7.0))
        return _ANYTHING if powers else self._same(node, node.arguments[1], node.arguments[2])

    def _order(self, node: Call) -> Unit | _Anything:
        self._unit(node.arguments[0])
        return Unit()

    def _first(self, node: Call) -> Unit | _Anything:
        return self._unit(node.arguments[0])

    def _given(self, node: Call) -> Unit | _Anything:
        """An amount given within one time step."""
        for argument in node.arguments[:-1]:
            self._expect(argument, self._time, "a time", node)
        amount, time = self._unit(node.arguments[-1]), self._time
        return amount / time if isinstance(amount, Unit) and isinstance(time, Unit) else _ANYTHING

    def _stock(self, node: Stock) -> Unit | _Anything:
        flow, initial, time = self._unit(node.flow), self._unit(node.initial), self._time
        if isinstance(flow, Unit) and isinstance(time, Unit):
            content = flow * time
            if self._start(node.initial) and isinstance(initial, Unit) and not content.fits(initial):
                return self._report(
                    f"the flow {to_text(node.flow)} is {flow}, over time {content}, "
                    f"but the initial value {to_text(node.initial)} is {initial}"
                )
            return content
        return initial

    def _start(self, initial: Expression) -> tuple[Expression, ...]:
        """A bare number as an initial value has the unit of what it starts."""
        return () if isinstance(initial, Number) else (initial,)

    def _operation(self, node: Operation) -> Unit | _Anything:
        if node.operator in ("+", "-"):
            return self._same(node, *node.arguments)
        if node.operator == "negative":
            return self._unit(node.arguments[0])
        if node.operator in ("and", "or", "not"):
            for argument in node.arguments:
                self._expect(argument, Unit(), "dimensionless", node)
            return Unit()
        if node.operator == "^":
            return self._power(node, *node.arguments)
        left, right = (self._unit(argument) for argument in node.arguments)
        if node.operator not in ("*", "/"):
            self._compare(node, node.arguments[0], left, node.arguments[1], right)
            return Unit()
        if isinstance(left, Unit) and isinstance(right, Unit):
            return left * right if node.operator == "*" else left / right
        return _ANYTHING

    def _power(self, node: Expression, base: Expression, exponent: Expression) -> Unit | _Anything:
        unit = self._unit(base)
        self._expect(exponent, Unit(), "dimensionless", node)
        if isinstance(unit, _Anything) or unit.is_none:
            return unit
        value = _literal(exponent)
        if value is None:
            return self._report(
                f"in {to_text(node)}: {to_text(base)} is {unit}; only a dimensionless value can be "
                "raised to a power that is not a plain number"
            )
        return unit.power(value)

    def _call(self, node: Call) -> Unit | _Anything:
        if node.function not in FUNCTIONS:
            return _ANYTHING
        special = _SPECIAL.get(node.function)
        if special:
            return special(self, node)
        if node.function in _SAME:
            return self._same(node, *node.arguments)
        if node.function in ("sum", "vmin", "vmax"):
            return self._unit(node.arguments[0])
        for argument in node.arguments:
            self._expect(argument, Unit(), "dimensionless", node)
        return Unit()

    def _choice(self, node: Call) -> Unit | _Anything:
        self._expect(node.arguments[0], Unit(), "dimensionless", node)
        return self._same(node, *node.arguments[1:])

    def _root(self, node: Call) -> Unit | _Anything:
        unit = self._unit(node.arguments[0])
        return unit.power(0.5) if isinstance(unit, Unit) else unit

    def _product(self, node: Call) -> Unit | _Anything:
        unit = self._unit(node.arguments[0])
        if isinstance(unit, _Anything) or unit.is_none:
            return unit
        sizes = (len(self._model.elements(axis)) for axis in reduced_axes(node))
        return unit.power(float(math.prod(sizes)))

    def _quotient(self, node: Call) -> Unit | _Anything:
        over, under = self._unit(node.arguments[0]), self._unit(node.arguments[1])
        if isinstance(over, _Anything) or isinstance(under, _Anything):
            return self._unit(node.arguments[2]) if len(node.arguments) > 2 else _ANYTHING
        unit = over / under
        if len(node.arguments) > 2:
            self._expect(node.arguments[2], unit, str(unit), node)
        return unit

    def _step(self, node: Call) -> Unit | _Anything:
        self._expect(node.arguments[1], self._time, "a time", node)
        return self._unit(node.arguments[0])

    def _ramp(self, node: Call) -> Unit | _Anything:
        for argument in node.arguments[1:]:
            self._expect(argument, self._time, "a time", node)
        slope, time = self._unit(node.arguments[0]), self._time
        return slope * time if isinstance(slope, Unit) and isinstance(time, Unit) else _ANYTHING

    def _pulse(self, node: Call) -> Unit | _Anything:
        for argument in node.arguments:
            self._expect(argument, self._time, "a time", node)
        return Unit()

    def _raised(self, node: Call) -> Unit | _Anything:
        return self._power(node, node.arguments[0], node.arguments[1])

    def _same(self, node: Expression, *arguments: Expression) -> Unit | _Anything:
        """All arguments must fit each other; the first known unit is the result."""
        known: tuple[Expression, Unit] | None = None
        for argument in arguments:
            unit = self._unit(argument)
            if isinstance(unit, _Anything):
                continue
            if known is None:
                known = (argument, unit)
            elif not unit.fits(known[1]):
                return self._compare(node, known[0], known[1], argument, unit)
        return known[1] if known else _ANYTHING

    def _compare(
        self,
        node: Expression,
        one: Expression,
        left: Unit | _Anything,
        other: Expression,
        right: Unit | _Anything,
    ) -> _Anything:
        if isinstance(left, Unit) and isinstance(right, Unit) and not left.fits(right):
            self._report(f"in {to_text(node)}: {to_text(one)} is {left}, but {to_text(other)} is {right}")
        return _ANYTHING

    def _expect(self, node: Expression, wanted: Unit | _Anything, described: str, inside: Expression) -> None:
        found = self._unit(node)
        if isinstance(found, Unit) and isinstance(wanted, Unit) and not found.fits(wanted):
            expected = described if str(wanted) == described or wanted.is_none else f"{described} ({wanted})"
            name = written(inside.function) if isinstance(inside, Call) else to_text(inside)
            self._report(f"in {name}: {to_text(node)} must be {expected}, but is {found}")


_SAME = frozenset(
    {"abs", "active_initial", "floor", "floor_modulo", "integer", "max", "min", "modulo", "quantum"}
)
_SPECIAL: dict[str, Callable[[_Checker, Call], Unit | _Anything]] = {
    "if_then_else": _Checker._choice,
    "power": _Checker._raised,
    "prod": _Checker._product,
    "pulse": _Checker._pulse,
    "pulse_train": _Checker._pulse,
    "ramp": _Checker._ramp,
    "sqrt": _Checker._root,
    "step": _Checker._step,
    "vector_rank": _Checker._order,
    "vector_reorder": _Checker._first,
    "vector_select": _Checker._selection,
    "vector_sort_order": _Checker._order,
    "xidz": _Checker._quotient,
    "xpulse": _Checker._given,
    "xpulse_train": _Checker._given,
    "xramp": _Checker._ramp,
    "zidz": _Checker._quotient,
}


def _literal(node: Expression) -> float | None:
    """Return the value of a number, possibly with a minus sign or as a quotient of numbers."""
    if not all(isinstance(part, Number | Operation) for part in walk(node)):
        return None
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Operation):
        values = [_literal(argument) for argument in node.arguments]
        if node.operator == "negative" and values[0] is not None:
            return -values[0]
        if node.operator == "/" and values[0] is not None and values[1]:
            return values[0] / values[1]
    return None


def _sorted(powers: dict[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((name, power) for name, power in powers.items() if abs(power) > 1e-12))


def _raised(name: str, exponent: float) -> str:
    return name if exponent == 1 else f"{name}^{exponent:g}"
