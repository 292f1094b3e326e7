"""Which variables of the model say what levers ask of each purse, and what it pays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.kpis import nonzero, plain_id
from sim.spec.priors import row_reference
from sim.spec.references import Reference
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["Purse", "load_purses"]

COLUMNS = ("id", "zh", "en", "asked", "paid", "scale", "unit_zh", "unit_en", "note")


@dataclass(frozen=True)
class Purse:
    """A budget that pays for levers: ``asked`` and ``paid`` × ``scale``, in the named unit a year."""

    id: str
    zh: str
    en: str
    asked: Reference
    paid: Reference
    scale: float
    unit_zh: str
    unit_en: str
    line: int


def load_purses(path: Path | None = None) -> tuple[Purse, ...]:
    """Load the purses (shipped: ``model/funding.csv``).

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("model", "funding.csv"), COLUMNS)
    purses = tuple(_purse(row) for row in rows)
    if (at := first_repeat([purse.id for purse in purses])) is not None:
        raise rows[at].problem("id", f"'{purses[at].id}' is there twice. Keep one row.")
    return purses


def _purse(row: Row) -> Purse:
    return Purse(
        id=plain_id(row, "id"),
        zh=row.text("zh"),
        en=row.text("en"),
        asked=row_reference(row, "asked"),
        paid=row_reference(row, "paid"),
        scale=nonzero(row, "scale"),
        unit_zh=row.text("unit_zh"),
        unit_en=row.text("unit_en"),
        line=row.line,
    )
