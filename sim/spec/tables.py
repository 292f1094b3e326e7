"""CSV content read row by row, so that every mistake is named by file, row and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.characters import brief, unwanted_control
from sim.errors import BadInput, did_you_mean
from sim.files import read_text
from sim.limits import TABLE_FILE

__all__ = ["NOTE", "Row", "first_repeat", "read_table"]

NOTE = "note"
"""The column, or key, whose text may have several lines."""


@dataclass(frozen=True)
class Row:
    """One row of a table; ``line`` counts as a text editor does (the header is line 1)."""

    file: str
    line: int
    cells: dict[str, str]

    def problem(self, column: str, what: str) -> BadInput:
        """Return the error for this row; ``what`` says what was given and what is allowed."""
        return BadInput(f"{self.file}, row {self.line}, column '{column}': {what}")

    def text(self, column: str) -> str:
        """Return a cell that must not be empty."""
        value = self.cells[column]
        if not value:
            raise self.problem(column, "the cell is empty. Give a text.")
        return value

    def optional(self, column: str) -> str:
        """Return a cell that may be empty."""
        return self.cells[column]

    def number(self, column: str) -> float:
        """Return a cell that must be a finite number."""
        given = self.cells[column]
        try:
            value = float(given)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.problem(column, f"{brief(given)} is not a finite number. Give a number such as 0.5.")
        return value

    def optional_number(self, column: str) -> float | None:
        """Return a finite number, or None for an empty cell."""
        return self.number(column) if self.cells[column] else None

    def year(self, column: str, first: int, last: int) -> int:
        """Return a whole year from ``first`` to ``last``."""
        given = self.cells[column]
        # More digits than these would not be a year, and Python refuses to read thousands of them.
        if not given.isdecimal() or len(given) > 9 or not first <= int(given) <= last:
            raise self.problem(column, f"{brief(given)} is not a year from {first} to {last}.")
        return int(given)

    def choice(self, column: str, allowed: Collection[str]) -> str:
        """Return a cell that must be one of ``allowed``."""
        given = self.cells[column]
        if given not in allowed:
            names = ", ".join(sorted(allowed))
            hint = did_you_mean(given, allowed)
            raise self.problem(column, f"{brief(given)} is not known.{hint} Allowed: {names}.")
        return given

    def several(self, column: str) -> tuple[str, ...]:
        """Return the parts of a cell that are separated by semicolons (none for an empty cell)."""
        return tuple(part.strip() for part in self.cells[column].split(";") if part.strip())


def read_table(path: Path, columns: Sequence[str]) -> tuple[Row, ...]:
    """Read a CSV file whose header is exactly ``columns``, in any order.

    Cells are stripped of surrounding blanks. Empty lines are passed over.

    Raises:
        BadInput: the file cannot be read, its header differs, or a row has too many or too few cells.
    """
    reader = csv.reader(io.StringIO(read_text(path, TABLE_FILE), newline=""), strict=True)
    rows: list[Row] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header, columns)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(path, reader.line_num, header, cells))
    except csv.Error as error:
        raise BadInput(f"{path.name}, row {reader.line_num}: {error}. Check its quotes.") from error
    return tuple(rows)


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    allowed = ", ".join(columns)
    for name in header:
        if name not in columns:
            hint = did_you_mean(name, columns)
            raise BadInput(f"{path.name}: the column '{name}' is not known.{hint} Allowed: {allowed}.")
    for name in columns:
        if name not in header:
            raise BadInput(f"{path.name}: the column '{name}' is missing. Needed: {allowed}.")
    if (twice := first_repeat(header)) is not None:
        raise BadInput(f"{path.name}: the column '{header[twice]}' is there twice. Needed: {allowed}.")


def _row(path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(header):
        raise BadInput(
            f"{path.name}, row {line}: {len(cells)} cells where the header has {len(header)}. "
            "Put quotes round a text that holds a comma."
        )
    row = Row(path.name, line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})
    for column, cell in row.cells.items():
        if wrong := unwanted_control(cell, lines=column == NOTE):
            raise row.problem(column, wrong)
    return row


def first_repeat(keys: Sequence[object]) -> int | None:
    """Return the position of the first key that stood before, or None."""
    seen: set[object] = set()
    for position, key in enumerate(keys):
        if key in seen:
            return position
        seen.add(key)
    return None
