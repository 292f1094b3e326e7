"""Numbers and what binds more: signs, powers, NOT and MOD, for PySD's readers of Vensim and XMILE equations.

PySD takes a minus before a number for a part of the number, so that -2^2 gives 4. Both languages say
otherwise: a power goes from right to left and before a sign on its left, so that -2^2 is -(2^2), 2^3^2 is
2^(3^2), and 2^-3^2 is 2^(-(3^2)). Vensim's help calls its precedence conventional, and Vensim's output for
-2^2 is -4 (test-models of the PySD project, exponentiation). XMILE 1.0 says it in 3.3.1, where NOT is a sign
like minus, and MOD stands beside * and / and gives what has the sign of the divisor.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from pysd.translators.structures.abstract_expressions import (
    ArithmeticStructure,
    CallStructure,
    LogicStructure,
    ReferenceStructure,
)
from pysd.translators.xmile.xmile_element import EquationVisitor

from sim.errors import BadInput

__all__ = ["Precedence", "XmileEquation", "number"]

_SIGN = re.compile(r"[+-]|not", re.IGNORECASE)
_PRODUCT = re.compile(r"([*/]|mod)", re.IGNORECASE)
_BLANK = re.compile(r"[\s\\]")
_MOST_SIGNS = 100


def number(text: str) -> float:
    """Return a number as it is written, perhaps with a sign and a space."""
    return float(_BLANK.sub("", text))


class Precedence:
    """Mixed into a reader of trees of :mod:`sim.translate.grammars`, before PySD's, which evaluates text."""

    elements: dict[str, Any]
    unwrapped_exceptions = (BadInput, RecursionError)

    def visit_expr(self, node: Any, children: list[str]) -> str:
        """Return what stands alone: a number, or what another rule has kept."""
        return children[0] if children[0] in self.elements else self._kept(number(children[0]))

    def visit_array(self, node: Any, children: list[str]) -> str:
        """Return one number, or an array of them; ValueError if its rows differ in length."""
        text = _BLANK.sub("", node.text)
        if "," not in text and ";" not in text:
            return self._kept(number(text))
        rows = [[float(cell) for cell in row.split(",")] for row in text.strip(";").split(";")]
        if len({len(row) for row in rows}) > 1:
            raise ValueError("the rows of numbers are not equally long")
        return self._kept(np.squeeze(np.array(rows)))

    def visit_neg_expr(self, node: Any, children: list[str]) -> str:
        """Return a power, or what stands there without one; ``children`` are base and ^exponent."""
        base, power = children
        if not power:
            return base
        parts = (self.elements[base], self.elements[power.removeprefix("^").strip()])
        return self._kept(ArithmeticStructure(["^"], parts))

    def visit_exp_expr(self, node: Any, children: list[str]) -> str:
        """Return what follows the signs with them applied; ``children`` are signs and the rest."""
        signs, kept = _SIGN.findall(children[0]), children[1]
        if len(signs) > _MOST_SIGNS:
            raise ValueError(f"more than {_MOST_SIGNS} signs in a row")
        for sign in reversed(signs):
            kept = self._signed(sign.lower(), kept)
        return kept

    def _signed(self, sign: str, kept: str) -> str:
        element = self.elements[kept]
        if sign == "not":
            return self._kept(LogicStructure([":NOT:"], (element,)))
        if sign == "+":
            return kept
        if isinstance(element, int | float):
            return self._kept(-element)
        return self._kept(ArithmeticStructure(["negative"], (element,)))

    def _kept(self, element: Any) -> str:
        return str(self.add_element(element))  # type: ignore[attr-defined]


class XmileEquation(Precedence, EquationVisitor):  # type: ignore[misc]
    """PySD's reader of XMILE equations with the right precedence, and with MOD in it."""

    def visit_prod_expr(self, node: Any, children: list[str]) -> str:
        """Return a product, from left to right."""
        first, *rest = _PRODUCT.split("".join(children).strip())
        if not rest:
            return first.strip()
        found = self.elements[first.strip()]
        for operator, part in zip(rest[::2], rest[1::2], strict=True):
            right = self.elements[part.strip()]
            if operator.lower() == "mod":
                found = CallStructure(ReferenceStructure("floor_modulo"), (found, right))
            else:
                found = ArithmeticStructure([operator], (found, right))
        return self._kept(found)
