"""Every bad input gives its exit code and one message, and what is stored stays as it was."""

from __future__ import annotations

import sqlite3
import tomllib
from pathlib import Path
from typing import Any, Protocol

import pytest

import sim.store
import sim.store.database
from sim.folders import database_path
from sim.store import open_store
from sim.store.schema import SCHEMA

BAD = Path(__file__).parents[1] / "bad"
CASES: dict[str, dict[str, Any]] = tomllib.loads((BAD / "cases.toml").read_text(encoding="utf-8"))


class Said(Protocol):
    code: int
    out: str
    err: str


class Sim(Protocol):
    def __call__(self, *arguments: str) -> Said: ...


@pytest.fixture
def stored(tiny: Sim) -> Sim:
    """Return ``sim`` with one complete run and one that a killed process left behind."""
    assert tiny("run", "--lever=headquarters", "--members", "20").code == 0
    with open_store(database_path()) as store:
        store.database.execute(
            "INSERT INTO runs (id, created, status, command, name, scenario, seed, members, pid, host)"
            " SELECT '20000101-000000-0000', '2000-01-01T00:00:00Z', 'interrupted', command, name, scenario,"
            " seed, members, pid, host FROM runs"
        )
    return tiny


def kept() -> list[tuple[Any, ...]]:
    """Return everything that the database of this test holds about runs and sweeps."""
    connection = sqlite3.connect(database_path())
    rows = [
        row
        for table in ("runs", "indicators", "sweeps")
        for row in connection.execute(f"SELECT * FROM {table}")
    ]
    connection.close()
    return rows


def one_message(said: Said) -> bool:
    """Tell whether stderr holds a message without a traceback, beside click's line of usage."""
    lines = [line for line in said.err.splitlines() if line and not line.startswith(("Usage:", "Try "))]
    return len(lines) == 1 and "Traceback" not in said.err


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name: str, stored: Sim, tmp_path: Path) -> None:
    case, before = CASES[name], kept()
    empty = tmp_path / "empty"
    empty.mkdir()

    def filled(text: str) -> str:
        return text.replace("{bad}", str(BAD)).replace("{tmp}", str(empty))

    said = stored(*[filled(text) for text in case["arguments"]])
    assert said.code == case.get("code", 2), said.err
    assert said.out == ""
    assert one_message(said), said.err
    for words in case["says"]:
        assert filled(words) in said.err
    assert kept() == before
    assert list(empty.iterdir()) == []


def test_a_scenario_file_that_is_too_large(stored: Sim, tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    large.write_text("# " + "x" * 70_000, encoding="utf-8")
    said = stored("run", "--scenario", str(large))
    assert (said.code, one_message(said)) == (2, True)
    assert "64" in said.err


def test_a_language_in_the_environment(stored: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_LANG", "fr")
    said = stored("run")
    assert (said.code, one_message(said)) == (2, True)
    assert "fr" in said.err


def test_a_newer_schema(stored: Sim) -> None:
    connection = sqlite3.connect(database_path())
    connection.execute(f"PRAGMA user_version={SCHEMA + 1}")
    connection.close()
    for arguments in (("run",), ("runs", "list"), ("report", "@last")):
        said = stored(*arguments)
        assert (said.code, one_message(said)) == (1, True)
        assert "newer sim" in said.err


def test_another_programs_database(stored: Sim, tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE photos (name TEXT)")
    connection.close()
    before = path.read_bytes()
    said = stored("run", "--db", str(path))
    assert (said.code, one_message(said)) == (1, True)
    assert "another program" in said.err
    assert path.read_bytes() == before


def test_a_locked_database(stored: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.store.database, "WAIT_S", 0.05)
    before = kept()
    other = sqlite3.connect(database_path())
    other.execute("BEGIN IMMEDIATE")
    said = stored("run")
    other.close()
    assert (said.code, one_message(said)) == (1, True)
    assert "locked" in said.err
    assert kept() == before


def test_a_full_disk(stored: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sim.store.open_database

    def small(path: Path, *, write: bool = True) -> Any:
        database = whole(path, write=write)
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count={pages + 2}")
        return database

    with monkeypatch.context() as patch:
        patch.setattr(sim.store, "open_database", small)
        said = stored("run", "--json")
    assert said.code == 1
    assert "full" in said.err
    assert '"run_id"' in said.out  # what was computed is shown all the same
    with open_store(database_path()) as store:
        assert [line.status for line in store.runs.lines()].count("complete") == 1
        assert store.check() == "ok"


def test_a_read_only_database(stored: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sim.store.open_database
    monkeypatch.setattr(sim.store, "open_database", lambda path, write=True: whole(path, write=False))
    before = kept()
    said = stored("run")
    assert (said.code, one_message(said)) == (1, True)
    assert "read-only" in said.err
    assert kept() == before
