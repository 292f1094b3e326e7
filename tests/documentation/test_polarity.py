"""The signs of links, read from equations."""

from __future__ import annotations

from pathlib import Path

import pytest
from documentation.loops import load_loops
from documentation.material import load_material
from documentation.polarity import loop_signs, sign

from sim.translate import load_spec

ROOT = Path(__file__).resolve().parents[2]
EQUATIONS = {
    "a + b": 1,
    "b - a": -1,
    "b / a": -1,
    "a * (1 - b)": 1,
    "b * (1 - a)": -1,
    "a ^ b": 1,
    "a ^ (-b)": -1,
    "b ^ (-1 / a)": None,
    "MAX(a, b)": 1,
    "EXP(-a / b)": -1,
    "a / (a + b)": 1,
    "a / (1 + (a / b) ^ 8) ^ (1 / 8)": 1,
    "a * (b - a)": None,
    "SMOOTHI(b - a, 2, 1)": -1,
    "IF THEN ELSE(b > 1, -a, b)": -1,
    "WITH LOOKUP(a, ((0, 1), (1, 0)))": -1,
    "b": 0,
}


@pytest.mark.parametrize("equation", EQUATIONS)
def test_sign(equation: str, tmp_path: Path) -> None:
    path = tmp_path / "model.mdl"
    control = {"INITIAL TIME": 0, "FINAL TIME": 1, "TIME STEP": 1, "SAVEPER": 1}
    lines = [f"{name} = {value} ~ year ~ |" for name, value in control.items()]
    lines += ["a = 1 ~ dmnl ~ |", "b = 2 ~ dmnl ~ |", f"y = {equation} ~ dmnl ~ |"]
    path.write_text("{UTF-8}\n" + "\n".join(lines) + "\n", "utf-8")
    assert sign(load_spec(path).find("y"), "a") == EQUATIONS[equation]


def test_one_unknown_sign_follows_from_the_polarity() -> None:
    assert loop_signs([1, None, -1], "B") == [1, 1, -1]
    assert loop_signs([1, None, -1], "R") == [1, -1, -1]
    assert loop_signs([None, None], "R") == [None, None]


def test_named_loops_are_read() -> None:
    loops = load_loops(load_material(ROOT), ROOT / "model" / "loops.csv")
    assert loops
    assert all(len(loop.signs) == len(loop.chain) >= 2 for loop in loops)


def test_a_missing_file_gives_no_loops(tmp_path: Path) -> None:
    assert load_loops(load_material(ROOT), tmp_path / "loops.csv") == ()
