"""Runs in the database: begun, completed in one transaction, found, listed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import BadInput
from sim.store.database import translated
from sim.store.identifiers import find_one, host, new_id, now, stored_status
from sim.store.rows import ASSUMPTION_COLUMNS, from_rows, indicator_row, series_row, split, to_json
from sim.store.table import fetch, insert, update

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["RunLine", "Runs"]

# Keys of a record with a column or a table of their own; the others are kept in runs.rest.
PLACED = frozenset(
    [
        "run_id",
        "created",
        "status",
        "command",
        "tags",
        "seed",
        "members",
        "failed_members",
        "ensemble",
        "price_basis",
        "scenario",
        "goal",
        "kpis",
        "series",
        "assumptions",
        "provenance",
        "elapsed_s",
        "message",
    ]
)


@dataclass(frozen=True)
class RunLine:
    """One line of ``sim runs list``; probabilities are P(goal) at constant prices, None if unfinished."""

    run_id: str
    created: str
    status: str
    name: str
    levers: tuple[str, ...]
    seed: int
    members: int
    probability_baseline: float | None
    probability_scenario: float | None
    elapsed_s: float | None
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Runs:
    """The runs of one database. Every method raises SimError where the file cannot be read or written."""

    database: Database
    path: Path

    def begin(self, command: Sequence[str], scenario: Mapping[str, Any], seed: int, members: int) -> str:
        """Insert a run as "running" and return its new id."""
        run_id = new_id()
        row = {
            "id": run_id,
            "created": now(),
            "status": "running",
            "command": to_json(list(command)),
            "name": str(scenario.get("name", "")),
            "scenario": to_json(dict(scenario)),
            "seed": seed,
            "members": members,
            "pid": os.getpid(),
            "host": host(),
        }
        with translated(self.path), self.database.atomic():
            insert(self.database, "runs", [row])
        return run_id

    def complete(
        self, run_id: str, record: Mapping[str, Any], members_indicators: NDArray[Any] | None
    ) -> None:
        """Store the results of a begun run in one transaction and mark it complete.

        ``members_indicators``: (2 arms, members, indicators), kept as float32.
        """
        kpis, series, assumptions = record["kpis"], record["series"], record["assumptions"]
        with translated(self.path), self.database.atomic():
            update(self.database, "runs", run_id, _finished_row(record))
            insert(self.database, "indicators", _numbered(run_id, [indicator_row(kpi) for kpi in kpis]))
            insert(self.database, "series", _numbered(run_id, [series_row(one) for one in series]))
            insert(
                self.database,
                "assumptions",
                _numbered(run_id, [split(row, ASSUMPTION_COLUMNS) for row in assumptions]),
            )
            if members_indicators is not None:
                insert(self.database, "members", [_members_row(run_id, members_indicators)])

    def mark(self, run_id: str, status: str, message: str = "") -> None:
        """Mark an unfinished run as interrupted or failed, with the reason."""
        with translated(self.path), self.database.atomic():
            update(self.database, "runs", run_id, {"status": status, "message": message, "finished": now()})

    def discard(self, run_id: str) -> None:
        """Delete a run that never started, because its input was refused."""
        with translated(self.path), self.database.atomic():
            self.database.execute("DELETE FROM runs WHERE id = ? AND status = 'running'", (run_id,))

    def find(self, given: str) -> str:
        """Return the id of a run: an id, its unique beginning, a tag or ``@last`` (the newest complete)."""
        with translated(self.path):
            ids = [
                row[0]
                for row in self.database.execute("SELECT id FROM runs ORDER BY created DESC, rowid DESC")
            ]
            last = self.database.execute(
                "SELECT id FROM runs WHERE status = 'complete' ORDER BY created DESC, rowid DESC LIMIT 1"
            ).fetchone()
            return find_one(given, "run", ids, self._tagged, last[0] if last else None)

    def get(self, given: str) -> dict[str, Any]:
        """Return the record of a run (see ``find``); an unfinished run lacks the results."""
        run_id = self.find(given)
        with translated(self.path):
            run = fetch(self.database, "SELECT * FROM runs WHERE id = ?", run_id)[0]
            parts = [
                fetch(self.database, f"SELECT * FROM {table} WHERE run = ? ORDER BY position", run_id)
                for table in ("indicators", "series", "assumptions")
            ]
            tags = [
                row["tag"]
                for row in fetch(self.database, "SELECT tag FROM tags WHERE run = ? ORDER BY tag", run_id)
            ]
        run["status"] = stored_status(run)
        return from_rows(run, parts[0], parts[1], parts[2], tags)

    def lines(self, limit: int = 1000) -> tuple[RunLine, ...]:
        """Return the newest runs, newest first."""
        with translated(self.path):
            rows = fetch(self.database, "SELECT * FROM runs ORDER BY created DESC, rowid DESC LIMIT ?", limit)
            tags = fetch(self.database, "SELECT tag, run FROM tags ORDER BY tag")
        return tuple(_line(row, tuple(tag["tag"] for tag in tags if tag["run"] == row["id"])) for row in rows)

    def members_indicators(self, given: str) -> NDArray[np.float32]:
        """Return the members' indicators of a run, float32 (2 arms, members, indicators)."""
        run_id = self.find(given)
        with translated(self.path):
            rows = fetch(self.database, "SELECT * FROM members WHERE run = ?", run_id)
        if not rows:
            raise BadInput(f"The run {run_id} keeps no members: it did not finish. Run it again: sim run.")
        row = rows[0]
        return np.frombuffer(row["data"], dtype="<f4").reshape(row["arms"], row["members"], row["indicators"])

    def _tagged(self, tag: str) -> list[str]:
        return [row["run"] for row in fetch(self.database, "SELECT run FROM tags WHERE tag = ?", tag)]


def _finished_row(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "status": "complete",
        "finished": now(),
        "message": None,
        **{key: record[key] for key in ("failed_members", "ensemble", "price_basis", "elapsed_s")},
        "name": record["scenario"]["name"],
        **{key: to_json(record[key]) for key in ("scenario", "goal", "provenance")},
        "model_hash": record["provenance"].get("model_hash"),
        "rest": to_json({key: value for key, value in record.items() if key not in PLACED}),
    }


def _numbered(run_id: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"run": run_id, "position": position, **row} for position, row in enumerate(rows)]


def _members_row(run_id: str, values: NDArray[Any]) -> dict[str, Any]:
    arms, members, indicators = values.shape
    data = np.ascontiguousarray(values, dtype="<f4").tobytes()
    return {"run": run_id, "arms": arms, "members": members, "indicators": indicators, "data": data}


def _line(row: Mapping[str, Any], tags: tuple[str, ...]) -> RunLine:
    goal = json.loads(row["goal"]) if row["goal"] else {}
    levers = json.loads(row["scenario"]).get("levers", [])
    return RunLine(
        run_id=row["id"],
        created=row["created"],
        status=stored_status(row),
        name=row["name"],
        levers=tuple(str(lever["id"]) for lever in levers),
        seed=row["seed"],
        members=row["members"],
        probability_baseline=goal.get("baseline", {}).get("probability_constant"),
        probability_scenario=goal.get("scenario", {}).get("probability_constant"),
        elapsed_s=row["elapsed_s"],
        tags=tags,
    )
