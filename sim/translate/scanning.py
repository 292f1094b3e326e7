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
_MARKER = re.compile(r":(END\s+OF\s+)?MACRO:\s*([^:]*?\([^)]*\))?", re.IGNORECASE)
_MARKERS = re.compile(r"(?:\s*:END\s+OF\s+MACRO:|\s*:MACRO:\s*[^:()]*\([^)]*\))*\s*", re.IGNORECASE)
_LISTED = re.compile(r"\(\s*([^():]+?)\s*:[^()]*\)")
_LIMITS = re.compile(r"\([\s\\]*\[")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the file: the key of what it defines, its line, group, equation and macro around it."""

    name: str
    line: int
    group: str
    equation: str
    units: str
    doc: str
    macro: str = ""


def entries(text: str) -> list[Entry]:
    """Return the entries of a Vensim model in order, group markers applied and left out."""
    found: list[Entry] = []
    group = macro = ""
    for line, parts in _raw_entries(equations_text(text)):
        macro = _macro_after(parts[0], macro)
        lines = _MARKERS.match(parts[0].lstrip()).group().count("\n")  # type: ignore[union-attr]
        equation = _MARKERS.sub("", parts[0], count=1).strip()
        marker = _GROUP.match(equation)
        if marker:
            group = marker.group(1).strip()
        elif equation:
            found.append(_entry(line + lines, group, [equation, *parts[1:]], macro))
    return found


def _macro_after(equation: str, macro: str) -> str:
    """Return the macro that an entry belongs to, given that of the entry before."""
    for end, name in _MARKER.findall(_MARKERS.match(equation).group()):  # type: ignore[union-attr]
        macro = "" if end else key(name)
    return macro


def safe_text(text: str, name: str) -> str:
    """Return the equations and units alone, without comments, drawing limits and the sketch, on one line.

    PySD evaluates drawing limits as Python, so none may be left, not even inside quotes.
    """
    kept: dict[bool, list[str]] = {True: [], False: []}
    inside = False
    for line, parts in _raw_entries(equations_text(text)):
        markers = _MARKERS.match(parts[0]).group()  # type: ignore[union-attr]
        for end, called in _MARKER.findall(markers):
            if "[" in called:
                raise BadInput(f"{name}, line {line}: a macro's parameters have no brackets.")
            kept[True].append(" :END OF MACRO: " if end else f" :MACRO: {called} ")
            inside = not end
        equation = _plain_equation(parts[0][len(markers) :])
        if not equation.strip() or _GROUP.match(equation.strip()):
            continue
        if _LIMITS.search(equation):
            raise BadInput(f"{name}, line {line}: '([' is allowed only before the limits of a lookup.")
        units = parts[1].replace('"', "") if len(parts) > 1 else ""
        kept[inside].append(f"{equation}~{units}~|")
    if inside:
        raise BadInput(f"{name}: a macro has no :END OF MACRO:.")
    # PySD's grammar wants macros before the model.
    return re.sub(r"\s+", " ", "".join(kept[True] + kept[False])).strip()


def safe_equation(equation: str) -> str:
    """Return one equation as :func:`safe_text` would hand it on."""
    return re.sub(r"\s+", " ", _plain_equation(equation))


def _plain_equation(equation: str) -> str:
    joined = equation.replace("\\\n", " ")
    plain = "".join(_kept(token) for token in _TOKENS.findall(joined))
    left, arrow, right = plain.partition("->")
    # PySD takes the elements of a mapping's list for elements of the range itself.
    return left + arrow + _LISTED.sub(r"\1", right) if arrow and "=" not in left else plain


def equations_text(text: str) -> str:
    """Return the part of the file before the sketch, without the encoding header."""
    body = text.split(_SKETCH, 1)[0]
    return _HEADER.sub(lambda match: "\n" * match.group().count("\n"), body, count=1)


def _kept(token: str) -> str:
    if token.startswith("{"):
        return " "
    return "(" if token.startswith("(") and _LIMITS.match(token) else token


def _entry(line: int, group: str, parts: list[str], macro: str) -> Entry:
    equation = parts[0].strip()
    match = _NAME.match(equation)
    units = parts[1].strip() if len(parts) > 1 else ""
    doc = parts[2].strip() if len(parts) > 2 else ""
    return Entry(key(match.group(1)) if match else "", line, group, equation, units, doc, macro)


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
