"""Stock-and-flow diagram of a group: stocks, their flows, and the auxiliaries that change during a run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from documentation import svg
from documentation.layered import Edge, Layout, Point, Size, layered
from documentation.material import Material, running
from sim.spec.expressions import Delay, Expression, Number, Operation, Reference, Smooth, Stock
from sim.spec.model import Variable, key
from sim.spec.writing import to_text

__all__ = ["stock_diagram"]

LINE, SMALL = 16.0, 13.0
PIPE, INTO, OUT = "#2b6cb0", "#1f7a4d", "#a4541a"
LEGEND_HEIGHT = 84.0
LONGEST = 56


@dataclass
class _Node:
    """A box: what is written in it and how it is drawn."""

    name: str
    kind: str
    zh: str = ""
    sources: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = svg.wrapped(self.name, 24)

    @property
    def notes(self) -> list[tuple[str, str]]:
        """The groups from which it comes and to which it goes, as small lines with their colours."""
        incoming = [
            (text, INTO) for text in svg.wrapped("from " + ", ".join(self.sources), 34) if self.sources
        ]
        outgoing = [(text, OUT) for text in svg.wrapped("to " + ", ".join(self.users), 34) if self.users]
        return incoming + outgoing

    @property
    def size(self) -> Size:
        texts = [svg.text_width(line, 13) for line in self.lines] + [svg.text_width(self.zh, 12)]
        texts += [svg.text_width(text, 10) for text, _ in self.notes]
        height = LINE * (len(self.lines) + bool(self.zh)) + SMALL * len(self.notes)
        if self.kind == "flow":  # Room for the valve, and for a cloud beside it.
            return max(*texts, 84.0) + 16, height + 28
        return max(texts) + 16, height + 12


@dataclass
class _Graph:
    """Boxes by name, plain links, and pipes between flows and stocks."""

    nodes: dict[str, _Node] = field(default_factory=dict)
    links: dict[tuple[str, str], None] = field(default_factory=dict)
    pipes: dict[tuple[str, str], None] = field(default_factory=dict)


def stock_diagram(material: Material, group: str) -> str:
    """Return the diagram of a group as SVG."""
    graph = _graph(material, group)
    names = list(graph.nodes)
    number = {name: place for place, name in enumerate(names)}
    pairs = [*graph.pipes, *(link for link in graph.links if link not in graph.pipes)]
    edges = {pair: (number[pair[0]], number[pair[1]]) for pair in pairs}
    layout = layered([graph.nodes[name].size for name in names], list(edges.values()))
    parts = [*_legend(group, material.glossary.zh("group", group))]
    moved = _lowered(layout, LEGEND_HEIGHT)
    for pair, edge in edges.items():
        parts += _edge(moved, edge, pipe=pair in graph.pipes)
    for name in names:
        parts += _box(graph.nodes[name], moved.centres[number[name]])
    for name in names:
        if graph.nodes[name].kind == "flow":
            parts += _clouds(graph, name, moved, number)
    size = (max(moved.size[0], 640.0), moved.size[1] + LEGEND_HEIGHT)
    return svg.page(f"Stocks and flows: {group}", size, parts)


def _graph(material: Material, group: str) -> _Graph:
    graph = _Graph()
    variables = [v for v in material.groups[group] if v.name in material.moving]
    for variable in variables:
        graph.nodes[variable.name] = _node(material, variable, group)
    for variable in variables:
        if variable.kind == "stock":
            _pipes(material, graph, variable, group)
    for variable in variables:
        if variable.kind != "stock":
            _links(material, graph, variable.name, material.links[variable.name])
    return graph


def _node(material: Material, variable: Variable, group: str) -> _Node:
    every = material.model.variables
    sources = [every[name].group for name in material.links[variable.name] if name in material.moving]
    users = [
        every[name].group for name in material.users[variable.name] if variable.name in material.links[name]
    ]
    return _Node(
        variable.name,
        "stock" if variable.kind == "stock" else "delay" if _delays(variable) else "auxiliary",
        material.zh(variable.name),
        tuple(dict.fromkeys(name for name in sources if name != group)),
        tuple(dict.fromkeys(name for name in users if name != group)),
    )


def _delays(variable: Variable) -> bool:
    return any(isinstance(part.expression, Smooth | Delay) for part in variable.components)


def _pipes(material: Material, graph: _Graph, stock: Variable, group: str) -> None:
    """Add the flows of a stock: named ones as they are, others with their text as name."""
    for term, inward in dict.fromkeys(_terms(stock)):
        name = term.name if isinstance(term, Reference) else _described(term, stock.name, inward)
        known = material.model.find(name).name if isinstance(term, Reference) else name
        if isinstance(term, Number):
            continue
        if known not in graph.nodes:
            graph.nodes[known] = _anonymous(material, term, known, group)
            named = [node.name for node in running(term) if isinstance(node, Reference)]
            _links(
                material,
                graph,
                known,
                tuple(material.model.find(one).name for one in named if _is(material, one)),
            )
        graph.nodes[known].kind = "flow"
        graph.pipes[(known, stock.name) if inward else (stock.name, known)] = None


def _described(term: Expression, stock: str, inward: bool) -> str:
    """Return the text of a flow without a name, or where it leads if the text is long."""
    text = re.sub(r"\[.*?\]", "", to_text(term))
    return text if len(text) <= LONGEST else f"flow {'into' if inward else 'out of'} {stock}"


def _is(material: Material, name: str) -> bool:
    return key(name) != "time"


def _anonymous(material: Material, term: Expression, name: str, group: str) -> _Node:
    variable = material.model.variables.get(name)
    outside = (variable.group,) if variable and variable.group != group else ()
    return _Node(name, "flow", material.zh(name), outside)


def _terms(stock: Variable) -> Iterator[tuple[Expression, bool]]:
    """Yield the added and taken parts of a stock's net flow."""
    for part in stock.components:
        if isinstance(part.expression, Stock):
            yield from _split(part.expression.flow, True)


def _split(node: Expression, inward: bool) -> Iterator[tuple[Expression, bool]]:
    if isinstance(node, Operation) and node.operator in ("+", "-"):
        yield from _split(node.arguments[0], inward)
        for term in node.arguments[1:]:
            yield from _split(term, inward if node.operator == "+" else not inward)
    elif isinstance(node, Operation) and node.operator == "negative":
        yield from _split(node.arguments[0], not inward)
    elif isinstance(node, Operation) and node.operator in ("*", "/") and _negated(node.arguments[0]):
        yield from _split(_positive(node), not inward)
    else:
        yield node, inward


def _negated(node: Expression) -> bool:
    """Whether a product begins with a minus."""
    if isinstance(node, Operation) and node.operator in ("*", "/"):
        return _negated(node.arguments[0])
    return isinstance(node, Operation) and node.operator == "negative"


def _positive(node: Expression) -> Expression:
    """Return a product without the minus that it begins with."""
    assert isinstance(node, Operation)
    if node.operator == "negative":
        return node.arguments[0]
    return Operation(node.operator, (_positive(node.arguments[0]), *node.arguments[1:]))


def _links(material: Material, graph: _Graph, user: str, used: tuple[str, ...]) -> None:
    for name in used:
        if name in graph.nodes and name != user and (name, user) not in graph.pipes:
            graph.links[name, user] = None


def _lowered(layout: Layout, by: float) -> Layout:
    return Layout(
        {node: (x, y + by) for node, (x, y) in layout.centres.items()},
        {edge: tuple((x, y + by) for x, y in points) for edge, points in layout.routes.items()},
        layout.size,
    )


def _edge(layout: Layout, edge: Edge, *, pipe: bool) -> Iterator[str]:
    points = layout.routes[edge]
    sign = 1.0 if points[-1][0] > points[0][0] else -1.0
    if pipe:
        yield svg.curve(points, PIPE, 5)
        yield svg.curve(points, "#fff", 2)
        yield svg.arrow(points[-1], (sign, 0.0), PIPE, 13)
    else:
        yield svg.curve(points, "#8b97a5", 1.1)
        yield svg.arrow(points[-1], (sign, 0.0), "#8b97a5", 7)


def _box(node: _Node, centre: Point) -> Iterator[str]:
    if node.kind == "stock":
        yield svg.box(centre, node.size, "#e8f0fa", svg.INK, width=2)
    elif node.kind == "flow":
        yield svg.box(centre, node.size, "#ffffff", PIPE, radius=8)
    else:
        yield svg.box(centre, node.size, "#f6f7f9", "#c3cad3", radius=8)
        if node.kind == "delay":
            left = centre[0] - node.size[0] / 2
            yield svg.box((left + 4, centre[1]), (2.5, node.size[1] - 10), "#8b97a5", "#8b97a5", width=0)
    yield from _text(node, centre)


def _text(node: _Node, centre: Point) -> Iterator[str]:
    x, y = centre[0], centre[1] - node.size[1] / 2 + 6
    if node.kind == "flow":
        yield _valve((x, y + 7))
        y += 16
    for line in node.lines:
        y += LINE
        yield svg.label(x, y - 4, line, 13, bold=node.kind == "stock")
    if node.zh:
        y += LINE
        yield svg.label(x, y - 4, node.zh, 12, "zh")
    for text, colour in node.notes:
        y += SMALL
        kind = "into" if colour == INTO else "out"
        yield svg.label(x, y - 3, text, 10, kind)


def _valve(centre: Point) -> str:
    x, y = centre
    path = f"{x - 9},{y - 6} {x - 9},{y + 6} {x + 9},{y - 6} {x + 9},{y + 6}"
    return f'<polygon points="{path}" fill="#cfe0f3" stroke="{PIPE}"/>'


def _clouds(graph: _Graph, name: str, layout: Layout, number: dict[str, int]) -> Iterator[str]:
    """Yield a cloud where a flow comes from, or goes to, outside the diagram."""
    source = any(end == name for _, end in graph.pipes)
    sink = any(start == name for start, _ in graph.pipes)
    if source and sink:
        return
    (x, y), (width, height) = layout.centres[number[name]], graph.nodes[name].size
    yield _cloud((x + (width / 2 - 14) * (1 if source else -1), y - height / 2 + 13))


def _cloud(centre: Point) -> str:
    x, y = centre
    path = f"M{x - 8:g} {y + 4:g} a4 4 0 0 1 1 -8 a5 5 0 0 1 9 -1 a4 4 0 0 1 5 5 a3 3 0 0 1 -3 4 z"
    return f'<path d="{path}" fill="#fff" stroke="{PIPE}"/>'


def _legend(group: str, zh: str) -> Iterator[str]:
    """Yield the title and what the signs mean."""
    yield svg.label(0, 16, f"{group} {zh}", 18, "left", bold=True)
    x = 0.0
    for kind, text in (("stock", "stock 存量"), ("flow", "flow 流量"), ("auxiliary", "auxiliary 辅助变量")):
        width = svg.text_width(text, 12) + 30
        if kind == "stock":
            yield svg.box((x + 10, 44), (20, 14), "#e8f0fa", svg.INK, width=2)
        elif kind == "flow":
            yield _valve((x + 10, 44))
        else:
            yield svg.box((x + 10, 44), (20, 14), "#f6f7f9", "#c3cad3", radius=5)
        yield svg.label(x + 26, 48, text, 12, "left")
        x += width + 12
    yield svg.box((x + 4, 44), (2.5, 14), "#8b97a5", "#8b97a5", width=0)
    yield svg.label(x + 12, 48, "averaged or delayed 平滑或延迟", 12, "left")
    yield svg.label(0, 68, "from: groups that it follows 来自的组", 12, "left into")
    yield svg.label(300, 68, "to: groups that use it 去往的组", 12, "left out")
