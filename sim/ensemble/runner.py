"""What the ensemble needs of a loaded model, and the picking of single cells from its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.spec.model import Model
from sim.spec.references import Reference

__all__ = ["Floats", "Progress", "Result", "Runner", "cells", "series_of"]

Floats = NDArray[np.float64]

Progress = Callable[[str, int, int], None]
"""Called with a stage ("members", "runs", "sweep"), how much is done, and of how much."""


class Result(Protocol):
    """Outputs of a batch of lanes; ``time`` is (times,), an output (lanes, times, *subscripts)."""

    @property
    def time(self) -> NDArray[Any]:
        """Times of the saved values, in years."""

    @property
    def failed(self) -> Mapping[int, str]:
        """Lanes that turned NaN or infinite, with the reason."""

    def __getitem__(self, name: str, /) -> NDArray[Any]:
        """Return an output by variable name."""


class Runner(Protocol):
    """A model that runs lanes: the engine's loaded model, or a double in tests."""

    @property
    def spec(self) -> Model:
        """The typed model."""

    def defaults(self) -> Mapping[str, NDArray[Any]]:
        """Return the value of every constant, shaped by its dimensions."""

    def run(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        lanes: int | None = None,
        outputs: Sequence[str] | None = None,
        final_time: float | None = None,
    ) -> Result:
        """Run lanes; ``changes`` maps a constant to an array (lanes, *subscripts)."""


def cells(model: Model, reference: Reference) -> NDArray[np.intp]:
    """Return the flat positions, in row-major order, of the cells that a reference names.

    A reference without elements names every cell; a variable without dimensions has the one cell 0.

    Raises:
        BadInput: the variable, or an element of it, does not exist.
    """
    variable = model.find(reference.name)
    axes = model.select(variable, reference.elements or variable.dimensions)
    flat = np.zeros(1, dtype=np.intp)
    for size, axis in zip(model.shape(variable), axes, strict=True):
        flat = (flat[:, None] * size + np.array(axis, dtype=np.intp)).ravel()
    return flat


def series_of(model: Model, result: Result, reference: Reference) -> Floats:
    """Return the values (lanes, times, cells) of a reference in a result."""
    variable = model.find(reference.name)
    values = np.asarray(result[variable.name], dtype=np.float64)
    # The engine keeps lanes innermost: flattening a whole output would copy it against its order.
    if not variable.dimensions:
        return values[:, :, None]
    where: tuple[Any, ...] = np.unravel_index(cells(model, reference), model.shape(variable))
    return np.asarray(values[(slice(None), slice(None), *where)])
