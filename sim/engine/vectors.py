"""Functions of whole vectors: order, rank, reordering and selection along one axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.engine.operations import Operations

__all__ = ["ALONG", "selected"]

_KINDS = {0: "sum", 6: "sum", 2: "min", 8: "min", 3: "max", 9: "max", 4: "mean", 10: "mean"}


def _sort_order(o: Operations, axis: int, vector: Any, direction: Any) -> Any:
    """Places from the smallest to the largest value, counted from 0; backwards unless ``direction`` > 0."""
    rising = o.xp.argsort(vector, axis=axis, stable=True)
    return o.xp.where(direction > 0, rising, o.xp.flip(rising, axis=axis)).astype(o.dtype)


def _rank(o: Operations, axis: int, vector: Any, direction: Any) -> Any:
    """Place of each value in the sorted vector, counted from 1."""
    order = _sort_order(o, axis, vector, direction)
    return (o.xp.argsort(order, axis=axis, stable=True) + 1).astype(o.dtype)


def _reorder(o: Operations, axis: int, vector: Any, order: Any) -> Any:
    """The values at the places that ``order`` names, counted from 0; NaN where there is no such place."""
    size = vector.shape[axis]
    places = o.xp.trunc(order)
    there = o.xp.logical_and(places >= 0, places < size)
    index = o.xp.where(there, places, 0).astype("int32")
    return o.xp.where(there, o.xp.take_along_axis(vector, index, axis=axis), float("nan"))


ALONG: dict[str, Callable[..., Any]] = {
    "vector_sort_order": _sort_order,
    "vector_rank": _rank,
    "vector_reorder": _reorder,
}


def selected(
    o: Operations, axes: tuple[int, ...], choice: Any, values: Any, missing: Any, action: int, strict: int
) -> Any:
    """VECTOR SELECT over ``axes``: what ``action`` (0 to 10) makes of the values where ``choice`` is not 0.

    ``missing`` is the result where nothing is chosen. Where ``strict`` (1: something, 2: at most one, 3:
    exactly one must be chosen) is not met the result is NaN.
    """
    chosen = choice != 0
    count = o.total(o.number(chosen), axes)
    found = _combined(o, axes, chosen, count, _items(o, choice, values, action), action)
    result = o.xp.where(count > 0, found, missing)
    return o.xp.where(_broken(count, strict), float("nan"), result) if strict else result


def _broken(count: Any, strict: int) -> Any:
    none, many = count == 0, count > 1
    return {1: none, 2: many, 3: none | many}[strict]


def _items(o: Operations, choice: Any, values: Any, action: int) -> Any:
    if action == 5:
        return o.power(values, choice)
    return choice * values if action < 5 else values


def _combined(o: Operations, axes: tuple[int, ...], chosen: Any, count: Any, items: Any, action: int) -> Any:
    xp = o.xp
    kind = _KINDS.get(action, "prod")
    if kind in ("sum", "mean"):
        total = o.total(xp.where(chosen, items, 0.0), axes)
        return total if kind == "sum" else total / xp.maximum(count, 1.0)
    if kind == "prod":
        return xp.prod(xp.where(chosen, items, 1.0), axis=axes)
    if kind == "min":
        return xp.min(xp.where(chosen, items, float("inf")), axis=axes)
    return xp.max(xp.where(chosen, items, float("-inf")), axis=axes)
