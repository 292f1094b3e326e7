"""Equations as plain data: the typed expression tree of a model.

Nodes are frozen dataclasses that hold only strings, numbers, tuples and other nodes. They know
nothing of the translator that made them nor of the engine that runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

__all__ = [
    "HELD",
    "Call",
    "Delay",
    "Expression",
    "FixedDelay",
    "HeldNode",
    "Initial",
    "Lookup",
    "LookupCall",
    "Number",
    "Operation",
    "Random",
    "Reference",
    "Sample",
    "Smooth",
    "Stock",
    "Table",
    "Text",
    "children",
    "rebuilt",
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
    """An operator applied to one or two arguments, ``+`` to any number from two on.

    ``operator`` is one of ``+ - * / ^ negative = <> < <= > >= and or not``. A sum of three or more terms is
    one node, a term that is taken away being ``negative``, so that long sums are not deep.
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
    """A graphical function through the points ``(x, y)``, held or extrapolated beyond its ends.

    Where an x stands twice the function jumps: it has the last height at that x. ``between`` says what
    holds between points: a straight line, the point ``before`` or the point ``after``.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    extrapolate: bool = False
    between: Literal["line", "before", "after"] = "line"


@dataclass(frozen=True, slots=True)
class LookupCall:
    """A graphical function (inline, or a lookup variable) applied to an argument.

    ``manner`` is how this call reads the table, where that differs from the table's own way.
    """

    table: Lookup | Reference
    argument: Expression
    manner: Literal["own", "extrapolate", "before", "after"] = "own"


@dataclass(frozen=True, slots=True)
class Stock:
    """The integral of ``flow`` from ``initial``."""

    flow: Expression
    initial: Expression
    non_negative: bool = False


@dataclass(frozen=True, slots=True)
class Smooth:
    """Exponential smoothing of the given order, or of ``stages``: by lane, up to ``order``."""

    input: Expression
    time: Expression
    initial: Expression
    order: int
    stages: Expression | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """Material delay of the given order, or of ``stages``: by lane, up to ``order``."""

    input: Expression
    time: Expression
    initial: Expression
    order: int
    stages: Expression | None = None


@dataclass(frozen=True, slots=True)
class FixedDelay:
    """The input of ``time`` ago, in whole time steps fixed at the start; ``initial`` before that."""

    input: Expression
    time: Expression
    initial: Expression


@dataclass(frozen=True, slots=True)
class Sample:
    """The input while ``condition`` holds, else the last such input, and ``initial`` before any."""

    condition: Expression
    input: Expression
    initial: Expression


@dataclass(frozen=True, slots=True)
class Random:
    """A random number, new at every time step, lane and element; ``site`` keeps the draws of calls apart."""

    function: str
    arguments: tuple[Expression, ...]
    site: int


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
    | FixedDelay
    | Sample
    | Random
    | Initial
)
HeldNode: TypeAlias = Stock | Smooth | Delay | FixedDelay | Sample | Random | Initial

HELD = (Stock, Smooth, Delay, FixedDelay, Sample, Random, Initial)
"""Nodes that keep a value between time steps."""
_NODES = (Number, Text, Table, Reference, Operation, Call, Lookup, LookupCall, *HELD)


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


def rebuilt(node: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """Return ``node`` with ``change`` applied to every node below it and then to itself."""
    parts = {field.name: _rebuilt(getattr(node, field.name), change) for field in fields(node)}
    same = all(parts[field.name] is getattr(node, field.name) for field in fields(node))
    return change(node if same else type(node)(**parts))


def _rebuilt(value: Any, change: Callable[[Expression], Expression]) -> Any:
    if isinstance(value, _NODES):
        return rebuilt(value, change)
    if isinstance(value, tuple) and any(isinstance(item, _NODES) for item in value):
        return tuple(_rebuilt(item, change) for item in value)
    return value
