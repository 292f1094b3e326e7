"""Blocks on a dask cluster of two worker processes: the same bits, also when a worker dies."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import sim.engine.distributing as distributing
from sim.engine import LoadedModel, Result
from sim.engine.distributing import connected, run_distributed
from sim.engine.loaded import WIDTH
from sim.engine.replacing import TimeSeries
from sim.errors import BadInput, SimError

Build = Callable[..., LoadedModel]
LANES = 1000


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two worker processes of one thread each, on this computer only."""
    from distributed import LocalCluster

    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            local_directory=folder,
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    from distributed import Client

    with Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2)
        yield client


def _changes(model: LoadedModel, lanes: int) -> dict[str, Any]:
    """One change of every form: by lane, by element, by both, the same for all, a lookup, a stock."""
    random = np.random.default_rng(7)
    start = model.defaults()["start"]
    return {
        "share": random.uniform(0.1, 0.3, lanes),
        "worn": random.uniform(0.1, 0.3, (lanes, 3)),
        "start": start * 1.5,
        "start[city, mine]": random.uniform(1, 3, lanes),
        "capital[rest, market]": 2.5,
        "exponent": 0.65,
        "boost": [1.0, 1.5, 1.25],
    }


def _same(far: Result, here: Result) -> None:
    assert list(far) == list(here)
    assert far.failed == here.failed
    np.testing.assert_array_equal(far.time, here.time)
    for name in here:
        assert far[name].dtype == here[name].dtype
        np.testing.assert_array_equal(far[name], here[name])


def test_two_workers_give_the_same_bits(economy: LoadedModel, client: Any) -> None:
    changes = _changes(economy, LANES)
    done: list[tuple[int, int]] = []
    far = run_distributed(economy, changes, cluster=client, progress=lambda *now: done.append(now))
    _same(far, economy.run(changes))
    assert done[-1] == (LANES, LANES)
    assert len(done) == -(-LANES // WIDTH)


def test_blocks_come_in_order(economy: LoadedModel, client: Any) -> None:
    changes = _changes(economy, LANES)
    here = economy.run(changes, outputs=["total"])
    with connected(economy.spec, client) as far:
        blocks = list(far.run_blocks(changes, lanes=LANES, block=150, outputs=["total"]))
        assert [block.first for block in blocks] == list(range(0, LANES, 150))
        np.testing.assert_array_equal(np.concatenate([block["total"] for block in blocks]), here["total"])
        made = far.run_blocks(
            lambda part: {"share": np.arange(part.start, part.stop) / 500.0}, lanes=500, outputs=["total"]
        )
        last = list(made)[-1]
    assert (
        last["total"][-1].tolist()
        == economy.run({"share": 499 / 500}, outputs=["total"])["total"][0].tolist()
    )


def test_exchanged_equations_travel(economy: LoadedModel, client: Any) -> None:
    changes: dict[str, Any] = {
        "total": TimeSeries([0, 2, 4], np.array([5.0, 7.0, 6.0])),
        "boost": [(0, 1.0), (3, 1.8)],
        "share": np.linspace(0.1, 0.3, 200),
    }
    _same(run_distributed(economy, changes, cluster=client), economy.run(changes))


def test_settings_travel(economy: LoadedModel, cluster: Any) -> None:
    changes = {"share": np.linspace(0.1, 0.3, 300)}
    settings: dict[str, Any] = {
        "outputs": ["total", "share", "TIME STEP"],
        "integrator": "rk4",
        "dtype": "float32",
        "time_step": 0.5,
        "final_time": 3,
        "save_every": 1,
    }
    far = run_distributed(economy, changes, cluster=cluster.scheduler_address, block=200, **settings)
    _same(far, economy.run(changes, **settings))


def test_an_array_means_the_same_in_every_block(build: Build, client: Any) -> None:
    """A last block of as many lanes as there are elements must not be taken for elements."""
    model = build(
        "sector: farm, mine, shop ~ ~ |\nrate[sector] = 0.1, 0.2, 0.3 ~ ~ |\n"
        "x[sector] = INTEG(rate[sector], 0) ~ ~ |\n"
    )
    changes = {"rate": np.linspace(0, 1, 131)}
    far = run_distributed(model, changes, cluster=client, block=128)
    _same(far, model.run(changes))
    shared = {"rate": np.array([0.5, 0.25, 0.125])}
    _same(run_distributed(model, shared, cluster=client, lanes=131), model.run(shared, lanes=131))


def test_lanes_fail_where_they_fail_at_home(build: Build, client: Any) -> None:
    model = build("x = INTEG(rate, 1) ~ ~ |\nrate = LN(ceiling - x) ~ ~ |\nceiling = 5 ~ ~ |\n")
    ceilings = np.full(300, 5.0)
    ceilings[[3, 130, 299]] = 0.5
    far = run_distributed(model, {"ceiling": ceilings}, cluster=client, outputs=["x"])
    assert sorted(far.failed) == [3, 130, 299]
    _same(far, model.run({"ceiling": ceilings}, outputs=["x"]))


def test_random_numbers_belong_to_the_lane(build: Build, client: Any) -> None:
    model = build("x = INTEG(RANDOM UNIFORM(low, 1, 3), 0) ~ ~ |\nlow = 0 ~ ~ |\n")
    changes = {"low": np.where(np.arange(300) % 100 == 50, -1e308, 0.0)}
    far = run_distributed(model, changes, cluster=client, lanes=300, block=128, seed=5)
    _same(far, model.run(changes, lanes=300, seed=5))
    assert len(np.unique(far["x"][:, -1])) > 290


def test_a_worker_killed_half_way_costs_only_time(economy: LoadedModel, client: Any) -> None:
    changes = _changes(economy, 6400)
    pids: dict[str, int] = client.run(os.getpid)
    killed: list[str] = []

    def kill(done: int, lanes: int) -> None:
        """After the first block, kill a worker that has others to do, once."""
        busy = [address for address, keys in client.processing().items() if keys and address in pids]
        if busy and not killed:
            killed.append(busy[0])
            os.kill(pids[busy[0]], getattr(signal, "SIGKILL", signal.SIGTERM))

    far = run_distributed(economy, changes, cluster=client, block=128, time_step=1 / 256, progress=kill)
    assert len(killed) == 1
    _same(far, economy.run(changes, time_step=1 / 256))
    client.wait_for_workers(1)
    assert pids[killed[0]] not in client.run(os.getpid).values()


@pytest.mark.parametrize(
    ("changes", "settings", "message"),
    [
        ({"shar": 1}, {}, "Did you mean 'share'"),
        ({}, {"outputs": "total"}, "list of names"),
        ({}, {"outputs": ["totl"]}, "Did you mean 'total'"),
        ({}, {"outputs": ["boost"]}, "no values over time"),
        ({}, {"integrator": "midpoint"}, "integrator must be"),
        ({}, {"time_step": 0.3}, "not a multiple"),
        ({}, {"block": 0}, "block must be"),
    ],
)
def test_bad_input_is_refused_as_at_home(
    economy: LoadedModel, client: Any, changes: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        run_distributed(economy, changes, cluster=client, **settings)


def test_another_processor_is_reported_once(
    economy: LoadedModel, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = distributing.maker()
    monkeypatch.setattr(distributing, "maker", lambda: here | {"processor": "an abacus"})
    with pytest.warns(RuntimeWarning, match="than this computer .an abacus.") as seen:
        run_distributed(economy, lanes=300, cluster=client, block=128, outputs=["total"])
    assert len(seen) == 1
    said: list[str] = []
    with connected(economy.spec, client, warn=said.append) as far:
        for _ in range(2):
            far.run(lanes=300, outputs=["total"])
    assert len(said) == 1


def test_other_versions_are_refused(
    economy: LoadedModel, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = distributing.maker()
    monkeypatch.setattr(distributing, "maker", lambda: here | {"versions": "sim 0.0"})
    with pytest.raises(SimError, match=r"here is sim 0\.0\. Install the same versions"):
        run_distributed(economy, cluster=client, outputs=["total"])


class _Broken:
    """A future that ends in an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def result(self) -> Any:
        raise self.error


def test_what_goes_wrong_on_a_cluster_is_said_plainly() -> None:
    from distributed import CancelledError
    from distributed.scheduler import KilledWorker

    worker: Any = "worker"
    killed = KilledWorker("block", worker, 3)
    for error, message in (
        (CancelledError("scheduler-connection-lost"), "connection to the cluster was lost"),
        (killed, "Give a smaller block, such as 256"),
        (ModuleNotFoundError("No module named 'sim'"), "No module named 'sim'. Check that every worker"),
        (BadInput("a message of the engine"), "^a message of the engine$"),
    ):
        future: Any = _Broken(error)
        with pytest.raises(SimError, match=message):
            distributing._fetched(future)


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "tcp://127.0.0.1:{port}", "carrier-pigeon://x", ""])
def test_an_address_without_a_scheduler(
    economy: LoadedModel, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(distributing, "_PATIENCE", 0.2)
    with socket.socket() as taken:
        # Bound but not listening: no one else can answer there.
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(BadInput, match="No dask scheduler answers at"):
            run_distributed(economy, cluster=address.format(port=taken.getsockname()[1]))


def test_a_cluster_without_workers(economy: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(distributing, "_PATIENCE", 0.2)
    with (
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(BadInput, match="has no workers"),
    ):
        run_distributed(economy, cluster=empty.scheduler_address)


def test_without_the_extra(economy: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match=r"pip install 'changji-sim\[distributed\]'"):
        run_distributed(economy, cluster="tcp://127.0.0.1:8786")


def test_the_engine_does_not_import_dask() -> None:
    import subprocess

    code = "import sys, sim.engine, sim.engine.distributing; print('distributed' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "False"
