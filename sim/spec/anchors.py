"""Levels that every member of an ensemble must hit, and the constant that is turned to hit them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.priors import row_reference
from sim.spec.references import Reference
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["Anchor", "load_anchors"]

COLUMNS = ("constant", "variable", "target", "year", "source", "note")


@dataclass(frozen=True)
class Anchor:
    """``constant`` is multiplied until ``variable`` at ``year`` equals ``target``, cell by cell.

    ``target`` is a model variable with as many cells, or one number for every cell.
    """

    constant: Reference
    variable: Reference
    target: Reference | float
    year: int
    source: str
    note: str
    line: int


def load_anchors(path: Path | None = None) -> tuple[Anchor, ...]:
    """Load the anchors (shipped: ``calibration/anchors.csv``).

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("calibration", "anchors.csv"), COLUMNS)
    anchors = tuple(_anchor(row) for row in rows)
    if (at := first_repeat([anchor.constant.key for anchor in anchors])) is not None:
        raise rows[at].problem("constant", f"'{anchors[at].constant}' is there twice. Keep one row.")
    return anchors


def _anchor(row: Row) -> Anchor:
    return Anchor(
        constant=row_reference(row, "constant"),
        variable=row_reference(row, "variable"),
        target=_target(row),
        year=row.year("year", 1900, 2100),
        source=row.text("source"),
        note=row.optional("note"),
        line=row.line,
    )


def _target(row: Row) -> Reference | float:
    given = row.text("target")
    try:
        float(given)
    except ValueError:
        return row_reference(row, "target")
    number = row.number("target")
    if number <= 0:
        raise row.problem(
            "target", f"{given} is not above 0, as a target that is met by multiplying must be."
        )
    return number
