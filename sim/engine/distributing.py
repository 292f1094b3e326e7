"""The same blocks of lanes on the workers of a dask.distributed cluster.

Lanes depend neither on each other nor on the block that they run in, so a run cut into blocks gives the
same bits whatever the number of workers, as long as they have the same kind of processor. A block that is
lost with its worker is run again. Dask's own messages are pickled: a cluster is for trusted networks only.
"""

from __future__ import annotations

import math
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from sim.engine.changing import Change, Changes, read_changes
from sim.engine.drawing import checked_seed
from sim.engine.loaded import WIDTH, BlockChanges, LoadedModel, Progress, one_of
from sim.engine.memory import block_of, check_room
from sim.engine.packing import layout
from sim.engine.planning import make_plan
from sim.engine.results import Failures, Result
from sim.engine.running import inputs_of, lane_bytes
from sim.engine.shipping import Maker, Order, Ran, maker, packed, run_block, sent
from sim.engine.timing import Timing, timing
from sim.errors import BadInput, SimError
from sim.spec.model import Model

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["DistributedModel", "connected", "run_distributed"]

_PATIENCE = 10.0
"""Seconds to wait for the scheduler, and again for a first worker."""
_MOST_BYTES = 32_000_000
_MOST_LANES = 4096
_SHARES = 4
"""Blocks for each thread of the cluster, so that none waits long for the last."""

_Block: TypeAlias = tuple[slice, LoadedModel, list[Change]]


def run_distributed(
    model: LoadedModel,
    changes: Changes | None = None,
    *,
    cluster: str | Client,
    lanes: int | None = None,
    outputs: Iterable[str] | None = None,
    integrator: Literal["euler", "rk4"] = "euler",
    dtype: Literal["float64", "float32"] = "float64",
    time_step: float | None = None,
    final_time: float | None = None,
    save_every: float | None = None,
    seed: int = 0,
    block: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run the model as :meth:`LoadedModel.run` does, on a cluster; the result is the same, bit for bit.

    ``cluster`` is a scheduler's address such as ``"tcp://10.0.0.5:8786"``, or a ``distributed.Client`` (for
    TLS, say). Everything else is as in ``LoadedModel.run``, and ``block`` is how many lanes go to a worker
    at a time (default: by lanes, workers and size of the outputs). A worker needs this package, in the same
    version and with the same JAX and NumPy.

    Raises BadInput as ``LoadedModel.run`` does, and if the cluster cannot be reached or has no workers;
    SimError if a block fails or its workers die again and again. Warns if a worker has another kind of
    processor than this computer, since the last digits may then differ.
    """
    with connected(model.spec, cluster, block=block) as far:
        return far.run(
            changes,
            lanes=lanes,
            outputs=outputs,
            integrator=integrator,
            dtype=dtype,
            time_step=time_step,
            final_time=final_time,
            save_every=save_every,
            seed=seed,
            progress=progress,
        )


@contextmanager
def connected(
    spec: Model,
    cluster: str | Client,
    *,
    block: int | None = None,
    warn: Callable[[str], None] | None = None,
) -> Iterator[DistributedModel]:
    """Give a model that runs on a cluster, and hang up afterwards; arguments as in :func:`run_distributed`.

    ``warn`` is called with each message about a worker of another kind (default: ``warnings.warn``).
    """
    if block is not None and block < 1:
        raise BadInput(f"block must be at least 1 lane; {block} given.")
    client = _client(cluster)
    try:
        yield DistributedModel(spec, client, _threads(client), block, warn or _warn)
    finally:
        if client is not cluster:
            client.close()


class DistributedModel(LoadedModel):
    """A model whose lanes run on a cluster; ``threads`` is how many blocks the cluster runs at a time."""

    def __init__(
        self, spec: Model, client: Client, threads: int, block: int | None, warn: Callable[[str], None]
    ) -> None:
        super().__init__(spec)
        self.client = client
        self.threads = threads
        self.block = block
        self._workers = _Workers(warn)

    def run(
        self,
        changes: Changes | None = None,
        *,
        lanes: int | None = None,
        outputs: Iterable[str] | None = None,
        integrator: Literal["euler", "rk4"] = "euler",
        dtype: Literal["float64", "float32"] = "float64",
        time_step: float | None = None,
        final_time: float | None = None,
        save_every: float | None = None,
        seed: int = 0,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Run the model over lanes; see :func:`run_distributed`. ``threads`` has no effect here."""
        times = timing(self.spec.control, time_step, final_time, save_every)
        order = self._order(outputs, integrator, dtype, times, seed)
        model, numbers = self._with_exchanges(changes or {})
        read, count = read_changes(model.spec, numbers, lanes)
        one = lane_bytes(self.spec, order["outputs"], times, dtype)
        check_room(count, one, WIDTH)
        size = self.block or self._size(count, one)
        parts = (slice(start, min(start + size, count)) for start in range(0, count, size))
        blocks = ((part, model, [change.part(part.start, part.stop) for change in read]) for part in parts)
        results = self._results(blocks, order, times, count, progress)
        arrays, failed = _gathered(results, count)
        failures = Failures(failed, _Explanation(model, read, order, times, 0))
        return Result(self.spec, times.saved(), failures, arrays)

    def run_blocks(
        self,
        changes: Changes | BlockChanges | None = None,
        *,
        lanes: int,
        block: int | None = None,
        outputs: Iterable[str] | None = None,
        integrator: Literal["euler", "rk4"] = "euler",
        dtype: Literal["float64", "float32"] = "float64",
        time_step: float | None = None,
        final_time: float | None = None,
        save_every: float | None = None,
        seed: int = 0,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Iterator[Result]:
        """Yield the blocks in order, in memory that does not grow with lanes; see LoadedModel.run_blocks.

        Each block is one piece of work for one thread of the cluster.
        """
        times = timing(self.spec.control, time_step, final_time, save_every)
        order = self._order(outputs, integrator, dtype, times, seed)
        one = lane_bytes(self.spec, order["outputs"], times, dtype)
        blocks = self._blocks(changes or {}, lanes, block or self.block or self._size(lanes, one), one)
        return self._results(blocks, order, times, lanes, progress)

    def _order(
        self,
        outputs: Iterable[str] | None,
        integrator: Literal["euler", "rk4"],
        dtype: Literal["float64", "float32"],
        times: Timing,
        seed: int,
    ) -> Order:
        one_of("integrator", integrator, ("euler", "rk4"))
        one_of("dtype", dtype, ("float64", "float32"))
        names = self._outputs(outputs)
        return {
            "outputs": names,
            "integrator": integrator,
            "dtype": dtype,
            "times": astuple(times),
            "seed": checked_seed(seed),
        }

    def _size(self, lanes: int, one: int) -> int:
        """Return lanes in a block: several blocks for each thread, but none too big to send."""
        share = math.ceil(lanes / (_SHARES * self.threads * WIDTH)) * WIDTH
        return max(WIDTH, min(share, _MOST_LANES, block_of(one, _MOST_BYTES, WIDTH)))

    def _results(
        self,
        blocks: Iterable[_Block],
        order: Order,
        times: Timing,
        lanes: int,
        progress: Progress | None,
    ) -> Iterator[Result]:
        """Yield the blocks in order; only a few are under way at a time."""
        waiting: deque[_Task] = deque()
        packs: dict[str, bytes] = {}
        try:
            for part, model, read in blocks:
                if model.spec.hash not in packs:
                    packs = {model.spec.hash: packed(model.spec)}
                work = (packs[model.spec.hash], sent(read), (part.start, part.stop), order)
                future = self.client.submit(run_block, *work, pure=False)
                waiting.append(_Task(future, part, model, read))
                if len(waiting) > 2 * self.threads + 1:
                    yield self._result(waiting, order, times, lanes, progress)
            while waiting:
                yield self._result(waiting, order, times, lanes, progress)
        finally:
            self.client.cancel([task.future for task in waiting])

    def _result(
        self, waiting: deque[_Task], order: Order, times: Timing, lanes: int, progress: Progress | None
    ) -> Result:
        """Wait for the oldest block; it stays in the queue until then, to be cancelled after an error."""
        task = waiting[0]
        ran = _fetched(task.future)
        self._workers.check(ran["maker"])
        waiting.popleft()
        if progress:
            progress(task.part.stop, lanes)
        arrays = {name: np.moveaxis(array, -1, 0) for name, array in ran["arrays"].items()}
        explain = _Explanation(task.model, task.changes, order, times, task.part.start)
        failures = Failures(ran["failed"], explain)
        return Result(self.spec, times.saved(), failures, arrays, first=task.part.start)


@dataclass(frozen=True)
class _Task:
    """A block under way: its lanes, the model that runs them, and the changes in them."""

    future: Future[Ran]
    part: slice
    model: LoadedModel
    changes: list[Change]


@dataclass(frozen=True)
class _Explanation:
    """Why lanes failed, found here, later and only if someone asks."""

    model: LoadedModel
    changes: list[Change]
    order: Order
    times: Timing
    first: int

    def __call__(self, lanes: list[int]) -> dict[int, str]:
        from sim.engine.diagnosing import reasons

        order, spec = self.order, self.model.spec
        request = self.model.request(
            order["outputs"], self.changes, order["integrator"], order["dtype"], self.times
        )
        slots = layout(make_plan(spec, request.outputs, request.overridden))
        inputs = inputs_of(spec, slots, self.changes, order["seed"], self.first)
        return reasons(spec, request, self.times, lanes, inputs)


class _Workers:
    """Which kinds of worker have been seen."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self.warn = warn
        self.seen: set[tuple[str, str]] = set()

    def check(self, far: Maker) -> None:
        """Refuse other versions; report another processor, once for each host."""
        here = maker()
        if far["versions"] != here["versions"]:
            raise SimError(
                f"The worker on {far['host']} has {far['versions']}; here is {here['versions']}. "
                "Install the same versions on both."
            )
        kind = (far["host"], far["processor"])
        if far["processor"] != here["processor"] and kind not in self.seen:
            self.seen.add(kind)
            self.warn(
                f"The worker on {far['host']} has another kind of processor ({far['processor']}) than this "
                f"computer ({here['processor']}): the last digits of its lanes may differ."
            )


def _gathered(results: Iterable[Result], lanes: int) -> tuple[dict[str, Any], Any]:
    """Return whole outputs, name → (lanes, times, *subscripts), and which lanes failed, (lanes,)."""
    whole: dict[str, Any] = {}
    failed = np.zeros(lanes, bool)
    for result in results:
        here = slice(result.first, result.first + result.lanes)
        failed[here] = result.failed.mask
        for name, array in result.arrays.items():
            if name not in whole:
                # Lanes innermost, as the engine keeps them.
                whole[name] = np.moveaxis(np.empty((*array.shape[1:], lanes), array.dtype), -1, 0)
            whole[name][here] = array
    return whole, failed


def _client(cluster: str | Client) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise BadInput(
            "Running on a cluster needs dask.distributed. Install it: pip install 'changji-sim[distributed]'"
        ) from error
    if isinstance(cluster, Client):
        return cluster
    try:
        return Client(cluster, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(
            f"No dask scheduler answers at {cluster!r}. Give the address that 'dask scheduler' printed, "
            "such as tcp://10.0.0.5:8786."
        ) from error


def _threads(client: Client) -> int:
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        raise BadInput("The cluster has no workers. Start one: dask worker ADDRESS") from error
    return max(1, sum(int(threads) for threads in client.nthreads().values()))


def _fetched(future: Future[Ran]) -> Ran:
    """Return a finished block; dask itself runs the blocks of dead workers again."""
    from distributed import CancelledError
    from distributed.scheduler import KilledWorker

    try:
        return future.result()
    except SimError:
        raise
    except CancelledError as error:
        raise SimError(
            "The connection to the cluster was lost. Check that its scheduler is still running."
        ) from error
    except KilledWorker as error:
        raise SimError(
            "Workers died again and again while they ran the same block of lanes, most likely for lack of "
            f"memory. Give a smaller block, such as {WIDTH}."
        ) from error
    except Exception as error:
        raise SimError(
            f"A block failed on the cluster: {type(error).__name__}: {error}. "
            "Check that every worker has this package in the same version."
        ) from error


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=2)
