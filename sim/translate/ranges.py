"""Subscript ranges: ranges made of ranges, aliases, ranges from files, and mappings between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sim.errors import BadInput
from sim.limits import ALL_ELEMENTS, ELEMENTS, check
from sim.spec.model import Dimension, key
from sim.translate.external import Tables
from sim.translate.scanning import Entry

__all__ = ["read_ranges", "shown"]

_DEEPEST = 50
"""Ranges made of ranges made of ranges, at most."""
_LISTED = re.compile(r"\(\s*([^():]+?)\s*:([^()]*)\)")


def shown(name: str) -> str:
    """Return a name as it is shown: without quotes, underscores and double spaces."""
    text = name.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return " ".join(text.replace("_", " ").split())


def read_ranges(
    file: str, ranges: Iterable[Any], scanned: list[Entry], tables: Tables
) -> dict[str, Dimension]:
    """Return the dimensions by name; BadInput if they contain each other or a mapping does not fit."""
    reader = _Ranges(file, {key(item.name): item for item in ranges}, tables)
    result = {}
    for name in reader.declared:
        dimension = reader.dimension(name)
        result[dimension.name] = dimension
    check(ALL_ELEMENTS, sum(len(dimension.elements) for dimension in result.values()))
    return _with_lists(file, result, scanned)


class _Ranges:
    def __init__(self, file: str, declared: dict[str, Any], tables: Tables) -> None:
        self.file = file
        self.declared = declared
        self.tables = tables
        self.elements: dict[str, str] = {}
        self.done: dict[str, tuple[str, ...]] = {}

    def dimension(self, name: str) -> Dimension:
        item = self.declared[name]
        mapped = [target for target in item.mapping if key(target) in self.declared]
        if isinstance(item.subscripts, str):
            if key(item.subscripts) not in self.declared:
                raise BadInput(f"{self.file}: {item.name} <-> {item.subscripts}: there is no such range.")
            mapped.append(item.subscripts)
        targets = tuple(shown(self.declared[key(target)].name) for target in mapped)
        return Dimension(shown(item.name), self._expanded(name, ()), targets)

    def _expanded(self, name: str, trail: tuple[str, ...]) -> tuple[str, ...]:
        if name not in self.done:
            self.done[name] = self._elements(name, trail)
        return self.done[name]

    def _elements(self, name: str, trail: tuple[str, ...]) -> tuple[str, ...]:
        if name in trail or len(trail) > _DEEPEST:
            circle = " → ".join((*trail, name)[:_DEEPEST])
            raise BadInput(f"{self.file}: subscript ranges contain each other: {circle}.")
        found: list[str] = []
        for item in self._written(name):
            if key(item) in self.declared:
                found.extend(self._expanded(key(item), (*trail, name)))
            else:
                found.append(self.elements.setdefault(key(item), shown(item)))
        if not found:
            raise BadInput(f"{self.file}: subscript range {self.declared[name].name} has no elements.")
        check(ELEMENTS, len(found))
        return tuple(dict.fromkeys(found))

    def _written(self, name: str) -> list[str]:
        wanted = self.declared[name].subscripts
        if isinstance(wanted, str):
            return [wanted]
        if isinstance(wanted, Mapping):
            return self.tables.names(self.declared[name].name, wanted)
        return list(wanted)


def _with_lists(file: str, dimensions: dict[str, Dimension], scanned: list[Entry]) -> dict[str, Dimension]:
    """Add mappings with lists, which PySD takes for mappings by position."""
    known = {key(name): name for name in dimensions}
    for entry in scanned:
        left, arrow, right = entry.equation.partition("->")
        name = known.get(entry.name)
        if not arrow or name is None or ":" not in left or "=" in left:
            continue
        own = dimensions[name]
        lists = tuple(
            _list(file, entry, dimensions, own, match) for match in _LISTED.finditer(right.replace("\\", " "))
        )
        targets = {target for target, _ in lists}
        by_position = tuple(target for target in own.mapped_to if target not in targets)
        dimensions[name] = replace(own, mapped_to=by_position, lists=lists)
    return dimensions


def _list(
    file: str, entry: Entry, dimensions: dict[str, Dimension], own: Dimension, match: re.Match[str]
) -> tuple[str, tuple[tuple[str, ...], ...]]:
    known = {key(name): dimension for name, dimension in dimensions.items()}
    target = known.get(key(match.group(1)))
    where = f"{file}, line {entry.line}: the mapping of {own.name}"
    if target is None:
        raise BadInput(f"{where}: there is no subscript range {match.group(1)!r}.")
    names = {key(element): element for element in target.elements}
    places = []
    for item in match.group(2).split(","):
        inner = known.get(key(item))
        found = inner.elements if inner else tuple(names[k] for k in [key(item)] if k in names)
        if not found or not set(found) <= set(target.elements):
            raise BadInput(f"{where}: {item.strip()!r} is no element of {target.name}.")
        places.append(found)
    all_named = [element for many in places for element in many]
    if len(places) != len(own.elements) or sorted(all_named) != sorted(target.elements):
        raise BadInput(
            f"{where} to {target.name} must name one element or range for each of its {len(own.elements)} "
            f"elements, and each element of {target.name} once."
        )
    return target.name, tuple(places)
