"""What a run gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sim.engine.changing import split_name
from sim.errors import BadInput, did_you_mean
from sim.spec.model import Model, key

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = ["Failures", "Result"]

Array: TypeAlias = npt.NDArray[Any]
_AT_ONCE = 64


class Failures(Mapping[int, str]):
    """The lanes of a run that failed: ``mask`` (lanes,), and a mapping from each such lane to the reason.

    A lane fails when a value that the outputs depend on turns NaN or infinite, or when a stock that must
    not be negative starts below zero. The others are right. Lanes and ``mask`` cost nothing; the first
    reason that is read costs up to a second, since the equations are then walked through in NumPy, and up
    to 64 reasons come together.
    """

    def __init__(
        self, mask: npt.NDArray[np.bool_], explain: Callable[[list[int]], Mapping[int, str]]
    ) -> None:
        self.mask = mask
        self._lanes = [int(lane) for lane in np.flatnonzero(mask)]
        self._explain = explain
        self._known: dict[int, str] = {}

    @classmethod
    def of(cls, lanes: int, reasons: Mapping[int, str]) -> Failures:
        """Return failures whose reasons are known already."""
        mask = np.zeros(lanes, bool)
        mask[list(reasons)] = True
        return cls(mask, lambda wanted: {lane: reasons[lane] for lane in wanted})

    def __getitem__(self, lane: int) -> str:
        if not 0 <= lane < len(self.mask) or not self.mask[lane]:
            raise KeyError(lane)
        if lane not in self._known:
            unknown = [other for other in self._lanes if other >= lane and other not in self._known]
            self._known.update(self._explain(unknown[:_AT_ONCE]))
        return self._known[lane]

    def __iter__(self) -> Iterator[int]:
        return iter(self._lanes)

    def __len__(self) -> int:
        return len(self._lanes)

    def __contains__(self, lane: object) -> bool:
        return isinstance(lane, int | np.integer) and bool(0 <= lane < len(self.mask) and self.mask[lane])

    def __repr__(self) -> str:
        shown = ", ".join(str(lane) for lane in self._lanes[:10]) + (", …" if len(self) > 10 else "")
        return f"Failures({len(self)} of {len(self.mask)} lanes{': ' if self else ''}{shown})"


@dataclass(frozen=True)
class Result:
    """Outputs of a run.

    ``result[name]`` is an array (lanes, times, *subscripts), or with elements,
    ``result["x[city, tourism]"]``, those cells alone (a single element drops its axis), in the
    variable's unit: ``model.variables[name].units``. ``time`` has shape (times,), in the model's unit of
    time. ``failed`` has the lanes that failed: ``failed.mask`` (lanes,), ``failed[lane]`` the reason.
    ``first`` is the number of the first lane, which is not 0 in the later blocks of ``run_blocks``.

    ``result[name]`` raises BadInput, with a suggestion, for a name that is not among the outputs.
    """

    model: Model = field(repr=False)
    time: Array = field(repr=False)
    failed: Failures
    arrays: Mapping[str, Array] = field(repr=False)
    first: int = 0

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
        return len(self.failed.mask)

    def to_xarray(self) -> xarray.Dataset:
        """Return the outputs as an xarray Dataset with dimensions ``lane``, ``time`` and the subscript
        ranges.

        Elements are the coordinates of subscripts; units and documentation are attributes; ``failed``
        (lane,) marks the lanes that failed.
        """
        import xarray

        arrays: dict[str, Any] = {"failed": ("lane", self.failed.mask)}
        coordinates: dict[str, Any] = {"lane": self._numbers(), "time": self.time}
        for name, array in self.arrays.items():
            variable = self.model.variables[name]
            about = {"units": variable.units, "description": variable.doc}
            arrays[name] = (("lane", "time", *variable.dimensions), array, about)
            for dimension in variable.dimensions:
                coordinates[dimension] = list(self.model.dimensions[dimension].elements)
        return xarray.Dataset(arrays, coordinates, {"model": self.model.name})

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the outputs as a pandas DataFrame: rows (lane, time), a column for each cell.

        The column of a subscripted variable is named as in ``x[city, tourism]``.
        """
        import pandas

        rows = pandas.MultiIndex.from_product([self._numbers(), self.time], names=["lane", "time"])
        columns = {
            column: cells
            for name, array in self.arrays.items()
            for column, cells in zip(
                self.labels(name), array.reshape(len(rows), -1).T if len(rows) else (), strict=True
            )
        }
        return pandas.DataFrame(columns, index=rows)

    def labels(self, name: str) -> list[str]:
        """Return the names of the cells of ``result[name]`` in order: ``x``, or ``x[city, tourism]`` …"""
        plain, elements = split_name(name)
        variable = self.model.find(plain)
        axes = [self.model.dimensions[dimension].elements for dimension in variable.dimensions]
        chosen = self.model.select(variable, elements or variable.dimensions)
        cells = product(*([axis[p] for p in places] for axis, places in zip(axes, chosen, strict=True)))
        texts = [", ".join(cell) for cell in cells]
        return [f"{variable.name}[{text}]" if text else variable.name for text in texts]

    def _numbers(self) -> Array:
        return np.arange(self.first, self.first + self.lanes)
