"""Two real processes on one sweep: the second is told who is at work; a killed one's work is gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sim.cli.doctor import _database
from sim.folders import database_path
from sim.store import StoredSweep, open_store

TESTS = Path(__file__).parents[1]
SCRIPT = """
import sys, time
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
try:
    from support.double import Double
except ImportError:
    from double import Double
import sim.analyse.sweep
import sim.ensemble.project
from sim.cli.main import run_program
if __name__ == "__main__":
    double = Double()
    sim.ensemble.project._engine_model = lambda path: double
    sim.analyse.sweep.run_sweep.__kwdefaults__["block"] = 20
    whole, pause = sim.analyse.sweep._run_block, Path(sys.argv[3])
    def slow(project, plan, part, shared, start):
        while part.start >= 40 and pause.exists():
            time.sleep(0.02)
        return whole(project, plan, part, shared, start)
    sim.analyse.sweep._run_block = slow
    sys.exit(run_program(sys.argv[4:]))
"""
SWEEP = ("sweep", "--vary", "headquarters=0..1", "--vary", "growth rate=0.01..0.06", "--samples", "100")


@pytest.fixture
def pause(tmp_path: Path, own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file; while it is there, sweeps stop before their third block."""
    monkeypatch.setenv("SIM_STUDY", str(TESTS / "fixtures" / "region"))
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    path = tmp_path / "pause"
    path.touch()
    return path


def start(pause: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(TESTS), str(TESTS / "fixtures"), str(pause), *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def stored() -> StoredSweep:
    with open_store(database_path(), write=False) as store:
        return store.sweeps.get("@last")


def wait_for(done: int) -> StoredSweep:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if (sweep := stored()).done >= done:
                return sweep
        except Exception:  # not there yet
            pass
        time.sleep(0.05)
    raise AssertionError("the sweep does not get on")


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX")
def test_one_sweep_and_three_processes(pause: Path) -> None:
    first = start(pause, *SWEEP)
    sweep = wait_for(40)
    second = start(pause, "sweep", "--resume", "@last")
    out, err = second.communicate(timeout=60)
    assert (second.returncode, out) == (1, "")
    said = [line for line in err.splitlines() if line.startswith("sim: ")]
    assert len(said) == 1
    assert f"The sweep {sweep.sweep_id} is in work by process {first.pid} on " in said[0]
    assert f"go on with: sim sweep --resume {sweep.sweep_id}" in said[0]
    assert (stored().status, stored().done) == ("running", 40)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert stored().status == "interrupted"
    pause.unlink()
    third = start(pause, "sweep", "--resume", "@last", "--json")
    out, err = third.communicate(timeout=60)
    assert third.returncode == 0, err
    assert json.loads(out)["done"] == 100
    assert stored().status == "complete"


@pytest.mark.skipif(not Path("/proc").exists(), reason="a stopped process is told from a dead one on Linux")
def test_a_process_that_slept_through_a_takeover_stores_nothing_more(pause: Path) -> None:
    first = start(pause, *SWEEP)
    sweep = wait_for(40)
    first.send_signal(signal.SIGSTOP)
    with open_store(database_path()) as store:
        store.database.execute("UPDATE leases SET renewed = renewed - 3600")
    with pytest.MonkeyPatch.context() as patch, open_store(database_path()) as store:
        patch.setattr("sim.store.leases.WATCH_S", 0.1)
        store.sweeps.resume(sweep.sweep_id)
        first.send_signal(signal.SIGCONT)
        pause.unlink()
        out, err = first.communicate(timeout=60)
        assert (first.returncode, out) == (1, "")
        assert f"The sweep {sweep.sweep_id} was taken over by process {os.getpid()} on " in err
        assert (store.sweeps.get("@last").status, store.sweeps.get("@last").done) == ("running", 40)


def test_the_doctor_names_damage_and_digests(tiny: Any) -> None:
    assert tiny("run", "--members", "20").code == 0
    assert tiny("run", "--members", "20").code == 0
    assert tiny(*SWEEP).code == 0
    assert "2 runs, 1 sweeps, 0 calibrations, as they were stored" in _database(database_path())
    with open_store(database_path()) as store:
        bad = store.runs.find("@last")
        store.database.execute(
            "UPDATE series SET data = zeroblob(length(data)) WHERE run = ? AND position = 0", (bad,)
        )
    said = tiny("doctor", "--json")
    (database,) = (check for check in json.loads(said.out) if check["name"] == "database")
    assert said.code == 1
    assert f"damaged are run {bad} (series); the others can be read" in database["detail"]
    said = tiny("runs", "show", "@last")
    assert (said.code, said.out) == (1, "")
    assert f"The run {bad} is damaged" in said.err
    assert tiny("runs", "list").code == 0
    with open_store(database_path()) as store:
        store.database.execute("UPDATE runs SET digests = NULL")
    assert "2 from an older sim have no digest" in _database(database_path())
