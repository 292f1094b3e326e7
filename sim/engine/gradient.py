"""Derivatives of an output with respect to constants: one lane of the tangent program for each cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.engine.changing import Array, Change, split_name
from sim.engine.results import Failures, Result
from sim.engine.running import Inputs, inputs_of
from sim.engine.timing import Timing
from sim.errors import BadInput, SimError, did_you_mean
from sim.spec.model import Model, Variable, key

if TYPE_CHECKING:
    from sim.engine.compiling import Executable

__all__ = ["STEEP", "Direction", "Gradient", "differentiable", "directions_of", "gradient_of"]

STEEP = 1e100
"""From here on a derivative counts as infinite: see :mod:`sim.engine.slopes`."""


@dataclass(frozen=True)
class Gradient(Mapping[str, Array]):
    """How an output moves with constants, all else being equal.

    ``gradient[name]``, for a name as it was asked for, is an array (times, *subscripts of the output,
    *subscripts of the constant), in ``gradient.units[name]``: the output's unit per unit of the constant.
    Named elements drop their axis. ``time`` is (times,), in the model's unit of time; ``value`` is
    (times, *subscripts of the output), what the output is at that point, in its own unit.

    It is the derivative of the numbers that ``run`` gives, time step and all: that of the branch taken
    where conditions choose, 0 through whole numbers (INTEGER, the time of a STEP), the mean of both sides at
    a kink (MAX of equals, the point of a lookup), a number between them where kinks meet. Where it is
    infinite, as of a square root at 0, it is inf.
    """

    output: str
    time: Array = field(repr=False)
    value: Array = field(repr=False)
    units: Mapping[str, str]
    arrays: Mapping[str, Array] = field(repr=False)

    def __getitem__(self, name: str) -> Array:
        if name not in self.arrays:
            near = did_you_mean(name, self.arrays)
            raise BadInput(f"{name!r} is not among the constants of this gradient.{near}")
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def __contains__(self, name: object) -> bool:
        return name in self.arrays


@dataclass(frozen=True, slots=True)
class Direction:
    """Cells (flat, in order) of one constant to differentiate by; ``shape`` is that of the last axes."""

    name: str
    variable: Variable
    cells: npt.NDArray[np.intp]
    shape: tuple[int, ...]


def differentiable(model: Model, output: object) -> Variable:
    """Return the variable of an output, which must be computed by equations; BadInput otherwise."""
    if not isinstance(output, str):
        raise BadInput(f"output must be one name, such as 'gdp'; {output!r} given.")
    plain, elements = split_name(output)
    variable = model.find(plain)
    if variable.kind not in ("stock", "auxiliary"):
        raise BadInput(
            f"{variable.name} is a {_kind(variable)}; only what equations compute has a derivative."
        )
    if elements:
        model.select(variable, elements)
    return variable


def directions_of(model: Model, names: object) -> list[Direction]:
    """Return the constants to differentiate by, checked; BadInput naming what is none."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise BadInput("with_respect_to must be a list of names of constants, such as ['birth rate'].")
    found = [_direction(model, name) for name in names]
    if not found:
        raise BadInput("with_respect_to names no constant.")
    return found


def _direction(model: Model, name: Any) -> Direction:
    plain, elements = split_name(str(name))
    variable = model.find(plain)
    if variable.kind != "constant":
        near = did_you_mean(
            key(plain), (key(v.name) for v in model.variables.values() if v.kind == "constant")
        )
        raise BadInput(
            f"{variable.name} is a {_kind(variable)}; derivatives are with respect to constants only.{near}"
        )
    chosen = elements or variable.dimensions
    positions = model.select(variable, chosen)
    shape = model.shape(variable)
    cells = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)[np.ix_(*positions)]
    kept = [len(p) for p, s in zip(positions, chosen, strict=True) if model.find_dimension(s) is not None]
    return Direction(str(name), variable, cells.ravel(), tuple(kept))


def _kind(variable: Variable) -> str:
    kinds = {"control": "time setting", "auxiliary": "variable with an equation"}
    return kinds.get(variable.kind, variable.kind)


@dataclass
class _Tangents:
    """A point and its directions, run through the tangent program."""

    spec: Model
    executable: Executable
    times: Timing
    inputs: Inputs

    def run(self, rows: npt.NDArray[np.intp]) -> tuple[Array, Array]:
        """Return values (times, *subscripts) and derivatives (directions, times, *subscripts).

        ``rows`` says which input moves in each direction; −1 is one that the output does not depend on.
        """
        width = self.executable.request.width
        parts = []
        value = None
        for start in range(0, len(rows), width):
            value, slopes = self._block(rows[start : start + width])
            parts.append(slopes)
        assert value is not None
        return value, np.concatenate(parts)

    def _block(self, rows: npt.NDArray[np.intp]) -> tuple[Array, Array]:
        import jax

        point = self.inputs.lane(0)
        count = len(point)
        both = np.zeros((2 * count, self.executable.request.width))
        both[:count] = point
        lanes = np.flatnonzero(rows >= 0)
        both[count + rows[lanes], lanes] = 1.0
        times = self.times.values(np.float64)
        with jax.enable_x64(True):
            still, given, states = self.executable.start(both, times)
            started = [np.asarray(state) for state in states]
            moving, final = self.executable.loop(given, states, times, self.times.counts())
        arrays = [np.asarray(array) for array in (*still, *moving)]
        self._check(started, [arrays[0], *(np.asarray(array) for array in final[: len(final) // 2])])
        value, slopes = (np.moveaxis(self._over_time(array, bool(moving)), -1, 0) for array in arrays)
        return value[0], slopes[: len(rows)]

    def _over_time(self, array: Array, moves: bool) -> Array:
        saves = self.times.saves + 1
        return array[:saves] if moves else np.broadcast_to(array, (saves, *array.shape))

    def _check(self, started: list[Array], ended: list[Array]) -> None:
        below = any((started[place] < 0).any() for place in self.executable.description.never_negative)
        if below or not all(np.isfinite(array).all() for array in ended):
            from sim.engine.diagnosing import reasons

            reason = reasons(self.spec, self.executable.request, self.times, [0], self.inputs)[0]
            raise SimError(f"There is no derivative where the run itself fails: {reason}.")


def gradient_of(
    spec: Model,
    executable: Executable,
    times: Timing,
    changes: list[Change],
    seed: int,
    output: str,
    directions: list[Direction],
) -> Gradient:
    """Return the gradient of a checked output at a point, along checked directions."""
    slots = {slot.name: slot for slot in executable.description.inputs}
    inputs = inputs_of(spec, slots.values(), changes, seed, 0)
    rows = [
        slots[d.variable.name].start + d.cells if d.variable.name in slots else np.full(len(d.cells), -1)
        for d in directions
    ]
    value, slopes = _Tangents(spec, executable, times, inputs).run(np.concatenate(rows))
    slopes = np.where(np.abs(slopes) > STEEP, np.copysign(np.inf, slopes), slopes)
    variable = differentiable(spec, output)

    def chosen(lanes: Array) -> Array:
        """Return the cells asked for, (lanes, times, *subscripts)."""
        return Result(spec, times.saved(), Failures.of(len(lanes), {}), {variable.name: lanes})[output]

    arrays = {}
    ends = np.cumsum([len(d.cells) for d in directions])
    for direction, part in zip(directions, np.split(chosen(slopes), ends[:-1]), strict=True):
        last = np.moveaxis(part, 0, -1)
        arrays[direction.name] = last.reshape((*last.shape[:-1], *direction.shape))
    units = {d.name: f"({variable.units})/({d.variable.units})" for d in directions}
    return Gradient(output, times.saved(), chosen(value[None])[0], units, arrays)
