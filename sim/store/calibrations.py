"""Calibrations in the database: what was asked, how it went, and where the posterior was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.store.database import translated
from sim.store.identifiers import new_id, now
from sim.store.table import insert

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
        with translated(self.path), self.database.atomic():
            name = new_id()
            row = {
                "id": name,
                "created": now(),
                "command": json.dumps(list(command), ensure_ascii=False),
                "seed": summary["seed"],
                "effective": summary["effective"],
                "posterior": str(posterior),
                "summary": json.dumps(dict(summary), ensure_ascii=False),
            }
            insert(self.database, "calibrations", [row])
        return name

    def summaries(self) -> list[dict[str, Any]]:
        """Return what was stored of each calibration, oldest first, its id and posterior among it."""
        with translated(self.path):
            query = "SELECT id, created, posterior, summary FROM calibrations ORDER BY created, id"
            rows = self.database.execute(query).fetchall()
        return [
            {"id": name, "created": created, "posterior": posterior, **json.loads(summary)}
            for name, created, posterior, summary in rows
        ]
