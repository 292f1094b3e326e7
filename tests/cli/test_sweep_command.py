"""``sim sweep``: ranked, stored block by block, interrupted and gone on with."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim.analyse.sweep
from sim.folders import database_path
from sim.store import StoredSweep, open_store

VARY = ("--vary", "headquarters=0..1", "--vary", "growth rate=0.01..0.06")


def stored(given: str = "@last") -> StoredSweep:
    with open_store(database_path(), write=False) as store:
        return store.sweeps.get(given)


def test_the_strongest_input_comes_first(tiny: Any) -> None:
    said = tiny("sweep", *VARY, "--samples", "100")
    assert said.code == 0
    assert said.out.index("growth rate") < said.out.index("headquarters")
    assert "Sweeping 100/100" in said.err
    assert said.out.splitlines()[-1].startswith("Next: ")
    assert (stored().status, stored().done) == ("complete", 100)


def test_as_data(tiny: Any) -> None:
    said = tiny("sweep", *VARY, "--samples", "100", "--json", "--lever", "tourism")
    value = json.loads(said.out)
    assert [row["name"] for row in value["inputs"]] == ["growth rate", "headquarters"]
    assert stored().settings["scenario"]["levers"] == [{"id": "tourism", "intensity": 1.0, "start": None}]
    assert tiny("sweep", *VARY, "--samples", "50", "--csv").out.startswith("name,low,high,strength,")


def test_too_few_samples_are_kept_but_not_ranked(tiny: Any) -> None:
    said = tiny("sweep", *VARY, "--samples", "5")
    assert said.code == 0
    assert "Too few samples" in said.out
    assert stored().done == 5


def test_ctrl_c_keeps_whole_blocks_and_the_sweep_goes_on(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.analyse.sweep.run_sweep, "__kwdefaults__", _blocks_of(30))
    run_block = sim.analyse.sweep._run_block
    calls: list[int] = []

    def interrupted(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return run_block(*arguments)

    monkeypatch.setattr(sim.analyse.sweep, "_run_block", interrupted)
    said = tiny("sweep", *VARY, "--samples", "100", "--seed", "3")
    sweep = stored()
    assert said.code == 130
    assert f"60 of 100 samples are stored. Go on with: sim sweep --resume {sweep.sweep_id}" in said.err
    assert (sweep.status, sweep.done) == ("interrupted", 60)
    resumed = json.loads(tiny("sweep", "--resume", "@last", "--json").out)
    assert (resumed["done"], stored().status, len(calls)) == (100, "complete", 5)
    whole = json.loads(tiny("sweep", *VARY, "--samples", "100", "--seed", "3", "--json").out)
    assert whole["inputs"] == resumed["inputs"]


def test_on_a_cluster(tiny: Any, double: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sim.engine.distributing

    asked: list[str] = []

    @contextmanager
    def connected(spec: Any, cluster: str, *, warn: Any) -> Iterator[Any]:
        asked.append(cluster)
        warn("a worker of another kind")
        double.threads = 2
        yield double

    monkeypatch.setattr(sim.analyse.sweep.run_sweep, "__kwdefaults__", _blocks_of(30))
    here = json.loads(tiny("sweep", *VARY, "--samples", "100", "--json").out)
    monkeypatch.setattr(sim.engine.distributing, "connected", connected)
    said = tiny("sweep", *VARY, "--samples", "100", "--json", "--dask", "tcp://10.0.0.5:8786")
    assert asked == ["tcp://10.0.0.5:8786"]
    assert "a worker of another kind" in said.err
    assert json.loads(said.out)["inputs"] == here["inputs"]
    assert (stored().status, stored().done) == ("complete", 100)


def _blocks_of(size: int) -> dict[str, Any]:
    return {**(sim.analyse.sweep.run_sweep.__kwdefaults__ or {}), "block": size}


def test_failed_samples_are_counted_and_the_exit_code_says_partial(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_block = sim.analyse.sweep._run_block

    def failing(*arguments: Any) -> Any:
        block = run_block(*arguments)
        failed = np.arange(len(block.goal)) % 10 == 0
        return replace(block, failed=failed, goal=np.where(failed, np.nan, block.goal))

    monkeypatch.setattr(sim.analyse.sweep, "_run_block", failing)
    said = tiny("sweep", *VARY, "--samples", "60")
    assert said.code == 4
    assert said.err.splitlines()[-1] == "sim: 6 samples failed and were left out of the ranking"
    assert "growth rate" in said.out
    assert stored().done == 60


def test_a_changed_model_cannot_go_on(tiny: Any, double: Any) -> None:
    tiny("sweep", *VARY, "--samples", "20")
    double.spec = replace(double.spec, hash="of another comment")
    assert tiny("sweep", "--resume", "@last").code == 0
    double.spec = replace(double.spec, control=replace(double.spec.control, time_step=0.0625))
    said = tiny("sweep", "--resume", "@last")
    assert said.code == 2
    assert "The model or its data (time settings) have changed" in said.err


def test_a_tornado_is_drawn(tiny: Any, tmp_path: Path) -> None:
    plot = tmp_path / "tornado.svg"
    said = tiny("sweep", *VARY, "--samples", "60", "--plot", str(plot))
    assert said.code == 0
    assert plot.read_text(encoding="utf-8").startswith("<?xml")
    assert str(plot) in said.err


def test_the_tornado_s_lines_are_the_intervals_that_are_printed(
    tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr("sim.figures.save_tornado", lambda bars, *_, **__: drawn.extend(bars))
    said = tiny("sweep", *VARY, "--samples", "60", "--plot", str(tmp_path / "t.svg"), "--json")
    rows = json.loads(said.out)["inputs"]
    assert [(one.name, one.low, one.middle, one.high) for one in drawn] == [
        (row["name"], row["strength_low"], row["strength"], row["strength_high"]) for row in rows
    ]
    assert all(one.low < one.middle < one.high for one in drawn)
