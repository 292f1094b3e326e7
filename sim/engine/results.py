"""What a run gives back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sim.engine.changing import split_name
from sim.errors import BadInput, did_you_mean
from sim.spec.model import Model, key

__all__ = ["Result"]

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Result:
    """Outputs of a run.

    ``result[name]`` is an array (lanes, times, *subscripts), or with elements,
    ``result["x[city, tourism]"]``, those cells alone (a single element drops its axis). ``time`` has shape
    (times,), in the model's unit of time. ``failed`` maps lanes that turned NaN or infinite to the reason.
    """

    model: Model
    time: Array
    failed: Mapping[int, str]
    arrays: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        plain, elements = split_name(name)
        variable = self.model.find(plain)
        if variable.name not in self.arrays:
            near = did_you_mean(key(plain), (key(known) for known in self.arrays))
            raise BadInput(f"{variable.name} is not among the outputs of this run.{near}")
        array = self.arrays[variable.name]
        if not elements:
            return array
        positions = self.model.select(variable, elements)
        for axis in reversed(range(len(positions))):
            array = np.take(array, positions[axis], axis=axis + 2)
            if self.model.find_dimension(elements[axis]) is None:
                array = array[(slice(None),) * (axis + 2) + (0,)]
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(key(name) == key(known) for known in self.arrays)

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return next((array.shape[0] for array in self.arrays.values()), 0)
