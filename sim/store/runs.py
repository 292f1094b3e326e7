"""Runs in the database: begun, completed in one transaction, found, listed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import BadInput, SimError
from sim.store.database import reading, translated, writing
from sim.store.digests import differing, row_digest
from sim.store.identifiers import find_one, free_id, now
from sim.store.leases import Leases
from sim.store.processes import Process
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
ROWS = ("indicators", "series", "assumptions")
"""The tables with the rows of a run that its record is made of."""


@dataclass(frozen=True)
class RunLine:
    """One line of ``sim runs list``; probabilities are P(goal) at constant prices, None if unfinished.

    A run whose stored bytes have changed has the status "damaged" and nothing else to say.
    """

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
        process = Process.this()
        row = {
            "created": now(),
            "status": "running",
            "command": to_json(list(command)),
            "name": str(scenario.get("name", "")),
            "scenario": to_json(dict(scenario)),
            "seed": seed,
            "members": members,
            "pid": process.pid,
            "host": process.host,
        }
        with writing(self.database, self.path):
            run_id = free_id(self.database, "runs")
            insert(self.database, "runs", [{"id": run_id} | row])
            Leases(self.database, self.path).begin(run_id)
            self._seal(run_id)
        return run_id

    def complete(
        self, run_id: str, record: Mapping[str, Any], members_indicators: NDArray[Any] | None
    ) -> None:
        """Store the results of a begun run in one transaction and mark it complete.

        ``members_indicators``: (2 arms, members, indicators), kept as float32.
        """
        kpis, series, assumptions = record["kpis"], record["series"], record["assumptions"]
        with self._owned(run_id):
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
        """Mark an unfinished run as interrupted or failed, with the reason.

        Raises SimError where this process does not work on it.
        """
        with self._owned(run_id):
            update(self.database, "runs", run_id, {"status": status, "message": message, "finished": now()})

    def discard(self, run_id: str) -> None:
        """Delete a run that never started, because its input was refused; no other is deleted."""
        leases = Leases(self.database, self.path)
        with writing(self.database, self.path):
            lease = leases.get(run_id)
            if lease is not None and lease.mine:
                self.database.execute("DELETE FROM runs WHERE id = ?", (run_id,))
                leases.close(run_id)

    @contextmanager
    def _owned(self, run_id: str) -> Iterator[None]:
        """Store the end of a run in one transaction, if this process is the one that works on it."""
        leases = Leases(self.database, self.path)
        with writing(self.database, self.path):
            leases.check(run_id, f"run {run_id}")
            # A new digest must not hide that the old one did not fit.
            _refuse_damaged(fetch(self.database, "SELECT * FROM runs WHERE id = ?", run_id)[0], {})
            yield
            self._seal(run_id)
            leases.close(run_id)

    def _seal(self, run_id: str) -> None:
        """Keep the digests of what is now stored of a run."""
        parts = {part: row_digest(self._rows(part, run_id)) for part in (*ROWS, "members")}
        parts["run"] = _run_digest(fetch(self.database, "SELECT * FROM runs WHERE id = ?", run_id)[0])
        update(self.database, "runs", run_id, {"digests": to_json(parts)})

    def _rows(self, part: str, run_id: str) -> list[dict[str, Any]]:
        order = "" if part == "members" else "ORDER BY position"
        return fetch(self.database, f"SELECT * FROM {part} WHERE run = ? {order}", run_id)

    def find(self, given: str) -> str:
        """Return the id of a run: an id, its unique beginning, a tag or ``@last`` (the newest complete)."""
        with translated(self.path):
            ids = [
                str(row[0])
                for row in self.database.execute("SELECT id FROM runs ORDER BY created DESC, rowid DESC")
            ]
            last = self.database.execute(
                "SELECT id FROM runs WHERE status = 'complete' ORDER BY created DESC, rowid DESC LIMIT 1"
            ).fetchone()
            return find_one(given, "run", ids, self._tagged, last[0] if last else None)

    def get(self, given: str) -> dict[str, Any]:
        """Return the record of a run (see ``find``); an unfinished run lacks the results."""
        run_id = self.find(given)
        with reading(self.database, self.path):
            run = fetch(self.database, "SELECT * FROM runs WHERE id = ?", run_id)[0]
            status = self._status(run)
            parts = {part: self._rows(part, run_id) for part in ROWS}
            tags = [
                row["tag"]
                for row in fetch(self.database, "SELECT tag FROM tags WHERE run = ? ORDER BY tag", run_id)
            ]
        _refuse_damaged(run, parts)
        run["status"] = status
        try:
            return from_rows(run, parts["indicators"], parts["series"], parts["assumptions"], tags)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _damaged(run, ["record"]) from error  # a run from before there were digests

    def lines(self, limit: int = 1000) -> tuple[RunLine, ...]:
        """Return the newest runs, newest first; a damaged one only says so."""
        with reading(self.database, self.path):
            rows = fetch(self.database, "SELECT * FROM runs ORDER BY created DESC, rowid DESC LIMIT ?", limit)
            tags = fetch(self.database, "SELECT tag, run FROM tags ORDER BY tag")
            states = [self._status(row) for row in rows]
        return tuple(
            _line(row, status, tuple(tag["tag"] for tag in tags if tag["run"] == row["id"]))
            for row, status in zip(rows, states, strict=True)
        )

    def members_indicators(self, given: str) -> NDArray[np.float32]:
        """Return the members' indicators of a run, float32 (2 arms, members, indicators)."""
        run_id = self.find(given)
        with reading(self.database, self.path):
            run = fetch(self.database, "SELECT * FROM runs WHERE id = ?", run_id)[0]
            rows = self._rows("members", run_id)
        _refuse_damaged(run, {"members": rows})
        if not rows:
            raise BadInput(f"The run {run_id} keeps no members: it did not finish. Run it again: sim run.")
        row = rows[0]
        try:
            values = np.frombuffer(row["data"], dtype="<f4")
            return values.reshape(row["arms"], row["members"], row["indicators"])
        except (ValueError, TypeError) as error:
            raise _damaged(run, ["members"]) from error

    def examined(self) -> tuple[int, int, list[str]]:
        """Read every run: how many there are, how many from before there were digests, which are damaged."""
        with translated(self.path):
            ids = [row["id"] for row in fetch(self.database, "SELECT id FROM runs ORDER BY created, rowid")]
        without, damaged = 0, []
        for run_id in ids:
            with reading(self.database, self.path):
                run = next(iter(fetch(self.database, "SELECT * FROM runs WHERE id = ?", run_id)), None)
                parts = {part: self._rows(part, run_id) for part in (*ROWS, "members")}
            if run is None:  # discarded meanwhile
                continue
            without += run["digests"] is None
            wrong = _differing(run, parts)
            if wrong:
                damaged.append(f"run {run['id']} ({', '.join(wrong)})")
        return len(ids), without, damaged

    def _status(self, run: Mapping[str, Any]) -> str:
        """A run left "running" by a process that is gone was interrupted."""
        if run["status"] != "running":
            return str(run["status"])
        lease = Leases(self.database, self.path).get(run["id"])
        return "running" if lease is not None and lease.alive() else "interrupted"

    def _tagged(self, tag: str) -> list[str]:
        return [row["run"] for row in fetch(self.database, "SELECT run FROM tags WHERE tag = ?", tag)]


def _run_digest(run: Mapping[str, Any]) -> str:
    return row_digest([run], without=("digests",))


def _differing(run: Mapping[str, Any], parts: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    """Return which parts are not what was stored; a run from before there were digests has none."""
    if run["digests"] is None:
        return []
    found = {"run": _run_digest(run)} | {part: row_digest(rows) for part, rows in parts.items()}
    return differing(run["digests"], found)


def _refuse_damaged(run: Mapping[str, Any], parts: Mapping[str, list[dict[str, Any]]]) -> None:
    wrong = _differing(run, parts)
    if wrong:
        raise _damaged(run, wrong)


def _damaged(run: Mapping[str, Any], wrong: Sequence[str]) -> SimError:
    return SimError(
        f"The run {run['id']} is damaged: what is stored of it ({', '.join(wrong)}) has changed since."
        " The other runs can be read. Make it again with sim run, or restore the database from a copy."
    )


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


def _line(row: Mapping[str, Any], status: str, tags: tuple[str, ...]) -> RunLine:
    try:
        if _differing(row, {}):
            raise ValueError("damaged")
        goal = json.loads(row["goal"]) if row["goal"] else {}
        levers = json.loads(row["scenario"]).get("levers", [])
        return RunLine(
            run_id=row["id"],
            created=row["created"],
            status=status,
            name=row["name"],
            levers=tuple(str(lever["id"]) for lever in levers),
            seed=row["seed"],
            members=row["members"],
            probability_baseline=goal.get("baseline", {}).get("probability_constant"),
            probability_scenario=goal.get("scenario", {}).get("probability_constant"),
            elapsed_s=row["elapsed_s"],
            tags=tags,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        created = str(row["created"] or "")
        return RunLine(str(row["id"]), created, "damaged", "", (), 0, 0, None, None, None, tags)
