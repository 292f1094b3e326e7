"""The unit checker: right models pass, and every planted fault is found and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.folders import content
from sim.translate import load_spec
from sim.translate.units import Units, check_units

UNITS = (
    "YiCNY = [currency]\nCNY = 1e-8 YiCNY  # yuan\nyear = [time]\n"
    "firm = [firm]\nkm = [length]\nkm2 = km ** 2\nMt = [freight]\n"
)
MODEL = """{UTF-8}
INITIAL TIME = 2020 ~ year ~ |
FINAL TIME = 2021 ~ year ~ |
TIME STEP = 0.5 ~ year ~ |
SAVEPER = 0.5 ~ year ~ |
money = INTEG(income - spending, 10) ~ YiCNY ~ |
income = 3 ~ YiCNY/year ~ |
life = 4 ~ year ~ |
spending = MAX(0, SMOOTH(money / life, life)) ~ YiCNY/year ~ |
share = spending / income ~ dmnl ~ |
effect([(0,0)-(2,2)],(0,1),(2,3)) ~ dmnl ~ |
bent = effect(share) ^ 0.5 * EXP(-share) ~ dmnl ~ |
area = 3 ~ km2 ~ |
side = SQRT(area) + area ^ (1/2) ~ km ~ |
since = IF THEN ELSE(Time > 2020 * 0 + life, Time - life, 0) ~ year ~ |
risen = RAMP(income, life, 2 * life) + STEP(money, life) + INITIAL(money) ~ YiCNY ~ |
rate = ZIDZ(income, money) + XIDZ(income, money, 1 / life) ~ 1/year ~ |
haul = 2 ~ Mt*km ~ |
"""


@pytest.fixture
def faults(tmp_path: Path) -> Callable[[str], list[str]]:
    def faults(added: str = "") -> list[str]:
        (tmp_path / "units.txt").write_text(UNITS, encoding="utf-8")
        path = tmp_path / "model.mdl"
        path.write_text(MODEL + added, encoding="utf-8")
        return [str(error) for error in check_units(load_spec(path), tmp_path / "units.txt")]

    return faults


def test_a_right_model_has_no_faults(faults: Callable[..., list[str]]) -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("equation", "parts"),
    [
        (
            "x = money + income ~ YiCNY ~ |",
            ["x (line 19)", "money + income", "money is YiCNY", "income is YiCNY/year"],
        ),
        ("x = money / life ~ YiCNY ~ |", ["declared as YiCNY", "money / life is YiCNY/year"]),
        ("x = money + 1 ~ YiCNY ~ |", ["1 is dmnl"]),
        ("x = EXP(life) ~ dmnl ~ |", ["EXP", "life must be dimensionless, but is year"]),
        (
            "x = IF THEN ELSE(share > 1, money, income) ~ YiCNY ~ |",
            ["money is YiCNY", "income is YiCNY/year"],
        ),
        ("x = INTEG(money, 3 * life) ~ YiCNY ~ |", ["flow money is YiCNY", "initial value 3 * life is year"]),
        ("x = SMOOTH(money, share) ~ YiCNY ~ |", ["share must be a time (year), but is dmnl"]),
        ("x = money ^ share ~ YiCNY ~ |", ["only a dimensionless value"]),
        ("x = share ^ life ~ dmnl ~ |", ["life must be dimensionless"]),
        ("y = 3 ~ CNY ~ |\nx = money + y ~ YiCNY ~ |", ["money is YiCNY", "y is 1e-08*YiCNY"]),
        ("x = money ~ ~ |", ["has no unit"]),
        ("x = money ~ Yuan ~ |", ["'Yuan' is not known"]),
        ("x = 3 ~ traffic units ~ |", ["names without spaces"]),
        ("x = IF THEN ELSE(money > life, 1, 0) ~ dmnl ~ |", ["money is YiCNY", "life is year"]),
        ("x = XIDZ(income, money, life) ~ 1/year ~ |", ["life must be 1/year"]),
        ("x = STEP(money, share) ~ YiCNY ~ |", ["share must be a time"]),
    ],
)
def test_planted_faults(equation: str, parts: list[str], faults: Callable[[str], list[str]]) -> None:
    found = faults(equation)
    assert len(found) == 1, found
    for part in parts:
        assert part in found[0]


def test_zero_fits_anything_and_anything_goes_into_a_list(faults: Callable[[str], list[str]]) -> None:
    assert (
        faults("x = MAX(money, 0) + 0 ~ YiCNY ~ |\ny = WITH LOOKUP(Time, ((0, 1), (1, 2))) ~ YiCNY ~ |") == []
    )


def test_a_malformed_units_file(tmp_path: Path) -> None:
    path = tmp_path / "units.txt"
    path.write_text("year = [time]\n= 3\n")
    with pytest.raises(BadInput, match="line 2"):
        Units(path)


def test_the_shipped_model_has_no_faults() -> None:
    assert check_units(load_spec(content("model", "changji.mdl")), content("model", "units.txt")) == []


@pytest.mark.parametrize(
    "unit", ["9**9**9**9", "9^9^9^9*m", "(m^9)^9", "m^999", "((9**99)**99)**99", "m*" * 400 + "m"]
)
def test_a_unit_that_would_take_for_ever_is_refused(unit: str, tmp_path: Path) -> None:
    file = tmp_path / "units.txt"
    file.write_text(f"m = [length]\nx = {unit}\n", encoding="utf-8")
    with pytest.raises(BadInput, match="line 2"):
        Units(file)
    file.write_text("m = [length]\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"raised to a power|longer than 400"):
        Units(file).read(unit)


def test_powers_of_units_and_of_short_numbers(tmp_path: Path) -> None:
    file = tmp_path / "units.txt"
    file.write_text("m = [length]\nkm = 10**3 m\nha = 1e4 * m ** 2\n", encoding="utf-8")
    units = Units(file)
    assert units.read("km^2*m^-1").factor == pytest.approx(1e6)
    assert units.read("ha / m**2").factor == pytest.approx(1e4)
