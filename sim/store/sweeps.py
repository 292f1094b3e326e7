"""Sweeps in the database: one wide table per sweep, filled block by block.

A block goes in with one transaction, so a sweep that was stopped keeps whole blocks and can go on. Storing
a block twice changes nothing, and only the process that holds the sweep's lease stores blocks or its end.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import BadInput, SimError
from sim.store.database import reading, translated, writing
from sim.store.digests import array_digest, row_digest
from sim.store.identifiers import find_one, free_id, now
from sim.store.leases import Leases
from sim.store.processes import Process
from sim.store.rows import to_json
from sim.store.table import fetch, insert, insert_values, quoted, update

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["StoredSweep", "SweepTable", "Sweeps"]

_WHOLE = "typeof(start) = 'integer' AND typeof(count) = 'integer'"
_SOUND = f"{_WHOLE} AND start >= 0 AND count > 0 AND start + count <= ?"
"""What is so of the span of every block that was stored; the number is that of all samples."""
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
        process = Process.this()
        row = {
            "created": now(),
            "status": "running",
            "command": to_json(list(command)),
            "seed": seed,
            "samples": samples,
            "varied": to_json(dict(varied)),
            "outputs": to_json(list(outputs)),
            "settings": to_json(dict(settings)),
            "pid": process.pid,
            "host": process.host,
            "digest": "",
        }
        columns: dict[str, Any] = {"sample": int, "failed": int}
        columns |= dict.fromkeys(_columns(tuple(varied), tuple(outputs)), float)
        with writing(self.database, self.path):
            sweep_id = free_id(self.database, "sweeps")
            insert(self.database, "sweeps", [{"id": sweep_id} | row])
            self.database.table(_table(sweep_id)).create(columns, pk="sample")
            self._leases.begin(sweep_id)
            self._seal(sweep_id)
        return sweep_id

    def resume(self, sweep_id: str, note: Callable[[str], None] = lambda text: None) -> int:
        """Mark a sweep as running again, by this process; return how many damaged blocks were put away.

        Raises SimError where another process is at work on it.
        """
        sweep = self.get(sweep_id)
        self._leases.take(sweep_id, f"sweep {sweep_id}", f"sim sweep --resume {sweep_id}", note)
        process = Process.this()
        cells = {"status": "running", "pid": process.pid, "host": process.host}
        with self._owned(sweep_id):
            update(self.database, "sweeps", sweep_id, cells)
            return self._put_away_damaged(sweep)

    def append(
        self,
        sweep: StoredSweep,
        start: int,
        inputs: NDArray[Any],
        outputs: NDArray[Any],
        failed: NDArray[Any],
    ) -> None:
        """Store one block: samples ``start``…, inputs (n, inputs), outputs (n, outputs), failed (n,).

        A block that is stored already stays as it is. Raises SimError where another process took over.
        """
        columns = ("sample", "failed", *_columns(tuple(sweep.varied), sweep.outputs))
        known = np.where(np.isfinite(outputs), outputs, np.nan)
        block = np.column_stack([np.arange(start, start + len(failed)), failed, inputs, known]).astype(float)
        row = {
            "sweep": sweep.sweep_id,
            "start": start,
            "count": len(block),
            "digest": array_digest(start, block),
        }
        rows = [(int(sample), int(flag), *cells) for sample, flag, *cells in block.tolist()]
        with writing(self.database, self.path):
            self._leases.check(sweep.sweep_id, f"sweep {sweep.sweep_id}")
            fresh = insert_values(
                self.database, "blocks", tuple(row), [tuple(row.values())], or_else="IGNORE"
            )
            if fresh:
                insert_values(self.database, _table(sweep.sweep_id), columns, rows, or_else="REPLACE")

    def finish(
        self, sweep_id: str, status: str, result: Sequence[Mapping[str, Any]] | None, message: str = ""
    ) -> None:
        """Mark a sweep complete, interrupted or failed, with its table of strongest inputs if any.

        Raises SimError where this process does not work on it.
        """
        cells = {
            "status": status,
            "finished": now(),
            "message": message,
            "result": None if result is None else to_json([dict(row) for row in result]),
        }
        with self._owned(sweep_id):
            update(self.database, "sweeps", sweep_id, cells)
            self._leases.close(sweep_id)

    @property
    def _leases(self) -> Leases:
        return Leases(self.database, self.path)

    @contextmanager
    def _owned(self, sweep_id: str) -> Iterator[None]:
        """Change a sweep in one transaction, if this process is the one that works on it."""
        with writing(self.database, self.path):
            self._leases.check(sweep_id, f"sweep {sweep_id}")
            if _is_changed(self._row(sweep_id)):
                raise _damaged(sweep_id)  # a new digest must not hide it
            yield
            self._seal(sweep_id)

    def _seal(self, sweep_id: str) -> None:
        """Keep the digest of the description; a sweep from before there were digests stays without."""
        row = self._row(sweep_id)
        if row["digest"] is not None:
            update(self.database, "sweeps", sweep_id, {"digest": row_digest([row], without=("digest",))})

    def _row(self, sweep_id: str) -> dict[str, Any]:
        return fetch(self.database, "SELECT * FROM sweeps WHERE id = ?", sweep_id)[0]

    def _put_away_damaged(self, sweep: StoredSweep) -> int:
        """Delete the blocks that are not what was stored, so that they are run again; return how many."""
        damaged = self._damaged_samples(sweep)
        unsound = f"DELETE FROM blocks WHERE sweep = ? AND NOT ({_SOUND})"
        self.database.execute(unsound, (sweep.sweep_id, sweep.samples))
        for first, last in damaged:
            for table, column in ((_table(sweep.sweep_id), "sample"), ("blocks", "start")):
                where = f"{column} BETWEEN ? AND ?" + (" AND sweep = ?" if table == "blocks" else "")
                values = (first, last, sweep.sweep_id) if table == "blocks" else (first, last)
                self.database.execute(f"DELETE FROM {quoted(table)} WHERE {where}", values)
        return len(damaged)

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
        with reading(self.database, self.path):
            row = self._row(sweep_id)
            status = self._status(row)
            done = fetch(self.database, f"SELECT count(*) AS n FROM {quoted(_table(sweep_id))}")[0]["n"]
        try:
            if _is_changed(row):
                raise ValueError("changed")
            return _described(row, status, int(done))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _damaged(sweep_id) from error

    def table(self, sweep: StoredSweep) -> SweepTable:
        """Return the samples stored so far, in order.

        Raises SimError where a block is not what was stored.
        """
        with reading(self.database, self.path):
            cells = self._cells(sweep)
            damaged = self._damaged_samples(sweep, cells)
        if damaged:
            raise SimError(
                f"The sweep {sweep.sweep_id} is damaged: {_spans(damaged)} changed after they were stored."
                f" Run these again with: sim sweep --resume {sweep.sweep_id}"
            )
        middle = 2 + len(sweep.varied)
        return SweepTable(
            cells[:, 0].astype(np.int64), cells[:, 2:middle], cells[:, middle:], cells[:, 1] != 0
        )

    def examined(self) -> tuple[int, int, list[str]]:
        """Read every sweep: how many, how many from before there were digests, which are damaged."""
        with translated(self.path):
            rows = fetch(self.database, "SELECT * FROM sweeps ORDER BY created, rowid")
        damaged = []
        for row in rows:
            try:
                with reading(self.database, self.path):
                    spans = self._damaged_samples(self.get(row["id"]))
            except SimError:
                damaged.append(f"sweep {row['id']} (its description or table)")
            else:
                damaged += [f"sweep {row['id']} ({_spans(spans)})"] if spans else []
        return len(rows), sum(row["digest"] is None for row in rows), damaged

    def _status(self, row: Mapping[str, Any]) -> str:
        """A sweep left "running" by a process that is gone was interrupted."""
        if row["status"] != "running":
            return str(row["status"])
        lease = self._leases.get(row["id"])
        return "running" if lease is not None and lease.alive() else "interrupted"

    def _cells(self, sweep: StoredSweep) -> NDArray[np.float64]:
        """Return the wide table (samples, columns); what is no number there is NaN."""
        columns = _columns(tuple(sweep.varied), sweep.outputs)
        names = ", ".join(quoted(name) for name in ("sample", "failed", *columns))
        sql = f"SELECT {names} FROM {quoted(_table(sweep.sweep_id))} ORDER BY sample"
        with translated(self.path):
            rows = self.database.execute(sql).fetchall()
        try:
            cells = np.array(rows, dtype=np.float64)
        except (ValueError, TypeError):
            cells = np.array([[_number(cell) for cell in row] for row in rows])
        return cells.reshape(len(rows), 2 + len(columns))

    def _damaged_samples(
        self, sweep: StoredSweep, cells: NDArray[np.float64] | None = None
    ) -> list[tuple[int, int]]:
        """Return the first and last sample of each block that is not what was stored."""
        with reading(self.database, self.path):
            cells = self._cells(sweep) if cells is None else cells
            row = self._row(sweep.sweep_id)
            sql = f"SELECT start, count, digest FROM blocks WHERE sweep = ? AND {_SOUND} ORDER BY start"
            blocks = fetch(self.database, sql, sweep.sweep_id, sweep.samples)
        damaged, covered = [], np.zeros(len(cells), dtype=bool)
        for block in blocks:
            first, last = int(block["start"]), int(block["start"]) + int(block["count"]) - 1
            part = slice(*np.searchsorted(cells[:, 0], (first, last + 1)))
            covered[part] = True
            if array_digest(first, cells[part]) != block["digest"]:
                damaged.append((first, last))
        # Samples of before there were digests belong to no block.
        if row["digest"] is not None and not covered.all():
            stray = cells[~covered, 0]
            damaged.append((int(np.nanmin(stray)), int(np.nanmax(stray))))
        return damaged


def _described(row: Mapping[str, Any], status: str, done: int) -> StoredSweep:
    varied = {name: (float(low), float(high)) for name, (low, high) in json.loads(row["varied"]).items()}
    return StoredSweep(
        sweep_id=row["id"],
        created=row["created"],
        status=status,
        seed=row["seed"],
        command=tuple(json.loads(row["command"])),
        samples=row["samples"],
        done=done,
        varied=varied,
        outputs=tuple(json.loads(row["outputs"])),
        settings=json.loads(row["settings"]),
        result=None if row["result"] is None else json.loads(row["result"]),
    )


def _is_changed(row: Mapping[str, Any]) -> bool:
    return row["digest"] is not None and row["digest"] != row_digest([row], without=("digest",))


def _damaged(sweep_id: str) -> SimError:
    return SimError(
        f"The sweep {sweep_id} is damaged: its description has changed since it was stored."
        " Other sweeps can be read. Start it again, or restore the database from a copy."
    )


def _spans(samples: Sequence[tuple[int, int]]) -> str:
    return "samples " + ", ".join(f"{first} to {last}" for first, last in samples)


def _number(cell: object) -> float:
    return float(cell) if isinstance(cell, int | float) else math.nan


def _table(sweep_id: str) -> str:
    return f"sweep {sweep_id}"


def _columns(inputs: tuple[str, ...], outputs: tuple[str, ...]) -> list[str]:
    """Return the wide table's columns; the first word keeps inputs and outputs of the same name apart."""
    return [f"input {name}" for name in inputs] + [f"output {name}" for name in outputs]
