"""Variables held or given by a series, lookups by points: each against a model written that way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import sim
from sim import Held, LoadedModel, TimeSeries
from sim.errors import BadInput

Build = Callable[..., LoadedModel]

GROWTH = """
level = INTEG(growth, 10) ~ unit ~ |
growth = level * rate ~ unit/year ~ |
rate = 0.1 + extra ~ 1/year ~ |
extra = IF THEN ELSE(Time >= 2, 0.2, 0) ~ 1/year ~ |
"""


@pytest.fixture
def growth(build: Build) -> LoadedModel:
    return build(GROWTH, name="growth")


def compilations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    import sim.engine.compiling as compiling

    counted: list[int] = []
    original = compiling._compile
    monkeypatch.setattr(compiling, "_compile", lambda *given: (counted.append(1), original(*given))[1])
    return counted


def test_held_keeps_the_value_at_the_start(growth: LoadedModel) -> None:
    result = growth.run({"rate": Held()}, outputs=["level", "rate"])
    assert (result["rate"] == 0.1).all()
    assert result["level"][0, -1] == pytest.approx(10 * 1.025**16, rel=1e-12)


def test_a_held_stock_stays_and_its_initial_value_can_be_set(growth: LoadedModel) -> None:
    result = growth.run({"level": Held()}, outputs=["level", "growth"])
    assert (result["level"] == 10).all()
    assert result["growth"][0, -1] == pytest.approx(3)


def test_held_at_a_value_by_lane(growth: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    first = growth.run({"rate": Held(value=[0.1, 0.2])}, outputs=["level"])["level"]
    assert first[:, -1] == pytest.approx([10 * 1.025**16, 10 * 1.05**16], rel=1e-12)
    counted = compilations(monkeypatch)
    other = growth.run({"rate": Held(value=0.2)}, outputs=["level"])["level"]
    assert (other[0] == first[1]).all()
    assert not counted


def test_where_cuts_in_some_lanes_only(growth: LoadedModel) -> None:
    lanes = np.arange(3)
    cuts = {"rate": Held(where=lanes == 1), "growth": Held(where=lanes == 2)}
    result = growth.run(cuts, outputs=["level", "growth"])
    base = growth.run(outputs=["level", "growth"])
    assert (result["level"][0] == base["level"][0]).all()
    assert result["level"][1, -1] == pytest.approx(10 * 1.025**16, rel=1e-12)
    assert (result["growth"][2] == 1).all()
    assert result["level"][2, -1] == pytest.approx(14, rel=1e-12)


def test_a_variable_repeats_its_own_path(growth: LoadedModel) -> None:
    base = growth.run(save_every=0.25)
    for name in ("rate", "growth", "level"):
        again = growth.run(
            {name: TimeSeries(base.time, base[name][0])}, outputs=["level", name], save_every=0.25
        )
        np.testing.assert_allclose(again["level"], base["level"], rtol=1e-12)
        np.testing.assert_allclose(again[name], base[name], rtol=1e-12)


def test_series_are_linear_between_points_and_held_beyond(growth: LoadedModel) -> None:
    series = TimeSeries([1, 3], [[0.0, 2.0], [4.0, 8.0]])
    rate = growth.run({"rate": series}, outputs=["rate"])["rate"]
    np.testing.assert_allclose(rate[0], np.interp(np.arange(0, 4.5, 0.5), [1, 3], [0, 2]), atol=1e-15)
    np.testing.assert_allclose(rate[1], np.interp(np.arange(0, 4.5, 0.5), [1, 3], [4, 8]), atol=1e-15)


def test_one_point_is_a_constant(growth: LoadedModel) -> None:
    assert (growth.run({"rate": TimeSeries([0], [0.3])}, outputs=["rate"])["rate"] == 0.3).all()


def test_a_constant_may_move(growth: LoadedModel, economy: LoadedModel) -> None:
    share = economy.run({"share": TimeSeries([0, 4], [0.2, 0.6])}, outputs=["share", "fixed"])
    np.testing.assert_allclose(share["share"][0], np.linspace(0.2, 0.6, 9), rtol=1e-14)
    np.testing.assert_allclose(share["fixed"], share["share"] * 2, rtol=1e-14)


def test_subscripts_and_elements(economy: LoadedModel) -> None:
    base = economy.run(save_every=0.25)
    whole = economy.run({"total": TimeSeries(base.time, base["total"][0])}, save_every=0.25)
    np.testing.assert_allclose(whole["capital"], base["capital"], rtol=1e-12)
    part = economy.run({"total[city]": TimeSeries(base.time, base["total[city]"][0])}, save_every=0.25)
    np.testing.assert_allclose(part["capital"], base["capital"], rtol=1e-12)
    held = economy.run({"capital[rest, sector]": Held(), "capital[city, farm]": Held()})
    fixed = held["capital"][0]
    assert (fixed[:, 1] == [4, 5, 6]).all()
    assert (fixed[:, 0, 0] == 1).all()
    assert (fixed[-1, 0, 1:] != [2, 3]).all()


def test_numbers_beside_an_exchange(growth: LoadedModel) -> None:
    result = growth.run(
        {"level": [10, 20], "rate": Held(where=[True, False])}, outputs=["level"], final_time=1
    )["level"]
    assert result[0, -1] == pytest.approx(10 * 1.025**4)
    assert result[1, -1] == pytest.approx(20 * 1.025**4)


def test_points_of_a_lookup(economy: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    flat = economy.run({"boost": [3, 3, 3]}, outputs=["capital"])["capital"]
    counted = compilations(monkeypatch)
    among = economy.run({"boost": [(0, 3), (4, 3)]}, outputs=["capital"])["capital"]
    np.testing.assert_array_equal(among, flat)
    assert not counted
    other = economy.run({"boost": [(-1, 3), (1, 3), (2, 3), (5, 3)]}, outputs=["capital"])["capital"]
    np.testing.assert_allclose(other, flat, rtol=1e-13)
    assert len(counted) == 1
    economy.run({"boost": [(-1, 2), (1, 3), (2, 3), (5, 3)]}, outputs=["capital"])
    assert len(counted) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"boost": Held()}, "boost is a lookup"),
        ({"TIME STEP": Held()}, "a time setting"),
        ({"shar": Held()}, "Did you mean 'share'"),
        ({"share": Held(where=[1, 0])}, "where must be true or false"),
        ({"share": TimeSeries([1, 0], [1, 2])}, "must increase"),
        ({"share": TimeSeries([0, 1], [1, 2, 3])}, r"shape \(3,\) given for 2 times; allowed: \(2,\)"),
        ({"worn": TimeSeries([0, 1], np.ones((2, 2, 2)))}, r"\(2, 3\), \(lanes, 2\), \(lanes, 2, 3\)"),
        ({"share": TimeSeries([0, 1], [1, np.nan])}, "finite"),
        ({"share": TimeSeries([0, 1], ["a", "b"])}, "numbers are needed"),
        ({"worn[farm]": Held(), "worn[mine]": TimeSeries([0], [1])}, "replaced in two ways"),
        ({"worn[town]": Held()}, "worn has no element 'town'"),
        ({"capital[rest]": Held()}, "capital has 2 subscripts"),
        ({"share": TimeSeries([0, 1], np.ones((2, 2)))} | {"exponent": [1, 2, 3]}, "2 lanes"),
        ({"boost": [(0, 1), (0, 2)]}, "increasing x"),
        ({"boost": [(0, 1)]}, "at least two points"),
        ({"share": [(0, 1), (1, 2)]}, "pairs of points are for lookups"),
        ({"total": Held(), "Total[city]": 3}, "changed and replaced"),
    ],
)
def test_wrong_exchanges_are_explained(changes: dict[str, Any], message: str, economy: LoadedModel) -> None:
    with pytest.raises(BadInput, match=message):
        economy.run(changes, outputs=["capital"])


def test_public_names() -> None:
    assert {sim.Held, sim.TimeSeries, sim.Result, sim.Failures, sim.LoadedModel}
    with pytest.raises(AttributeError):
        sim.nothing  # noqa: B018
