"""A light scan of a Vensim file: its entries with their lines and groups, and each equation safe to parse.

PySD's translator gives no line numbers, drops group markers and evaluates the drawing limits of lookups as
Python; this scan finds the first two and removes the last before PySD sees an equation. Its expressions
never look back, so that its time grows with the length of the text and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sim.errors import BadInput
from sim.limits import EQUATIONS, MODEL_TEXT, check
from sim.spec.model import key

__all__ = ["Entry", "Header", "Part", "equations_text", "parts"]

_SKETCH = "\\\\\\---///"
_HEADER = re.compile(r"^\s*\{[^}]*\}")
_NAME = re.compile(r'^\s*("(?:\\"|[^"])*"|[^=:(\[<~]+)')
_TOKENS = re.compile(r'\\"|["|~]|[^"|~\\]+|\\')
_ASIDE = re.compile(
    r'(?P<quoted>"(?:\\"|[^"])*+"?)|(?P<note>\{[^}]*+\}?)|(?P<limits>\([\s\\]*+\[[^\]]*+\]?[\s\\]*+,?)'
)
_MARKER = re.compile(
    r"\s*:(?:(?P<end>END\s+OF\s+MACRO):|MACRO:\s*(?P<name>[^:()]*)\((?P<names>[^)]*)\))", re.IGNORECASE
)
_LISTED = re.compile(r"\(([^():]+):[^()]*\)")


@dataclass(frozen=True, slots=True)
class Header:
    """The beginning of a macro: its name, parameters, and further outputs (after a colon)."""

    name: str
    parameters: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the file: the key of what it defines, its line, group, equation and macro around it.

    ``plain`` is the equation on one line, without comments and drawing limits, as PySD may see it.
    """

    name: str
    line: int
    group: str
    equation: str
    units: str
    doc: str
    macro: str = ""
    plain: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The entries of the model itself (no header), or of one macro."""

    header: Header | None
    entries: tuple[Entry, ...]


def parts(text: str, name: str) -> list[Part]:
    """Return the model's own entries, then those of each macro; ``name`` is the file's.

    Raises:
        BadInput: a macro has no end, a comment or a quote is not closed, or there are too many entries.
    """
    group, header = "", None
    found: dict[Header | None, list[Entry]] = {None: []}
    body = equations_text(text)
    check(EQUATIONS, body.count("|"))
    length = 0
    for line, fields in _fields(body):
        length += len(fields[0])
        check(MODEL_TEXT, length)
        place = 0
        while marker := _MARKER.match(fields[0], place):
            header = None if marker["end"] else _header(name, line, marker["name"], marker["names"])
            found.setdefault(header, [])
            place = marker.end()
        equation = fields[0][place:].strip()
        if equation.startswith("***") and equation.endswith("***"):
            group = equation.strip("*").strip().removeprefix(".").strip()
        elif equation:
            line += fields[0].count("\n", 0, len(fields[0]) - len(fields[0][place:].lstrip()))
            line -= fields[0].count("\n", 0, len(fields[0]) - len(fields[0].lstrip()))
            found[header].append(_entry(name, line, group, [equation, *fields[1:]], header))
    if header is not None:
        raise BadInput(f"{name}: a macro has no :END OF MACRO:.")
    return [Part(header, tuple(those)) for header, those in found.items()]


def equations_text(text: str) -> str:
    """Return the part of the file before the sketch, without the encoding header."""
    body = text.split(_SKETCH, 1)[0]
    return _HEADER.sub(lambda match: "\n" * match.group().count("\n"), body, count=1)


def _header(file: str, line: int, name: str, names: str) -> Header:
    if "[" in names or not name.strip():
        raise BadInput(f"{file}, line {line}: a macro needs a name, and its parameters have no brackets.")
    own, _, more = names.partition(":")
    parameters, outputs = (
        tuple(item.strip() for item in group.split(",") if item.strip()) for group in (own, more)
    )
    return Header(name.strip(), parameters, outputs)


def _entry(file: str, line: int, group: str, fields: list[str], header: Header | None) -> Entry:
    equation = fields[0]
    match = _NAME.match(equation)
    units, doc = (fields[place].strip() if len(fields) > place else "" for place in (1, 2))
    macro = key(header.name) if header else ""
    plain = _plain(file, line, equation)
    return Entry(key(match.group(1)) if match else "", line, group, equation, units, doc, macro, plain)


def _plain(file: str, line: int, equation: str) -> str:
    def kept(match: re.Match[str]) -> str:
        text = match.group()
        if match["quoted"]:
            problem = "" if len(text) > 1 and text.endswith('"') else 'a quote (") is not closed'
        elif match["note"]:
            problem = "" if text.endswith("}") else "a comment ({) is not closed"
        else:
            problem = "" if text.endswith(",") else "'([' is allowed only before the limits of a lookup"
        if problem:
            raise BadInput(f"{file}, line {line}: {problem}.")
        return text if match["quoted"] else " " if match["note"] else "("

    plain = " ".join(_ASIDE.sub(kept, equation.replace("\\\n", " ")).split())
    left, arrow, right = plain.partition("->")
    # PySD takes the elements of a mapping's list for elements of the range itself.
    return left + arrow + _LISTED.sub(r"\1", right) if arrow and "=" not in left else plain


def _fields(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line and fields of each entry: split at ``|`` and ``~``, but not inside quotes of an equation."""
    fields: list[list[str]] = [[]]
    line = start = 1
    quoted = begun = False
    for match in _TOKENS.finditer(text):
        token = match.group()
        if token == '"' and len(fields) == 1:
            quoted = not quoted
        if token == "|" and not quoted:
            yield start, ["".join(field) for field in fields]
            fields, begun = [[]], False
        elif token == "~" and not quoted:
            fields.append([])
        else:
            if not begun and len(fields) == 1 and token.strip():
                begun, start = True, line + token.count("\n", 0, len(token) - len(token.lstrip()))
            fields[-1].append(token)
        line += token.count("\n")
    last = ["".join(field) for field in fields]
    if "".join(last).strip():
        yield start, last
