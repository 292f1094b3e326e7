"""The database file: made, checked, and never overwritten."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import sim.store.database
from sim.errors import SimError
from sim.store import Store, open_store
from sim.store.database import translated
from sim.store.schema import APPLICATION_ID, SCHEMA, migrations

SCENARIO: dict[str, Any] = {"name": "x", "levers": []}


def begin(store: Store) -> str:
    return store.runs.begin(["sim"], SCENARIO, 1, 10)


def pragma(path: Path, name: str) -> Any:
    connection = sqlite3.connect(path)
    value = connection.execute(f"PRAGMA {name}").fetchone()[0]
    connection.close()
    return value


def edit(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(sql)
    connection.commit()
    connection.close()


def refused(path: Path, match: str, *, write: bool = True) -> None:
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(SimError, match=match) as caught:
        open_store(path, write=write)
    assert caught.value.exit_code == 1
    assert before == (path.read_bytes() if path.is_file() else None)


def test_a_new_file_is_marked_as_ours(path: Path) -> None:
    open_store(path).close()
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "user_version") == SCHEMA
    assert pragma(path, "journal_mode") == "wal"


def test_the_schema_number_is_the_number_of_migrations(store: Store) -> None:
    assert len(migrations().applied(store.database)) == SCHEMA


def test_a_schema_in_the_file_is_not_trusted(store: Store) -> None:
    assert store.database.execute("PRAGMA trusted_schema").fetchone()[0] == 0


def test_an_empty_file_is_used(path: Path) -> None:
    path.touch()
    with open_store(path) as store:
        begin(store)


def test_a_file_that_is_not_sqlite_is_refused(path: Path) -> None:
    path.write_text("日记: not a database, but someone's notes\n" * 100, encoding="utf-8")
    refused(path, "not a SQLite database; it was not changed")
    refused(path, "not a SQLite database", write=False)


def test_another_programs_database_is_refused(path: Path) -> None:
    edit(path, "CREATE TABLE diary (day TEXT)")
    refused(path, "another program")
    edit(path, "PRAGMA application_id=42")
    refused(path, "another program")


def test_a_newer_schema_is_refused(path: Path) -> None:
    open_store(path).close()
    edit(path, f"PRAGMA user_version={SCHEMA + 1}")
    refused(path, "newer sim .*Upgrade sim")
    refused(path, "newer sim", write=False)


def test_a_missing_folder_and_a_folder_are_refused(path: Path) -> None:
    refused(path / "deep" / "runs.db", "there is no folder")
    refused(path.parent, "that is a folder")


def test_reading_makes_no_file(path: Path) -> None:
    refused(path, "There is no run database", write=False)
    assert not path.exists()


def test_a_damaged_file_is_named(path: Path) -> None:
    with open_store(path) as store:
        begin(store)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(SimError, match=r"damaged|not a SQLite"), open_store(path) as store:
        store.runs.lines()


def test_a_locked_database_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.store.database, "WAIT_S", 0.05)
    open_store(path).close()
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    with open_store(path) as store:
        with pytest.raises(SimError, match=r"in use .locked. by another program"):
            begin(store)
        assert store.runs.lines() == ()
    other.close()
    with open_store(path) as store:
        begin(store)


def test_a_read_only_database_is_named(path: Path) -> None:
    with open_store(path) as store:
        begin(store)
    with open_store(path, write=False) as store, pytest.raises(SimError, match="read-only"):
        begin(store)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_read_only_folder_can_still_be_read(path: Path) -> None:
    with open_store(path) as store:
        begin(store)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        with open_store(path, write=False) as store:
            assert len(store.runs.lines()) == 1
        with pytest.raises(SimError, match=r"read-only|cannot be"), open_store(path) as store:
            begin(store)
    finally:
        path.parent.chmod(0o755)


def test_a_full_disk_is_named_and_nothing_is_lost(path: Path) -> None:
    with open_store(path) as store:
        first = begin(store)
        pages = store.database.execute("PRAGMA page_count").fetchone()[0]
        store.database.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(SimError, match="full"):
            store.runs.begin(["sim", "x" * 100_000], SCENARIO, 1, 10)
    with open_store(path) as store:
        assert [line.run_id for line in store.runs.lines()] == [first]


def test_any_other_error_names_the_file(path: Path) -> None:
    with pytest.raises(SimError, match="odd"), translated(path):
        raise sqlite3.OperationalError("odd")


def test_two_first_runs_at_once_do_not_collide(path: Path) -> None:
    problems: list[BaseException] = []

    def first() -> None:
        try:
            with open_store(path) as store:
                begin(store)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=first) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with open_store(path) as store:
        assert len(store.runs.lines()) == 4


def test_the_store_does_not_load_pandas(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from sim.store import open_store\n"
        "open_store(Path(sys.argv[1])).close()\n"
        "assert 'sqlite_utils' in sys.modules\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


def locked(path: Path) -> sqlite3.Connection:
    """Lock the file against readers too, as a program without a log does half through a change."""
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode=DELETE")
    other.execute("BEGIN EXCLUSIVE")
    return other


@pytest.mark.parametrize("write", [True, False])
def test_a_lock_is_never_taken_for_damage(path: Path, write: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.store.database, "WAIT_S", 0.05)
    with open_store(path) as store:
        begin(store)
    other = locked(path)
    with pytest.raises(SimError, match=r"in use .locked. by another program; waited 0.05 s"):
        open_store(path, write=write)
    other.close()
    with open_store(path, write=write) as store:
        assert len(store.runs.lines()) == 1


def test_who_reads_first_waits_for_another_writer_all_the_same(path: Path) -> None:
    with open_store(path) as store:
        run = begin(store)
        other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE tags SET tag = tag")
        timer = threading.Timer(0.2, lambda: other.execute("COMMIT"))
        timer.start()
        store.runs.mark(run, "failed")
        timer.join()
        other.close()
        assert store.runs.get(run)["status"] == "failed"


@pytest.mark.parametrize(
    ("code", "immutable"), [(14, True), (8 | 5 << 8, True), (5, False), (6, False), (11, False)]
)
def test_only_what_cannot_be_opened_is_taken_as_unchanging(
    code: int, immutable: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(path).close()
    asked: list[str] = []

    class Refusing(sqlite3.Connection):
        def execute(self, *arguments: Any) -> Any:
            error = sqlite3.OperationalError("refused")
            error.sqlite_errorcode = code
            raise error

    whole = sqlite3.connect

    def connect(address: Any, **options: Any) -> Any:
        asked.append(str(address))
        return whole(address, **options) if "immutable" in str(address) else Refusing(":memory:")

    monkeypatch.setattr(sim.store.database.sqlite3, "connect", connect)
    if immutable:
        open_store(path, write=False).close()
    else:
        with pytest.raises(SimError):
            open_store(path, write=False)
    assert any("immutable" in address for address in asked) == immutable


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "runs.db"
    os.mkfifo(pipe)
    for write in (True, False):
        with pytest.raises(SimError, match="that is a pipe, not a regular file"):
            sim.store.database.open_database(pipe, write=write)
