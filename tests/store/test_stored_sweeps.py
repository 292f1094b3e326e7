"""Sweeps are stored block by block in a wide table of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.errors import BadInput, SimError
from sim.store import Store

VARIED = {"headquarters": (0.0, 1.0), 'odd "name"[city, 输变电]': (-1.0, 2.0), "goal": (0.0, 1.0)}
OUTPUTS = ("goal", "city-gdp 2035")


def begun(store: Store) -> str:
    return store.sweeps.begin(["sim", "sweep"], VARIED, OUTPUTS, 6, 1, {"scenario": {"name": "x"}})


def test_blocks_come_back_in_order(store: Store) -> None:
    sweep = store.sweeps.get(begun(store))
    assert (sweep.status, sweep.done, sweep.samples, sweep.varied) == ("running", 0, 6, VARIED)
    assert store.sweeps.table(sweep).inputs.shape == (0, 3)
    inputs = np.arange(18.0).reshape(6, 3)
    outputs = np.arange(12.0).reshape(6, 2) + 100
    outputs[1] = np.nan
    failed = np.array([False, True, False, False, False, False])
    store.sweeps.append(sweep, 3, inputs[3:], outputs[3:], failed[3:])
    store.sweeps.append(sweep, 0, inputs[:3], outputs[:3], failed[:3])
    table = store.sweeps.table(sweep)
    assert table.sample.tolist() == list(range(6))
    np.testing.assert_array_equal(table.inputs, inputs)
    np.testing.assert_array_equal(table.outputs, outputs)
    np.testing.assert_array_equal(table.failed, failed)
    assert store.sweeps.get(sweep.sweep_id).done == 6


def block_of(rows: int, value: float = 1) -> tuple[Any, Any, Any]:
    return np.full((rows, 3), value), np.full((rows, 2), value), np.zeros(rows, dtype=bool)


def test_a_block_stored_twice_changes_nothing(store: Store) -> None:
    sweep = store.sweeps.get(begun(store))
    store.sweeps.append(sweep, 3, *block_of(3))
    store.sweeps.append(sweep, 3, *block_of(3, value=2))
    assert store.sweeps.get("@last").done == 3
    assert set(store.sweeps.table(sweep).inputs.ravel()) == {1}


def test_a_block_goes_in_whole_or_not_at_all(store: Store) -> None:
    sweep = store.sweeps.get(begun(store))
    flags = np.array(["no", "no", "no"], dtype=object)
    with pytest.raises(ValueError, match="no"):
        store.sweeps.append(sweep, 0, *block_of(3)[:2], flags)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.store.sweeps._columns", lambda inputs, outputs: ["unknown"])
        with pytest.raises(SimError, match="no column named unknown"):
            store.sweeps.append(sweep, 0, *block_of(3))
    assert store.sweeps.get("@last").done == 0
    store.sweeps.append(sweep, 0, *block_of(3))
    assert store.sweeps.table(sweep).sample.tolist() == [0, 1, 2]


def test_a_finished_sweep_keeps_its_result(store: Store) -> None:
    sweep_id = begun(store)
    store.sweeps.finish(sweep_id, "complete", [{"name": "headquarters", "strength": 0.4}])
    sweep = store.sweeps.get(sweep_id[:-1])
    assert (sweep.status, sweep.result) == ("complete", [{"name": "headquarters", "strength": 0.4}])
    store.sweeps.resume(sweep_id)
    assert store.sweeps.get(sweep_id).status == "running"


def test_too_many_inputs_and_unknown_sweeps_are_refused(store: Store) -> None:
    wide = {f"x{i}": (0.0, 1.0) for i in range(2000)}
    with pytest.raises(BadInput, match="too wide"):
        store.sweeps.begin(["sim"], wide, OUTPUTS, 6, 1, {})
    with pytest.raises(BadInput, match="There is no sweep 'x'"):
        store.sweeps.get("x")
