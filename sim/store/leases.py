"""Leases: which process is at work on a run or sweep, so that two never work on one.

A lease names its process and holds a random token; only the process with the token may store blocks or set
a status. The process renews it every ``BEAT_S`` seconds. It is free at once where the process is gone
from this computer. Otherwise a lease not renewed for ``STALE_S`` seconds is taken over, but never by the
clock alone, which may be wrong: it is watched first, and one renewed meanwhile is alive.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import SimError
from sim.store.database import translated, writing
from sim.store.identifiers import now
from sim.store.processes import Process, token
from sim.store.table import fetch, insert

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["BEAT_S", "STALE_S", "WATCH_S", "Lease", "Leases", "beating"]

BEAT_S = 10.0
STALE_S = 60.0
WATCH_S = 25.0
"""How long a doubtful lease is watched: two renewals and a half."""
LOOK_S = 0.5


@dataclass(frozen=True)
class Lease:
    """Who holds an item; ``renewed`` in seconds since 1970 by that process's clock, ``beats`` how often."""

    item: str
    token: str
    process: Process
    since: str
    renewed: float
    beats: int

    @property
    def mine(self) -> bool:
        """Whether this process holds it."""
        return self.token == token()

    def age(self) -> float:
        """Return how long ago it was renewed, in seconds; below 0 where the two clocks differ."""
        return time.time() - self.renewed

    def alive(self) -> bool:
        """Tell whether its process seems to be at work."""
        state = self.process.state()
        return self.mine or state == "here" or (state == "unknown" and abs(self.age()) <= STALE_S)

    def who(self) -> str:
        """Return its process, since when it works, and its last sign of life."""
        return (
            f"process {self.process.pid} on {self.process.host} since {self.since}"
            f" (last sign of life {max(self.age(), 0):.0f} s ago)"
        )


@dataclass(frozen=True)
class Leases:
    """The leases of one database."""

    database: Database
    path: Path

    def get(self, item: str) -> Lease | None:
        """Return the lease of an item, or None where no one works on it."""
        return next(iter(self._select("WHERE item = ?", item)), None)

    def all(self) -> dict[str, Lease]:
        """Return every lease by its item."""
        return {lease.item: lease for lease in self._select("")}

    def begin(self, item: str) -> None:
        """Take a new item; to be called inside the transaction that inserts it."""
        row = {"item": item, "token": token(), "since": now(), "renewed": time.time(), "beats": 0}
        self.database.execute("DELETE FROM leases WHERE item = ?", (item,))
        insert(self.database, "leases", [row | asdict(Process.this())])

    def take(self, item: str, what: str, go_on: str, note: Callable[[str], None] = lambda text: None) -> None:
        """Take an item that was left, such as an interrupted sweep.

        Args:
            item: its id.
            what: its kind and id, for messages.
            go_on: the command that goes on with it.
            note: called with one line before a doubtful lease is watched.

        Raises:
            SimError: another process is at work on it.
        """
        seen = self.get(item)
        if seen is not None and _doubtful(seen):
            note(f"The {what} is held by {seen.who()}. Watching for {WATCH_S:g} s whether it still lives.")
            self._watch(seen)
        with writing(self.database, self.path):
            lease = self.get(item)
            if lease is not None and _is_held(lease, seen):
                raise SimError(
                    f"The {what} is in work by {lease.who()}. Wait until it is done, or end "
                    f"that process and go on with: {go_on}"
                )
            self.begin(item)

    def check(self, item: str, what: str) -> None:
        """Raise SimError unless this process holds the item; to be called inside a transaction."""
        lease = self.get(item)
        if lease is None:
            raise SimError(f"The {what} is not in work any more: its end was stored already.")
        if not lease.mine:
            raise SimError(
                f"The {what} was taken over by {lease.who()}, as this process gave no sign for {STALE_S:g} s."
                " What it had stored is kept, and the other goes on."
            )

    def close(self, item: str) -> None:
        """Let an item go; to be called inside the transaction that stores its end."""
        self.database.execute("DELETE FROM leases WHERE item = ? AND token = ?", (item, token()))

    def _watch(self, seen: Lease) -> None:
        until = time.monotonic() + WATCH_S
        while time.monotonic() < until and self.get(seen.item) == seen:
            time.sleep(LOOK_S)

    def _select(self, where: str, *values: object) -> list[Lease]:
        with translated(self.path):
            return [_lease(row) for row in fetch(self.database, f"SELECT * FROM leases {where}", *values)]


@contextmanager
def beating(path: Path, item: str) -> Iterator[None]:
    """Renew the lease of an item every ten seconds, in a thread with a connection of its own."""
    ended = threading.Event()
    thread = threading.Thread(target=_beat, args=(path, item, token(), ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(BEAT_S)


def _beat(path: Path, item: str, own: str, ended: threading.Event) -> None:
    sql = "UPDATE leases SET renewed = ?, beats = beats + 1 WHERE item = ? AND token = ?"
    while not ended.wait(BEAT_S):
        try:
            connection = sqlite3.connect(path, timeout=BEAT_S / 2, isolation_level=None)
            try:
                connection.execute(sql, (time.time(), item, own))
            finally:
                connection.close()
        except sqlite3.Error:
            continue  # a renewal that is missed is made up for by the next


def _is_held(lease: Lease, seen: Lease | None) -> bool:
    """Tell whether another process holds a lease, after it was watched where it was doubtful."""
    if lease.mine or lease.process.state() == "gone":
        return False
    return lease != seen or not _doubtful(lease)


def _doubtful(lease: Lease) -> bool:
    """Tell whether only watching can show if a lease is alive."""
    return not lease.mine and lease.process.state() != "gone" and abs(lease.age()) > STALE_S


def _lease(row: dict[str, Any]) -> Lease:
    """Return a lease; one with damaged cells is of no process and never renewed, so that it is watched."""
    process = Process(int(_number(row["pid"])), str(row["host"]), str(row["boot"]), str(row["start"]))
    renewed, beats = _number(row["renewed"]), int(_number(row["beats"]))
    return Lease(row["item"], str(row["token"]), process, str(row["since"]), renewed, beats)


def _number(cell: object) -> float:
    return float(cell) if isinstance(cell, int | float) and math.isfinite(cell) else 0.0
