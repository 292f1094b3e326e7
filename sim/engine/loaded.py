"""A model ready to run, one lane or many at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sim.engine.changing import Array, Change, Changes, read_changes
from sim.engine.packing import default_rows, defaults
from sim.engine.results import Result
from sim.engine.timing import Timing, timing
from sim.errors import BadInput
from sim.spec.model import Model, Variable
from sim.translate import load_spec

if TYPE_CHECKING:
    from sim.engine.compiling import Executable, Request

__all__ = ["LoadedModel", "Progress", "load_model"]

Progress = Callable[[int, int], None]
_WIDTH = 128


def load_model(path: str | os.PathLike[str], *, encoding: str | None = None) -> LoadedModel:
    """Return the model in a Vensim file, checked and ready to run; BadInput if it cannot be run."""
    return LoadedModel(load_spec(Path(path), encoding=encoding))


@dataclass
class LoadedModel:
    """A typed model (``spec``) and the machine code made for it so far."""

    spec: Model
    _executables: dict[Request, Executable] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Variables by name, with units, kind, dimensions, doc and group."""
        return self.spec.variables

    def defaults(self) -> dict[str, Array]:
        """Return the constants as the model has them: name → array (*subscripts)."""
        return {
            name: defaults(self.spec, variable)
            for name, variable in self.spec.variables.items()
            if variable.kind == "constant"
        }

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
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Run the model over lanes and return the outputs.

        ``changes`` maps names of constants, stocks (their initial values) or lookups (their heights), with
        elements as in ``"x[city, tourism]"`` if wanted, to a number, (lanes,), (*subscripts) or
        (lanes, *subscripts). ``outputs`` (default: all variables) are the only values kept.
        Times are in the model's unit of time. ``progress`` is called with lanes done and lanes in all.

        Raises BadInput for unknown names, wrong shapes, values that are not finite numbers, and times that
        do not fit together. A lane that turns NaN or infinite is listed in ``result.failed``.
        """
        _one_of("integrator", integrator, ("euler", "rk4"))
        _one_of("dtype", dtype, ("float64", "float32"))
        times = timing(self.spec.control, time_step, final_time, save_every)
        read, count = read_changes(self.spec, changes or {}, lanes)
        names = self._outputs(outputs)
        executable = self._executable(names, read, integrator, dtype, times)
        return _Run(self.spec, executable, times, read, count, names, progress).result(threads)

    def _outputs(self, outputs: Iterable[str] | None) -> tuple[str, ...]:
        if outputs is None:
            return tuple(n for n, v in self.spec.variables.items() if v.kind not in ("lookup", "control"))
        if isinstance(outputs, str):
            raise BadInput("outputs must be a list of names, such as ['gdp'].")
        found = [self.spec.find(name) for name in outputs]
        tables = [variable.name for variable in found if variable.kind == "lookup"]
        if tables:
            raise BadInput(f"{', '.join(tables)}: a lookup has no values over time.")
        # In the model's order, so that the same outputs in another order share an executable.
        wanted = {variable.name for variable in found}
        return tuple(name for name in self.spec.variables if name in wanted)

    def _executable(
        self,
        outputs: tuple[str, ...],
        changes: list[Change],
        integrator: Literal["euler", "rk4"],
        dtype: str,
        times: Timing,
    ) -> Executable:
        from sim.engine.compiling import Request, compiled

        overridden = {change.variable.name for change in changes if change.variable.kind == "stock"}
        usual = timing(self.spec.control, None, None, None).saves + 1
        slots = max(usual, times.saves + 1)
        request = Request(outputs, tuple(sorted(overridden)), _WIDTH, slots, integrator, dtype)
        with self._lock:
            if request not in self._executables:
                self._executables[request] = compiled(self.spec, request)
            return self._executables[request]


class _Run:
    """One run: blocks of lanes through an executable, gathered into whole arrays."""

    def __init__(
        self,
        spec: Model,
        executable: Executable,
        times: Timing,
        changes: list[Change],
        lanes: int,
        outputs: tuple[str, ...],
        progress: Progress | None,
    ) -> None:
        self.spec = spec
        self.executable = executable
        self.times = times
        self.lanes = lanes
        self.outputs = outputs
        self.progress = progress
        self.dtype = np.dtype(executable.request.dtype)
        slots = {slot.name: slot for slot in executable.description.inputs}
        self.base = default_rows(spec, executable.description.inputs)
        self.rows = [(change.rows(slots), change) for change in changes]
        self.arrays = {name: self._empty(name) for name in outputs}
        self.good = np.zeros(lanes, bool)
        self.done = 0
        self._lock = threading.Lock()

    def result(self, threads: int | None) -> Result:
        """Run every block and return the result."""
        width = self.executable.request.width
        starts = range(0, self.lanes, width)
        workers = min(len(starts), threads or os.cpu_count() or 1)
        if workers == 1:
            for start in starts:
                self._block(start)
        else:
            with ThreadPoolExecutor(workers) as pool:
                for _ in pool.map(self._block, starts):
                    pass
        for name in self.outputs:
            self._fill_input(name)
        arrays = {name: np.moveaxis(array, -1, 0) for name, array in self.arrays.items()}
        return Result(self.spec, self.times.saved(), self._failed(), arrays)

    def _empty(self, name: str) -> Array:
        shape = self.spec.shape(self.spec.variables[name])
        return np.empty((self.times.saves + 1, *shape, self.lanes), self.dtype)

    def _block(self, start: int) -> None:
        import jax

        stop = min(start + self.executable.request.width, self.lanes)
        times = self.times.values(self.dtype)
        with jax.enable_x64(True):
            still, given, states = self.executable.start(self._inputs(start, stop), times)
            moving, final = self.executable.loop(given, states, times, self.times.counts())
        here, count = slice(start, stop), stop - start
        good = np.ones(count, bool)
        for name, array in zip(self.executable.description.moving, moving, strict=True):
            part = self.arrays[name][..., here] = np.asarray(array)[: self.times.saves + 1, ..., :count]
            good &= _finite(part)
        for name, array in zip(self.executable.description.still, still, strict=True):
            part = self.arrays[name][..., here] = np.asarray(array)[..., :count]
            good &= _finite(part)
        for array in final:
            good &= _finite(np.asarray(array)[..., :count])
        self.good[here] = good
        self._advance(count)

    def _advance(self, lanes: int) -> None:
        with self._lock:
            self.done += lanes
            if self.progress:
                self.progress(self.done, self.lanes)

    def _inputs(self, start: int, stop: int) -> Array:
        """Return the input rows of a block; a short block is filled up with copies of its last lane."""
        width = self.executable.request.width
        block = np.empty((self.base.size, width), self.dtype)
        block[:] = self.base[:, None]
        for rows, change in self.rows:
            if rows is None:
                continue
            values = change.values if change.values.shape[1] == 1 else change.values[:, start:stop]
            block[rows, : stop - start] = values
            block[rows, stop - start :] = block[rows, stop - start - 1 : stop - start]
        return block

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
        for _, change in self.rows:
            if change.variable.name == name:
                flat[change.cells] = change.values
        self.arrays[name][:] = flat.reshape((*shape, self.lanes))

    def _failed(self) -> dict[int, str]:
        bad = np.flatnonzero(~self.good)
        if not bad.size:
            return {}
        from sim.engine.diagnosing import reasons

        lanes = [int(lane) for lane in bad]
        return reasons(self.spec, self.executable, self.times, lanes, self._lane)

    def _lane(self, lane: int) -> Array:
        return self._inputs(lane, lane + 1)[:, :1].astype(np.float64)


def _finite(array: Array) -> Any:
    """Return a flag for each lane (the last axis)."""
    return np.isfinite(array).all(axis=tuple(range(array.ndim - 1)))


def _one_of(name: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise BadInput(f"{name} must be one of {', '.join(allowed)}; {given!r} given.")
