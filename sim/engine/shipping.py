"""A block of lanes as plain data: what a worker gets, what it does with it, and what it sends back.

A model travels as compressed JSON and a change as a name and numbers: no object of ours is ever pickled.
"""

from __future__ import annotations

import json
import platform
import threading
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal, TypedDict

import numpy as np

from sim.engine.changing import Change
from sim.engine.loaded import LoadedModel
from sim.engine.running import Run
from sim.engine.timing import Timing
from sim.spec.depth import DEEP
from sim.spec.model import Model
from sim.spec.plain import model_from_plain, model_to_plain

__all__ = ["Maker", "Order", "Ran", "maker", "packed", "run_block", "sent"]

_LOADING = threading.Lock()


class Order(TypedDict):
    """How to run: what :meth:`LoadedModel.run` is asked for, checked; ``times`` are Timing's fields."""

    outputs: tuple[str, ...]
    integrator: Literal["euler", "rk4"]
    dtype: Literal["float64", "float32"]
    times: tuple[Any, ...]
    seed: int


class Maker(TypedDict):
    """Who computed a block. Equal ``versions`` and ``processor`` give equal bits."""

    host: str
    versions: str
    processor: str


class Ran(TypedDict):
    """A finished block: ``arrays`` name → (times, *subscripts, lanes), ``failed`` (lanes,) and who did it."""

    arrays: dict[str, Any]
    failed: Any
    maker: Maker


@DEEP
def packed(model: Model) -> bytes:
    """Return a model as it travels."""
    return zlib.compress(json.dumps(model_to_plain(model), ensure_ascii=False).encode(), 1)


def sent(changes: Iterable[Change]) -> list[tuple[str, Any, Any]]:
    """Return checked changes as they travel: name, cells, values; one column where all lanes are the same."""
    return [(change.variable.name, change.cells, np.ascontiguousarray(change.values)) for change in changes]


@DEEP
def run_block(model: bytes, changes: list[tuple[str, Any, Any]], part: tuple[int, int], order: Order) -> Ran:
    """Run the lanes of one block, first up to last, on this thread; the same each time, wherever it runs."""
    loaded = _loaded(model)
    times = Timing(*order["times"])
    read = [Change(loaded.variables[name], cells, values) for name, cells, values in changes]
    names, first, last = order["outputs"], *part
    executable = loaded.executable(names, read, order["integrator"], order["dtype"], times)
    run = Run(loaded.spec, executable, times, read, last - first, names, None, order["seed"], first)
    result = run.result(1)
    # Lanes last is how the engine keeps them: nothing is copied.
    arrays = {name: np.ascontiguousarray(np.moveaxis(result[name], 0, -1)) for name in result}
    return {"arrays": arrays, "failed": result.failed.mask, "maker": maker()}


def maker() -> Maker:
    """Return who computes here."""
    from sim.engine.compiling import processor, versions

    return {"host": platform.node(), "versions": versions(), "processor": processor()}


def _loaded(model: bytes) -> LoadedModel:
    """Return the model, loaded and compiled once in this process, however many threads ask."""
    with _LOADING:
        return _unpacked(model)


@lru_cache(maxsize=4)
def _unpacked(model: bytes) -> LoadedModel:
    return LoadedModel(model_from_plain(json.loads(zlib.decompress(model))))
