"""One run: blocks of lanes through an executable, gathered into whole arrays."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sim.engine.changing import Array, Change
from sim.engine.drawing import NOISE, Noise
from sim.engine.memory import check_room, free_memory, too_large
from sim.engine.packing import Slot, default_rows, defaults
from sim.engine.results import Failures, Result
from sim.engine.timing import Timing
from sim.errors import SimError
from sim.spec.depth import DEEP
from sim.spec.model import Model

if TYPE_CHECKING:
    from sim.engine.compiling import Executable, Request

__all__ = ["Inputs", "Progress", "Run", "inputs_of", "lane_bytes"]

Progress: TypeAlias = Callable[[int, int], None]


def lane_bytes(spec: Model, outputs: Iterable[str], times: Timing, dtype: npt.DTypeLike) -> int:
    """Return the bytes that the outputs of one lane take."""
    cells = sum(int(np.prod(spec.shape(spec.variables[name]), dtype=int)) for name in outputs)
    return cells * (times.saves + 1) * np.dtype(dtype).itemsize


@dataclass(frozen=True)
class Inputs:
    """The packed inputs of a run: one lane as the model has it, and the changed rows."""

    base: Array
    changes: tuple[tuple[npt.NDArray[np.intp], Change], ...]
    noise: Noise | None = None

    def block(self, start: int, stop: int, width: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return the rows of a block; a short block is filled up with copies of its last lane."""
        block = np.empty((self.base.size, width), dtype)
        block[:] = self.base[:, None]
        for rows, change in self.changes:
            block[rows, : stop - start] = change.part(start, stop).values
            block[rows, stop - start :] = block[rows, stop - start - 1 : stop - start]
        if self.noise is not None:
            self.noise.fill(block, start)
        return block

    def lane(self, lane: int) -> Array:
        """Return the rows of one lane, (packed inputs, 1)."""
        return self.block(lane, lane + 1, 1, np.float64)


def inputs_of(
    spec: Model, layout: Iterable[Slot], changes: Iterable[Change], seed: int, first: int
) -> Inputs:
    """Return the inputs of a run from its checked changes; ``seed`` and ``first`` as in :class:`Run`."""
    slots = {slot.name: slot for slot in layout}
    rows = [(change.rows(slots), change) for change in changes]
    used = tuple((place, change) for place, change in rows if place is not None)
    noise = Noise(slots[NOISE].start, seed, first) if NOISE in slots else None
    return Inputs(default_rows(spec, slots.values()), used, noise)


@dataclass(frozen=True)
class _Explanation:
    """What the reasons of failed lanes are found from, later and only if someone asks."""

    spec: Model
    request: Request
    times: Timing
    inputs: Inputs

    def __call__(self, lanes: list[int]) -> dict[int, str]:
        from sim.engine.diagnosing import reasons

        return reasons(self.spec, self.request, self.times, lanes, self.inputs)


@dataclass
class Run:
    """Lanes of one executable; ``changes`` and ``outputs`` are checked already.

    ``seed`` and the number of a lane, counted from ``first``, decide its random numbers.
    """

    spec: Model
    executable: Executable
    times: Timing
    changes: list[Change]
    lanes: int
    outputs: tuple[str, ...]
    progress: Progress | None
    seed: int = 0
    first: int = 0
    inputs: Inputs = field(init=False)
    arrays: dict[str, npt.NDArray[Any]] = field(init=False)
    done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.dtype = np.dtype(self.executable.request.dtype)
        layout = self.executable.description.inputs
        self.inputs = inputs_of(self.spec, layout, self.changes, self.seed, self.first)
        self.good = np.zeros(self.lanes, bool)
        self.arrays = self._room()

    @DEEP
    def result(self, threads: int | None) -> Result:
        """Run every block and return the result."""
        width = self.executable.request.width
        starts = range(0, self.lanes, width)
        workers = min(len(starts), threads or os.cpu_count() or 1)
        if workers == 1:
            for start in starts:
                self._block(start)
        else:
            self._in_threads(starts, workers)
        for name in self.outputs:
            self._fill_input(name)
        arrays = {name: np.moveaxis(array, -1, 0) for name, array in self.arrays.items()}
        explanation = _Explanation(self.spec, self.executable.request, self.times, self.inputs)
        return Result(self.spec, self.times.saved(), Failures(~self.good, explanation), arrays)

    def _in_threads(self, starts: range, workers: int) -> None:
        """After Ctrl-C or an error the blocks that have not begun are dropped, so that it ends at once."""
        pool = ThreadPoolExecutor(workers)
        try:
            for _ in pool.map(self._block, starts):
                pass
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _room(self) -> dict[str, npt.NDArray[Any]]:
        width, one = (
            self.executable.request.width,
            lane_bytes(self.spec, self.outputs, self.times, self.dtype),
        )
        check_room(self.lanes, one, width)
        try:
            return {name: self._empty(name) for name in self.outputs}
        except MemoryError:
            raise SimError(too_large(self.lanes, one, width, free_memory())) from None

    def _empty(self, name: str) -> npt.NDArray[Any]:
        shape = self.spec.shape(self.spec.variables[name])
        return np.empty((self.times.saves + 1, *shape, self.lanes), self.dtype)

    def _block(self, start: int) -> None:
        import jax

        width, description = self.executable.request.width, self.executable.description
        stop = min(start + width, self.lanes)
        times = self.times.values(self.dtype)
        with jax.enable_x64(True):
            rows = self.inputs.block(start, stop, width, self.dtype)
            still, given, states = self.executable.start(rows, times)
            # The loop may take its states for its own use, so they are looked at before.
            good = self._well_started(states, stop - start)
            moving, final = self.executable.loop(given, states, times, self.times.counts())
        here, count = slice(start, stop), stop - start
        for name, array in zip(description.moving, moving, strict=True):
            part = self.arrays[name][..., here] = np.asarray(array)[: self.times.saves + 1, ..., :count]
            good &= _finite(part)
        for name, array in zip(description.still, still, strict=True):
            part = self.arrays[name][..., here] = np.asarray(array)[..., :count]
            good &= _finite(part)
        for array in final:
            good &= _finite(np.asarray(array)[..., :count])
        self.good[here] = good
        self._advance(count)

    def _well_started(self, states: Any, count: int) -> npt.NDArray[np.bool_]:
        """Return, for each lane, whether all stocks that must not be negative start at 0 or above."""
        good = np.ones(count, bool)
        for place in self.executable.description.never_negative:
            start = np.asarray(states[place])[..., :count]
            good &= ~(start < 0).any(axis=tuple(range(start.ndim - 1)))
        return good

    def _advance(self, lanes: int) -> None:
        with self._lock:
            self.done += lanes
            if self.progress:
                self.progress(self.done, self.lanes)

    def _fill_input(self, name: str) -> None:
        """Constants and time settings asked for as outputs never went through the program."""
        variable = self.spec.variables[name]
        if variable.kind == "control":
            self.arrays[name][:] = self.times.setting(name)
        if variable.kind != "constant":
            return
        cells = defaults(self.spec, variable)
        shape = cells.shape
        flat = np.repeat(cells.reshape(-1, 1), self.lanes, axis=1)
        for change in self.changes:
            if change.variable.name == name:
                flat[change.cells] = change.values
        self.arrays[name][:] = flat.reshape((*shape, self.lanes))


def _finite(array: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return a flag for each lane (the last axis)."""
    flags: npt.NDArray[np.bool_] = np.isfinite(array).all(axis=tuple(range(array.ndim - 1)))
    return flags
