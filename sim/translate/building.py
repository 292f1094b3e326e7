"""PySD's abstract model to the typed model."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

from sim.errors import BadInput
from sim.limits import ALL_CELLS, ALL_PARTS, CELLS, DELAY_STAGES, EQUATIONS, check
from sim.spec.depth import check_size, too_deep
from sim.spec.expressions import Delay, Expression, Lookup, Number, Reference, Smooth, Stock, Table, walk
from sim.spec.literals import is_literal, value_of
from sim.spec.model import Component, Control, Dimension, Kind, Model, Variable, key
from sim.translate.completing import completed
from sim.translate.decoding import Decoder
from sim.translate.external import Tables, constants, data, lookup
from sim.translate.macros import Macro, Macros, read_macro
from sim.translate.ranges import read_ranges, shown
from sim.translate.scanning import Entry

__all__ = ["build"]

_EXTERNAL = {
    "DataStructure": "nothing",
    "GetDataStructure": "data",
    "GetLookupsStructure": "lookup",
    "GetConstantsStructure": "constants",
}
_CONTROLS = ("initial time", "final time", "time step", "saveper")


def build(
    path: Path,
    digest: str,
    abstract: Any,
    scanned: list[Entry],
    problems: list[str] | None = None,
    *,
    xmile: bool = False,
) -> Model:
    """Return the typed model; BadInput naming every problem of structure.

    With a list of ``problems`` they are added to it instead, so that the rest can be checked as well.
    """
    section, tables = abstract.sections[0], Tables(path.parent)
    dimensions = read_ranges(path.name, section.subscripts, scanned, tables)
    decoder = _decoder(section, dimensions, xmile)
    macros = Macros(_macros(abstract.sections[1:], dimensions, decoder))
    builder = _Builder(dimensions, decoder, scanned, tables, macros)
    variables = builder.variables(section.elements)
    if problems is not None:
        problems.extend(builder.problems)
    elif builder.problems:
        raise BadInput("\n".join(f"{path.name}: {problem}" for problem in builder.problems))
    _check_all_parts(variables)
    named = completed(variables, decoder.constant_spans, builder.problems, xmile=xmile)
    if problems is not None:
        problems.extend(text for text in builder.problems if text not in problems)
    elif builder.problems:
        raise BadInput("\n".join(f"{path.name}: {problem}" for problem in builder.problems))
    if all(variable.kind == "control" for variable in named.values()):
        raise BadInput(f"{path.name} has no equation beside its time settings, so there is nothing to run.")
    _check_all_parts(named.values())
    equations = (c.expression for variable in named.values() for c in variable.components)
    for node in (node for equation in equations for node in walk(equation)):
        if isinstance(node, Smooth | Delay):
            check(DELAY_STAGES, node.order)
    check(EQUATIONS, sum(len(variable.components) for variable in named.values()))
    sizes = (math.prod(len(dimensions[axis].elements) for axis in v.dimensions) for v in named.values())
    check(ALL_CELLS, sum(sizes))
    files = tuple(sorted(tables.digests.items()))
    whole = hashlib.sha256(repr((digest, files)).encode()).hexdigest() if files else digest
    return Model(path.stem, whole, named, dimensions, _control(path, named), files=files)


def _check_all_parts(variables: Iterable[Variable]) -> None:
    check(ALL_PARTS, sum(check_size(c.expression) for variable in variables for c in variable.components))


def _decoder(section: Any, dimensions: dict[str, Dimension], xmile: bool = False) -> Decoder:
    names = {key(element.name): shown(element.name) for element in section.elements}
    subscripts = {key(e): e for dimension in dimensions.values() for e in dimension.elements}
    subscripts.update((key(name), name) for name in dimensions)
    lookups = {
        shown(element.name)
        for element in section.elements
        if element.components and element.components[0].type == "Lookup"
    }
    sizes = {key(name): len(dimension.elements) for name, dimension in dimensions.items()}
    return Decoder(names, subscripts, lookups, sizes, xmile)


def _macros(sections: Iterable[Any], dimensions: dict[str, Dimension], whole: Decoder) -> dict[str, Macro]:
    found = {}
    for section in sections:
        decoder = _decoder(section, dimensions)
        # Names of the model itself are known too: TIME STEP, and those that end in $.
        decoder.names = {**whole.names, **{key(p): shown(p) for p in section.params}, **decoder.names}
        decoder.constant_spans = whole.constant_spans
        equations = {}
        for element in section.elements:
            decoder.owner = f"{section.name} {element.name}"
            equations[shown(element.name)] = _decoded(decoder, element.components[0].ast)
        found[section.name.replace(" ", "_")] = read_macro(section, equations)
    return found


def _decoded(decoder: Decoder, tree: Any) -> Expression:
    """Return the expression of a PySD tree; BadInput if it is too deep."""
    try:
        expression = decoder.decode(tree)
    except RecursionError:
        raise BadInput(too_deep()) from None
    check_size(expression)
    return expression


class _Builder:
    """Builds variables one by one and collects what is wrong with them."""

    def __init__(
        self,
        dimensions: dict[str, Dimension],
        decoder: Decoder,
        scanned: list[Entry],
        tables: Tables,
        macros: Macros,
    ) -> None:
        self.problems: list[str] = []
        self._dimensions = dimensions
        self._decoder = decoder
        self._tables = tables
        self._macros = macros
        self._sets = {name: set(dimension.elements) for name, dimension in dimensions.items()}
        self._known = {element for elements in self._sets.values() for element in elements}
        self._entries: dict[str, list[Entry]] = {}
        for entry in scanned:
            if not entry.macro:
                self._entries.setdefault(entry.name, []).append(entry)

    def variables(self, elements: Iterable[Any]) -> list[Variable]:
        """Return the typed variables of PySD's elements, and those that calls of macros make."""
        found = [self._variable(element) for element in elements]
        for name, count in Counter(key(variable.name) for variable in found).items():
            if count > 1:
                self.problems.append(f"{name} is defined {count} times.")
        units = {variable.name: variable for variable in found}
        for name, (owner, component) in self._macros.added.items():
            group = units[owner].group if owner in units else ""
            parts = (component,)
            axes = self._axes(name, parts)
            made = Variable(name, _kind(name, parts), "", axes, "", group, parts, part_of=owner)
            found.append(made)
        return found

    def _variable(self, element: Any) -> Variable:
        name = shown(element.name)
        scanned = self._entries.get(key(name), [])
        lines = [entry.line for entry in scanned]
        components = tuple(
            part
            for place, component in enumerate(element.components)
            for part in self._components(
                name, component, lines[place] if len(lines) == len(element.components) else 0
            )
        )
        limits = element.limits or (None, None)
        return Variable(
            name,
            _kind(name, components),
            str(element.units or "").strip(),
            self._axes(name, components),
            next((" ".join(entry.doc.split()) for entry in reversed(scanned) if entry.doc), "")
            or " ".join(str(element.documentation or "").split()),
            scanned[0].group if scanned else "",
            components,
            (limits[0], limits[1]) if len(limits) >= 2 else (None, None),
        )

    def _components(self, name: str, component: Any, line: int) -> list[Component]:
        subscripts, excepted = component.subscripts if component.subscripts else ([], [])
        left = tuple(self._decoder.subscript(subscript) for subscript in subscripts)
        without = tuple(tuple(self._decoder.subscript(item) for item in group) for group in excepted)
        self._decoder.owner = name
        try:
            if type(component.ast).__name__ in _EXTERNAL:
                return self._external(name, component, left, without, line)
            expression = _decoded(self._decoder, component.ast)
            return [self._macros.expanded(name, Component(left, without, expression, line))]
        except BadInput as error:
            self.problems.append(f"{name}{f' (line {line})' if line else ''}: {error}")
            return [Component(left, without, Number(0.0), line)]

    def _external(
        self, name: str, component: Any, left: tuple[str, ...], without: Any, line: int
    ) -> list[Component]:
        """Read numbers from files; a series for each element of the one range on the left side."""
        node, kind = component.ast, _EXTERNAL[type(component.ast).__name__]
        ranges = [place for place, subscript in enumerate(left) if subscript in self._dimensions]
        if kind == "nothing":
            raise BadInput("data without GET DIRECT DATA, such as from a .vdf file, are not supported.")
        if kind == "constants":
            sizes = tuple(len(self._dimensions[left[place]].elements) for place in ranges)
            return [Component(left, without, constants(self._tables, name, node, sizes), line)]
        if len(ranges) > 1:
            raise BadInput("series are read along one subscript range; write one equation for each element.")
        elements = self._dimensions[left[ranges[0]]].elements if ranges else (None,)
        found = []
        for place, element in enumerate(elements):
            cells = tuple(element if i in ranges and element else s for i, s in enumerate(left))
            if kind == "lookup":
                read: Expression = lookup(self._tables, name, node, place)
            else:
                read = data(self._tables, name, node, getattr(component, "keyword", None), place)
            found.append(Component(cells, without, read, line))
        return found

    def _axes(self, name: str, components: tuple[Component, ...]) -> tuple[str, ...]:
        ranks = {len(component.subscripts) for component in components}
        if len(ranks) != 1:
            self.problems.append(f"{name}: its equations have different numbers of subscripts.")
            return ()
        unknown = self._unknown_subscripts(components)
        if unknown:
            self.problems.append(f"{name}: unknown subscript {', '.join(repr(item) for item in unknown)}.")
            return ()
        axes: list[str] = []
        for position in range(ranks.pop()):
            axes.append(self._axis(components, position, axes))
        cells = math.prod(len(self._dimensions[axis].elements) for axis in axes)
        if cells > CELLS.most:
            self.problems.append(f"{name}: {cells} cells are more than {CELLS}, the most of {CELLS.of}.")
            return ()
        self._check_cover(name, components, axes)
        return tuple(axes)

    def _unknown_subscripts(self, components: tuple[Component, ...]) -> list[str]:
        used = (s for c in components for group in (c.subscripts, *c.excepted) for s in group)
        known = (self._dimensions, self._known)
        return list(dict.fromkeys(s for s in used if not any(s in names for names in known)))

    def _axis(self, components: tuple[Component, ...], position: int, taken: list[str]) -> str:
        """Choose the dimension of one axis: one named on the left if it covers all, else one that fits."""
        written = list(dict.fromkeys(component.subscripts[position] for component in components))
        covered = {element for subscript in written for element in self._elements(subscript)}
        named = [subscript for subscript in written if subscript in self._dimensions]
        others = [name for name in self._dimensions if name not in named]
        for name in (*named, *others):
            if self._sets[name] == covered and name not in taken:
                return name
        return self._own_dimension(covered)

    def _own_dimension(self, covered: set[str]) -> str:
        """Make a dimension of just the elements that have equations, in the order of their range."""
        home = next((d for d in self._dimensions.values() if covered <= set(d.elements)), None)
        ordered = [e for e in home.elements if e in covered] if home else sorted(covered)
        name = f"{home.name if home else 'elements'} ({', '.join(ordered)})"
        self._dimensions.setdefault(name, Dimension(name, tuple(ordered)))
        self._sets.setdefault(name, covered)
        return name

    def _elements(self, subscript: str) -> tuple[str, ...]:
        dimension = self._dimensions.get(subscript)
        return dimension.elements if dimension else (subscript,)

    def _cells(self, subscripts: Iterable[str]) -> set[tuple[str, ...]]:
        axes = [self._elements(subscript) for subscript in subscripts]
        check(CELLS, math.prod(len(axis) for axis in axes))
        return set(product(*axes))

    def _check_cover(self, name: str, components: tuple[Component, ...], axes: list[str]) -> None:
        if len(set(axes)) < len(axes):
            self.problems.append(
                f"{name}: the same subscript twice on the left side; declare an alias (<->)."
            )
            return
        seen: set[tuple[str, ...]] = set()
        for component in components:
            cells = self._cells(component.subscripts)
            for group in component.excepted:
                cells -= self._cells(group)
            if seen & cells:
                cell = ", ".join(min(seen & cells))
                self.problems.append(f"{name}{f'[{cell}]' if cell else ''} has more than one equation.")
                return
            seen |= cells
        missing = self._cells(axes) - seen
        if missing:
            self.problems.append(f"{name}[{', '.join(min(missing))}] has no equation.")


def _kind(name: str, components: tuple[Component, ...]) -> Kind:
    if key(name) in _CONTROLS:
        return "control"
    expressions = [component.expression for component in components]
    if all(isinstance(expression, Lookup) for expression in expressions):
        return "lookup"
    if all(isinstance(expression, Table) or is_literal(expression) for expression in expressions):
        return "constant"
    if all(isinstance(expression, Stock) for expression in expressions):
        return "stock"
    return "auxiliary"


def _control(path: Path, variables: dict[str, Variable]) -> Control:
    values: dict[str, float] = {}
    for name in _CONTROLS:
        found = next((variable for shown, variable in variables.items() if key(shown) == name), None)
        if found is None:
            raise BadInput(f"{path.name} does not define {name.upper()}.")
        values[name] = _control_value(path, found, values, variables)
    if values["time step"] <= 0 or values["saveper"] <= 0 or values["final time"] < values["initial time"]:
        raise BadInput(
            f"{path.name}: TIME STEP and SAVEPER must be positive and FINAL TIME not before INITIAL TIME."
        )
    return Control(values["initial time"], values["final time"], values["time step"], values["saveper"])


def _control_value(
    path: Path,
    variable: Variable,
    values: dict[str, float],
    variables: dict[str, Variable],
    asked: tuple[str, ...] = (),
) -> float:
    """Return the number of a time setting; ``asked`` are those on the way that are given by this one."""
    if variable.name in asked:
        raise BadInput(f"{path.name}: {' and '.join(asked)} need each other; give one of them a number.")
    expression = variable.components[0].expression
    if is_literal(expression):
        return value_of(expression)
    if isinstance(expression, Reference) and key(expression.name) in values:
        return values[key(expression.name)]
    if isinstance(expression, Reference) and key(expression.name) in _CONTROLS:
        follow = variables.get(expression.name)
        if follow is not None:
            return _control_value(path, follow, values, variables, (*asked, variable.name))
    raise BadInput(f"{path.name}: {variable.name} must be a number.")
