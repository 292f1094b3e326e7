"""Calibrations in the run database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sim.store import open_store


def test_a_calibration_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    with open_store(path) as store:
        name = store.calibrations.keep(
            {"seed": 1, "effective": 812.5, "plausible": 30}, tmp_path / "posterior.npz", ("sim", "calibrate")
        )
    with open_store(path) as store:
        (found,) = store.calibrations.summaries()
    assert (found["id"], found["effective"], found["plausible"]) == (name, 812.5, 30)
    assert found["posterior"].endswith("posterior.npz")


def test_a_database_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    open_store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE calibrations")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name LIKE '0002%'")
        connection.execute("PRAGMA user_version=1")
    connection.close()
    with open_store(path) as store:
        assert store.calibrations.summaries() == []
