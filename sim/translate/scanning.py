"""A light scan of a Vensim file: where each entry stands, its group, and a text safe to parse.

PySD's translator gives no line numbers, drops group markers and evaluates the drawing limits of
lookups as Python; this scan finds the first two and removes the last before PySD sees the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim.errors import BadInput
from sim.spec.model import key

__all__ = ["Entry", "entries", "safe_equation", "safe_text"]

_SKETCH = "\\\\\\---///"
_HEADER = re.compile(r"^\s*\{[^}]*\}")
_GROUP = re.compile(r"^\*{3,}\s*\.?(.*?)\s*\*{3,}\s*$", re.DOTALL)
_NAME = re.compile(r'^\s*("(?:\\"|[^"])*"|[^=:(\[<~]+)')
_TOKENS = re.compile(r'"(?:\\"|[^"])*"|\{[^}]*\}|\([\s\\]*\[[^\]]*\][\s\\]*,|[^"{(]+|.', re.DOTALL)
_LIMITS = re.compile(r"\([\s\\]*\[")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the file: the key of what it defines, its line, group and equation text."""

    name: str
    line: int
    group: str
    equation: str
    units: str
    doc: str


def entries(text: str) -> list[Entry]:
    """Return the entries of a Vensim model in order, group markers applied and left out."""
    found: list[Entry] = []
    group = ""
    for line, parts in _raw_entries(equations_text(text)):
        marker = _GROUP.match(parts[0].strip())
        if marker:
            group = marker.group(1).strip()
        elif parts[0].strip():
            found.append(_entry(line, group, parts))
    return found


def safe_text(text: str, name: str) -> str:
    """Return the equations and units alone, without comments, drawing limits and the sketch, on one line.

    PySD evaluates drawing limits as Python, so none may be left, not even inside quotes.
    """
    kept: list[str] = []
    for line, parts in _raw_entries(equations_text(text)):
        if not parts[0].strip() or _GROUP.match(parts[0].strip()):
            continue
        equation = _plain_equation(parts[0])
        if _LIMITS.search(equation):
            raise BadInput(f"{name}, line {line}: '([' is allowed only before the limits of a lookup.")
        units = parts[1].replace('"', "") if len(parts) > 1 else ""
        kept.append(f"{equation}~{units}~|")
    return re.sub(r"\s+", " ", "".join(kept))


def safe_equation(equation: str) -> str:
    """Return one equation as :func:`safe_text` would hand it on."""
    return re.sub(r"\s+", " ", _plain_equation(equation))


def _plain_equation(equation: str) -> str:
    joined = equation.replace("\\\n", " ")
    return "".join(_kept(token) for token in _TOKENS.findall(joined))


def equations_text(text: str) -> str:
    """Return the part of the file before the sketch, without the encoding header."""
    body = text.split(_SKETCH, 1)[0]
    return _HEADER.sub(lambda match: "\n" * match.group().count("\n"), body, count=1)


def _kept(token: str) -> str:
    if token.startswith("{"):
        return " "
    return "(" if token.startswith("(") and _LIMITS.match(token) else token


def _entry(line: int, group: str, parts: list[str]) -> Entry:
    equation = parts[0].strip()
    match = _NAME.match(equation)
    units = parts[1].strip() if len(parts) > 1 else ""
    doc = parts[2].strip() if len(parts) > 2 else ""
    return Entry(key(match.group(1)) if match else "", line, group, equation, units, doc)


def _raw_entries(text: str) -> list[tuple[int, list[str]]]:
    """Split at ``|`` and ``~`` outside quotes; only the equation part may hold quotes."""
    found: list[tuple[int, list[str]]] = []
    parts: list[str] = [""]
    line = start = 1
    quoted = False
    for character in text:
        if character == '"' and len(parts) == 1:
            quoted = not quoted
        if character == "|" and not quoted:
            found.append((start, parts))
            parts = [""]
        elif character == "~" and not quoted:
            parts.append("")
        else:
            if not parts[0].strip() and len(parts) == 1:
                start = line
            parts[-1] += character
        if character == "\n":
            line += 1
    if "".join(parts).strip():
        found.append((start, parts))
    return found
