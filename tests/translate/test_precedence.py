"""What binds more: signs, powers, NOT and MOD, as Vensim and the standard of XMILE have it.

Each equation stands twice, as a constant (folded before a run) and with a variable in place of one number
(computed by the program); values are worked out by hand from the brackets in the comment or the third column.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.engine import load_model
from sim.spec.literals import is_literal, value_of
from sim.spec.writing import to_text
from sim.translate import load_spec

TIMES = "INITIAL TIME = 0 ~~|\nFINAL TIME = 1 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"
# Equation with {} for a 2, the same with every bracket, and its value.
VENSIM = [
    ("-{}^2", "-(2^2)", -4),  # Vensim 6.3, test-models of PySD, exponentiation
    ("(-{})^2", "(-2)^2", 4),
    ("- {} ^ 2", "-(2^2)", -4),
    ("10 - -{}^2", "10-(-(2^2))", 14),
    ("10-{}^2", "10-(2^2)", 6),
    ("3*-{}^2", "3*(-(2^2))", -12),
    ("-{}*-3", "(-2)*(-3)", 6),
    ("1/-{}^2", "1/(-(2^2))", -0.25),
    ("{}^-2", "2^(-2)", 0.25),
    ("-{}^-2", "-(2^(-2))", -0.25),
    ("2^-{}^2", "2^(-(2^2))", 0.0625),
    ("{}^3^2", "2^(3^2)", 512),
    ("-{}^3^2", "-(2^(3^2))", -512),
    ("({}^3)^2", "(2^3)^2", 64),
    ("--{}", "-(-2)", 2),
    ("--{}^2", "-(-(2^2))", 4),
    ("- - -{}^2", "-(-(-(2^2)))", -4),
    ("-+{}^2", "-(+(2^2))", -4),
    ("+-{}^2", "+(-(2^2))", -4),
    ("5 -{} -1", "(5-2)-1", 2),
    ("5--{}", "5-(-2)", 7),
    ("-1e-3^{}", "-(0.001^2)", -1e-6),
    ("-.5^{}", "-(0.5^2)", -0.25),
    ("-1.5E1^{}", "-(15^2)", -225),
    ("-{}^0.5*-3", "(-(2^0.5))*(-3)", 3 * math.sqrt(2)),
    ("-{}^1.7", "-(2^1.7)", -(2**1.7)),
    ("-POWER({},2)", "-(2^2)", -4),
    ("POWER(-{},2)", "(-2)^2", 4),
    ("EXP(-0.5^{})", "EXP(-(0.5^2))", math.exp(-0.25)),
    ("MAX(-{}^2,-3)", "MAX(-(2^2),-3)", -3),
    ("IF THEN ELSE(-{}^2=-4,-1^2,-3)", "-(1^2) if -(2^2) = -4", -1),
    ("IF THEN ELSE(-{}^2<>-4:OR:-1>-{}^2,-7^2,9)", "-(7^2) if -1 > -4", -49),
    ("IF THEN ELSE(:NOT: {} > 3,1,0)", "1 if not (2 > 3)", 1),
    ("IF THEN ELSE(1=1 :OR: {}=3 :AND: 1=2,1,0)", "1 if 1=1 or (2=3 and 1=2)", 1),
    ("WITH LOOKUP(-{}^2,((-4,-1),(4,1)))", "-1 at -(2^2)", -1),
    ("007^{}", "7^2", 49),
]
XMILE = [
    *((text, shown, value) for text, shown, value in VENSIM if not set(text) & set(":PWTE")),
    ("NOT {} &gt; 1", "(not 2) > 1", 0),
    ("NOT ({} &gt; 3)", "not (2 > 3)", 1),
    ("NOT {} - 1", "(not 2) - 1", -1),
    ("-NOT 0^{}", "-(not (0^2))", -1),
    ("NOT NOT {}", "not (not 2)", 1),
    ("1 = 1 AND NOT {} = 0", "(1 = 1) and ((not 2) = 0)", 1),
    ("7 MOD {} * 3", "(7 mod 2)*3", 3),
    ("3 * 7 mod {}^2", "(3*7) mod (2^2)", 1),
    ("17 MOD 7 MOD {}", "(17 mod 7) mod 2", 1),
    ("1 + 7 MOD {}", "1+(7 mod 2)", 2),
    # Of floored division the rest has the divisor's sign (Knuth; XMILE 1.0, 3.3.1), and INT goes down.
    ("-7 MOD {}", "7-(2*(-4)) of (-7) mod 2", 1),
    ("7 MOD -{}", "7-((-2)*(-4))", -1),
    ("INT(-{}.5)", "next below -2.5", -3),
    ("IF {} = 2 THEN IF 1 = 2 THEN -3^2 ELSE -4^2 ELSE -5^2", "-(4^2)", -16),
]


def _check(equation: list[tuple[str, str, float]], path: Path) -> None:
    result = load_model(path).run(save_every=1)
    for place, (text, shown, value) in enumerate(equation):
        for name in (f"a{place}", f"b{place}"):
            np.testing.assert_allclose(result[name][0, 0], value, rtol=1e-13, err_msg=f"{text}: {shown}")


def test_vensim(tmp_path: Path) -> None:
    lines = ["two = INTEG(0, 2) ~~|", "table[d] = -1, - 2, 3 ~~|", "d: x, y, z ~~|", "fixed == -3^2 ~~|"]
    lines += ["curve((-2, -4), ( - 1, -1),(0,0)) ~~|", "at = curve(-two^0.5 * 2^0.5) ~~|"]
    lines += ["stock = INTEG(-1^2, -two^2) ~~|", "begun = INITIAL(-two^2) ~~|"]
    for place, (text, _, _) in enumerate(VENSIM):
        lines.append(f"a{place} = {text.replace('{}', '2')} ~~|")
        lines.append(f"b{place} = {text.replace('{}', 'two')} ~~|")
    path = tmp_path / "signs.mdl"
    path.write_text("{UTF-8}\n" + "\n".join(lines) + "\n" + TIMES, encoding="utf-8")
    _check(VENSIM, path)
    result = load_model(path).run()
    assert result["table"][0, 0].tolist() == [-1, -2, 3]
    assert result["fixed"][0, 0] == -9
    assert result["at"][0, 0] == pytest.approx(-4)
    assert result["stock"][0].tolist() == [-4, -5]
    assert result["begun"][0, 0] == -4


def test_xmile(tmp_path: Path) -> None:
    lines = ['<stock name="two"><eqn>2</eqn></stock>']
    for place, (text, _, _) in enumerate(XMILE):
        lines.append(f'<aux name="a{place}"><eqn>{text.replace("{}", "2")}</eqn></aux>')
        variable = text.replace("{}.5", "two - 0.5").replace("{}", "two")
        lines.append(f'<aux name="b{place}"><eqn>{variable}</eqn></aux>')
    path = tmp_path / "signs.xmile"
    path.write_text(
        '<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">'
        "<header><name>signs</name></header><sim_specs><start>0</start><stop>1</stop><dt>1</dt></sim_specs>"
        "<model><variables>" + "\n".join(lines) + "</variables></model></xmile>",
        encoding="utf-8",
    )
    assert len(XMILE) > 30
    _check(XMILE, path)


def test_equations_are_written_as_they_are_read(tmp_path: Path) -> None:
    """Brackets around what an equation's text needs, and a second reading gives the same numbers."""
    path = tmp_path / "first.mdl"
    lines = [f"a{place} = {text.replace('{}', '2')} ~~|" for place, (text, _, _) in enumerate(VENSIM)]
    path.write_text("{UTF-8}\n" + "\n".join(lines) + "\n" + TIMES, encoding="utf-8")
    first = load_spec(path).variables
    again = [
        f"{name} = {to_text(first[name].components[0].expression)} ~~|" for name in first if name[0] == "a"
    ]
    path.write_text("{UTF-8}\n" + "\n".join(again) + "\n" + TIMES, encoding="utf-8")
    second = load_spec(path).variables
    compared = 0
    for place, (text, _, value) in enumerate(VENSIM):
        expression = second[f"a{place}"].components[0].expression
        if is_literal(expression):
            assert value_of(expression) == pytest.approx(value, rel=1e-15), text
            compared += 1
    assert compared > 20


def test_too_many_signs_and_unequal_rows_are_refused(tmp_path: Path) -> None:
    from sim.errors import BadInput

    for text in ("a = " + "-" * 200 + "2", "d: x, y ~~|\ne: x1, y1 ~~|\na[d, e] = 1, 2; 3"):
        path = tmp_path / "wrong.mdl"
        path.write_text("{UTF-8}\n" + text + " ~~|\n" + TIMES, encoding="utf-8")
        with pytest.raises(BadInput, match=r"signs in a row|not equally long"):
            load_spec(path)
