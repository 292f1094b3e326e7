"""Changes written in one cell of a table, such as ``budget factor = 0; lever annual cost *= 2``."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.errors import BadInput
from sim.spec.references import Reference, parse_reference
from sim.spec.tables import Row

__all__ = ["Setting", "parse_setting", "parse_settings"]


@dataclass(frozen=True)
class Setting:
    """A model constant (or some of its cells) set to ``value``, or multiplied by it if ``factor``."""

    target: Reference
    value: float
    factor: bool


def parse_settings(row: Row, column: str) -> tuple[Setting, ...]:
    """Read all settings of a cell, separated by semicolons; BadInput names row and column."""
    return tuple(parse_setting(row, column, part) for part in row.several(column))


def parse_setting(row: Row, column: str, text: str) -> Setting:
    """Read ``NAME = NUMBER`` or ``NAME *= NUMBER``; BadInput names row and column."""
    name, equals, number = text.rpartition("=")
    factor = name.endswith("*")
    try:
        value = float(number)
        target = parse_reference(name.removesuffix("*"))
    except (ValueError, BadInput):
        value, target = math.nan, Reference("")
    if not equals or not math.isfinite(value):
        raise row.problem(column, f"'{text}' is neither NAME = NUMBER nor NAME *= NUMBER.")
    return Setting(target, value, factor)
