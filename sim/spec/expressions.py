"""Equations as plain data: the typed expression tree of a model.

Nodes are frozen dataclasses that hold only strings, numbers, tuples and other nodes. They know
nothing of the translator that made them nor of the engine that runs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TypeAlias

__all__ = [
    "Call",
    "Delay",
    "Expression",
    "Initial",
    "Lookup",
    "LookupCall",
    "Number",
    "Operation",
    "Reference",
    "Smooth",
    "Stock",
    "Table",
    "Text",
    "children",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A literal text, such as a file name given to a function."""

    value: str


@dataclass(frozen=True, slots=True)
class Table:
    """A constant array; ``values`` is row-major and ``shape`` gives its sizes."""

    shape: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable, with an element, a dimension or ``dimension!`` (reduced over) at each position."""

    name: str
    subscripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator applied to one or two arguments.

    ``operator`` is one of ``+ - * / ^ negative = <> < <= > >= and or not``.
    """

    operator: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; ``function`` is in lower case with underscores, such as ``if_then_else``."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A graphical function through the points ``(x, y)``, held or extrapolated beyond its ends."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    extrapolate: bool = False


@dataclass(frozen=True, slots=True)
class LookupCall:
    """A graphical function (inline, or a lookup variable) applied to an argument."""

    table: Lookup | Reference
    argument: Expression


@dataclass(frozen=True, slots=True)
class Stock:
    """The integral of ``flow`` from ``initial``."""

    flow: Expression
    initial: Expression
    non_negative: bool = False


@dataclass(frozen=True, slots=True)
class Smooth:
    """Exponential smoothing of the given order."""

    input: Expression
    time: Expression
    initial: Expression
    order: int


@dataclass(frozen=True, slots=True)
class Delay:
    """Material delay of the given order."""

    input: Expression
    time: Expression
    initial: Expression
    order: int


@dataclass(frozen=True, slots=True)
class Initial:
    """The value that ``expression`` has at the initial time."""

    expression: Expression


Expression: TypeAlias = (
    Number
    | Text
    | Table
    | Reference
    | Operation
    | Call
    | Lookup
    | LookupCall
    | Stock
    | Smooth
    | Delay
    | Initial
)

_NODES = (Number, Text, Table, Reference, Operation, Call, Lookup, LookupCall, Stock, Smooth, Delay, Initial)


def children(node: Expression) -> Iterator[Expression]:
    """Yield the nodes directly below ``node``."""
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, _NODES):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, _NODES))


def walk(node: Expression) -> Iterator[Expression]:
    """Yield ``node`` and every node below it."""
    pending: list[Expression] = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(children(current))
