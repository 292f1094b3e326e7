"""Indicators that are sums: which model cells add up to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import BadInput
from sim.folders import content
from sim.spec.kpis import plain_id
from sim.spec.references import Reference, parse_reference
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["Parts", "find_parts", "load_parts"]

COLUMNS = ("indicator", "parts", "note")

Term = tuple[Reference, ...]
"""Model variables that are multiplied with each other."""


@dataclass(frozen=True)
class Parts:
    """What ``indicator`` (an id in kpis.csv or a series in charts.csv) is the sum of.

    Each term is a product of references whose first names the cells, such as
    ``value added[city, sector]``, one part for each sector; the other factors have one cell, or
    one for each of those cells.
    """

    indicator: str
    terms: tuple[Term, ...]
    note: str
    line: int


def load_parts(path: Path | None = None) -> tuple[Parts, ...]:
    """Load the decomposable indicators (shipped: ``model/parts.csv``).

    ``parts`` holds terms separated by ``;``, each of them references joined by `` * ``.

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("model", "parts.csv"), COLUMNS)
    parts = tuple(_parts(row) for row in rows)
    if (at := first_repeat([one.indicator for one in parts])) is not None:
        raise rows[at].problem("indicator", f"'{parts[at].indicator}' is there twice. Keep one row.")
    return parts


def find_parts(parts: Sequence[Parts], indicator: str) -> Parts | None:
    """Return the parts of an indicator, or None if it is no sum."""
    return next((one for one in parts if one.indicator == indicator), None)


def _parts(row: Row) -> Parts:
    texts = row.several("parts")
    if not texts:
        raise row.problem("parts", "the cell is empty. Give model variables, separated by semicolons.")
    try:
        terms = tuple(tuple(parse_reference(factor) for factor in text.split(" * ")) for text in texts)
    except BadInput as error:
        raise row.problem("parts", str(error)) from error
    return Parts(plain_id(row, "indicator"), terms, row.optional("note"), row.line)
