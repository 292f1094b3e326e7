"""The exchanged rules of PySD's grammars read every equation as PySD's own rules do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import parsimonious
import pytest
from pysd.translators.vensim import vensim_element, vensim_structures, vensim_utils
from pysd.translators.xmile import xmile_element, xmile_structures, xmile_utils

from sim.folders import content
from sim.spec.literals import is_literal, value_of
from sim.translate.decoding import Decoder
from sim.translate.grammars import POINT, vensim_grammar, xmile_grammar
from sim.translate.precedence import XmileEquation
from sim.translate.scanning import parts
from sim.translate.vensim import Equation

TESTS = Path(__file__).parents[1]
MODELS = [content("model", "changji.mdl"), *sorted((TESTS / "models" / "classic").glob("*.mdl"))]
SMALL = sorted((TESTS / "engine" / "small_models").glob("*.toml"))
ODD = [
    "a = 1",
    "a = - 2",
    "a=+3.",
    "a = .5e-3",
    "a = 1e5",
    "a = \"b c\" * 'x'",
    'a = "b \\" c" + 1',
    "a = b ^ -c",
    "a[b, c!] = d[b,c]",
    "a[b] :EXCEPT: [b1], [b2] = 3",
    "a[b] = 1, 2, 3",
    "a[b,c] = 1,2;3,4;",
    "a = TABBED ARRAY(1 2 3)",
    "b: b1, b2, (c1-c12) -> d, (e: f, g)",
    "b <-> c",
    "a := GET DIRECT DATA('f.csv', ',', 'A', 'B2')",
    "a :RAW:",
    "a((0,1),(2, - 3.5),( 4 , 5e2 ))",
    "a[b]( (0,0) (1,1) )",
    "a(GET DIRECT LOOKUPS('f', 't', '1', 'B2'))",
    "a = WITH LOOKUP(b + 1, ((0,1),(2,3)))",
    "a == 5",
    "温度 = 人口's rate $ / 3",
    "a = :NA:",
    "a = IF THEN ELSE(b>1:AND:c<=2, 0, 1)",
    "a = ",
    "= 3",
    "a = 3 3",
    "a = 5 - 2",
    "a = 5 -2 -1",
    "a = 5-2",
    "a = --2",
    "a = 2^-2",
    "a = -b^c^-d",
    "a = -b*-c^d",
    "a = (1",
    "a = b[",
    'a = "b',
    "a = f(,)",
    "a = 1 2 3",
    "a()",
    "a((1,2)",
    "a = 3 +* 4",
    "",
]
XMILE = [
    "a",
    "a_b * 2",
    "IF a > 1 THEN b ELSE c",
    "-a^2",
    "5 - 2",
    "5 -2",
    "5-2-1",
    '"a b" + c[d, e]',
    "f(a, b)",
    "1, 2, 3",
    "NOT a AND b",
    ".5 + 2.e3",
    "a[",
    "IF a THEN b",
    "f(",
    "a b",
    "",
]


def equations() -> Iterator[str]:
    for model in MODELS:
        for part in parts(model.read_text(encoding="utf-8"), model.name):
            yield from (entry.plain for entry in part.entries)
    for file in SMALL:
        for case in tomllib.loads(file.read_text(encoding="utf-8"))["model"]:
            for part in parts(case["text"], file.name):
                yield from (entry.plain for entry in part.entries)
    yield from ODD


def understood(grammar: parsimonious.Grammar, text: str, visitor: Any) -> Any:
    """Return what a visitor makes of a text, or None if it or the grammar refuses it."""
    try:
        return visitor(grammar.parse(text))
    except (parsimonious.ParseError, parsimonious.VisitationError):
        return None


def left(tree: Any) -> Any:
    return vars(vensim_element.ElementsComponentVisitor(tree).component)


def typed(visitor: Any) -> Callable[[Any], Any]:
    """Return what makes a number or a typed expression of a tree; there is more than one way to write it."""

    def made(tree: Any) -> Any:
        found = Decoder({}, {}, set()).decode(visitor(tree).translation)
        return repr(value_of(found) if is_literal(found) else found)

    return made


def points(tree: Any) -> list[tuple[str, str]]:
    """Compare lookups by their text: PySD counts the parts of a rule that is one expression here."""
    return [tuple(re.sub(r"\s", "", n) for n in point) for point in POINT.findall(tree.text)]  # type: ignore[misc]


def test_vensim() -> None:
    names = ("element_object", "components", "lookups")
    theirs = {
        n: vensim_utils.Grammar.get(n, vensim_structures.parsing_ops if n == "components" else {})
        for n in names
    }
    read = 0
    for text in dict.fromkeys(equations()):
        whole = understood(vensim_grammar("element_object"), text, left)
        assert whole == understood(theirs["element_object"], text, left), text
        expression = whole.get("expression") if isinstance(whole, dict) else None
        if not expression:
            continue
        inline = "WITH LOOKUP" in expression.upper()
        found = understood(vensim_grammar("components"), expression, points if inline else typed(Equation))
        visitor = points if inline else typed(vensim_element.EquationVisitor)
        assert found == understood(theirs["components"], expression, visitor), text
        table = understood(vensim_grammar("lookups"), expression, points)
        assert table == understood(theirs["lookups"], expression, points), text
        read += found is not None or table is not None
    assert read > 700


@pytest.mark.parametrize("text", XMILE)
def test_xmile(text: str) -> None:
    theirs = xmile_utils.Grammar.get("equations", xmile_structures.parsing_ops)

    found = understood(xmile_grammar(), text, typed(XmileEquation))
    assert found == understood(theirs, text, typed(xmile_element.EquationVisitor))
