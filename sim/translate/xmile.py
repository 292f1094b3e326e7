"""XMILE files to PySD's abstract model: checked XML, with errors that name the line.

PySD reads one model of plain stocks, flows, auxiliaries and graphical functions. What it would pass over
in silence (modules, macros, conveyors, queues) is refused here.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from sim.errors import BadInput
from sim.spec.model import key
from sim.translate.scanning import Entry

__all__ = ["abstract_xmile", "xmile_entries"]

_REFUSED = {
    "module": "modules are not supported",
    "macro": "macros of XMILE are not supported",
    "conveyor": "conveyors are not supported",
    "queue": "queues are not supported",
    "oven": "ovens are not supported",
    "overflow": "queues are not supported",
    "leak": "conveyors are not supported",
}
_VARIABLES = ("aux", "flow", "stock", "gf")
_WORDS = re.compile(r'"[^"]*"|\b(if|then|else)\b', re.IGNORECASE)
_NEGATED = re.compile(r'"[^"]*"|\b(not[\w$]+)', re.IGNORECASE)
_LOOKUP = re.compile(r'"[^"]*"|\b(lookup)(?=\s*\()', re.IGNORECASE)
_COMMENT = re.compile(r"\{[^}]*\}")


def abstract_xmile(path: Path, text: str) -> tuple[Any, list[Entry]]:
    """Return PySD's abstract model of XMILE ``text``, and where its variables stand; else BadInput."""
    from pysd.translators.xmile.xmile_file import XmileFile

    root = _root(path, text)
    _check(path, root)
    _prepare(root)

    class Prepared(XmileFile):  # type: ignore[misc]
        """PySD's reader, given the checked tree instead of the file."""

        def _get_root(self) -> Any:
            return root

    found = xmile_entries(root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            file = Prepared(path)
            file.parse(parse_all=False)
            for section in file.sections:
                section.parse(parse_all=False)
                for component in section.components:
                    component._smile_parser = _read
                    component.parse(section.behaviors)
            return file.get_abstract_model(), found
        except Exception as error:
            raise _located(path, root, error) from error


def _read(equation: str) -> Any:
    """Return PySD's tree of an equation, with what binds more as the standard has it."""
    from sim.translate.grammars import xmile_grammar
    from sim.translate.precedence import XmileEquation

    return XmileEquation(xmile_grammar().parse(equation.strip())).translation


def xmile_entries(root: Any) -> list[Entry]:
    """Return the variables of a tree with their lines, units and documents."""
    found = []
    for node in _variables(root):
        name = str(node.get("name")).replace("\\n", " ")
        for part in _children(node, "element") or [node]:
            equation = " ".join(_text(part, "eqn").split())
            found.append(
                Entry(key(name), part.sourceline or 0, "", equation, _text(node, "units"), _text(node, "doc"))
            )
    return found


def _root(path: Path, text: str) -> Any:
    from lxml import etree  # type: ignore[import-untyped]

    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadInput(f"{path.name}: a DOCTYPE is not allowed in a model file.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise BadInput(f"{path.name}, line {error.lineno}: this is no XML: {error.msg}.") from None
    if root.nsmap.get(None) is None or _name(root) != "xmile":
        raise BadInput(f"{path.name}: this is no XMILE model (its first element must be <xmile xmlns=…>).")
    return root


def _check(path: Path, root: Any) -> None:
    problems = []
    models = [node for node in root if _name(node) == "model"]
    for node in root.iter():
        reason = _REFUSED.get(_name(node))
        if reason and not any(_name(above) in ("views", "view") for above in node.iterancestors()):
            owner = node.get("name") or (node.getparent().get("name") if node.getparent() is not None else "")
            problems.append(f"line {node.sourceline}: {owner or '<' + _name(node) + '>'}: {reason}")
    if len(models) > 1 and not problems:
        problems.append(f"line {models[1].sourceline}: more than one <model>: modules are not supported")
    for part in ("start", "stop", "dt"):
        if not any(_name(node) == part for specs in _children(root, "sim_specs") for node in specs):
            problems.append(f"<sim_specs> has no <{part}>")
    if problems:
        raise BadInput(f"{path.name} cannot run:\n" + "\n".join(f"- {problem}" for problem in problems))


def _prepare(root: Any) -> None:
    """Write equations as PySD's grammar wants them: IF in capitals, no comments, NOT at no name's start."""
    for node in root.iter():
        if _name(node) == "eqn":
            plain = _COMMENT.sub(" ", node.text or "")
            plain = _WORDS.sub(lambda m: m.group().upper() if m.group(1) else m.group(), plain)
            plain = _NEGATED.sub(lambda m: f'"{m.group(1)}"' if m.group(1) else m.group(), plain)
            # PySD has another use for the name LOOKUP.
            plain = _LOOKUP.sub(lambda m: "table_lookup" if m.group(1) else m.group(), plain)
            node.text = " ".join(plain.split()) or "0"


def _located(path: Path, root: Any, error: Exception) -> BadInput:
    from sim.translate.grammars import xmile_grammar

    grammar = xmile_grammar()
    for node in root.iter():
        if _name(node) == "eqn":
            try:
                grammar.parse(node.text.strip())
            except Exception:
                return BadInput(f"{path.name}, line {node.sourceline}: syntax error in: {node.text.strip()}")
    lines = str(error).strip().splitlines()
    return BadInput(f"{path.name} cannot be read: {lines[0] if lines else type(error).__name__}.")


def _variables(root: Any) -> list[Any]:
    return [
        node
        for model in _children(root, "model")
        for group in _children(model, "variables")
        for node in group
        if _name(node) in _VARIABLES
    ]


def _children(node: Any, name: str) -> list[Any]:
    return [child for child in node if _name(child) == name]


def _text(node: Any, name: str) -> str:
    found = _children(node, name)
    return (found[0].text or "").strip() if found else ""


def _name(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
