"""Open the run database safely, and turn SQLite's errors into messages a user can act on."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import BadInput, SimError
from sim.files import open_regular
from sim.store.schema import APPLICATION_ID, SCHEMA, migrations

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["open_database", "reading", "translated", "writing"]

MAGIC = b"SQLite format 3\x00"
WAIT_S = 5.0
"""How long to wait for another program that is writing."""
RETRY_S = 0.02
OTHER = "choose another file with --db or SIM_DB"


def open_database(path: Path, *, write: bool = True) -> Database:
    """Return the database at ``path``, made or brought up to date when ``write``.

    Raises SimError (exit 1) where the file is not SQLite, not ours, from a newer schema, locked
    for longer than five seconds, read-only, or its folder is missing. An existing file
    is never overwritten; one of an older sim is brought up to date in one transaction, also to be read.
    """
    _check_place(path, write)
    with translated(path):
        if not write:
            _upgrade(path)
        connection = _connect(path, write)
        try:
            return _prepared(connection, path, write)
        except BaseException:
            connection.close()
            raise


def _check_place(path: Path, write: bool) -> None:
    if path.is_dir():
        raise SimError(
            f"The run database cannot be {path}: that is a folder. Name a file, such as {path / 'runs.db'}."
        )
    if not path.exists():
        if not path.parent.is_dir():
            raise SimError(
                f"The run database cannot be made: there is no folder {path.parent}. Make it, or {OTHER}."
            )
        if not write:
            raise SimError(f"There is no run database at {path}. Make a run first (sim run), or {OTHER}.")
        return
    try:
        with open_regular(path) as file:
            head = file.read(len(MAGIC))
    except BadInput as error:
        raise SimError(f"The run database {error} Check its permissions, or {OTHER}.") from error
    if head and head != MAGIC:
        raise SimError(f"{path} is not a SQLite database; it was not changed. To store runs, {OTHER}.")


def _connect(path: Path, write: bool) -> sqlite3.Connection:
    if write:
        return sqlite3.connect(path, timeout=WAIT_S)
    address = path.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=WAIT_S)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection
    except sqlite3.OperationalError as error:
        connection.close()
        # WAL needs a writable folder even to read; without a log beside it the file itself is complete.
        # Where it is only locked, another program may be half through a change.
        if _primary(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) or _has_log(path):
            raise
        return sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True, timeout=WAIT_S)


def _primary(error: sqlite3.Error) -> int:
    """Return SQLite's error code without what its upper bytes add."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _has_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _prepared(connection: sqlite3.Connection, path: Path, write: bool) -> Database:
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA foreign_keys=ON")
    # A damaged text must reach the digest that finds it, and not fail before.
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    database = _database_class()(connection, execute_plugins=False, recursive_triggers=False)
    version = _checked_version(connection, path)
    if write:
        _use_wal(connection)
        if version < SCHEMA:
            _migrate(database, path)
    elif version < SCHEMA:
        raise SimError(f"{path} holds no runs of this version of sim yet. Make a run first (sim run).")
    return database


def _upgrade(path: Path) -> None:
    """Bring a file of an older sim up to date before it is only read."""
    connection = _connect(path, write=False)
    try:
        older = 0 < _checked_version(connection, path) < SCHEMA
    finally:
        connection.close()
    if older:
        open_database(path).close()


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log, waiting as long as for any other lock.

    SQLite does not wait by itself here: two connections that both hold the file and want to
    switch would wait for each other, so one of them is told "busy" at once.
    """
    until = time.monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if _primary(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(RETRY_S)


def _checked_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema number (0: nothing there yet), or refuse a file that is not ours."""
    # Tables first: another first run may commit between these reads, and then its id must be seen too.
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application != APPLICATION_ID and (application or tables):
        raise SimError(
            f"{path} is a SQLite database of another program; it was not changed. To store runs, {OTHER}."
        )
    if version > SCHEMA:
        raise SimError(
            f"{path} was written by a newer sim (schema {version}; this sim knows up to {SCHEMA}). "
            f"Upgrade sim, or {OTHER}."
        )
    return version


def _migrate(database: Database, path: Path) -> None:
    """Bring the schema up to date in one transaction, so that two first runs at once do not collide."""
    connection = database.conn
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _checked_version(connection, path) < SCHEMA:
            migrations().apply(database)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _database_class() -> type[Database]:
    """Import sqlite_utils without pandas.

    sqlite_utils.db imports pandas where it is installed, to know one more column type; that costs
    0.2-0.5 s. A None in sys.modules makes that import fail, which sqlite_utils takes as "not installed".
    """
    hidden = "pandas" not in sys.modules and "sqlite_utils" not in sys.modules
    if hidden:
        sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        from sqlite_utils import Database

        return Database
    finally:
        if hidden:
            sys.modules.pop("pandas", None)


@contextmanager
def writing(database: Database, path: Path) -> Iterator[None]:
    """Run a transaction that has the right to write from its beginning.

    A transaction that reads first and writes then is told "busy" at once where another wrote in between,
    however long it may wait otherwise.
    """
    with translated(path):
        connection = database.conn
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise


@contextmanager
def reading(database: Database, path: Path) -> Iterator[None]:
    """Read from one state of the file: between two reads on their own another program may write."""
    connection = database.conn
    with translated(path):
        if connection.in_transaction:
            yield
            return
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.rollback()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise SimError with what to do in place of SQLite's own errors, and of a schema that is no text."""
    try:
        yield
    except sqlite3.Error as error:
        raise SimError(_message(error, path)) from error
    except UnicodeDecodeError as error:  # a damaged name of a table or column
        raise SimError(_DAMAGED.format(path=path, other=OTHER)) from error


def _message(error: sqlite3.Error, path: Path) -> str:
    name = str(getattr(error, "sqlite_errorname", "") or "")
    for start, text in _MESSAGES:
        if name.startswith(start):
            return text.format(path=path, folder=path.parent, other=OTHER, wait=f"{WAIT_S:g}")
    return f"The run database {path} failed: {error}. Check it with sim doctor, or {OTHER}."


_LOCKED = (
    "The run database {path} is in use (locked) by another program; waited {wait} s."
    " Wait until it is done, or {other}."
)
_DAMAGED = "The run database {path} is damaged. Restore it from a copy, or {other}."
_MESSAGES = (
    ("SQLITE_BUSY", _LOCKED),
    ("SQLITE_LOCKED", _LOCKED),
    ("SQLITE_PROTOCOL", _LOCKED),
    (
        "SQLITE_READONLY",
        "The run database {path} is read-only. Allow writing to it and its folder, or {other}.",
    ),
    (
        "SQLITE_FULL",
        "The disk of the run database {path} is full. Free some space and try again, or {other}.",
    ),
    (
        "SQLITE_IOERR",
        "The run database {path} could not be read or written (disk full, quota or a disk fault). "
        "Free some space, or {other}.",
    ),
    (
        "SQLITE_CANTOPEN",
        "The run database {path} cannot be opened. Check that {folder} may be written to, or {other}.",
    ),
    ("SQLITE_NOTADB", "{path} is not a SQLite database; it was not changed. To store runs, {other}."),
    ("SQLITE_CORRUPT", _DAMAGED),
)
