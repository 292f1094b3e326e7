"""The plan's indicators: which model variable, in which year, against which target."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.facts import Fact, check_fact_ids, fact_ids
from sim.spec.priors import row_reference
from sim.spec.references import Reference
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["DIRECTIONS", "Kpi", "load_kpis", "nonzero", "plain_id"]

COLUMNS = (
    "id", "zh", "en", "variable", "scale", "unit_zh", "unit_en",
    "direction", "year", "target", "fact", "note",
)  # fmt: skip
DIRECTIONS = frozenset(("reach", "below", "none"))
FIRST_YEAR, LAST_YEAR = 2020, 2040
ID = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Kpi:
    """An indicator in one year: ``variable`` × ``scale``, in the named unit.

    ``direction`` is reach (at least the target), below (at most) or none (no target).
    """

    id: str
    zh: str
    en: str
    variable: Reference
    scale: float
    unit_zh: str
    unit_en: str
    direction: str
    year: int
    target: float | None
    facts: tuple[str, ...]
    note: str
    line: int


def load_kpis(path: Path | None = None, facts: Iterable[Fact] | None = None) -> tuple[Kpi, ...]:
    """Load the indicators (shipped: ``model/kpis.csv``), one for each id and year.

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("model", "kpis.csv"), COLUMNS)
    known = fact_ids(facts)
    kpis = tuple(_kpi(row) for row in rows)
    for row, kpi in zip(rows, kpis, strict=True):
        check_fact_ids(row, "fact", kpi.facts, known)
    if (at := first_repeat([(kpi.id, kpi.year) for kpi in kpis])) is not None:
        raise rows[at].problem("id", f"'{kpis[at].id}' for {kpis[at].year} is there twice. Keep one row.")
    return kpis


def plain_id(row: Row, column: str) -> str:
    """Return an id of letters, digits, ``_`` and ``-``, safe as a file name."""
    given = row.text(column)
    if not ID.fullmatch(given):
        raise row.problem(column, f"'{given}' is not an id. Use letters, digits, _ and - only.")
    return given


def nonzero(row: Row, column: str) -> float:
    """Return a finite number that is not 0."""
    value = row.number(column)
    if value == 0:
        raise row.problem(column, "the number is 0. Give the factor from model unit to shown unit.")
    return value


def _kpi(row: Row) -> Kpi:
    kpi = Kpi(
        id=plain_id(row, "id"),
        zh=row.text("zh"),
        en=row.text("en"),
        variable=row_reference(row, "variable"),
        scale=nonzero(row, "scale"),
        unit_zh=row.text("unit_zh"),
        unit_en=row.text("unit_en"),
        direction=row.choice("direction", DIRECTIONS),
        year=row.year("year", FIRST_YEAR, LAST_YEAR),
        target=row.optional_number("target"),
        facts=row.several("fact"),
        note=row.optional("note"),
        line=row.line,
    )
    if (kpi.target is None) != (kpi.direction == "none"):
        raise row.problem(
            "target", f"direction {kpi.direction} with target '{row.cells['target']}'. "
            "reach and below need a target; none has no target."
        )  # fmt: skip
    return kpi
