"""Layered layout of a directed graph, from left to right, by fast-sugiyama.

The library places points on a grid; this module gives them the size of boxes and turns its dummy
points into routes that pass between the boxes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import fast_sugiyama

__all__ = ["Edge", "Layout", "Point", "Size", "layered"]

Edge = tuple[int, int]
Point = tuple[float, float]
Size = tuple[float, float]

LAYER = 100.0
GAP_X, GAP_Y = 52.0, 16.0
DUMMY = 0.35


@dataclass(frozen=True)
class Layout:
    """Centres of the boxes and, for each edge, its route from the side of one box to the other's."""

    centres: dict[int, Point]
    routes: dict[Edge, tuple[Point, ...]]
    size: Size


@dataclass
class _Part:
    """One connected part as the library places it: column and height of each point, real and dummy."""

    column: dict[int, int]
    height: dict[int, float]
    paths: dict[Edge, tuple[int, ...]]


def layered(sizes: Sequence[Size], edges: Sequence[Edge]) -> Layout:
    """Lay out boxes of the given sizes (pixels), numbered from 0, with edges between different boxes.

    Connected parts stand below each other; boxes without edges fill rows at the bottom.
    """
    spacing = max(height for _, height in sizes) + GAP_Y
    centres: dict[int, Point] = {}
    routes: dict[Edge, tuple[Point, ...]] = {}
    width = top = 0.0
    for part in _parts(len(sizes), edges, spacing):
        placed, right, bottom = _drawn(part, sizes, edges, top)
        centres |= placed.centres
        routes |= placed.routes
        width, top = max(width, right), bottom + GAP_Y
    alone = [node for node in range(len(sizes)) if node not in centres]
    width, top = _rows(alone, sizes, centres, max(width, 900.0 if alone else 0.0), top)
    return Layout(centres, routes, (width, top))


def _parts(count: int, edges: Sequence[Edge], spacing: float) -> list[_Part]:
    """Return the connected parts, the largest first."""
    if not edges:
        return []
    # The library numbers points by a set of their names, so names must be 0, 1, 2, ... to repeat.
    used = sorted({node for edge in edges for node in edge})
    number = {node: place for place, node in enumerate(used)}
    straight, turned = _without_cycles(used, edges)
    layouts = fast_sugiyama.from_edges(
        [(number[start], number[end]) for start, end in straight],
        vertex_spacing=spacing,
        dummy_vertices=True,
        dummy_size=DUMMY,
        ranking_type="minimize",
        crossing_minimization="barycenter",
        transpose=True,
        minimum_length=1,
    )
    name = {place: node for node, place in number.items()}
    parts = [
        _part(cast(list[tuple[int, Point]], positions), cast(list[Edge], links or []), name, count)
        for positions, _, _, links in layouts
    ]
    for part in parts:
        _turn_back(part, edges, turned)
    return sorted(parts, key=lambda part: (-len(part.column), min(part.column)))


def _without_cycles(nodes: Sequence[int], edges: Sequence[Edge]) -> tuple[list[Edge], set[Edge]]:
    """Return the edges with those turned round that close a cycle, and these as they were.

    The library turns edges itself, but its ranking may then never end
    (https://github.com/paddison/rust-sugiyama/issues/25).
    """
    following: dict[int, list[int]] = defaultdict(list)
    for start, end in edges:
        following[start].append(end)
    open_nodes: set[int] = set()
    done: set[int] = set()
    turned: set[Edge] = set()

    def visit(node: int) -> None:
        open_nodes.add(node)
        for after in following[node]:
            if after in open_nodes:
                turned.add((node, after))
            elif after not in done:
                visit(after)
        open_nodes.remove(node)
        done.add(node)

    for node in nodes:
        if node not in done:
            visit(node)
    kept = [(end, start) if (start, end) in turned else (start, end) for start, end in edges]
    return list(dict.fromkeys(kept)), turned


def _turn_back(part: _Part, edges: Sequence[Edge], turned: set[Edge]) -> None:
    """Give the turned edges the routes that were found for their reverse, in their own direction."""
    found = dict(part.paths)
    part.paths = {}
    for start, end in edges:
        path = found.get((end, start) if (start, end) in turned else (start, end))
        if path:
            part.paths[start, end] = path[::-1] if (start, end) in turned else path


def _part(
    positions: Sequence[tuple[int, Point]], links: Sequence[Edge], name: dict[int, int], count: int
) -> _Part:
    """Translate one result: real points to our numbers, dummies to numbers from ``count`` up."""
    named = {place: name.get(place, count + place) for place, _ in positions}
    levels = sorted({-y for _, (_, y) in positions})
    column = {named[place]: levels.index(-y) for place, (_, y) in positions}
    height = {named[place]: x for place, (x, _) in positions}
    following: dict[int, list[int]] = defaultdict(list)
    for start, end in links:
        following[named[start]].append(named[end])
    paths = {}
    for start in sorted(node for node in column if node < count):
        for step in following[start]:
            path = [start, step]
            while path[-1] >= count:
                path.append(following[path[-1]][0])
            paths[start, path[-1]] = tuple(path)
    return _Part(column, height, paths)


def _drawn(
    part: _Part, sizes: Sequence[Size], edges: Sequence[Edge], top: float
) -> tuple[Layout, float, float]:
    """Return the part in pixels from ``top`` down, its width and its lower end."""
    real = [node for node in part.column if node < len(sizes)]
    lefts, widths = _columns(part, sizes)
    shift = top - min(part.height[node] - (sizes[node][1] / 2 if node in real else 0) for node in part.column)
    height = {node: part.height[node] + shift for node in part.column}
    centres = {n: (lefts[part.column[n]] + widths[part.column[n]] / 2, height[n]) for n in real}
    ports = _ports(part, sizes, height)
    routes = {}
    for edge in edges:
        if edge in part.paths:
            routes[edge] = _route(part, part.paths[edge], sizes, centres, height, ports, lefts, widths)
    bottom = max(height[node] + (sizes[node][1] / 2 if node in real else 0) for node in height)
    return Layout(centres, routes, (0, 0)), lefts[-1] + widths[-1], bottom


def _columns(part: _Part, sizes: Sequence[Size]) -> tuple[list[float], list[float]]:
    """Return the left side and width of each column."""
    count = max(part.column.values()) + 1
    widths = [
        max(
            (sizes[node][0] for node, at in part.column.items() if at == column and node < len(sizes)),
            default=0,
        )
        for column in range(count)
    ]
    lefts = [sum(widths[:column]) + GAP_X * column for column in range(count)]
    return lefts, widths


def _ports(part: _Part, sizes: Sequence[Size], height: dict[int, float]) -> dict[tuple[Edge, int], float]:
    """Return the height at which each edge leaves and enters a box, spread so that none cross there."""
    sides: dict[tuple[int, bool], list[tuple[float, Edge]]] = defaultdict(list)
    for edge, path in part.paths.items():
        for node, neighbour in ((path[0], path[1]), (path[-1], path[-2])):
            right = part.column[neighbour] > part.column[node]
            sides[node, right].append((height[neighbour], edge))
    ports = {}
    for (node, _), ends in sides.items():
        step = min(12.0, (sizes[node][1] - 10) / len(ends))
        for place, (_, edge) in enumerate(sorted(ends)):
            ports[edge, node] = height[node] + (place - (len(ends) - 1) / 2) * step
    return ports


def _route(
    part: _Part,
    path: tuple[int, ...],
    sizes: Sequence[Size],
    centres: dict[int, Point],
    height: dict[int, float],
    ports: dict[tuple[Edge, int], float],
    lefts: list[float],
    widths: list[float],
) -> tuple[Point, ...]:
    """Return the points of a route: out of a box, straight through each column passed, into the other box."""
    edge = (path[0], path[-1])
    forward = part.column[path[-1]] > part.column[path[0]]
    sign = 1 if forward else -1

    def border(node: int, right: bool) -> float:
        """The side of the node's column: a level run to it stays clear of wider boxes above and below."""
        return lefts[part.column[node]] + (widths[part.column[node]] if right else 0.0)

    start, end = ports[edge, path[0]], ports[edge, path[-1]]
    points = [(centres[path[0]][0] + sign * sizes[path[0]][0] / 2, start), (border(path[0], forward), start)]
    for dummy in path[1:-1]:
        points += [(border(dummy, not forward), height[dummy]), (border(dummy, forward), height[dummy])]
    points += [
        (border(path[-1], not forward), end),
        (centres[path[-1]][0] - sign * sizes[path[-1]][0] / 2, end),
    ]
    return tuple(points)


def _rows(
    alone: Sequence[int], sizes: Sequence[Size], centres: dict[int, Point], width: float, top: float
) -> Size:
    """Place the boxes without edges in rows, and return the whole size."""
    x = line = 0.0
    for node in alone:
        if x and x + sizes[node][0] > width:
            x, top, line = 0.0, top + line + GAP_Y, 0.0
        centres[node] = (x + sizes[node][0] / 2, top + sizes[node][1] / 2)
        x += sizes[node][0] + GAP_Y
        line = max(line, sizes[node][1])
    return width, top + line
