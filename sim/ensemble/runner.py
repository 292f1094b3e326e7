"""What the ensemble needs of a loaded model, and the picking of single cells from its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.spec.model import Model
from sim.spec.references import Reference

__all__ = ["Floats", "Progress", "Result", "Revalued", "Runner", "cells", "series_of"]

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
        """Run lanes; ``changes`` maps a constant to (lanes, *subscripts), or (*subscripts) for all alike."""


@dataclass(frozen=True)
class Revalued:
    """A model whose constants have other values than its file gives them, as another place needs.

    ``values`` is name → (*subscripts). Nothing is compiled anew: constants are inputs of the program.
    """

    model: Runner
    values: Mapping[str, Floats]

    @property
    def spec(self) -> Model:
        """The typed model, as its file has it."""
        return self.model.spec

    def defaults(self) -> Mapping[str, NDArray[Any]]:
        """Return the value of every constant in this place."""
        return {**self.model.defaults(), **self.values}

    def run(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        lanes: int | None = None,
        outputs: Sequence[str] | None = None,
        final_time: float | None = None,
        **options: Any,
    ) -> Result:
        """Run lanes with this place's values where ``changes`` has none; ``options`` are the model's own."""
        whole = {name: _alike(value, lanes) for name, value in self.values.items()} | dict(changes or {})
        return self.model.run(whole, lanes=lanes, outputs=outputs, final_time=final_time, **options)


def _alike(value: Floats, lanes: int | None) -> Floats:
    """Return (*subscripts) in a form that cannot be taken for one value for each lane."""
    if value.ndim == 1 and len(value) == lanes:
        return np.broadcast_to(value, (lanes, *value.shape))
    return value


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
