"""XMILE files to PySD's abstract model: checked XML, with errors that name the line.

PySD reads one model of plain stocks, flows, auxiliaries and graphical functions. What it would pass over
in silence is refused first. Old files of isee, with variables straight below the model, are read as well.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from sim.errors import BadInput
from sim.spec.depth import too_deep
from sim.spec.model import key
from sim.translate.bounds import check_equation
from sim.translate.scanning import Entry
from sim.translate.xmile_checks import (
    NAMESPACES,
    VARIABLES,
    named_children,
    plain_name,
    problems,
    refuse,
    text_of,
)

__all__ = ["abstract_xmile", "xmile_entries"]

_WORDS = re.compile(r'"[^"]*"|\b(if|then|else)\b', re.IGNORECASE)
_NEGATED = re.compile(r'"[^"]*"|\b(not[\w$]+)', re.IGNORECASE)
_LOOKUP = re.compile(r'"[^"]*"|\b(lookup)(?=\s*\()', re.IGNORECASE)
_COMMENT = re.compile(r"\{[^}]*+\}?")


def abstract_xmile(path: Path, text: str) -> tuple[Any, list[Entry]]:
    """Return PySD's abstract model of XMILE ``text``, and where its variables stand; else BadInput."""
    from pysd.translators.xmile.xmile_file import XmileFile

    root = _root(path, text)
    refuse(path.name, problems(root))
    _prepare(path, root)

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
        except RecursionError as error:
            raise BadInput(f"{path.name}: {too_deep()}") from error
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
        for part in named_children(node, "element") or [node]:
            equation = " ".join(text_of(part, "eqn").split())
            found.append(
                Entry(
                    key(name),
                    part.sourceline or 0,
                    "",
                    equation,
                    text_of(node, "units"),
                    text_of(node, "doc"),
                )
            )
    return found


def _root(path: Path, text: str) -> Any:
    """Return the tree in the standard's own namespace, with the variables of old files where it has them."""
    from lxml import etree  # type: ignore[import-untyped]

    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadInput(f"{path.name}: a DOCTYPE is not allowed in a model file.")
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise BadInput(f"{path.name}, line {error.lineno}: this is no XML: {error.msg}.") from None
    except (ValueError, UnicodeEncodeError) as error:
        raise BadInput(f"{path.name}: this is no XML: {error}.") from None
    namespace = root.nsmap.get(None)
    if namespace is None or root.tag != f"{{{namespace}}}xmile":
        raise BadInput(f"{path.name}: this is no XMILE model (its first element must be <xmile xmlns=…>).")
    if namespace not in NAMESPACES:
        raise BadInput(
            f"{path.name}: the namespace {namespace!r} is not known. Known are: {', '.join(NAMESPACES)}."
        )
    return _standard(root, namespace)


def _standard(root: Any, namespace: str) -> Any:
    from lxml import etree

    whole = etree.Element(f"{{{NAMESPACES[0]}}}xmile", nsmap={None: NAMESPACES[0]})
    whole.extend(list(root))
    for node in whole.iter():
        if isinstance(node.tag, str) and etree.QName(node).namespace == namespace:
            node.tag = f"{{{NAMESPACES[0]}}}{etree.QName(node).localname}"
    for model in named_children(whole, "model"):
        loose = [node for node in model if plain_name(node) in VARIABLES]
        if loose:
            etree.SubElement(model, f"{{{NAMESPACES[0]}}}variables").extend(loose)
    return whole


def _prepare(path: Path, root: Any) -> None:
    """Write equations as PySD's grammar wants them: IF in capitals, no comments, NOT at no name's start."""
    for node in root.iter():
        if plain_name(node) == "eqn":
            place = f"{path.name}, line {node.sourceline}: "
            comments = _COMMENT.findall(node.text or "")
            if any(not comment.endswith("}") for comment in comments):
                raise BadInput(f"{place}a comment ({{) is not closed.")
            plain = _COMMENT.sub(" ", node.text or "")
            try:
                check_equation(plain, xmile=True)
            except BadInput as error:
                raise BadInput(f"{place}{error}") from None
            plain = _WORDS.sub(lambda m: m.group().upper() if m.group(1) else m.group(), plain)
            plain = _NEGATED.sub(lambda m: f'"{m.group(1)}"' if m.group(1) else m.group(), plain)
            # PySD has another use for the name LOOKUP.
            plain = _LOOKUP.sub(lambda m: "table_lookup" if m.group(1) else m.group(), plain)
            node.text = " ".join(plain.split()) or "0"


def _located(path: Path, root: Any, error: Exception) -> BadInput:
    from sim.translate.grammars import xmile_grammar

    grammar = xmile_grammar()
    for node in root.iter():
        if plain_name(node) == "eqn":
            try:
                grammar.parse(node.text.strip())
            except Exception:
                return BadInput(
                    f"{path.name}, line {node.sourceline}: syntax error in: {node.text.strip()[:100]}"
                )
    lines = str(error).strip().splitlines()
    return BadInput(f"{path.name} cannot be read: {lines[0] if lines else type(error).__name__}.")


def _variables(root: Any) -> list[Any]:
    return [
        node
        for model in named_children(root, "model")
        for group in named_children(model, "variables")
        for node in group
        if plain_name(node) in VARIABLES
    ]
