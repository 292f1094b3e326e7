"""Graphical functions as sums of segments: no search and no gather, so that all lanes go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.engine.operations import MANY, Operations
from sim.spec.expressions import Lookup, LookupCall

__all__ = ["Reading", "inline_value", "interpolated", "looked_up", "reading", "table_rises"]

_LONG = 24
"""From so many points on, an inline table is one array and not written out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a table is read: beyond its ends, between points, and which segments may have no width."""

    extrapolate: bool
    between: str
    jumps: tuple[bool, ...]


def reading(lookup: Lookup, node: LookupCall, points: npt.NDArray[Any]) -> Reading:
    """Return how ``node`` reads a table with these x, (points, …), whose own way is that of ``lookup``."""
    jumps = tuple(bool((width == 0.0).any()) for width in np.diff(points, axis=0))
    if node.manner == "own":
        return Reading(lookup.extrapolate, lookup.between, jumps)
    if node.manner == "extrapolate":
        return Reading(True, "line", jumps)
    return Reading(False, node.manner, jumps)


def table_rises(heights: Any, points: npt.NDArray[Any]) -> Any:
    """Return the first height and the slope of each segment, (points, *subscripts, lanes), for a lookup.

    ``heights`` is (points, *subscripts, lanes); ``points`` the x, (points, *subscripts). A segment
    without width has its jump in place of a slope.
    """
    widths = np.diff(points, axis=0)[..., None]
    inverse = (1.0 / np.where(widths > 0, widths, 1.0)).astype(heights.dtype)
    slopes = (heights[1:] - heights[:-1]) * inverse
    # A long table stays one array: thousands of rows of their own take a compiler minutes.
    if len(heights) < MANY:
        return [heights[0], *slopes]
    return heights.__array_namespace__().concat([heights[:1], slopes])


def interpolated(o: Operations, xs: Any, rises: Any, x: Any, way: Reading) -> Any:
    """Return y0 + Σ slope·(min(max(x, x_k), x_k+1) − x_k); a jump counts from its x on."""
    total = rises[0]
    for place in range(1, len(rises)):
        total = total + _segment(o, xs[place - 1], xs[place], rises[place], x, way, place)
    return total


def looked_up(o: Operations, points: Any, rises: Any, x: Any, way: Reading) -> Any:
    """Return what :func:`interpolated` does, of a long table: points and rises are (points, *axes, lanes)."""
    left, right, rise, x = points[:-1], points[1:], rises[1:], x[None]
    if way.between != "line":
        jumps = rise * o.xp.where(right > left, right - left, 1.0)
        parts = jumps * o.number(x >= right if way.between == "before" else x > left)
    else:
        lowest, highest = np.array(left), np.array(right)
        if way.extrapolate:
            lowest[0], highest[-1] = -np.inf, np.inf
        parts = rise * (o.xp.minimum(o.xp.maximum(x, lowest), highest) - left)
        if any(way.jumps):
            parts = o.xp.where(right > left, parts, rise * o.number(x >= right))
    return rises[0] + o.xp.sum(parts, axis=0)


def inline_value(o: Operations, lookup: Lookup, x: Any, way: Reading) -> Any:
    """Return the value at ``x`` of a table given by numbers."""
    pairs = zip(lookup.x, lookup.x[1:], lookup.y, lookup.y[1:], strict=False)
    rises = [lookup.y[0], *((y1 - y0) / (x1 - x0 if x1 > x0 else 1.0) for x0, x1, y0, y1 in pairs)]
    if len(rises) < _LONG or way.between != "line" or any(way.jumps) or way.extrapolate:
        return interpolated(o, lookup.x, rises, x, way)
    return _long(o, np.array(lookup.x), np.array(rises), x)


def _segment(o: Operations, left: Any, right: Any, rise: Any, x: Any, way: Reading, place: int) -> Any:
    if way.between != "line":
        jump = rise * _width(o, left, right)
        return jump * o.number(x >= right if way.between == "before" else x > left)
    inside = x
    if not (way.extrapolate and place == 1):
        inside = o.xp.maximum(inside, left)
    if not (way.extrapolate and place == len(way.jumps)):
        inside = o.xp.minimum(inside, right)
    sloped = rise * (inside - left)
    if not way.jumps[place - 1]:
        return sloped
    jump = rise * o.number(x >= right)
    if isinstance(left, float):
        return jump
    return o.xp.where(right > left, sloped, jump)


def _width(o: Operations, left: Any, right: Any) -> Any:
    if isinstance(left, float):
        return right - left if right > left else 1.0
    return o.xp.where(right > left, right - left, 1.0)


def _long(o: Operations, points: Any, rises: Any, x: Any) -> Any:
    x = o.xp.asarray(x, o.dtype)
    sizes = (-1, *[1] * x.ndim)
    parts = (points[:-1], points[1:], rises[1:])
    left, right, slope = (part.reshape(sizes).astype(o.dtype) for part in parts)
    inside = o.xp.minimum(o.xp.maximum(x[None], left), right)
    return float(rises[0]) + o.xp.sum(slope * (inside - left), axis=0)
