"""Causal-loop diagrams: one picture for each named loop of ``model/loops.csv``."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot, prod
from pathlib import Path

from documentation import svg
from documentation.layered import Point, Size
from documentation.markdown import MADE, joined
from documentation.material import Material, slug
from documentation.polarity import loop_signs, sign
from sim.spec.expressions import Delay, Smooth

__all__ = ["Loop", "load_loops", "loop_diagram", "loops_page"]

STEP_X, STEP_Y, TOP = 232.0, 96.0, 70.0
SIGNS = {1: ("+", "#1f7a4d"), -1: ("−", "#b3341f"), None: ("±", svg.GREY)}
INTRODUCTION = """\
The feedback loops that `model/loops.csv` names, R reinforcing and B balancing. A plus says that the variable
at the head of an arrow rises with the one at its tail, a minus that it falls, other things equal; ± that the
equation does neither throughout. Two bars mark a link that works with a delay. The signs are read from
the equations."""


@dataclass(frozen=True)
class Loop:
    """A named loop: its variables in order, and the sign of the link from each to the next."""

    id: str
    zh: str
    en: str
    polarity: str
    chain: tuple[str, ...]
    signs: tuple[int | None, ...]


def load_loops(material: Material, path: Path) -> tuple[Loop, ...]:
    """Load the loops; none if the file is not there."""
    if not path.exists():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(_loop(material, row) for row in csv.DictReader(file))


def loops_page(material: Material, loops: tuple[Loop, ...]) -> str:
    """Return ``docs/loops.md``."""
    blocks = [MADE, "# Feedback loops 反馈回路", INTRODUCTION]
    for loop in loops:
        links = " → ".join(_link(material, name) for name in (*loop.chain, loop.chain[0]))
        blocks += [
            f"## {loop.id} {loop.en} {loop.zh}",
            links,
            f"![{loop.id}](diagrams/loop-{slug(loop.id)}.svg)",
        ]
    return joined(blocks)


def loop_diagram(material: Material, loop: Loop) -> str:
    """Return the picture of a loop as SVG."""
    labels = [svg.wrapped(name, 20) for name in loop.chain]
    chinese = [material.zh(name) for name in loop.chain]
    sizes = [_size(lines, zh) for lines, zh in zip(labels, chinese, strict=True)]
    centres, (width, height) = _ring(len(loop.chain))
    title = f"{loop.id} {loop.en} {loop.zh}"
    parts = [svg.label(0, 16, title, 17, "left", bold=True)]
    parts.append(_symbol(loop, (width / 2, TOP + (height - TOP) / 2)))
    for place, value in enumerate(loop.signs):
        after = (place + 1) % len(loop.chain)
        ends = (centres[place], sizes[place]), (centres[after], sizes[after])
        bend = 46.0 if len(loop.chain) == 2 else 0.0
        parts += _arrow(ends, value, bend, delayed=_delayed(material, loop.chain[after]))
    for centre, size, lines, zh in zip(centres, sizes, labels, chinese, strict=True):
        parts += _pill(centre, size, lines, zh)
    return svg.page(title, (max(width, svg.text_width(title, 18)), height), parts)


def _loop(material: Material, row: dict[str, str]) -> Loop:
    chain = tuple(material.model.find(name).name for name in row["chain"].split(";"))
    signs: list[int | None] = []
    for name, after in zip(chain, (*chain[1:], chain[0]), strict=True):
        found = sign(material.model.variables[after], name)
        if found == 0:
            wrong = f"model/loops.csv, {row['loop']}: the equation of {after!r} does not name {name!r}."
            print(wrong, file=sys.stderr)
        signs.append(found or None)
    known = loop_signs(signs, row["polarity"])
    if None not in known and (prod(one or 1 for one in known) > 0) != (row["polarity"] == "R"):
        wrong = f"model/loops.csv, {row['loop']}: the signs of its links do not make it {row['polarity']}."
        print(wrong, file=sys.stderr)
    return Loop(row["loop"], row["zh"], row["en"], row["polarity"], chain, tuple(known))


def _link(material: Material, name: str) -> str:
    return f"[{name}](reference/{slug(material.model.variables[name].group)}.md#{slug(name)})"


def _delayed(material: Material, name: str) -> bool:
    parts = material.model.variables[name].components
    return any(isinstance(part.expression, Smooth | Delay) for part in parts)


def _ring(count: int) -> tuple[list[Point], Size]:
    """Return the centres of boxes on a rectangle, clockwise from its upper left corner, and its size."""
    side = max(0, round((count - 5) / 4))
    upper = (count - 2 * side + 1) // 2
    lower = count - 2 * side - upper
    width = STEP_X * max(upper - 1, 0)
    bottom = STEP_Y * max(side + 1, 2)
    points = [(x, 0.0) for x in _spread(upper, width)]
    points += [(width, bottom * (place + 1) / (side + 1)) for place in range(side)]
    points += [(x, bottom) for x in reversed(_spread(lower, width))]
    points += [(0.0, bottom * (place + 1) / (side + 1)) for place in reversed(range(side))]
    edge = (STEP_X / 2, TOP + STEP_Y / 2 - 10)
    return [(x + edge[0], y + edge[1]) for x, y in points], (width + STEP_X, bottom + TOP + STEP_Y - 20)


def _spread(count: int, width: float) -> list[float]:
    return [width / 2] if count == 1 else [width * place / (count - 1) for place in range(count)]


def _size(lines: list[str], zh: str) -> Size:
    width = max(max(svg.text_width(line, 13) for line in lines), svg.text_width(zh, 12)) + 18
    return width, 16.0 * (len(lines) + bool(zh)) + 12


def _pill(centre: Point, size: Size, lines: list[str], zh: str) -> Iterator[str]:
    yield svg.box(centre, size, "#f6f7f9", "#c3cad3", radius=12)
    y = centre[1] - size[1] / 2 + 6
    for line in lines:
        y += 16
        yield svg.label(centre[0], y - 4, line, 13)
    if zh:
        yield svg.label(centre[0], y + 12, zh, 12, "zh")


def _symbol(loop: Loop, centre: Point) -> str:
    """Return the loop's letter inside a turning arrow, in the middle of the ring."""
    x, y = centre
    path = f"M{x + 16:g} {y - 14:g} A22 22 0 1 1 {x - 6:g} {y - 21:g}"
    turn = f'<path d="{path}" fill="none" stroke="{svg.BLUE}"/>'
    return (
        turn + svg.arrow((x + 1, y - 22), (1.0, 0.0), svg.BLUE) + svg.label(x, y + 6, loop.id, 16, bold=True)
    )


def _arrow(
    ends: tuple[tuple[Point, Size], tuple[Point, Size]], value: int | None, bend: float, *, delayed: bool
) -> Iterator[str]:
    """Yield the arrow from one box to the next, its sign at the head and the bars of a delay."""
    (a, size_a), (b, size_b) = ends
    length = hypot(b[0] - a[0], b[1] - a[1])
    unit = ((b[0] - a[0]) / length, (b[1] - a[1]) / length)
    side = (-unit[1], unit[0])
    a, b = (_moved(point, side, -bend) for point in (a, b))
    start, tip = _edge(a, unit, size_a, 3), _edge(b, (-unit[0], -unit[1]), size_b, 3)
    stroke = "#4a5563"
    yield svg.line(start, tip, stroke)
    yield svg.arrow(tip, unit, stroke, 9)
    text, colour = SIGNS[value]
    at = _moved(_moved(tip, unit, -16), side, 12)
    yield f'<g fill="{colour}">{svg.label(at[0], at[1] + 5, text, 17, "sign", bold=True)}</g>'
    if delayed:
        middle = ((start[0] + tip[0]) / 2, (start[1] + tip[1]) / 2)
        for shift in (-3, 3):
            centre = _moved(middle, unit, shift)
            yield svg.line(_moved(centre, side, -7), _moved(centre, side, 7), stroke)


def _moved(point: Point, direction: Point, by: float) -> Point:
    return point[0] + direction[0] * by, point[1] + direction[1] * by


def _edge(centre: Point, unit: Point, size: Size, gap: float) -> Point:
    """Return the point just outside a box where a line from its centre leaves it."""
    reach = min(
        size[0] / 2 / abs(unit[0]) if unit[0] else float("inf"),
        size[1] / 2 / abs(unit[1]) if unit[1] else float("inf"),
    )
    return _moved(centre, unit, reach + gap)
