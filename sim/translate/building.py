"""PySD's abstract model to the typed model."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

from sim.errors import BadInput
from sim.spec.expressions import Expression, Lookup, Number, Operation, Reference, Stock, Table, walk
from sim.spec.model import Component, Control, Dimension, Kind, Model, Variable, key
from sim.translate.decoding import Decoder
from sim.translate.scanning import Entry

__all__ = ["build"]

_CONTROLS = ("initial time", "final time", "time step", "saveper")


def build(path: Path, digest: str, abstract: Any, scanned: list[Entry]) -> Model:
    """Return the typed model; BadInput naming every problem of structure."""
    section = abstract.sections[0]
    if len(abstract.sections) > 1:
        raise BadInput(f"{path.name}: macros and modules are not supported.")
    dimensions = _dimensions(path, section.subscripts)
    decoder = _decoder(section, dimensions)
    builder = _Builder(path, dimensions, decoder, scanned)
    variables = [builder.variable(element) for element in section.elements]
    if builder.problems:
        raise BadInput("\n".join(f"{path.name}: {problem}" for problem in builder.problems))
    named = {variable.name: variable for variable in variables}
    return Model(path.stem, digest, named, dimensions, _control(path, named))


def _decoder(section: Any, dimensions: dict[str, Dimension]) -> Decoder:
    names = {key(element.name): _shown(element.name) for element in section.elements}
    subscripts = {key(e): e for dimension in dimensions.values() for e in dimension.elements}
    subscripts.update((key(name), name) for name in dimensions)
    lookups = {
        _shown(element.name)
        for element in section.elements
        if element.components and element.components[0].type == "Lookup"
    }
    return Decoder(names, subscripts, lookups)


def _dimensions(path: Path, ranges: Iterable[Any]) -> dict[str, Dimension]:
    """Expand ranges made of other ranges, and aliases (``<->``)."""
    declared = {key(item.name): item for item in ranges}
    elements: dict[str, str] = {}

    def expand(name: str, trail: tuple[str, ...]) -> tuple[str, ...]:
        if name in trail:
            raise BadInput(f"{path.name}: subscript ranges contain each other: {' → '.join((*trail, name))}.")
        wanted = declared[name].subscripts
        if isinstance(wanted, dict):
            raise BadInput(
                f"{path.name}: subscript range {declared[name].name} from a file is not supported."
            )
        found: list[str] = []
        for item in [wanted] if isinstance(wanted, str) else wanted:
            if key(item) in declared:
                found.extend(expand(key(item), (*trail, name)))
            else:
                found.append(elements.setdefault(key(item), _shown(item)))
        return tuple(dict.fromkeys(found))

    result = {}
    for name, item in declared.items():
        mapped = [target for target in item.mapping if key(target) in declared]
        if isinstance(item.subscripts, str):
            mapped.append(item.subscripts)
        targets = tuple(_shown(declared[key(target)].name) for target in mapped)
        result[_shown(item.name)] = Dimension(_shown(item.name), expand(name, ()), targets)
    return result


class _Builder:
    """Builds variables one by one and collects what is wrong with them."""

    def __init__(
        self, path: Path, dimensions: dict[str, Dimension], decoder: Decoder, scanned: list[Entry]
    ) -> None:
        self.problems: list[str] = []
        self._path = path
        self._dimensions = dimensions
        self._decoder = decoder
        self._entries: dict[str, list[Entry]] = {}
        for entry in scanned:
            self._entries.setdefault(entry.name, []).append(entry)

    def variable(self, element: Any) -> Variable:
        """Return the typed variable of a PySD element."""
        name = _shown(element.name)
        scanned = self._entries.get(key(name), [])
        lines = [entry.line for entry in scanned]
        components = tuple(
            self._component(component, lines[place] if len(lines) == len(element.components) else 0)
            for place, component in enumerate(element.components)
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

    def _component(self, component: Any, line: int) -> Component:
        subscripts, excepted = component.subscripts if component.subscripts else ([], [])
        return Component(
            tuple(self._decoder.subscript(subscript) for subscript in subscripts),
            tuple(tuple(self._decoder.subscript(item) for item in group) for group in excepted),
            self._decoder.decode(component.ast),
            line,
        )

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
        self._check_cover(name, components, axes)
        return tuple(axes)

    def _unknown_subscripts(self, components: tuple[Component, ...]) -> list[str]:
        known = {*self._dimensions, *(e for d in self._dimensions.values() for e in d.elements)}
        used = (s for c in components for group in (c.subscripts, *c.excepted) for s in group)
        return list(dict.fromkeys(subscript for subscript in used if subscript not in known))

    def _axis(self, components: tuple[Component, ...], position: int, taken: list[str]) -> str:
        """Choose the dimension of one axis: one named on the left if it covers all, else one that fits."""
        written = list(dict.fromkeys(component.subscripts[position] for component in components))
        covered = {element for subscript in written for element in self._elements(subscript)}
        named = [subscript for subscript in written if subscript in self._dimensions]
        others = [name for name in self._dimensions if name not in named]
        for name in (*named, *others):
            if set(self._dimensions[name].elements) == covered and name not in taken:
                return name
        return self._own_dimension(covered)

    def _own_dimension(self, covered: set[str]) -> str:
        """Make a dimension of just the elements that have equations, in the order of their range."""
        home = next((d for d in self._dimensions.values() if covered <= set(d.elements)), None)
        ordered = [e for e in home.elements if e in covered] if home else sorted(covered)
        name = f"{home.name if home else 'elements'} ({', '.join(ordered)})"
        self._dimensions.setdefault(name, Dimension(name, tuple(ordered)))
        return name

    def _elements(self, subscript: str) -> tuple[str, ...]:
        dimension = self._dimensions.get(subscript)
        return dimension.elements if dimension else (subscript,)

    def _cells(self, subscripts: Iterable[str]) -> set[tuple[str, ...]]:
        return set(product(*(self._elements(subscript) for subscript in subscripts)))

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
    if all(_is_literal(expression) for expression in expressions):
        return "constant"
    if all(isinstance(expression, Stock) for expression in expressions):
        return "stock"
    return "auxiliary"


def _is_literal(expression: Expression) -> bool:
    """True for numbers, tables and arithmetic on numbers: what a user may set."""
    if isinstance(expression, Table):
        return True
    return all(isinstance(node, Number | Operation) for node in walk(expression))


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
    path: Path, variable: Variable, values: dict[str, float], variables: dict[str, Variable]
) -> float:
    expression = variable.components[0].expression
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Reference) and key(expression.name) in values:
        return values[key(expression.name)]
    if isinstance(expression, Reference) and key(expression.name) in _CONTROLS:
        return _control_value(path, variables[expression.name], values, variables)
    raise BadInput(f"{path.name}: {variable.name} must be a number.")


def _shown(name: str) -> str:
    text = name.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return " ".join(text.replace("_", " ").split())
