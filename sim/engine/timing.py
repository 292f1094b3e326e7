"""Time settings of a run, checked against each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.errors import BadInput
from sim.spec.model import Control, key

__all__ = ["Timing", "timing"]

_MOST_STEPS = 10_000_000


@dataclass(frozen=True, slots=True)
class Timing:
    """Times in the model's unit; ``saves`` intervals of ``steps`` time steps each."""

    initial: float
    step: float
    final: float
    every: float
    saves: int
    steps: int

    def saved(self) -> npt.NDArray[np.float64]:
        """Return the saved times, (saves + 1,)."""
        every = self.steps * self.step
        return np.array([self.initial + place * every for place in range(self.saves + 1)])

    def values(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return (initial time, time step, final time, save interval, 1)."""
        return np.array([self.initial, self.step, self.final, self.every, 1.0], dtype)

    def counts(self) -> npt.NDArray[np.int32]:
        """Return (saves, steps in a save)."""
        return np.array([self.saves, self.steps], np.int32)

    def setting(self, name: str) -> float:
        """Return the value of a time setting by its name in the model."""
        settings = {
            "initial time": self.initial,
            "time step": self.step,
            "final time": self.final,
            "saveper": self.every,
        }
        return settings[key(name)]


def timing(
    control: Control, time_step: float | None, final_time: float | None, save_every: float | None
) -> Timing:
    """Return the times of a run; BadInput if the save interval is not a multiple of the time step."""
    step = _finite("time_step", control.time_step if time_step is None else time_step)
    final = _finite("final_time", control.final_time if final_time is None else final_time)
    every = _finite("save_every", control.saveper if save_every is None else save_every)
    if step <= 0 or every <= 0:
        raise BadInput(f"time_step and save_every must be positive; {step:g} and {every:g} given.")
    if final < control.initial_time:
        raise BadInput(f"final_time {final:g} is before the initial time {control.initial_time:g}.")
    steps = round(every / step)
    if steps < 1 or not math.isclose(steps * step, every, rel_tol=1e-9):
        raise BadInput(
            f"The save interval {every:g} is not a multiple of the time step {step:g}. "
            f"Choose a time step that divides it, such as {every / max(1, steps):g}."
        )
    saves = math.floor((final - control.initial_time) / every + 1e-9)
    if saves * steps > _MOST_STEPS:
        raise BadInput(f"{saves * steps:.10g} time steps are too many; at most {_MOST_STEPS} are allowed.")
    return Timing(control.initial_time, step, final, every, saves, steps)


def _finite(name: str, value: object) -> float:
    number = float(value) if isinstance(value, int | float | np.number) else math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise BadInput(f"{name} must be a finite number; {value!r} given.")
    return number
