"""The plan's indicators: which model variable, in which year, against which target."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.facts import Fact, check_fact_ids, fact_ids, load_facts
from sim.spec.priors import row_reference
from sim.spec.references import Reference
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["DIRECTIONS", "Kpi", "load_kpis", "nonzero", "plain_id"]

COLUMNS = (
    "id", "zh", "en", "variable", "scale", "unit_zh", "unit_en",
    "direction", "year", "target", "fact", "start", "note",
)  # fmt: skip
DIRECTIONS = frozenset(("reach", "below", "none"))
NO_START = "none"
FIRST_YEAR, LAST_YEAR = 2020, 2040
ID = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Kpi:
    """An indicator in one year: ``variable`` × ``scale``, in the named unit.

    ``direction`` is reach (at least the target), below (at most) or none (no target). ``facts`` are those of
    the target, ``start`` those that give the level it starts from.
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
    start: tuple[str, ...]
    note: str
    line: int

    @property
    def assessed(self) -> bool:
        """Whether the target can be judged: there is one, and a document gives the level it starts from."""
        return self.target is not None and bool(self.start)


def load_kpis(path: Path | None = None, facts: Iterable[Fact] | None = None) -> tuple[Kpi, ...]:
    """Load the indicators (shipped: ``model/kpis.csv``), one for each id and year.

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("model", "kpis.csv"), COLUMNS)
    given = load_facts() if facts is None else tuple(facts)
    known = fact_ids(given)
    targets = {fact.id for fact in given if fact.is_target}
    kpis = tuple(_kpi(row) for row in rows)
    for row, kpi in zip(rows, kpis, strict=True):
        check_fact_ids(row, "fact", kpi.facts, known)
        check_fact_ids(row, "start", kpi.start, known)
        _check_start(row, kpi, targets)
    if (at := first_repeat([(kpi.id, kpi.year) for kpi in kpis])) is not None:
        raise rows[at].problem("id", f"'{kpis[at].id}' for {kpis[at].year} is there twice. Keep one row.")
    return kpis


def _start(row: Row) -> tuple[str, ...]:
    """Return the facts of the starting level; "none" says that no document gives it."""
    found = row.several("start")
    return () if found == (NO_START,) else found


def _check_start(row: Row, kpi: Kpi, targets: set[str]) -> None:
    if kpi.target is not None and not row.several("start"):
        raise row.problem(
            "start", "the cell is empty. Name the fact that gives the level the target starts from, "
            f"or write {NO_START}: it is then not assessed."
        )  # fmt: skip
    if wrong := [name for name in kpi.start if name in targets]:
        raise row.problem("start", f"{wrong[0]} is a target itself. Name an observed figure or {NO_START}.")


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
        start=_start(row),
        note=row.optional("note"),
        line=row.line,
    )
    if (kpi.target is None) != (kpi.direction == "none"):
        raise row.problem(
            "target", f"direction {kpi.direction} with target '{row.cells['target']}'. "
            "reach and below need a target; none has no target."
        )  # fmt: skip
    return kpi
