"""Numbers and names that a model reads from text files beside it (GET DIRECT …)."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sim.errors import BadInput
from sim.files import inside, read_bytes
from sim.limits import CELLS, EXTERNAL_FILES, EXTERNAL_NUMBERS, LOOKUP_POINTS, check
from sim.spec.expressions import Expression, Lookup, LookupCall, Number, Reference, Table

__all__ = ["Tables", "constants", "data", "lookup", "unchanged"]

_SHEETS = (".xls", ".xlsx", ".xlsm", ".xlsb", ".ods")
_CELL = re.compile(r"^([A-Za-z]{1,3})([1-9]\d*)$")
_BETWEEN: dict[str, Literal["line", "before", "after"]] = {
    "interpolate": "line",
    "hold_backward": "before",
    "look_forward": "after",
}


@dataclass
class Tables:
    """Files read so far, from the folder of the model; ``digests`` has the SHA-256 of each."""

    folder: Path
    digests: dict[str, str] = field(default_factory=dict)
    _read: dict[tuple[str, str], list[list[str]]] = field(default_factory=dict)
    _size: int = 0
    _count: int = 0

    def rows(self, name: str, separator: str) -> list[list[str]]:
        """Return the cells of a file as text; BadInput if it cannot be read."""
        found = self._read.get((name, separator))
        if found is None:
            text = self._text(name)
            self._size += len(text)
            check(EXTERNAL_FILES, self._size)
            mark = separator if separator and not separator[0].isalnum() else ""
            mark = mark or ("," if name.lower().endswith(".csv") else "\t")
            found = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark[0]))
            self._read[(name, separator)] = found
        return found

    def number(self, name: str, separator: str, row: int, column: int) -> float:
        """Return the number in a cell, counted from 0; NaN if there is none."""
        self._count += 1
        check(EXTERNAL_NUMBERS, self._count)
        rows = self.rows(name, separator)
        cell = rows[row][column].strip() if row < len(rows) and column < len(rows[row]) else ""
        try:
            return float(cell)
        except ValueError:
            return math.nan

    def names(self, owner: str, wanted: Mapping[str, str]) -> list[str]:
        """Return the element names that GET DIRECT SUBSCRIPT reads."""
        rows = self.rows(wanted["file"], wanted["tab"])
        row, column = cell(owner, wanted["firstcell"])
        last_row, last_column = _last(wanted["lastcell"])
        cells = [line[column : None if last_column is None else last_column + 1] for line in rows[row:]]
        chosen = cells if last_row is None else cells[: last_row - row + 1]
        found = [wanted["prefix"] + item.strip() for line in chosen for item in line if item.strip()]
        if not found:
            raise BadInput(f"{owner}: no element names in {wanted['file']} from {wanted['firstcell']} on.")
        return found

    def _text(self, name: str) -> str:
        if name.startswith("?"):
            raise BadInput(f"{name}: names given by ? are not supported; write the file's name.")
        if name.lower().endswith(_SHEETS):
            raise BadInput(f"{name}: spreadsheets are not read. Save the sheet as CSV and name that file.")
        content = read_bytes(inside(self.folder, name), EXTERNAL_FILES)
        self.digests[name] = hashlib.sha256(content).hexdigest()
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadInput(f"{name} is not UTF-8. Save it as UTF-8.") from None


def unchanged(folder: Path, files: tuple[tuple[str, str], ...]) -> bool:
    """Tell whether the files that a model reads are still as they were."""
    try:
        return all(
            hashlib.sha256(read_bytes(inside(folder, name), EXTERNAL_FILES)).hexdigest() == digest
            for name, digest in files
        )
    except BadInput:
        return False


def constants(tables: Tables, owner: str, node: Any, sizes: tuple[int, ...]) -> Expression:
    """Return the numbers that GET DIRECT CONSTANTS reads: one, a row, or a block; a column after ``*``."""
    across = not node.cell.endswith("*")
    row, column = cell(owner, node.cell.rstrip("*"))
    if len(sizes) > 2:
        raise BadInput(f"{owner}: GET DIRECT CONSTANTS reads at most two subscripts.")
    height, width = (1, 1, *sizes)[-2:]
    check(CELLS, height * width)
    values = tuple(
        tables.number(node.file, node.tab, row + (i if across else j), column + (j if across else i))
        for i in range(height)
        for j in range(width)
    )
    if any(math.isnan(value) for value in values):
        raise BadInput(f"{owner}: {node.file} has a cell without a number at {node.cell} or beside it.")
    return Table(sizes, values) if sizes else Number(values[0])


def lookup(tables: Tables, owner: str, node: Any, place: int) -> Lookup:
    """Return the table that GET DIRECT LOOKUPS reads for the element at ``place``."""
    return Lookup(*_series(tables, owner, node, node.x_row_or_col, place))


def data(tables: Tables, owner: str, node: Any, keyword: str | None, place: int) -> Expression:
    """Return the series over time that GET DIRECT DATA reads for the element at ``place``."""
    between = _BETWEEN.get((keyword or "interpolate").lower())
    if between is None:
        raise BadInput(f"{owner}: :{(keyword or '').upper()}: data are not supported, use :INTERPOLATE:.")
    x, y = _series(tables, owner, node, node.time_row_or_col, place)
    return LookupCall(Lookup(x, y, False, between), Reference("Time"))


def _series(
    tables: Tables, owner: str, node: Any, along: str, place: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return x and y by increasing x; pairs with a missing number are left out."""
    row, column = cell(owner, node.cell)
    rows = tables.rows(node.file, node.tab)
    if along.strip().isdigit():
        length = max((len(line) for line in rows), default=0) - column
        first = int(along) - 1
        cells = [((first, column + i), (row + place, column + i)) for i in range(length)]
    else:
        x_column = _column(owner, along)
        cells = [((row + i, x_column), (row + i, column + place)) for i in range(len(rows) - row)]
    check(LOOKUP_POINTS, len(cells))
    pairs = [tuple(tables.number(node.file, node.tab, *where) for where in pair) for pair in cells]
    good = sorted({x: y for x, y in pairs if not (math.isnan(x) or math.isnan(y))}.items())
    if not good:
        raise BadInput(f"{owner}: {node.file} has no numbers at {node.cell} with {along}.")
    return tuple(x for x, _ in good), tuple(y for _, y in good)


def cell(owner: str, text: str) -> tuple[int, int]:
    """Return row and column of a cell such as ``B2``, counted from 0."""
    match = _CELL.match(text.strip())
    if not match:
        raise BadInput(f"{owner}: {text!r} is no cell such as B2; names of cell ranges are not supported.")
    return int(match.group(2)) - 1, _column(owner, match.group(1))


def _column(owner: str, letters: str) -> int:
    if not re.fullmatch(r"[A-Za-z]{1,3}", letters.strip()):
        raise BadInput(f"{owner}: {letters!r} is no row or column; names of cell ranges are not supported.")
    number = 0
    for letter in letters.strip().upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _last(text: str) -> tuple[int | None, int | None]:
    """Return the last row and column of a range of names; None where it is open."""
    match = _CELL.match(text.strip())
    if match:
        return int(match.group(2)) - 1, _column("", match.group(1))
    if text.strip().isdigit():
        return int(text) - 1, None
    return None, (_column("", text) if text.strip() else None)
