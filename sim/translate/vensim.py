"""Entries of a Vensim file to PySD's abstract model, with errors that name the line."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from parsimonious.exceptions import ParseError, VisitationError
from pysd.translators.structures.abstract_model import AbstractModel
from pysd.translators.vensim import vensim_element as pysd
from pysd.translators.vensim.vensim_section import Section
from pysd.translators.vensim.vensim_structures import structures

from sim.errors import BadInput
from sim.limits import ELEMENTS
from sim.spec.depth import too_deep
from sim.translate.bounds import check_equation
from sim.translate.grammars import POINT, vensim_grammar
from sim.translate.precedence import Precedence, number
from sim.translate.scanning import Entry, Part

__all__ = ["Equation", "abstract_model"]


def abstract_model(path: Path, parts: Iterable[Part]) -> AbstractModel:
    """Return PySD's abstract model; BadInput with line and text on a syntax error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return AbstractModel(path, tuple(_section(path, part) for part in parts))


def _section(path: Path, part: Part) -> Any:
    header = part.header
    section = Section(
        header.name.lower().replace(" ", "_") if header else "__main__",
        path,
        "macro" if header else "main",
        list(header.parameters) if header else [],
        list(header.outputs) if header else [],
        content="",
        split=False,
        views_dict=None,
    )
    elements = [_element(path, entry) for entry in part.entries]
    section.subscripts = [element for element in elements if isinstance(element, pysd.SubscriptRange)]
    section.components = [element for element in elements if isinstance(element, pysd.Component)]
    # Reality checks and their inputs change nothing in a run.
    section.constraints = section.test_inputs = []
    return section.get_abstract_section()


def _element(path: Path, entry: Entry) -> Any:
    try:
        check_equation(entry.plain)
        read = pysd.Element(entry.plain, entry.units.replace('"', ""), "")
        made = _LeftSide(vensim_grammar("element_object").parse(entry.plain)).component
        made.units, made.limits, made.documentation = read.units, read.limits, ""
        if isinstance(made, pysd.Component):
            made.ast = _right_side(made)
            made.lookup = isinstance(made.ast, structures["get_xls_lookups"])
    except BadInput as error:
        raise BadInput(f"{path.name}, line {entry.line}: {_begin(entry)}: {error}") from error
    except RecursionError as error:
        raise BadInput(f"{path.name}, line {entry.line}: {_begin(entry)}: {too_deep()}") from error
    except Exception as error:  # PySD raises whatever comes up on what it cannot understand.
        raise BadInput(
            f"{path.name}, line {entry.line}: syntax error in: {_begin(entry)}\n  {_position(error)}"
        ) from error
    return made


def _right_side(component: Any) -> Any:
    if isinstance(component, pysd.Lookup):
        return _Table(vensim_grammar("lookups").parse(component.expression)).translation
    if isinstance(component, pysd.Data) and not component.expression:
        return structures["data"]()
    return Equation(vensim_grammar("components").parse(component.expression)).translation


class _LeftSide(pysd.ElementsComponentVisitor):  # type: ignore[misc]
    unwrapped_exceptions = (BadInput, RecursionError)

    def visit_subscript_range(self, node: Any, children: list[Any]) -> None:
        first, last = (re.search(r"\d*$", children[place].strip()) for place in (2, 6))
        if first and last and max(len(first.group()), len(last.group())) < 20:
            count = int(last.group() or 0) - int(first.group() or 0) + 1
            if count <= ELEMENTS.most:
                super().visit_subscript_range(node, children)
                return
        raise BadInput(f"more than {ELEMENTS}, the most in {ELEMENTS.of}.")


class _Table(pysd.LookupsVisitor):  # type: ignore[misc]
    def visit_regularLookup(self, node: Any, children: list[Any]) -> None:  # noqa: N802
        self.translation = _lookup(node.text)


class Equation(Precedence, pysd.EquationVisitor):  # type: ignore[misc]
    """PySD's reader of equations, without its evaluation of text as Python, and with the right precedence."""

    def visit_lookup_with_def(self, node: Any, children: list[Any]) -> str:
        """Return a lookup written inside the equation, with its argument."""
        table = _lookup(children[10])
        return self._kept(structures["with_lookup"](self.elements[children[4]], table))

    def visit_string(self, node: Any, children: list[Any]) -> str:
        """Return a text without its quotes."""
        return self._kept(node.text[1:-1])


def _lookup(text: str) -> Any:
    points = sorted(((number(x), number(y)) for x, y in POINT.findall(text)), key=lambda point: point[0])
    xs, ys = zip(*points, strict=True)
    unknown = (np.nan, np.nan)
    return structures["lookup"](x=xs, y=ys, x_limits=unknown, y_limits=unknown, type="interpolate")


def _begin(entry: Entry) -> str:
    line = entry.equation.splitlines()[0].strip()
    return line if len(line) <= 100 else line[:100] + " …"


def _position(error: Exception) -> str:
    if isinstance(error, ParseError) and isinstance(error.pos, int):
        rest = error.text[error.pos : error.pos + 60].strip() or "(its end)"
        return f"the equation cannot be understood from here on: {rest}"
    lines = str(error.__cause__ if isinstance(error, VisitationError) else error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
