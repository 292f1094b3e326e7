"""Parts of arrays by positions along their axes, as slices wherever that is possible."""

from __future__ import annotations

from typing import Any

__all__ = ["boxes", "taken"]


def taken(array: Any, positions: Any, keep: list[bool], xp: Any) -> Any:
    """Take positions along the leading axes; axes not kept must select one position and disappear."""
    for axis in reversed(range(len(keep))):
        array = _take(array, positions[axis], axis, keep[axis], xp)
    return array


def _take(array: Any, positions: tuple[int, ...], axis: int, keep: bool, xp: Any) -> Any:
    before = (slice(None),) * axis
    if not keep:
        return array[(*before, positions[0])]
    if positions == tuple(range(array.shape[axis])):
        return array
    runs = [array[(*before, slice(start, stop))] for start, stop in _runs(positions)]
    return runs[0] if len(runs) == 1 else xp.concatenate(runs, axis=axis)


def _runs(positions: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return maximal runs of consecutive positions as (start, stop)."""
    runs: list[tuple[int, int]] = []
    for position in positions:
        if runs and runs[-1][1] == position:
            runs[-1] = (runs[-1][0], position + 1)
        else:
            runs.append((position, position + 1))
    return runs


def boxes(positions: tuple[tuple[int, ...], ...]) -> list[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Cut a selection into contiguous boxes: where each starts, and which part of the source it takes."""
    boxes: list[tuple[tuple[int, ...], tuple[slice, ...]]] = [((), ())]
    for axis in positions:
        grown = []
        done = 0
        for start, stop in _runs(axis):
            part = slice(done, done + stop - start)
            grown += [((*starts, start), (*box, part)) for starts, box in boxes]
            done += stop - start
        boxes = grown
    return boxes
