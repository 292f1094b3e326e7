"""The shipped model through the command line, as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.errors import SimError
from sim.folders import database_path
from sim.store import open_store


def done(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim", *arguments], capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.usefixtures("own_data")
def test_a_run_its_report_and_its_record(tmp_path: Path) -> None:
    ran = done("run", "--lever=headquarters", "--members", "50", "--json")
    assert ran.returncode == 0, ran.stderr
    printed = json.loads(ran.stdout)
    assert {kpi["id"] for kpi in printed["kpis"]} >= {"city-gdp", "city-gdp-current"}
    made = done("report", "@last", "--output", str(tmp_path / "report.pdf"), "--lang", "zh")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    shown = done("runs", "show", printed["run_id"][:-1], "--json")
    assert json.loads(shown.stdout)["goal"] == printed["goal"]
    listed = done("levers", "show", "headquarters", "--json")
    assert json.loads(listed.stdout)["constants"] != []


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for another process")
@pytest.mark.usefixtures("own_data")
def test_ctrl_c_at_a_process(tmp_path: Path) -> None:
    # An empty cache keeps the process busy long after its run is in the database.
    running = subprocess.Popen(
        [sys.executable, "-m", "sim", "run", "--lever=headquarters"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"SIM_CACHE": str(tmp_path / "cache")},
    )
    while not statuses():
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()
    assert (running.returncode, out) == (130, b"")
    assert err.decode().splitlines()[-1] == "sim: Interrupted. What was stored stays stored."
    assert statuses() == ["interrupted"]


def statuses() -> list[str]:
    """Return the statuses of the stored runs; none while the database is being made."""
    try:
        with open_store(database_path(), write=False) as store:
            return [line.status for line in store.runs.lines()]
    except SimError:
        return []
