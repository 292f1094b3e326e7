"""Leases: one process at a time works on a sweep or run, and only it may say how that ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim.store.leases
from sim.errors import SimError
from sim.store import Store, open_store
from sim.store.leases import STALE_S, beating
from sim.store.processes import Process

VARIED = {"x": (0.0, 1.0)}
LINUX = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="the system tells no start of a process"
)
BLOCK = (np.ones((3, 1)), np.ones((3, 1)), np.zeros(3, dtype=bool))
GONE = 2**22 + 1
"""A number that no process of this computer has."""


def begun(store: Store) -> str:
    return store.sweeps.begin(["sim", "sweep"], VARIED, ("goal",), 9, 1, {})


def as_other(store: Store, item: str, **cells: object) -> None:
    """Make the lease one of another process."""
    cells = {"token": "other", "host": "elsewhere", "boot": "another", **cells}
    sets = ", ".join(f"{name} = ?" for name in cells)
    store.database.execute(f"UPDATE leases SET {sets} WHERE item = ?", (*cells.values(), item))


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.store.leases, "WATCH_S", 0.2)
    monkeypatch.setattr(sim.store.leases, "LOOK_S", 0.01)


def test_a_damaged_lease_is_watched_and_taken_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.store.leases.WATCH_S", 0.0)
    cells = "pid = 't', host = 'x', start = 's', renewed = 'zz', beats = 'y', token = 'other'"
    sweep = store.sweeps.begin(["sim", "sweep"], {"x": (0.0, 1.0)}, ("goal",), 6, 1, {})
    store.database.execute(f"UPDATE leases SET {cells} WHERE item = ?", (sweep,))
    store.database.conn.commit()
    said: list[str] = []
    assert store.sweeps.resume(sweep, said.append) == 0
    assert "Watching for 0 s" in said[0]
    store.sweeps.finish(sweep, "complete", None)


def test_a_sweep_in_work_is_refused_with_who_since_when_and_what_to_do(store: Store) -> None:
    sweep = begun(store)
    as_other(store, sweep, pid=77)
    since = store.sweeps._leases.get(sweep).since  # type: ignore[union-attr]
    with pytest.raises(SimError) as caught:
        store.sweeps.resume(sweep)
    message = str(caught.value)
    assert caught.value.exit_code == 1
    for words in ("process 77 on elsewhere", f"since {since}", f"go on with: sim sweep --resume {sweep}"):
        assert words in message
    assert store.sweeps.get(sweep).status == "running"


def test_who_does_not_hold_it_neither_stores_nor_ends_it(store: Store) -> None:
    sweep = begun(store)
    store.sweeps.append(store.sweeps.get(sweep), 0, *BLOCK)
    as_other(store, sweep)
    for attempt in (
        lambda: store.sweeps.append(store.sweeps.get(sweep), 3, *BLOCK),
        lambda: store.sweeps.finish(sweep, "complete", []),
        lambda: store.sweeps.finish(sweep, "failed", None, "x"),
    ):
        with pytest.raises(SimError, match="taken over by process"):
            attempt()
    kept = store.sweeps.get(sweep)
    assert (kept.status, kept.done) == ("running", 3)


def test_an_end_is_stored_once(store: Store) -> None:
    sweep = begun(store)
    store.sweeps.finish(sweep, "complete", [])
    with pytest.raises(SimError, match="its end was stored already"):
        store.sweeps.finish(sweep, "failed", None)
    assert store.sweeps.get(sweep).status == "complete"


def test_a_run_of_another_process_is_neither_ended_nor_deleted(store: Store, record: dict[str, Any]) -> None:
    run = store.runs.begin(["sim"], record["scenario"], 1, 10)
    as_other(store, run)
    for attempt in (lambda: store.runs.mark(run, "failed"), lambda: store.runs.complete(run, record, None)):
        with pytest.raises(SimError, match="taken over"):
            attempt()
    store.runs.discard(run)
    assert store.runs.get(run)["status"] == "running"


@LINUX
def test_a_number_that_another_process_has_now_is_not_mistaken(store: Store) -> None:
    sweep = begun(store)
    me = Process.this()
    as_other(store, sweep, host=me.host, boot=me.boot, pid=me.pid, start=str(int(me.start) - 1))
    assert store.sweeps.get(sweep).status == "interrupted"
    store.sweeps.resume(sweep)
    assert store.sweeps.get(sweep).status == "running"


@pytest.mark.skipif(os.name == "nt", reason="processes cannot be looked up")
def test_a_process_that_is_gone_from_this_computer_leaves_its_sweep_at_once(store: Store) -> None:
    sweep = begun(store)
    me = Process.this()
    as_other(store, sweep, host=me.host, boot=me.boot, pid=GONE, renewed=time.time())
    store.sweeps.resume(sweep)
    store.sweeps.append(store.sweeps.get(sweep), 0, *BLOCK)


@LINUX
def test_a_process_that_ended_but_is_still_listed_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    started = replace(Process.this(), pid=child.pid, start="1")
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert started.state() == "gone"
    child.wait()
    assert Process.this().state() == "here"
    assert replace(Process.this(), host="elsewhere").state() == "unknown"
    assert replace(Process.this(), boot="an earlier one").state() == "unknown"


@pytest.mark.usefixtures("no_wait")
@pytest.mark.parametrize("skew", [-2 * STALE_S, 7200.0], ids=["long ago", "in the future"])
def test_what_looks_left_is_taken_after_watching(store: Store, skew: float) -> None:
    sweep = begun(store)
    as_other(store, sweep, renewed=time.time() + skew)
    said: list[str] = []
    store.sweeps.resume(sweep, said.append)
    assert "Watching for 0.2 s" in said[0]
    store.sweeps.append(store.sweeps.get(sweep), 0, *BLOCK)


@pytest.mark.usefixtures("no_wait")
@pytest.mark.parametrize("skew", [-7200.0, 7200.0], ids=["slow clock", "fast clock"])
def test_a_wrong_clock_takes_nothing_from_a_process_at_work(
    store: Store, path: Path, skew: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = begun(store)
    as_other(store, sweep, renewed=time.time() + skew)

    def renewed(seconds: float) -> None:
        """The other process renews its lease, by its own clock, while this one watches."""
        with sqlite3.connect(path) as other:
            other.execute("UPDATE leases SET beats = beats + 1, renewed = ?", (time.time() + skew,))
        other.close()

    monkeypatch.setattr(time, "sleep", renewed)
    with pytest.raises(SimError, match="in work by process"):
        store.sweeps.resume(sweep)


def test_a_lease_is_renewed_while_a_long_block_runs(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sim.store.leases, "BEAT_S", 0.01)
    sweep = begun(store)
    before = store.sweeps._leases.get(sweep)
    with beating(path, sweep):
        until = time.monotonic() + 20
        while (now := store.sweeps._leases.get(sweep)) == before and time.monotonic() < until:
            time.sleep(0.01)
    assert before is not None
    assert now is not None
    assert now.beats > before.beats
    assert now.renewed > before.renewed


def _hold(path: str, ready: Any) -> None:
    with open_store(Path(path)) as store:
        ready.send(begun(store))
        ready.recv()


def test_two_processes_want_one_sweep_and_the_first_is_killed(path: Path) -> None:
    here, there = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_hold, args=(str(path), there))
    child.start()
    sweep = here.recv()
    with open_store(path) as store:
        with pytest.raises(SimError, match=f"in work by process {child.pid} on "):
            store.sweeps.resume(sweep)
        with pytest.raises(SimError, match=f"taken over by process {child.pid} on "):
            store.sweeps.finish(sweep, "complete", [])
        assert store.sweeps.get(sweep).status == "running"
        if os.name == "nt":
            child.terminate()
        else:
            os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        if os.name != "nt":
            assert store.sweeps.get(sweep).status == "interrupted"
            store.sweeps.resume(sweep)
            assert store.sweeps.get(sweep).status == "running"
