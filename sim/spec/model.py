"""The typed model: variables, dimensions and time settings as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Literal

from sim.errors import BadInput, did_you_mean
from sim.spec.expressions import Expression

__all__ = ["Component", "Control", "Dimension", "Kind", "Model", "Variable", "key"]

Kind = Literal["stock", "auxiliary", "constant", "lookup", "control"]


def key(name: str) -> str:
    """Return the form under which names are compared: case, spaces, underscores and quotes do not count."""
    text = name.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return " ".join(text.replace("_", " ").split()).lower()


@dataclass(frozen=True, slots=True)
class Dimension:
    """A subscript range: its elements in order, and the ranges that it is mapped to.

    ``mapped_to`` names ranges mapped by position; ``lists`` holds explicit mappings: the range, and for
    each element of this one the elements there that it stands for.
    """

    name: str
    elements: tuple[str, ...]
    mapped_to: tuple[str, ...] = ()
    lists: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """One equation of a variable.

    ``subscripts`` is the left side (an element or a dimension at each position), ``excepted``
    the groups after ``:EXCEPT:``, ``line`` the line in the file (0 if unknown).
    """

    subscripts: tuple[str, ...]
    excepted: tuple[tuple[str, ...], ...]
    expression: Expression
    line: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable with its equations; ``dimensions`` names the axes of its values.

    ``part_of`` names the variable whose call of a macro made this one.
    """

    name: str
    kind: Kind
    units: str
    dimensions: tuple[str, ...]
    doc: str
    group: str
    components: tuple[Component, ...]
    limits: tuple[float | None, float | None] = (None, None)
    part_of: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """Time settings, in the model's unit of time."""

    initial_time: float
    final_time: float
    time_step: float
    saveper: float


@dataclass(frozen=True)
class Model:
    """A whole model. ``hash`` is the SHA-256 of the file's bytes, and of those of the files that it reads.

    ``files`` holds those: name as in the model, SHA-256.
    """

    name: str
    hash: str
    variables: Mapping[str, Variable]
    dimensions: Mapping[str, Dimension]
    control: Control
    warnings: tuple[str, ...] = field(default=())
    files: tuple[tuple[str, str], ...] = field(default=())

    @cached_property
    def _variable_keys(self) -> dict[str, str]:
        return {key(name): name for name in self.variables}

    @cached_property
    def _dimension_keys(self) -> dict[str, str]:
        return {key(name): name for name in self.dimensions}

    def find(self, name: str) -> Variable:
        """Return the variable of that name (any case, spaces as underscores); BadInput if there is none."""
        found = self._variable_keys.get(key(name))
        if found is None:
            suggestion = did_you_mean(key(name), self._variable_keys)
            raise BadInput(f"The model {self.name} has no variable {name!r}.{suggestion}")
        return self.variables[found]

    def find_dimension(self, name: str) -> Dimension | None:
        """Return the dimension of that name, or None."""
        found = self._dimension_keys.get(key(name))
        return None if found is None else self.dimensions[found]

    def elements(self, subscript: str) -> tuple[str, ...]:
        """Return the elements of a dimension, or the element itself; a final ``!`` is ignored."""
        dimension = self.dimensions.get(subscript.removesuffix("!"))
        return dimension.elements if dimension else (subscript,)

    def shape(self, variable: Variable) -> tuple[int, ...]:
        """Return the sizes of the variable's axes."""
        return tuple(len(self.dimensions[name].elements) for name in variable.dimensions)

    def select(self, variable: Variable, subscripts: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
        """Return, for each axis of ``variable``, the positions that ``subscripts`` (any case) stand for."""
        if len(subscripts) != len(variable.dimensions):
            raise BadInput(
                f"{variable.name} has {_described(variable.dimensions)}, but {len(subscripts)} given: "
                f"[{', '.join(subscripts)}]."
            )
        return tuple(
            self._positions(variable, axis, subscript)
            for axis, subscript in zip(variable.dimensions, subscripts, strict=True)
        )

    def _positions(self, variable: Variable, axis: str, subscript: str) -> tuple[int, ...]:
        elements = self.dimensions[axis].elements
        places = {key(element): place for place, element in enumerate(elements)}
        wanted = key(subscript)
        if wanted in places:
            return (places[wanted],)
        dimension = self.find_dimension(subscript)
        if dimension and all(key(element) in places for element in dimension.elements):
            return tuple(places[key(element)] for element in dimension.elements)
        near = did_you_mean(wanted, [*places, *(key(name) for name in self.dimensions)])
        raise BadInput(
            f"{variable.name} has no element {subscript!r} in {axis}.{near} Allowed: {', '.join(elements)}."
        )

    def cells(
        self, subscripts: tuple[str, ...], excepted: tuple[tuple[str, ...], ...] = ()
    ) -> set[tuple[str, ...]]:
        """Return the element tuples that a left side covers."""
        covered = set(product(*(self.elements(subscript) for subscript in subscripts)))
        for group in excepted:
            covered -= set(product(*(self.elements(subscript) for subscript in group)))
        return covered


def _described(dimensions: tuple[str, ...]) -> str:
    if not dimensions:
        return "no subscripts"
    return f"{len(dimensions)} subscript{'s' if len(dimensions) > 1 else ''} [{', '.join(dimensions)}]"
