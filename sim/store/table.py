"""The three statements that runs and sweeps share, with quoted identifiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["fetch", "insert", "insert_values", "quoted", "update"]


def quoted(name: str) -> str:
    """Return a table or column name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def fetch(database: Database, sql: str, *values: object) -> list[dict[str, Any]]:
    """Return the rows of a query as dicts."""
    return list(database.query(sql, values))


def insert_values(
    database: Database,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    or_else: Literal["ABORT", "IGNORE", "REPLACE"] = "ABORT",
) -> int:
    """Insert rows of values and return how many; ``or_else`` says what becomes of those that are there.

    executemany is several times faster than sqlite-utils' insert_all.
    """
    names = ", ".join(quoted(name) for name in columns)
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT OR {or_else} INTO {quoted(table)} ({names}) VALUES ({marks})"
    return int(database.conn.executemany(sql, rows).rowcount)


def insert(database: Database, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that share their columns."""
    if rows:
        names = list(rows[0])
        insert_values(database, table, names, [[row[name] for name in names] for row in rows])


def update(database: Database, table: str, row_id: str, cells: Mapping[str, Any]) -> None:
    """Change some cells of the row whose id is ``row_id``."""
    sets = ", ".join(f"{quoted(name)} = ?" for name in cells)
    database.conn.execute(f"UPDATE {quoted(table)} SET {sets} WHERE id = ?", (*cells.values(), row_id))
