"""Checks of an XMILE tree: whatever the reader would pass over in silence is refused, by line.

Elements of other namespaces are a vendor's own, which XMILE lets every reader leave out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from sim.errors import BadInput
from sim.limits import LOOKUP_POINTS, check

__all__ = ["NAMESPACES", "VARIABLES", "named_children", "plain_name", "problems", "refuse", "text_of"]

NAMESPACES = (
    "http://docs.oasis-open.org/xmile/ns/XMILE/v1.0",
    "http://www.systemdynamics.org/XMILE",
    "http://iseesystems.com/XMILE",
)
"""The standard's, and those of isee's files before it. The last is also that of isee's own additions."""
VARIABLES = ("aux", "flow", "stock", "gf")
_REFUSED = {
    "module": "modules are not supported",
    "macro": "macros of XMILE are not supported",
    "conveyor": "conveyors are not supported",
    "queue": "queues are not supported",
    "oven": "ovens are not supported",
    "overflow": "queues are not supported",
    "leak": "conveyors are not supported",
    "import": "data from other files are not supported; write them into the model",
    "include": "other files are not included; write them into the model",
}
_SHOWN = ("doc", "display", "format", "group", "groups", "interface", "prefs", "style", "view", "views")
"""How a model looks and what is said of it."""
_EQUATION = ("eqn", "inflow", "non_negative", "outflow")
_KNOWN = {
    "xmile": ("behavior", "data", "dimensions", "header", "model", "model_units", "sim_specs", *_SHOWN),
    "model": ("variables", *VARIABLES, *_SHOWN),
    "variables": (*VARIABLES, *_SHOWN),
    "aux": ("dimensions", "element", "gf", "range", "scale", "units", *_EQUATION, *_SHOWN),
    "gf": ("dimensions", "element", "range", "scale", "units", "xpts", "xscale", "ypts", "yscale", *_SHOWN),
    "element": ("gf", *_EQUATION, *_SHOWN),
    "dimensions": ("dim",),
}
_KNOWN["flow"] = _KNOWN["stock"] = _KNOWN["aux"]


def problems(root: Any) -> list[str]:
    """Return one line for each thing that keeps a tree from being read whole."""
    found = [problem for node in _meant(root) for problem in _of(node)]
    models = named_children(root, "model")
    if len(models) > 1 and not found:
        found.append(f"line {models[1].sourceline}: more than one <model>: modules are not supported")
    for part in ("start", "stop", "dt"):
        if not any(text_of(specs, part) for specs in named_children(root, "sim_specs")):
            found.append(f"<sim_specs> has no <{part}>")
    return found


def _meant(root: Any) -> Iterator[Any]:
    """Yield the nodes that are the model's, without what is shown and what vendors add."""
    pending = [root]
    while pending:
        node = pending.pop(0)
        yield node
        pending.extend(child for child in node if plain_name(child) and plain_name(child) not in _SHOWN)


def _of(node: Any) -> Iterator[str]:
    name = plain_name(node)
    place = f"line {node.sourceline}: {_owner(node)}"
    if name in _REFUSED:
        yield f"{place}: {_REFUSED[name]}"
        return
    for child in node:
        if plain_name(child) not in (*_KNOWN.get(name, (plain_name(child),)), *_REFUSED, ""):
            yield f"line {child.sourceline}: {_owner(node)}: <{plain_name(child)}> is not understood"
    if name in VARIABLES and plain_name(node.getparent()) == "variables" and not node.get("name"):
        yield f"{place}: a variable has no name"
    if name in ("aux", "flow", "stock") and not _equations(node):
        yield f"{place}: there is no <eqn>"
    if name == "element" and named_children(node, "gf"):
        yield f"{place}: a table for one element is not supported; write a variable of its own"
    if name == "gf":
        yield from (f"{place}: {problem}" for problem in _table(node))


def _equations(node: Any) -> bool:
    parts = named_children(node, "element") or [node]
    return all(named_children(part, "eqn") for part in parts)


def _table(node: Any) -> Iterator[str]:
    tables = named_children(node, "ypts")
    if len(tables) != 1:
        yield "a table needs <ypts> once"
        return
    try:
        heights = _numbers(tables[0])
        points = [_numbers(points) for points in named_children(node, "xpts")]
        scales = [
            [float(scale.get(end, "")) for end in ("min", "max")] for scale in named_children(node, "xscale")
        ]
        if not all(map(math.isfinite, (value for values in (heights, *points, *scales) for value in values))):
            raise ValueError
    except (ValueError, TypeError):
        yield "a table holds something that is not a finite number"
        return
    if not scales and [len(heights)] != [len(xs) for xs in points]:
        yield "a table needs <xscale>, or <xpts> with as many numbers as <ypts>"
    if node.get("type", "continuous") not in ("continuous", "extrapolate", "discrete"):
        yield f"a table of type {node.get('type')!r} is not supported"


def _numbers(node: Any) -> list[float]:
    text = (node.text or "").strip()
    cells = text.split(node.get("sep") or ",")
    check(LOOKUP_POINTS, len(cells))
    return [float(cell) for cell in cells]


def _owner(node: Any) -> str:
    while node is not None and node.get("name") is None:
        node = node.getparent()
    return "the model" if node is None else node.get("name")


def named_children(node: Any, name: str) -> list[Any]:
    """Return the children of that name."""
    return [child for child in node if plain_name(child) == name]


def text_of(node: Any, name: str) -> str:
    """Return the text of the first child of that name, or an empty text."""
    found = named_children(node, name)
    return (found[0].text or "").strip() if found else ""


def plain_name(node: Any) -> str:
    """Return the name of an element of the standard, or an empty text for one of a vendor."""
    namespace, _, name = node.tag.rpartition("}") if isinstance(node.tag, str) else ("", "", "")
    return name if namespace == "{" + NAMESPACES[0] else ""


def refuse(file: str, found: Iterable[str]) -> None:
    """Raise BadInput if there are problems."""
    lines = list(dict.fromkeys(found))
    if lines:
        raise BadInput(f"{file} cannot run:\n" + "\n".join(f"- {problem}" for problem in lines))
