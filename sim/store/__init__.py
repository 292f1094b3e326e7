"""The run store: one SQLite file that keeps runs, sweeps and calibrations."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from sim.store.calibrations import Calibrations
from sim.store.database import open_database, translated
from sim.store.leases import beating
from sim.store.runs import RunLine, Runs
from sim.store.sweeps import StoredSweep, Sweeps, SweepTable

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = [
    "Calibrations",
    "Health",
    "RunLine",
    "Runs",
    "Store",
    "StoredSweep",
    "SweepTable",
    "Sweeps",
    "open_store",
]


@dataclass(frozen=True)
class Health:
    """How many runs, sweeps and calibrations there are, those without a digest, and what is damaged."""

    counts: dict[str, int]
    without: int
    damaged: tuple[str, ...]


@dataclass(frozen=True)
class Store:
    """An open run database; use it in a ``with`` statement, so that it is closed."""

    database: Database
    path: Path

    @property
    def runs(self) -> Runs:
        """The runs in it."""
        return Runs(self.database, self.path)

    @property
    def sweeps(self) -> Sweeps:
        """The sweeps in it."""
        return Sweeps(self.database, self.path)

    @property
    def calibrations(self) -> Calibrations:
        """The calibrations in it."""
        return Calibrations(self.database, self.path)

    def beating(self, item: str) -> AbstractContextManager[None]:
        """Renew this process's lease of a run or sweep for as long as the ``with`` statement lasts."""
        return beating(self.path, item)

    def check(self) -> str:
        """Return "ok", or what SQLite's own check of the whole file found."""
        with translated(self.path):
            return str(self.database.execute("PRAGMA integrity_check(1)").fetchone()[0])

    def examine(self) -> Health:
        """Read everything and compare it with its digests."""
        found = {
            "runs": self.runs.examined(),
            "sweeps": self.sweeps.examined(),
            "calibrations": self.calibrations.examined(),
        }
        with translated(self.path):
            lost = self.database.execute("PRAGMA foreign_key_check").fetchall()
        return Health(
            {kind: count for kind, (count, _, _) in found.items()},
            sum(without for _, without, _ in found.values()),
            tuple(name for _, _, damaged in found.values() for name in damaged)
            + tuple(f"rows of {table} that belong to nothing" for table in sorted({row[0] for row in lost})),
        )

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(path: Path, *, write: bool = True) -> Store:
    """Open the run database at ``path``; made when ``write`` and missing. Raises SimError with what to do."""
    return Store(open_database(path, write=write), path)
