"""The tables of the run database, as numbered migrations.

``PRAGMA user_version`` holds the number of migrations applied, ``PRAGMA application_id``
marks the file as ours. A new migration is appended; an old one never changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

__all__ = ["APPLICATION_ID", "SCHEMA", "migrations"]

APPLICATION_ID = 0x73696D31  # "sim1" in ASCII
SCHEMA = 3


def migrations() -> Migrations:
    """Return every migration, oldest first; there are ``SCHEMA`` of them."""
    from sqlite_utils import Migrations

    steps = Migrations("sim")
    steps(name="0001 runs and sweeps")(_runs_and_sweeps)
    steps(name="0002 calibrations")(_calibrations)
    steps(name="0003 leases and digests")(_leases_and_digests)
    return steps


def _runs_and_sweeps(db: Database) -> None:
    _runs(db)
    _run_parts(db)
    db.table("sweeps").create(
        {
            "id": str,
            "created": str,
            "finished": str,
            "status": str,
            "command": str,
            "seed": int,
            "samples": int,
            "varied": str,
            "outputs": str,
            "settings": str,
            "result": str,
            "message": str,
            "pid": int,
            "host": str,
        },
        pk="id",
    )


def _runs(db: Database) -> None:
    db.table("runs").create(
        {
            "id": str,
            "created": str,
            "finished": str,
            "status": str,
            "command": str,
            "name": str,
            "scenario": str,
            "seed": int,
            "members": int,
            "failed_members": int,
            "ensemble": str,
            "price_basis": str,
            "goal": str,
            "provenance": str,
            "model_hash": str,
            "elapsed_s": float,
            "message": str,
            "rest": str,
            "pid": int,
            "host": str,
        },
        pk="id",
    )
    db.table("runs").create_index(["created"])
    db.table("tags").create({"tag": str, "run": str}, pk=("tag", "run"), foreign_keys=[("run", "runs", "id")])


def _run_parts(db: Database) -> None:
    """What a complete run consists of; ``rest`` is JSON for keys that have no column of their own."""
    belongs = [("run", "runs", "id")]
    arms = {
        f"{arm}_{key}": float
        for arm in ("baseline", "scenario")
        for key in ("p05", "p50", "p95", "probability_met")
    }
    db.table("indicators").create(
        {
            "run": str,
            "position": int,
            "id": str,
            "year": int,
            "target": float,
            "direction": str,
            **arms,
            "rest": str,
        },
        pk=("run", "position"),
        foreign_keys=belongs,
    )
    # quantiles: float64 little-endian, (2 arms, quantiles, times); one row per series keeps the file small
    db.table("series").create(
        {
            "run": str,
            "position": int,
            "chart": str,
            "series": str,
            "time": bytes,
            "quantiles": str,
            "data": bytes,
            "rest": str,
        },
        pk=("run", "position"),
        foreign_keys=belongs,
    )
    db.table("assumptions").create(
        {
            "run": str,
            "position": int,
            "constant": str,
            "unit": str,
            "value": float,
            "low": float,
            "high": float,
            "distribution": str,
            "evidence": str,
            "source": str,
            "rest": str,
        },
        pk=("run", "position"),
        foreign_keys=belongs,
    )
    # data: float32 little-endian, (2 arms, members, indicators)
    db.table("members").create(
        {"run": str, "arms": int, "members": int, "indicators": int, "data": bytes},
        pk="run",
        foreign_keys=belongs,
    )


def _calibrations(db: Database) -> None:
    db.table("calibrations").create(
        {
            "id": str,
            "created": str,
            "command": str,
            "seed": int,
            "effective": float,
            "posterior": str,
            "summary": str,
        },
        pk="id",
    )


def _leases_and_digests(db: Database) -> None:
    """Add who works on what, and digests; rows from before keep none, and are read without."""
    for table, column in (("runs", "digests"), ("sweeps", "digest"), ("calibrations", "digest")):
        db.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT")
    db.table("blocks").create(
        {"sweep": str, "start": int, "count": int, "digest": str},
        pk=("sweep", "start"),
        foreign_keys=[("sweep", "sweeps", "id")],
    )
    db.table("leases").create(
        {
            "item": str,
            "token": str,
            "pid": int,
            "host": str,
            "boot": str,
            "start": str,
            "since": str,
            "renewed": float,
            "beats": int,
        },
        pk="item",
    )
    # What is at work now goes on; without a renewal it is free once its process is gone, or after a minute.
    for table in ("runs", "sweeps"):
        db.execute(
            "INSERT INTO leases SELECT id, '', coalesce(pid, 0), coalesce(host, ''), '', '', created,"
            f" CAST(strftime('%s', 'now') AS REAL), 0 FROM {table} WHERE status = 'running'"
        )
