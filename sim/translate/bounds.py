"""Bounds of one equation, kept by a scan before anything parses it."""

from __future__ import annotations

import re

from sim.limits import BRACKETS, CELLS, EQUATION_SIGNS, EQUATION_TEXT, LOOKUP_POINTS, check
from sim.translate.grammars import POINT

__all__ = ["check_equation"]

_TOKEN = re.compile(
    r'"(?:\\"|[^"])*+"?|\'[^\']*+\'?|(?P<opening>[(\[])|(?P<closing>[)\]])|[-+*/^=<>,;]|:\w++:|[\w.$\x27]++'
)
_NUMBERS = re.compile(r"[^=]*=?=[-+.\d\seE,;]*+")
"""An equation that is a table of numbers."""
_IF = re.compile(r"\bIF\b", re.IGNORECASE)
"""An IF of XMILE needs no brackets; each counts as one level."""


def check_equation(text: str, *, xmile: bool = False) -> None:
    """Raise BadInput if an equation is too long, or has too many signs, points or brackets in brackets."""
    check(EQUATION_TEXT, len(text))
    if _NUMBERS.fullmatch(text):
        check(CELLS, text.count(",") + text.count(";"))
        return
    rest, points = POINT.subn("", text)
    check(LOOKUP_POINTS, points)
    signs = depth = deepest = 0
    for match in _TOKEN.finditer(rest):
        signs += 1
        depth += bool(match["opening"]) - bool(match["closing"])
        deepest = max(deepest, depth)
    check(EQUATION_SIGNS, signs)
    check(BRACKETS, deepest + (_IF.subn("", rest)[1] if xmile else 0))
