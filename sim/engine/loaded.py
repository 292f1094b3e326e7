"""A model ready to run, one lane or many at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from sim.engine.changing import Array, Change, Changes, count_of, read_changes
from sim.engine.drawing import checked_seed
from sim.engine.gradient import Gradient, differentiable, directions_of, gradient_of
from sim.engine.holding import room
from sim.engine.memory import BLOCK_BYTES, block_of
from sim.engine.packing import defaults
from sim.engine.replacing import exchanged, is_exchange
from sim.engine.results import Result
from sim.engine.running import Progress, Run, lane_bytes
from sim.engine.timing import Timing, timing
from sim.errors import BadInput
from sim.spec.model import Model, Variable
from sim.translate import load_spec

if TYPE_CHECKING:
    from sim.engine.compiling import Executable, Request

__all__ = ["WIDTH", "BlockChanges", "LoadedModel", "Progress", "load_model", "one_of"]

BlockChanges: TypeAlias = Callable[[slice], Changes]
"""Changes made block by block: given the slice of lanes, return the changes for just those lanes."""
WIDTH = 256
"""Lanes in one block of the compiled program."""
_DIRECTIONS = 64
"""Lanes in one block of the program of derivatives."""


def load_model(path: str | os.PathLike[str], *, encoding: str | None = None) -> LoadedModel:
    """Return the model in a file, checked and ready to run.

    ``encoding`` is the file's, if it is neither UTF-8 nor named in its first line. The translation and
    what is compiled later are kept in the user's cache folder; nothing is written beside the model.

    Raises BadInput naming all that is wrong: a missing file, another kind of file, a syntax error with its
    line, or what the engine cannot run (see ``sim check``).
    """
    return LoadedModel(load_spec(Path(path), encoding=encoding))


@dataclass
class LoadedModel:
    """A typed model (``spec``) and the machine code made for it so far."""

    spec: Model
    _executables: dict[Request, Executable] = field(default_factory=dict, repr=False)
    _exchanged: dict[str, LoadedModel] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Variables by name as the model writes it.

        Each has ``name``, ``units`` (text), ``kind`` (stock, auxiliary, constant, lookup or control),
        ``dimensions`` (names of its axes), ``doc``, ``group``, ``limits`` and ``components`` (its equations).
        """
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
        seed: int = 0,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Run the model over lanes and return the outputs.

        ``changes`` maps names, with elements as in ``"x[city, tourism]"`` if wanted, to values in the
        variable's unit: a number, (lanes,), (*subscripts) or (lanes, *subscripts). A name is

        - a constant;
        - a stock: the value is its initial value, in place of the one that the model computes;
        - a lookup: heights at the model's own x, (points, *subscripts) or (lanes, points, *subscripts), or
          a list of pairs ``[(x, y), …]``, the same in all lanes. Pairs may be of any number; if all x are
          among the model's own nothing is compiled, other x are compiled once;
        - any variable but a lookup, with :class:`Held` or :class:`TimeSeries` in place of its equation.

        ``lanes`` is needed only where no value tells it. ``outputs`` (default: all variables) are the only
        values kept; each set of outputs is compiled once (seconds) and kept in the cache. Times are in
        the model's unit of time; by default the model's own. ``final_time``, ``time_step`` and ``save_every``
        compile nothing, unless there are more saved times than the model has. ``float32`` is some five times
        faster and exact to about 1e-5. ``seed`` (0 to 2**32 - 1) matters to models with random functions
        only: their numbers depend on it, the lane and the time step. ``threads`` defaults to the
        processors; results do not depend on it. ``progress`` is called with lanes done and lanes in all;
        what it raises ends the run.

        Raises BadInput for unknown names, wrong shapes, values that are not finite numbers, initial values
        below zero where limits forbid it, and times that do not fit together; SimError where the outputs
        do not fit in memory. A lane that turns NaN or infinite is listed in ``result.failed``.
        """
        one_of("integrator", integrator, ("euler", "rk4"))
        one_of("dtype", dtype, ("float64", "float32"))
        times = timing(self.spec.control, time_step, final_time, save_every)
        names = self._outputs(outputs)
        model, numbers = self._with_exchanges(changes or {})
        read, count = read_changes(model.spec, numbers, lanes)
        executable = model.executable(names, read, integrator, dtype, times)
        run = Run(model.spec, executable, times, read, count, names, progress, checked_seed(seed))
        result = run.result(threads)
        return result if model is self else replace(result, model=self.spec)

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
        """Run the model block by block and yield a Result for each, so that memory does not grow with lanes.

        ``changes`` is as for ``run``, for all lanes, or a function that is given the slice of lanes of a
        block and returns the changes for those lanes, of which there are ``part.stop - part.start``: so a
        million inputs need not be in memory either. ``block`` is the lanes in a block (default: as many
        as make 256 MB of outputs, at most 65 536). ``result.first`` is the number of a block's first lane.
        A lane gives the same numbers whatever the block. Everything else is as for ``run``.
        """
        one_of("integrator", integrator, ("euler", "rk4"))
        one_of("dtype", dtype, ("float64", "float32"))
        times = timing(self.spec.control, time_step, final_time, save_every)
        names = self._outputs(outputs)
        blocks = self._blocks(changes or {}, lanes, block, lane_bytes(self.spec, names, times, dtype))
        for part, model, read in blocks:
            executable = model.executable(names, read, integrator, dtype, times)
            shown = None if progress is None else _shifted(progress, part.start, lanes)
            count = part.stop - part.start
            run = Run(
                model.spec, executable, times, read, count, names, shown, checked_seed(seed), part.start
            )
            result = run.result(threads)
            yield replace(result, model=self.spec, first=part.start)

    def gradient(
        self,
        output: str,
        at: Changes | None,
        with_respect_to: Iterable[str],
        *,
        integrator: Literal["euler", "rk4"] = "euler",
        time_step: float | None = None,
        final_time: float | None = None,
        save_every: float | None = None,
        seed: int = 0,
    ) -> Gradient:
        """Return the derivatives of an output's values over time with respect to constants.

        ``output`` is a stock or a variable with an equation, ``with_respect_to`` constants; both may name
        elements, ``"capital share[city, oil]"``, and a constant without them means each of its cells. ``at``
        is the point: changes as for ``run``, for one lane; None is the model as it is. Then
        ``gradient["capital share[city, oil]"]`` is (times, *subscripts of the output, *subscripts of the
        constant), in the output's unit per unit of the constant; see :class:`Gradient`. ::

            gradient = model.gradient("infectious", {"contact rate": 4.0}, ["contact rate", "infectivity"])
            gradient["infectivity"]  # (times,), person per unit of infectivity

        It is exact (forward mode), not a difference: each cell costs some ten runs, 64 at once. The first
        gradient of an output compiles for longer than a run does, and is then in the cache. Times are as
        for ``run``. Random numbers stay those of ``seed`` and lane 0.

        Raises BadInput for unknown names and elements, for an output or ``with_respect_to`` of the wrong kind
        (time settings, stocks, lookups), and whatever ``run`` refuses in ``at``; SimError where the run at
        this point fails.
        """
        one_of("integrator", integrator, ("euler", "rk4"))
        times = timing(self.spec.control, time_step, final_time, save_every)
        model, numbers = self._with_exchanges(at or {})
        read, _ = read_changes(model.spec, numbers, 1)
        variable, directions = differentiable(model.spec, output), directions_of(model.spec, with_respect_to)
        usual = model.request((variable.name,), read, integrator, "float64", times)
        request = replace(usual, width=_DIRECTIONS, tangents=True)
        made = model.made(request)
        return gradient_of(model.spec, made, times, read, checked_seed(seed), output, directions)

    def _blocks(
        self, changes: Changes | BlockChanges, lanes: int, block: int | None, one: int
    ) -> Iterator[tuple[slice, LoadedModel, list[Change]]]:
        """Yield the lanes of each block, the model that runs them, and the changes in them."""
        whole = None
        if not callable(changes):
            model, numbers = self._with_exchanges(changes)
            whole = model, read_changes(model.spec, numbers, lanes)[0]
        size = block_of(one, BLOCK_BYTES, WIDTH) if block is None else count_of("block", block)
        for start in range(0, count_of("lanes", lanes), size):
            part = slice(start, min(start + size, lanes))
            if whole is not None:
                yield part, whole[0], [change.part(part.start, part.stop) for change in whole[1]]
            elif callable(changes):
                model, numbers = self._with_exchanges(changes(part))
                yield part, model, read_changes(model.spec, numbers, part.stop - part.start)[0]

    def _with_exchanges(self, changes: Changes) -> tuple[LoadedModel, Changes]:
        """Return the model in which equations are exchanged as ``changes`` ask, and the changes left over."""
        if not any(is_exchange(value) for value in changes.values()):
            return self, changes
        spec, numbers = exchanged(self.spec, changes)
        if spec is self.spec:
            return self, numbers
        with self._lock:
            return self._exchanged.setdefault(spec.hash, LoadedModel(spec)), numbers

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

    def executable(
        self,
        outputs: tuple[str, ...],
        changes: list[Change],
        integrator: Literal["euler", "rk4"],
        dtype: str,
        times: Timing,
    ) -> Executable:
        """Return the machine code for checked outputs, changes and times, made now if there is none yet."""
        return self.made(self.request(outputs, changes, integrator, dtype, times))

    def made(self, request: Request) -> Executable:
        """Return the machine code for a request, made now if there is none yet."""
        from sim.engine.compiling import compiled

        with self._lock:
            if request not in self._executables:
                self._executables[request] = compiled(self.spec, request)
            return self._executables[request]

    def request(
        self,
        outputs: tuple[str, ...],
        changes: list[Change],
        integrator: Literal["euler", "rk4"],
        dtype: str,
        times: Timing,
    ) -> Request:
        """Return what the machine code for checked outputs, changes and times is made for."""
        from sim.engine.compiling import Request, device_width

        overridden = {change.variable.name for change in changes if change.variable.kind == "stock"}
        usual = timing(self.spec.control, None, None, None).saves + 1
        slots = max(usual, times.saves + 1)
        width, places = device_width(WIDTH), room(self.spec, times)
        return Request(outputs, tuple(sorted(overridden)), width, slots, integrator, dtype, places)


def _shifted(progress: Progress, start: int, lanes: int) -> Progress:
    """Return a progress of one block that reports on all lanes."""
    return lambda done, total: progress(start + done, lanes)


def one_of(name: str, given: str, allowed: tuple[str, ...]) -> None:
    """Raise BadInput if a setting is none of those allowed."""
    if given not in allowed:
        raise BadInput(f"{name} must be one of {', '.join(allowed)}; {given!r} given.")
