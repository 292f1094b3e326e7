"""The groups of the model and how many links run between them: a picture and a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from documentation import svg
from documentation.layered import Edge, Layout, Point, Size, layered
from documentation.markdown import MADE, joined, table
from documentation.material import Material, slug

__all__ = ["overview_diagram", "overview_page"]

# These give to most groups, or only read from them; lines would hide the rest.
GIVERS = ("Levers", "Outside world", "Prices")
READERS = ("Services plan",)
LEGEND_HEIGHT = 66.0
INTRODUCTION = """\
A link is one variable that changes during a run and that an equation of another group names. The picture
shows lines between groups, the thicker the more links, with their number; what comes from the groups Levers,
Outside world and Prices, and what goes to Services plan, is written in the boxes instead."""


def overview_page(material: Material) -> str:
    """Return ``docs/overview.md``."""
    links = material.group_links()
    rows = [
        [
            f"[{group}](reference/{slug(group)}.md) {material.glossary.zh('group', group)}",
            str(sum(variable.kind == "stock" for variable in variables)),
            _counted((start, count) for (start, end), count in links.items() if end == group),
            _counted((end, count) for (start, end), count in links.items() if start == group),
        ]
        for group, variables in material.groups.items()
    ]
    picture = "[![Groups of the model](diagrams/overview.svg)](diagrams/overview.svg)"
    head = ["group", "stocks", "follows (links)", "is used by (links)"]
    return joined([MADE, "# The model at a glance 模型总览", INTRODUCTION, picture, table(head, rows)])


def overview_diagram(material: Material) -> str:
    """Return the picture as SVG."""
    links = material.group_links()
    drawn = {pair: count for pair, count in links.items() if pair[0] not in GIVERS and pair[1] not in READERS}
    names = [name for name in material.groups if any(name in pair for pair in drawn)]
    number = {name: place for place, name in enumerate(names)}
    notes = {name: _notes(links, name) for name in names}
    sizes = [_size(name, material.glossary.zh("group", name), notes[name]) for name in names]
    edges = {(number[start], number[end]): count for (start, end), count in drawn.items()}
    layout = layered(sizes, list(edges))
    parts = [svg.label(0, 16, "Groups of the model 模型结构总览", 18, "left", bold=True)]
    parts.append(svg.label(0, 38, "number: links between groups 组间联系数", 12, "left"))
    body: list[str] = []
    for edge, count in edges.items():
        body += _edge(layout, edge, count)
    for name, size in zip(names, sizes, strict=True):
        body += _box(
            name, material.glossary.zh("group", name), notes[name], layout.centres[number[name]], size
        )
    parts.append(f'<g transform="translate(0 {LEGEND_HEIGHT:g})">' + "\n".join(body) + "</g>")
    return svg.page("Groups of the model", (layout.size[0], layout.size[1] + LEGEND_HEIGHT), parts)


def _counted(pairs: Iterable[tuple[str, int]]) -> str:
    ordered = sorted(pairs, key=lambda pair: -pair[1])
    return ", ".join(f"{name} {count}" for name, count in ordered)


def _notes(links: Counter[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    sources = [giver for giver in GIVERS if links[giver, name]]
    lines = [(line, "into") for line in svg.wrapped("from " + ", ".join(sources), 34) if sources]
    return lines + [(f"to {reader}", "out") for reader in READERS if links[name, reader]]


def _size(name: str, zh: str, notes: list[tuple[str, str]]) -> Size:
    widths = [
        svg.text_width(name, 13) + 8,
        svg.text_width(zh, 12),
        *(svg.text_width(n, 10) for n, _ in notes),
    ]
    return max(widths) + 16, 44.0 + 13 * len(notes)


def _edge(layout: Layout, edge: Edge, count: int) -> Iterator[str]:
    points = layout.routes[edge]
    forward = points[-1][0] > points[0][0]
    stroke = "#7d93ad" if forward else "#c08a5a"
    yield svg.curve(points, stroke, 0.8 + 0.6 * count)
    yield svg.arrow(points[-1], (1.0 if forward else -1.0, 0.0), stroke, 8)
    if count > 1:
        x, y = points[-1]
        yield svg.label(x + (-18 if forward else 18), y - 3, str(count), 11, bold=True)


def _box(name: str, zh: str, notes: list[tuple[str, str]], centre: Point, size: Size) -> Iterator[str]:
    yield svg.box(centre, size, "#e8f0fa", svg.INK, width=1.4, radius=6)
    y = centre[1] - size[1] / 2 + 18
    yield svg.label(centre[0], y, name, 13, bold=True)
    yield svg.label(centre[0], y + 16, zh, 12, "zh")
    for place, (line, kind) in enumerate(notes):
        yield svg.label(centre[0], y + 30 + 13 * place, line, 10, kind)
