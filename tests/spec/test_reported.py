"""reported.csv and statistics.csv: what is read, every mistake named, and that the shipped files fit."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.spec.reported import load_reported, load_statistics

REPORTED = "id,zh,en,facts,variable,operator,of,year,scale,value,unit,error,discrepancy,parts,side,note\n"
ROW = "gdp,产值,GDP,F001,regional gdp current[city],level,,2024,1,705.11,1e8 CNY,3.5,0,,both,\n"
STATISTICS = "id,zh,en,variable,operator,of,year,scale,unit,error,discrepancy,note\n"
FIGURE = "coal,煤,coal,coal output,level,,2020,1,1e4 t,50,400,\n"


def reported(folder: Path, row: str) -> Path:
    path = folder / "reported.csv"
    path.write_text(REPORTED + row, encoding="utf-8")
    return path


def test_a_reported_figure(tmp_path: Path) -> None:
    (one,) = load_reported(reported(tmp_path, ROW))
    assert (one.value, one.deviation, one.facts, str(one.variable)) == (
        705.11, 3.5, ("F001",), "regional gdp current[city]",
    )  # fmt: skip
    (one,) = load_reported(reported(tmp_path, ROW.replace("705.11", "").replace("F001", "")))
    assert math.isnan(one.value)


def test_parts_give_the_discrepancy(tmp_path: Path) -> None:
    (one,) = load_reported(reported(tmp_path, ROW.replace("3.5,0,,", "3,0,finance-2020;trade-2020,")))
    assert one.deviation > 0.1 * 705.11
    assert one.error == 3


@pytest.mark.parametrize(
    ("was", "is_", "said"),
    [
        ("F001", "F023", "hoped for, not reported"),
        ("F001", "F999", "not known"),
        ("3.5,0,", "0,0,", "not above 0"),
        ("3.5,0,", "3.5,-1,", "not 0 or more"),
        ("3.5,0,,", "3.5,0,finance-2002,", "Did you mean"),
        ("level,,", "share,,", "a share needs"),
        ("both", "neither", "Allowed: at_least, at_most, both"),
        ("705.11", "much", "not a finite number"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, was: str, is_: str, said: str) -> None:
    assert was in ROW
    with pytest.raises(BadInput, match=said):
        load_reported(reported(tmp_path, ROW.replace(was, is_)))


def test_an_id_stands_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="twice"):
        load_reported(reported(tmp_path, ROW + ROW))
    path = tmp_path / "statistics.csv"
    path.write_text(STATISTICS + FIGURE + FIGURE, encoding="utf-8")
    with pytest.raises(BadInput, match="twice"):
        load_statistics(path)


def test_the_shipped_figures() -> None:
    figures = {one.id: one for one in load_reported()}
    assert figures["city-gdp-2024"].error <= 0.005 * figures["city-gdp-2024"].value
    assert math.isnan(figures["prefecture-tertiary-share-2024"].value)
    assert figures["prefecture-gdp-2020"].discrepancy > figures["prefecture-gdp-2020"].error
    statistics = load_statistics()
    assert 15 <= len(statistics) <= 30
    assert all(math.isnan(one.value) for one in statistics)
