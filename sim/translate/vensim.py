"""Vensim files to PySD's abstract model, with errors that name the line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import BadInput
from sim.translate.scanning import Entry, entries, safe_equation, safe_text

__all__ = ["abstract_model"]


def abstract_model(path: Path, text: str) -> Any:
    """Return PySD's abstract model of the Vensim ``text``; BadInput with line and text on a syntax error."""
    from pysd.translators.vensim.vensim_file import VensimFile

    cleaned = safe_text(text, path.name)
    with warnings.catch_warnings(), _deep_recursion():
        warnings.simplefilter("ignore")
        file = VensimFile(path, encoding="utf-8")
        file.model_text = cleaned
        try:
            file.parse()
        except Exception as error:
            raise _located(path, text) or BadInput(
                f"{path.name} cannot be read: {_first_line(error)}."
            ) from error
        return file.get_abstract_model()


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """PySD's parser recurses over long equations."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _located(path: Path, text: str) -> BadInput | None:
    for entry in entries(text):
        problem = _problem(entry)
        if problem:
            first = entry.equation.splitlines()[0].strip()
            return BadInput(f"{path.name}, line {entry.line}: syntax error in: {first}\n  {problem}")
    return None


def _problem(entry: Entry) -> str | None:
    from pysd.translators.vensim.vensim_element import Element

    try:
        component = Element(safe_equation(entry.equation), entry.units, "").parse()
        if hasattr(component, "parse"):
            component.parse()
    except Exception as error:
        return _position(error)
    return None


def _position(error: Exception) -> str:
    text, place = getattr(error, "text", None), getattr(error, "pos", None)
    if isinstance(text, str) and isinstance(place, int):
        rest = text[place : place + 60].strip() or "(its end)"
        return f"the equation cannot be understood from here on: {rest}"
    return _first_line(error)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
