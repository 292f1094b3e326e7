"""Tables of loops and extreme conditions: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.spec.extremes import load_extremes
from sim.spec.loops import load_loops

LOOP = (
    "loop,zh,en,polarity,chain,cut,scenario,against,frozen,measure,variable,year,expected,found,note\n"
    "R1,甲,One,{polarity},{chain},{cut},plan,baseline,,effect,gdp[city],2035,smaller,-1.5,\n"
)
CASE = "case,zh,en,levers,inputs,variable,year,condition,note\n{rows}\n"


def loops(folder: Path, polarity: str = "R", chain: str = "a; b", cut: str = "x = 0; hold y[city]") -> Path:
    path = folder / "loops.csv"
    path.write_text(LOOP.format(polarity=polarity, chain=chain, cut=cut), encoding="utf-8")
    return path


def cases(folder: Path, *rows: str) -> Path:
    path = folder / "extremes.csv"
    path.write_text(CASE.format(rows="\n".join(rows)), encoding="utf-8")
    return path


def test_a_loop_is_read(tmp_path: Path) -> None:
    (loop,) = load_loops(loops(tmp_path))
    assert loop.chain == ("a", "b")
    assert [(str(one.target), one.value, one.factor) for one in loop.settings] == [("x", 0.0, False)]
    assert [str(held) for held in loop.held] == ["y[city]"]
    assert (loop.polarity, loop.expected, loop.found) == ("R", "smaller", -1.5)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"polarity": "X"}, "column 'polarity': 'X' is not known"),
        ({"chain": "a"}, "column 'chain': a loop needs at least two variables"),
        ({"cut": ""}, "column 'cut': nothing is cut"),
        ({"cut": "x = much"}, "column 'cut': 'x = much' is neither NAME = NUMBER nor NAME *= NUMBER"),
    ],
)
def test_a_wrong_loop_is_named(tmp_path: Path, wrong: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match="row 2") as error:
        load_loops(loops(tmp_path, **wrong))
    assert said in str(error.value)


def test_a_case_is_read_with_all_its_conditions(tmp_path: Path) -> None:
    first, second = load_extremes(
        cases(
            tmp_path,
            "calm,甲,Calm,,,gdp,,> 0,",
            "storm,乙,Storm,all; tourism=0.5,x *= 2; y[city] = 3,gdp[city],2035,<= 0.9 calm,",
            "storm,,,,,gdp[city],2035,> 1.1 @2024,",
        )
    )
    assert first.conditions[0].year is None
    assert second.levers == (("all", 1.0), ("tourism", 0.5))
    assert [(str(one.target), one.value, one.factor) for one in second.settings] == [
        ("x", 2.0, True),
        ("y[city]", 3.0, False),
    ]
    below, growing = second.conditions
    assert (below.sign, below.factor, below.other, below.since) == ("<=", 0.9, "calm", None)
    assert (growing.sign, growing.factor, growing.other, growing.since) == (">", 1.1, "", 2024)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,甲,A,,,gdp,,about 3,", "column 'condition': 'about 3' is not such as"),
        ("a,甲,A,,,gdp,,< 1 2 3,", "column 'condition'"),
        ("a,甲,A,,,gdp,,< nowhere,", "there is no case 'nowhere'"),
        ("a,,,,,gdp,,> 0,", "does not go on from the row above"),
        ("a,甲,A,tourism=2,,gdp,,> 0,", "column 'levers': 'tourism=2' is not LEVER"),
        ("a,甲,A,,x,gdp,,> 0,", "column 'inputs': 'x' is neither"),
    ],
)
def test_a_wrong_case_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(BadInput, match="row 2") as error:
        load_extremes(cases(tmp_path, row))
    assert said in str(error.value)
