"""The layered layout: boxes stay apart, and lines pass between them."""

from __future__ import annotations

import itertools
import random

import pytest
from documentation.layered import Edge, Layout, Size, layered


def graph(seed: int) -> tuple[list[Size], list[Edge]]:
    """Return a graph with cycles, pairs of opposite edges and lone boxes."""
    draw = random.Random(seed)
    count = draw.randint(2, 28)
    sizes = [(draw.uniform(40, 220), draw.uniform(30, 90)) for _ in range(count)]
    pairs = [(draw.randrange(count), draw.randrange(count)) for _ in range(draw.randint(1, 2 * count))]
    pairs += [(end, start) for start, end in pairs[: count // 4]]
    return sizes, sorted({pair for pair in pairs if pair[0] != pair[1]})


def box(layout: Layout, sizes: list[Size], node: int) -> tuple[float, float, float, float]:
    (x, y), (width, height) = layout.centres[node], sizes[node]
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


@pytest.mark.parametrize("seed", range(25))
def test_boxes_do_not_overlap(seed: int) -> None:
    sizes, edges = graph(seed)
    layout = layered(sizes, edges)
    assert sorted(layout.centres) == list(range(len(sizes)))
    boxes = [box(layout, sizes, node) for node in range(len(sizes))]
    for place, (left, top, right, bottom) in enumerate(boxes):
        assert left >= -0.01
        assert right <= layout.size[0] + 0.01
        for other in boxes[place + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


@pytest.mark.parametrize("seed", range(25))
def test_routes_start_and_end_at_their_boxes_and_pass_the_others(seed: int) -> None:
    sizes, edges = graph(seed)
    layout = layered(sizes, edges)
    assert set(layout.routes) == set(edges)
    for (start, end), points in layout.routes.items():
        for node, (x, y) in ((start, points[0]), (end, points[-1])):
            left, top, right, bottom = box(layout, sizes, node)
            assert min(abs(x - left), abs(x - right)) < 0.01
            assert top <= y <= bottom
        level = [pair for pair in itertools.pairwise(points) if pair[0][1] == pair[1][1]]
        for (x1, y), (x2, _) in level:
            for node in set(range(len(sizes))) - {start, end}:
                left, top, right, bottom = box(layout, sizes, node)
                assert not (top < y < bottom and min(x1, x2) < right and left < max(x1, x2))


def test_the_same_graph_gives_the_same_layout() -> None:
    sizes, edges = graph(3)
    assert layered(sizes, edges) == layered(sizes, edges)


def test_boxes_without_edges_fill_rows() -> None:
    layout = layered([(200.0, 40.0)] * 7, [])
    assert len({y for _, y in layout.centres.values()}) == 2
