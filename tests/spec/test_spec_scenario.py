"""Lever texts and scenario files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from support import REGION

from sim.errors import BadInput
from sim.spec.levers import Lever, load_levers
from sim.spec.scenario import LeverUse, Scenario, load_scenario, make_scenario, parse_input, parse_lever

LEVERS: tuple[Lever, ...] = load_levers(REGION / "model" / "levers.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("headquarters", LeverUse("headquarters")),
        ("tourism=0.6", LeverUse("tourism", 0.6)),
        ("tourism@2027", LeverUse("tourism", 1.0, 2027)),
        ("tourism=0.6@2027", LeverUse("tourism", 0.6, 2027)),
        (" tourism = 0 @ 2024 ", LeverUse("tourism", 0.0, 2024)),
        ("tourism=1e-1@2027.5", LeverUse("tourism", 0.1, 2027.5)),
        ("tourism@2035", LeverUse("tourism", 1.0, 2035)),
    ],
)
def test_lever_texts(text: str, expected: LeverUse) -> None:
    assert parse_lever(text, LEVERS) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("headquarter", "Did you mean 'headquarters'"),
        ("", "is not a lever"),
        ("tourism=", "the intensity '' is not a finite number"),
        ("tourism=half", "the intensity 'half' is not a finite number"),
        ("tourism=nan", "the intensity 'nan' is not a finite number"),
        ("tourism=1.01", "the intensity 1.01 is outside 0 to 1"),
        ("tourism=-0.1", "the intensity -0.1 is outside 0 to 1"),
        ("tourism@", "the year '' is not a finite number"),
        ("tourism@next", "the year 'next' is not a finite number"),
        ("tourism@2023", "the year 2023 is outside 2024 to 2035"),
        ("tourism@2036", "the year 2036 is outside 2024 to 2035"),
        ("tourism@2027=0.6", "the year '2027=0.6' is not a finite number"),
    ],
)
def test_wrong_lever_texts(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        parse_lever(text, LEVERS)


@given(some.text(max_size=30))
def test_any_text_is_a_lever_or_bad_input(text: str) -> None:
    try:
        use = parse_lever(text, LEVERS)
    except BadInput:
        return
    assert 0 <= use.intensity <= 1


def test_input_texts() -> None:
    assert parse_input("growth rate=0.05") == ("growth rate", 0.05)
    assert parse_input("drag[city, b] = -1") == ("drag[city, b]", -1)


@pytest.mark.parametrize("text", ["growth rate", "=1", "x=", "x=one", "x=inf", "x[a=1"])
def test_wrong_input_texts(text: str) -> None:
    with pytest.raises(BadInput):
        parse_input(text)


def test_a_scenario_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        'name = "plan"\ntitle = { zh = "规划", en = "Plan" }\n'
        "[levers]\nheadquarters = 1\ntourism = { intensity = 0.6, start = 2027 }\n"
        '[inputs]\n"growth rate" = 0.03\n"drag[city]" = 0.15\n',
        encoding="utf-8",
    )
    scenario = load_scenario(path, LEVERS)
    assert (scenario.name, scenario.zh, scenario.en) == ("plan", "规划", "Plan")
    assert scenario.levers == (LeverUse("headquarters"), LeverUse("tourism", 0.6, 2027))
    assert dict(scenario.inputs) == {"growth rate": 0.03, "drag[city]": 0.15}


def test_a_lever_table_without_intensity_is_full_effort(tmp_path: Path) -> None:
    path = tmp_path / "late.toml"
    path.write_text(
        'name = "late"\ntitle = { zh = "晚", en = "Late" }\n[levers.tourism]\nstart = 2030\n',
        encoding="utf-8",
    )
    assert load_scenario(path, LEVERS).levers == (LeverUse("tourism", 1.0, 2030),)


def test_nothing_chosen_is_the_baseline() -> None:
    assert make_scenario([], LEVERS) == Scenario()


def test_chosen_levers_name_the_scenario() -> None:
    made = make_scenario([LeverUse("headquarters"), LeverUse("tourism", 0.5)], LEVERS)
    assert (made.name, made.en) == ("headquarters+tourism", "Headquarters, Tourism")
    assert made.zh == "总部经济、文旅"
    assert make_scenario([], LEVERS, inputs={"growth rate": 0.1}).name == "own-choice"


def test_a_choice_overrides_the_file() -> None:
    base = Scenario(
        "plan", "规划", "Plan", (LeverUse("headquarters"), LeverUse("tourism")), {"a": 1.0, "b": 2.0}
    )
    made = make_scenario([LeverUse("tourism", 0.2)], LEVERS, inputs={"b": 3.0}, base=base)
    assert made.levers == (LeverUse("headquarters"), LeverUse("tourism", 0.2))
    assert dict(made.inputs) == {"a": 1.0, "b": 3.0}
    assert made.name == "plan"


def test_a_lever_given_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="'tourism' is given twice"):
        make_scenario([LeverUse("tourism"), LeverUse("tourism", 0.5)], LEVERS)
