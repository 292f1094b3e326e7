"""Calibrations in the database: what was asked, how it went, and where the posterior was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.store.database import translated, writing
from sim.store.digests import row_digest
from sim.store.identifiers import free_id, now
from sim.store.table import fetch, insert, update

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["Calibrations"]


@dataclass(frozen=True)
class Calibrations:
    """The calibrations of one run database."""

    database: Database
    path: Path

    def keep(self, summary: Mapping[str, Any], posterior: Path, command: tuple[str, ...]) -> str:
        """Store a finished calibration and return its id."""
        row = {
            "created": now(),
            "command": json.dumps(list(command), ensure_ascii=False),
            "seed": summary["seed"],
            "effective": summary["effective"],
            "posterior": str(posterior),
            "summary": json.dumps(dict(summary), ensure_ascii=False),
        }
        with writing(self.database, self.path):
            name = free_id(self.database, "calibrations")
            insert(self.database, "calibrations", [{"id": name} | row])
            stored = fetch(self.database, "SELECT * FROM calibrations WHERE id = ?", name)[0]
            update(self.database, "calibrations", name, {"digest": _digest(stored)})
        return name

    def summaries(self) -> list[dict[str, Any]]:
        """Return what was stored of each calibration, oldest first, its id and posterior among it.

        A damaged one is left out; :meth:`examined` names it.
        """
        return [
            {"id": row["id"], "created": row["created"], "posterior": row["posterior"]}
            | json.loads(row["summary"])
            for row in self._rows()
            if not _is_changed(row)
        ]

    def examined(self) -> tuple[int, int, list[str]]:
        """Read each calibration: how many, how many from before there were digests, which are damaged."""
        rows = self._rows()
        damaged = [f"calibration {row['id']}" for row in rows if _is_changed(row)]
        return len(rows), sum(row["digest"] is None for row in rows), damaged

    def _rows(self) -> list[dict[str, Any]]:
        with translated(self.path):
            return fetch(self.database, "SELECT * FROM calibrations ORDER BY created, id")


def _digest(row: Mapping[str, Any]) -> str:
    return row_digest([row], without=("digest",))


def _is_changed(row: Mapping[str, Any]) -> bool:
    return row["digest"] is not None and row["digest"] != _digest(row)
