"""Every stored byte counts: one that changed is found, named, and leaves the rest readable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.errors import SimError
from sim.store import Store, open_store
from sim.store.digests import array_digest, row_digest
from sim.store.schema import SCHEMA

VARIED = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
NOT_DATA = ("id", "run", "digests", "digest")


def flipped(value: object) -> object:
    """Return a stored value with one bit changed."""
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, str):
        return value[:-1] + chr(ord(value[-1]) ^ 1) if value else "x"
    if isinstance(value, float):
        return np.frombuffer((np.float64(value).view("u8") ^ 1).tobytes(), "f8").item()
    return 1 if value is None else int(value) ^ 64  # type: ignore[call-overload]


def changed_cells(path: Path, table: str, where: str) -> Iterator[str]:
    """Change one cell after another of a row, name its column, and put it back."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    (row,) = connection.execute(f'SELECT * FROM "{table}" WHERE {where} LIMIT 1').fetchall()
    rowid = connection.execute(f'SELECT rowid FROM "{table}" WHERE {where} LIMIT 1').fetchone()[0]
    for column in row.keys():  # noqa: SIM118 (a sqlite3.Row yields its values)
        if column in NOT_DATA:
            continue
        for value in (flipped(row[column]), row[column]):
            sql = f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?'
            connection.execute(sql, (value, rowid))
            connection.commit()
            rowid = value if column == "sample" else rowid  # that column is the rowid itself
            if value is not row[column]:
                yield column
    connection.close()


@pytest.fixture
def two(store: Store, record: dict[str, Any], blob: NDArray[np.float32]) -> tuple[str, str]:
    """Return two complete runs."""
    runs = [store.runs.begin(["sim", "run"], record["scenario"], 1, record["members"]) for _ in range(2)]
    for run in runs:
        store.runs.complete(run, record, blob)
    return runs[0], runs[1]


@pytest.mark.parametrize("table", ["runs", "indicators", "series", "assumptions"])
def test_a_changed_cell_of_a_run_is_found_and_the_other_run_is_read(
    table: str, store: Store, path: Path, two: tuple[str, str]
) -> None:
    bad, good = two
    key = "id" if table == "runs" else "run"
    seen = 0
    for column in changed_cells(path, table, f"{key} = '{bad}'"):
        seen += 1
        with pytest.raises(SimError, match=f"The run {bad} is damaged: .*({table[:-1]}|run)"):
            store.runs.get(bad)
        assert store.runs.get(good)["status"] == "complete", column
        assert {line.run_id: line.status for line in store.runs.lines()}[good] == "complete"
        assert any(bad in name for name in store.examine().damaged)
    assert seen >= 7
    assert store.runs.get(bad)["status"] == "complete"
    assert store.examine().damaged == ()


def test_a_damaged_run_is_listed_as_damaged(store: Store, path: Path, two: tuple[str, str]) -> None:
    for column in changed_cells(path, "runs", f"id = '{two[0]}'"):
        statuses = {line.run_id: line.status for line in store.runs.lines()}
        assert statuses == {two[0]: "damaged", two[1]: "complete"}, column


def test_a_text_that_is_no_text_any_more_is_damage_of_its_run(
    store: Store, path: Path, two: tuple[str, str]
) -> None:
    store.database.execute("UPDATE runs SET scenario = CAST(x'7bff7d' AS TEXT) WHERE id = ?", (two[0],))
    store.database.conn.commit()
    with pytest.raises(SimError, match=f"The run {two[0]} is damaged"):
        store.runs.get(two[0])
    assert [line.status for line in store.runs.lines()] == ["complete", "damaged"]


def test_changed_members_are_found(store: Store, path: Path, two: tuple[str, str]) -> None:
    for _ in changed_cells(path, "members", f"run = '{two[0]}'"):
        with pytest.raises(SimError, match=r"damaged: .*members"):
            store.runs.members_indicators(two[0])
        store.runs.members_indicators(two[1])
        assert store.examine().damaged == (f"run {two[0]} (members)",)


def test_a_row_that_is_lost_or_digests_that_are_changed_are_found(store: Store, two: tuple[str, str]) -> None:
    store.database.execute("DELETE FROM series WHERE run = ? AND position = 1", (two[0],))
    store.database.execute("UPDATE runs SET digests = '{' WHERE id = ?", (two[1],))
    store.database.conn.commit()
    assert store.examine().damaged == (f"run {two[0]} (series)", f"run {two[1]} (digests)")


def test_a_byte_changed_in_the_file_itself_is_found(
    path: Path, record: dict[str, Any], blob: NDArray[np.float32]
) -> None:
    with open_store(path) as store:
        run = store.runs.begin(["sim", "run"], record["scenario"], 1, record["members"])
        store.runs.complete(run, record, blob)
        store.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = bytearray(path.read_bytes())
    at = whole.find(np.ascontiguousarray(blob).tobytes()[:200])
    assert at > 0
    whole[at + 8] ^= 1
    path.write_bytes(whole)
    with open_store(path, write=False) as store:
        assert store.check() == "ok"  # SQLite itself sees nothing
        assert store.examine().damaged == (f"run {run} (members)",)


def swept(store: Store) -> str:
    sweep = store.sweeps.begin(["sim", "sweep"], VARIED, ("goal",), 6, 1, {"scenario": {"name": "x"}})
    stored = store.sweeps.get(sweep)
    for start in (0, 3):
        outputs = np.array([[1.5], [np.nan], [-0.0]]) + start
        failed = np.array([False, True, False])
        store.sweeps.append(stored, start, np.arange(6.0).reshape(3, 2) - 2, outputs, failed)
    store.sweeps.finish(sweep, "complete", [{"name": "x", "strength": 0.5}])
    return sweep


def test_a_changed_sample_is_found_and_its_block_is_run_again(store: Store, path: Path) -> None:
    sweep, other = swept(store), swept(store)
    seen = 0
    for _ in changed_cells(path, f"sweep {sweep}", "sample = 4"):
        seen += 1
        with pytest.raises(SimError, match=f"The sweep {sweep} is damaged: samples"):
            store.sweeps.table(store.sweeps.get(sweep))
        store.sweeps.table(store.sweeps.get(other))
        assert any(sweep in name for name in store.examine().damaged)
    assert seen == 5
    store.database.execute(f'UPDATE "sweep {sweep}" SET "input x" = 9 WHERE sample = 4')
    store.database.conn.commit()
    assert store.sweeps.resume(sweep) == 1
    table = store.sweeps.table(store.sweeps.get(sweep))
    assert table.sample.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "change",
    [
        "start = 'x'",
        "start = NULL",
        "start = -3",
        "count = 'zz'",
        "count = -5",
        "count = 9223372036854775807",
    ],
)
def test_a_damaged_span_of_a_block_is_found_and_its_samples_are_run_again(store: Store, change: str) -> None:
    sweep = swept(store)
    store.database.execute(f"UPDATE blocks SET {change} WHERE sweep = ? AND start = 3", (sweep,))
    store.database.conn.commit()
    assert store.examine().damaged == (f"sweep {sweep} (samples 3 to 5)",)
    assert store.sweeps.resume(sweep) == 1
    assert store.sweeps.table(store.sweeps.get(sweep)).sample.tolist() == [0, 1, 2]
    count = store.database.execute("SELECT count(*) FROM blocks WHERE sweep = ?", (sweep,)).fetchone()
    assert count[0] == 1
    assert store.examine().damaged == ()


def test_what_is_stored_between_two_reads_is_no_damage(
    store: Store, path: Path, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = store.sweeps.begin(["sim", "sweep"], VARIED, ("goal",), 6, 1, {"scenario": {"name": "x"}})
    run = store.runs.begin(["sim", "run"], record["scenario"], 1, record["members"])
    cells, rows = type(store.sweeps)._cells, type(store.runs)._rows

    def then_a_block(self: Any, stored: Any) -> Any:
        found = cells(self, stored)
        store.sweeps.append(stored, len(found), np.zeros((3, 2)), np.zeros((3, 1)), np.zeros(3, bool))
        return found

    def then_the_end(self: Any, part: str, run_id: str) -> Any:
        if part == "indicators" and self.database is not store.database:
            store.runs.complete(run, record, None)
        return rows(self, part, run_id)

    with open_store(path, write=False) as reader:
        with monkeypatch.context() as patch:
            patch.setattr(type(store.sweeps), "_cells", then_a_block)
            assert reader.examine().damaged == ()
            assert len(reader.sweeps.table(reader.sweeps.get(sweep)).sample) == 3
        with monkeypatch.context() as patch:
            patch.setattr(type(store.runs), "_rows", then_the_end)
            assert reader.runs.get(run)["status"] == "running"
        assert reader.runs.get(run)["status"] == "complete"


def test_a_damaged_name_of_a_column_is_a_damaged_database(store: Store, path: Path) -> None:
    swept(store)
    store.close()
    data = path.read_bytes()
    assert b"outputs" in data
    path.write_bytes(data.replace(b"outputs", b"outp\xfft\xfe"))
    with open_store(path, write=False) as other, pytest.raises(SimError, match=r"is damaged\. Restore it"):
        other.sweeps.get("@last")


def test_a_changed_description_or_block_of_a_sweep_is_found(store: Store, path: Path) -> None:
    sweep, other = swept(store), swept(store)
    for _ in changed_cells(path, "sweeps", f"id = '{sweep}'"):
        with pytest.raises(SimError, match=f"The sweep {sweep} is damaged: its description"):
            store.sweeps.get(sweep)
        assert store.sweeps.get(other).done == 6
    for column in changed_cells(path, "blocks", f"sweep = '{sweep}'"):
        if column != "sweep":
            with pytest.raises(SimError, match="damaged"):
                store.sweeps.table(store.sweeps.get(sweep))


def test_a_changed_calibration_is_named_and_the_others_are_read(store: Store, path: Path) -> None:
    summary = {"seed": 1, "effective": 812.5}
    names = [store.calibrations.keep(summary, Path("p.npz"), ("sim",)) for _ in range(2)]
    for _ in changed_cells(path, "calibrations", f"id = '{names[0]}'"):
        assert [found["id"] for found in store.calibrations.summaries()] == names[1:]
        assert store.examine().damaged == (f"calibration {names[0]}",)


def test_the_end_of_a_damaged_run_does_not_hide_it(store: Store, record: dict[str, Any]) -> None:
    run = store.runs.begin(["sim", "run"], record["scenario"], 1, 10)
    store.database.execute("UPDATE runs SET seed = 2")
    store.database.conn.commit()
    with pytest.raises(SimError, match="damaged"):
        store.runs.complete(run, record, None)


def older(path: Path) -> None:
    """Make the file one of the second schema, as an older sim left it."""
    with sqlite3.connect(path) as connection:
        for table, column in (("runs", "digests"), ("sweeps", "digest"), ("calibrations", "digest")):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("DROP TABLE blocks")
        connection.execute("DROP TABLE leases")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name LIKE '0003%'")
        connection.execute("PRAGMA user_version=2")
    connection.close()


@pytest.mark.parametrize("write", [True, False])
def test_what_an_older_sim_stored_stays_readable(
    write: bool, path: Path, record: dict[str, Any], blob: NDArray[np.float32]
) -> None:
    with open_store(path) as store:
        run = store.runs.begin(["sim", "run"], record["scenario"], 1, record["members"])
        store.runs.complete(run, record, blob)
        begun = store.runs.begin(["sim", "run"], record["scenario"], 1, 10)
        sweep = swept(store)
        store.calibrations.keep({"seed": 1, "effective": 2.0}, Path("p.npz"), ("sim",))
        before = store.runs.get(run)
    older(path)
    with open_store(path, write=write) as store:
        assert store.database.execute("PRAGMA user_version").fetchone()[0] == SCHEMA
        assert store.runs.get(run) == before
        assert store.runs.get(begun)["status"] == "running"
        np.testing.assert_array_equal(store.runs.members_indicators(run), blob)
        assert len(store.sweeps.table(store.sweeps.get(sweep)).sample) == 6
        assert len(store.calibrations.summaries()) == 1
        health = store.examine()
        assert (health.damaged, health.without) == ((), 4)
    with open_store(path) as store:
        assert store.sweeps.resume(sweep) == 0
        store.sweeps.append(store.sweeps.get(sweep), 6, np.ones((1, 2)), np.ones((1, 1)), np.zeros(1, bool))
        assert len(store.sweeps.table(store.sweeps.get(sweep)).sample) == 7


def test_a_migration_that_is_cut_off_leaves_the_file_as_it_was(
    path: Path, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(path) as store:
        run = store.runs.begin(["sim", "run"], record["scenario"], 1, record["members"])
        store.runs.complete(run, record, None)
    older(path)
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("sim.store.database.APPLICATION_ID", "no number;")
        patch.setattr("sim.store.database._checked_version", lambda connection, path: 2)
        with pytest.raises(SimError):
            open_store(path)
    assert path.read_bytes() == before
    with open_store(path) as store:
        assert store.runs.get(run)["status"] == "complete"


def test_a_later_column_changes_no_digest() -> None:
    row = {"run": "a", "n": 1, "x": 0.5, "data": b"\x00", "text": "文"}
    assert row_digest([row]) == row_digest([{"later": None, **row}])
    assert len({row_digest([row | other]) for other in ({}, {"n": 1.0}, {"n": "1"}, {"n": b"1"})}) == 4
    assert row_digest([{"a": "bc"}]) != row_digest([{"ab": "c"}])


def test_the_digest_of_numbers_is_that_of_what_sqlite_keeps() -> None:
    one = np.array([[0.0, np.nan]])
    other = np.array([[-0.0, -np.nan]])
    assert array_digest(0, one) == array_digest(0, other)
    assert array_digest(0, one) != array_digest(1, one)


@pytest.mark.parametrize("value", [b"20", 7, "20260101-000000-ffff"])
def test_a_run_whose_id_has_changed_is_damaged_too(
    value: object, store: Store, path: Path, two: tuple[str, str]
) -> None:
    store.database.execute("PRAGMA foreign_keys=OFF")
    store.database.execute("UPDATE runs SET id = ? WHERE id = ?", (value, two[0]))
    store.database.conn.commit()
    assert store.runs.get(two[1])["status"] == "complete"
    assert [line.status for line in store.runs.lines()] == ["complete", "damaged"]
    damaged = store.examine().damaged
    assert len(damaged) > 1
    assert "rows of series that belong to nothing" in damaged
