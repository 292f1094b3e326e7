"""Sweeps in the database: one wide table per sweep, filled block by block.

A block goes in with one transaction, so a sweep that was stopped keeps whole blocks and can go on.
"""

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
from sim.store.rows import to_json
from sim.store.table import fetch, insert, insert_values, quoted, update

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["StoredSweep", "SweepTable", "Sweeps"]

MOST_COLUMNS = 1900  # SQLite allows 2000 columns in a table


@dataclass(frozen=True)
class StoredSweep:
    """A sweep's description; ``done`` samples of ``samples`` are stored."""

    sweep_id: str
    created: str
    status: str
    command: tuple[str, ...]
    seed: int
    samples: int
    done: int
    varied: dict[str, tuple[float, float]]
    outputs: tuple[str, ...]
    settings: dict[str, Any]
    result: list[dict[str, Any]] | None


@dataclass(frozen=True)
class SweepTable:
    """The stored samples: sample (n,), inputs (n, inputs), outputs (n, outputs), failed (n,) bool."""

    sample: NDArray[np.int64]
    inputs: NDArray[np.float64]
    outputs: NDArray[np.float64]
    failed: NDArray[np.bool_]


@dataclass(frozen=True)
class Sweeps:
    """The sweeps of one database. Every method raises SimError where the file cannot be read or written."""

    database: Database
    path: Path

    def begin(
        self,
        command: Sequence[str],
        varied: Mapping[str, tuple[float, float]],
        outputs: Sequence[str],
        samples: int,
        seed: int,
        settings: Mapping[str, Any],
    ) -> str:
        """Insert a sweep as "running" with its empty wide table; return its new id."""
        if len(varied) + len(outputs) > MOST_COLUMNS:
            raise BadInput(
                f"A sweep of {len(varied)} inputs is too wide; {MOST_COLUMNS - len(outputs)} may vary."
            )
        sweep_id = new_id()
        row = {
            "id": sweep_id,
            "created": now(),
            "status": "running",
            "command": to_json(list(command)),
            "seed": seed,
            "samples": samples,
            "varied": to_json(dict(varied)),
            "outputs": to_json(list(outputs)),
            "settings": to_json(dict(settings)),
            "pid": os.getpid(),
            "host": host(),
        }
        columns: dict[str, Any] = {"sample": int, "failed": int}
        columns |= dict.fromkeys(_columns(tuple(varied), tuple(outputs)), float)
        with translated(self.path), self.database.atomic():
            insert(self.database, "sweeps", [row])
            self.database.table(_table(sweep_id)).create(columns, pk="sample")
        return sweep_id

    def resume(self, sweep_id: str) -> None:
        """Mark a sweep as running again, by this process."""
        with translated(self.path), self.database.atomic():
            update(
                self.database, "sweeps", sweep_id, {"status": "running", "pid": os.getpid(), "host": host()}
            )

    def append(
        self,
        sweep: StoredSweep,
        start: int,
        inputs: NDArray[Any],
        outputs: NDArray[Any],
        failed: NDArray[Any],
    ) -> None:
        """Store one block: samples ``start``…, inputs (n, inputs), outputs (n, outputs), failed (n,)."""
        columns = ("sample", "failed", *_columns(tuple(sweep.varied), sweep.outputs))
        cells = np.column_stack([inputs, np.where(np.isfinite(outputs), outputs, np.nan)]).tolist()
        flags = failed.astype(int).tolist()
        rows = [(start + i, flags[i], *row) for i, row in enumerate(cells)]
        with translated(self.path), self.database.atomic():
            insert_values(self.database, _table(sweep.sweep_id), columns, rows)

    def finish(
        self, sweep_id: str, status: str, result: Sequence[Mapping[str, Any]] | None, message: str = ""
    ) -> None:
        """Mark a sweep complete, interrupted or failed, with its table of strongest inputs if any."""
        cells = {
            "status": status,
            "finished": now(),
            "message": message,
            "result": None if result is None else to_json([dict(row) for row in result]),
        }
        with translated(self.path), self.database.atomic():
            update(self.database, "sweeps", sweep_id, cells)

    def find(self, given: str) -> str:
        """Return the id of the sweep named by an id, its unique beginning or ``@last`` (the newest sweep)."""
        with translated(self.path):
            ids = [
                row["id"]
                for row in fetch(self.database, "SELECT id FROM sweeps ORDER BY created DESC, rowid DESC")
            ]
        return find_one(given, "sweep", ids, lambda _: [], ids[0] if ids else None)

    def get(self, given: str) -> StoredSweep:
        """Return the description of a sweep (see ``find``)."""
        sweep_id = self.find(given)
        with translated(self.path):
            row = fetch(self.database, "SELECT * FROM sweeps WHERE id = ?", sweep_id)[0]
            done = fetch(self.database, f"SELECT count(*) AS n FROM {quoted(_table(sweep_id))}")[0]["n"]
        varied = {name: (float(low), float(high)) for name, (low, high) in json.loads(row["varied"]).items()}
        return StoredSweep(
            sweep_id=sweep_id,
            created=row["created"],
            status=stored_status(row),
            seed=row["seed"],
            command=tuple(json.loads(row["command"])),
            samples=row["samples"],
            done=int(done),
            varied=varied,
            outputs=tuple(json.loads(row["outputs"])),
            settings=json.loads(row["settings"]),
            result=None if row["result"] is None else json.loads(row["result"]),
        )

    def table(self, sweep: StoredSweep) -> SweepTable:
        """Return the samples stored so far, in order."""
        columns = _columns(tuple(sweep.varied), sweep.outputs)
        names = ", ".join(quoted(name) for name in columns)
        sql = f"SELECT sample, failed, {names} FROM {quoted(_table(sweep.sweep_id))} ORDER BY sample"
        with translated(self.path):
            rows = self.database.execute(sql).fetchall()
        cells = np.array(rows, dtype=np.float64).reshape(len(rows), 2 + len(columns))
        middle = 2 + len(sweep.varied)
        return SweepTable(
            cells[:, 0].astype(np.int64), cells[:, 2:middle], cells[:, middle:], cells[:, 1] != 0
        )


def _table(sweep_id: str) -> str:
    return f"sweep {sweep_id}"


def _columns(inputs: tuple[str, ...], outputs: tuple[str, ...]) -> list[str]:
    """Return the wide table's columns; the first word keeps inputs and outputs of the same name apart."""
    return [f"input {name}" for name in inputs] + [f"output {name}" for name in outputs]
