"""What the classics are known for: published figures, analytic results and conservation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.optimize import brentq

from sim.engine import LoadedModel, load_model

FOLDER = Path(__file__).parents[1] / "models" / "classic"


def _load(name: str) -> LoadedModel:
    return load_model(FOLDER / f"{name}.mdl")


def _at(result: Any, name: str, time: float, lane: int = 0) -> float:
    place = int(np.argmin(np.abs(result.time - time)))
    return float(result[name][lane, place])


def _peak(result: Any, name: str, lane: int = 0) -> tuple[float, float]:
    """Return the time and the height of a variable's peak."""
    values = result[name][lane]
    return float(result.time[values.argmax()]), float(values.max())


@pytest.fixture(scope="module")
def world() -> Any:
    """Return the standard run and the run with twice the resources."""
    return _load("world3").run({"initial nonrenewable resources": np.array([1e12, 2e12])}, lanes=2)


def test_world3_standard_run_overshoots_and_collapses(world: Any) -> None:
    year, people = _peak(world, "population")
    assert 2020 <= year <= 2035
    assert 6.5e9 <= people <= 9e9
    assert _at(world, "population", 2100) < 0.65 * people
    assert 2005 <= _peak(world, "industrial output")[0] <= 2025
    assert _at(world, "industrial output", 2100) < 0.05 * _peak(world, "industrial output")[1]
    assert 2025 <= _peak(world, "persistent pollution index")[0] <= 2045


def test_world3_meets_its_own_yardsticks_of_1970(world: Any) -> None:
    assert_allclose(_at(world, "population", 1970), 3.6e9, rtol=0.03)
    assert_allclose(_at(world, "industrial output", 1970), 7.9e11, rtol=0.03)
    assert_allclose(_at(world, "persistent pollution index", 1970), 1.0, rtol=0.03)


def test_world3_resources_only_fall(world: Any) -> None:
    left = world["resource fraction remaining"]
    assert (np.diff(left, axis=1) < 0).all()
    assert left[0, -1] < 0.25


def test_world3_with_twice_the_resources_collapses_by_pollution(world: Any) -> None:
    assert _peak(world, "population", 1)[0] > _peak(world, "population", 0)[0] + 10
    assert _peak(world, "population", 1)[1] > 1.1 * _peak(world, "population", 0)[1]
    assert (
        _peak(world, "persistent pollution index", 1)[1] > 2.5 * _peak(world, "persistent pollution index")[1]
    )
    assert _at(world, "population", 2100, 1) < 0.65 * _peak(world, "population", 1)[1]


PROGRAMMES = {
    "none": "",
    "low cost housing": "low cost housing programme coefficient",
    "training": "underemployed training rate",
    "slum demolition": "slum housing demolition rate",
}


@pytest.fixture(scope="module")
def city() -> Any:
    """Return 300 years: one lane without and three with a programme of 5 per cent from year 250."""
    lanes = np.eye(len(PROGRAMMES)) * 0.05
    changes: dict[str, NDArray[np.float64] | float] = {
        constant: lanes[place] for place, constant in enumerate(PROGRAMMES.values()) if constant
    }
    model = _load("urban_dynamics")
    return model.run({**changes, "programme start": 250.0}, lanes=len(PROGRAMMES), final_time=300.0)


def test_city_grows_overshoots_and_stagnates(city: Any) -> None:
    year, people = _peak(city, "population")
    assert 100 <= year <= 130
    assert people > 50 * _at(city, "population", 0)
    assert _at(city, "population", 150) < 0.85 * people
    late = city["population"][0, 220:251]
    assert np.ptp(late) < 0.01 * late.mean()
    assert _at(city, "new enterprise", 250) < 0.5 * _peak(city, "new enterprise")[1]


@pytest.mark.parametrize(
    ("name", "book"),
    [
        ("underemployed", 377300),
        ("labour", 392600),
        ("managerial professional", 71100),
        ("premium housing", 110900),
        ("worker housing", 335600),
        ("underemployed housing", 310100),
        ("new enterprise", 4900),
        ("mature business", 7800),
        ("declining industry", 16500),
        ("underemployed job ratio", 1.81),
        ("tax ratio needed", 2.25),
    ],
)
def test_stagnant_city_has_the_levels_of_the_book(name: str, book: float, city: Any) -> None:
    assert_allclose(_at(city, name, 250), book, rtol=0.005)


def test_city_programmes_work_as_in_the_book(city: Any) -> None:
    lane = {name: place for place, name in enumerate(PROGRAMMES)}

    def gain(programme: str, name: str) -> float:
        return _at(city, name, 300, lane[programme]) / _at(city, name, 250) - 1

    assert abs(gain("none", "new enterprise")) < 0.01
    assert_allclose(gain("low cost housing", "new enterprise"), -0.49, atol=0.02)
    assert_allclose(gain("low cost housing", "mature business"), -0.45, atol=0.02)
    assert gain("low cost housing", "underemployed job ratio") > 0.2
    assert gain("training", "labour") > 0.1
    assert gain("slum demolition", "new enterprise") > 0.3
    assert gain("slum demolition", "underemployed job ratio") < -0.2


def _final_size(reproduction: float, start: float) -> float:
    """Return the share infected in the end, if the share ``start`` is not immune nor infected at first."""
    return float(brentq(lambda size: size - 1 + start * np.exp(-reproduction * size), 1e-9, 1))


def test_epidemic_ends_at_the_analytic_size() -> None:
    contacts = np.array([2.5, 4.0, 6.0, 9.0])
    model = _load("epidemic")
    result = model.run({"contact rate": contacts}, lanes=4, integrator="rk4", final_time=600.0)
    expected = [_final_size(rate * 0.25 * 2, 0.9999) for rate in contacts]
    assert_allclose(result["attack rate"][:, -1], expected, rtol=1e-7)
    people = sum(result[name] for name in ("susceptible", "exposed", "infectious", "recovered"))
    assert_allclose(people, 10000.0, rtol=1e-12)


def test_epidemic_size_does_not_depend_on_incubation_but_its_peak_does() -> None:
    times = np.array([0.5, 3.0, 10.0])
    result = _load("epidemic").run(
        {"incubation time": times}, lanes=3, integrator="rk4", final_time=600.0, save_every=0.125
    )
    assert_allclose(result["attack rate"][:, -1], _final_size(3.0, 0.9999), rtol=1e-7)
    peaks = result.time[result["infectious"].argmax(axis=1)]
    assert peaks[0] < peaks[1] < peaks[2]


def test_epidemic_begins_at_the_analytic_rate() -> None:
    result = _load("epidemic").run(
        {"population": 1e12}, integrator="rk4", final_time=30.0, outputs=["infectious"]
    )
    growth = np.diff(np.log(result["infectious"][0]))[-5:]
    leaving, recovering = 1 / 3, 1 / 2
    rate = brentq(lambda r: (r + leaving) * (r + recovering) - leaving * 1.5, 0, 2)
    assert_allclose(growth, rate, rtol=1e-4)


def test_small_reproduction_number_gives_no_epidemic() -> None:
    result = _load("epidemic").run({"contact rate": 1.9}, integrator="rk4", final_time=600.0)
    assert result["infectious"][0].argmax() == 0
    assert result["attack rate"][0, -1] < 0.01


@pytest.fixture(scope="module")
def game() -> Any:
    """Return the game with the mean subject and with one who counts all orders on the way."""
    model = _load("beer_game")
    return model.run(
        {"supply line weight": np.array([0.34, 1.0]), "desired stock": np.array([17.0, 28.0])}, lanes=2
    )


def test_orders_vary_more_up_the_chain(game: Any) -> None:
    orders = game["orders placed"][0]
    assert (np.diff(orders.var(axis=0)) > 0).all()
    assert (np.diff(orders.max(axis=0)) > 0).all()
    assert orders[:, 3].max() > 3 * 8
    first_rise = [int(np.argmax(orders[:, station] > 6)) for station in range(4)]
    assert first_rise == sorted(first_rise)


def test_inventories_oscillate_from_backlog_to_excess(game: Any) -> None:
    stock = game["effective inventory"][0]
    assert (stock.min(axis=0) < 0).all()
    assert (stock.argmax(axis=0) > stock.argmin(axis=0))[1:].all()
    assert _at(game, "team cost", 36) > 10 * 204


def test_counting_the_supply_line_calms_the_chain(game: Any) -> None:
    orders = game["orders placed"]
    assert (orders[1].max(axis=0) < orders[0].max(axis=0)).all()
    assert (orders[1].min(axis=0) > 0).all()
    assert_allclose(orders[1, -1], 8.0, rtol=0.01)
    assert _at(game, "team cost", 60, 1) < 0.5 * _at(game, "team cost", 60, 0)


def test_goods_and_orders_are_conserved(game: Any) -> None:
    goods = sum(game[name] for name in ("inventory", "first shipping box", "second shipping box")).sum(axis=2)
    brewed, sold = game["entering"][:, :, 3], game["shipped"][:, :, 0]
    assert_allclose(np.diff(goods, axis=1), (brewed - sold)[:, :-1], atol=1e-10)
    placed, arriving = game["orders placed"], game["arriving"]
    assert_allclose(np.diff(game["supply line"], axis=1), (placed - arriving)[:, :-1], atol=1e-10)
    assert (game["inventory"] >= -1e-12).all()
    assert (game["backlog"] >= -1e-12).all()


@pytest.fixture(scope="module")
def firm() -> Any:
    """Return the firm with the traditional goal, a fixed goal, no bias, and capacity that cannot grow."""
    changes = {
        "delivery delay weighting": np.array([1.0, 0.0, 1.0, 1.0]),
        "delivery delay bias": np.array([0.3, 0.3, 0.0, 0.3]),
        "capacity switch": np.array([1.0, 1.0, 1.0, 0.0]),
    }
    return _load("market_growth").run(changes, lanes=4, final_time=200.0)


def test_market_declines_with_the_traditional_goal(firm: Any) -> None:
    month, salesmen = _peak(firm, "salesmen")
    assert 50 <= month <= 90
    assert salesmen > 4 * 10
    assert _at(firm, "salesmen", 200) < 0.25 * salesmen
    assert _at(firm, "production capacity", 100) < 0.5 * 12000


def test_market_grows_with_a_fixed_goal(firm: Any) -> None:
    assert _at(firm, "production capacity", 200, 1) > 10 * 12000
    assert _at(firm, "salesmen", 200, 1) > 10 * _peak(firm, "salesmen", 0)[1]
    change = np.sign(np.diff(firm["orders booked"][1]))
    assert (np.diff(change[change != 0]) != 0).sum() >= 4


def test_market_stagnates_without_bias_or_with_fixed_capacity(firm: Any) -> None:
    late = firm["delivery rate"][2, 150:]
    assert np.ptp(late) < 0.05 * late.mean()
    paid = 12000 * 12 / 2000
    assert_allclose(_at(firm, "salesmen", 200, 3), paid, rtol=0.03)
    assert (firm["delivery rate"][3] <= 12000).all()


def test_capacity_on_order_is_what_has_not_yet_arrived(firm: Any) -> None:
    capacity = firm["production capacity"] + firm["production capacity on order"]
    fine = _load("market_growth").run(save_every=0.5, outputs=["production capacity ordering"])
    ordered = np.cumsum(fine["production capacity ordering"][0] * 0.5)[1::2]
    assert_allclose(capacity[0, 1:101] - capacity[0, 0], ordered[:100], rtol=1e-9, atol=1e-6)
