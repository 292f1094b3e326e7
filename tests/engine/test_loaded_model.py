"""Running models: values worked out by hand, lanes, times, and one message for each wrong input."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim.engine.loaded as loaded
from sim.engine import LoadedModel
from sim.errors import BadInput

Build = Callable[..., LoadedModel]


def _constants(model: LoadedModel, lanes: int, seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    return {
        name: value * random.uniform(0.8, 1.2, (lanes, *value.shape))
        for name, value in model.defaults().items()
    }


def test_euler_steps_by_hand(build: Build) -> None:
    model = build("x = INTEG(-x / life, 8) ~ ~ |\nlife = 2 ~ ~ |\n")
    result = model.run()
    assert result.time.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    np.testing.assert_allclose(result["x"], [8 * 0.875 ** (2 * np.arange(9))], rtol=1e-15)


def test_rk4_is_of_fourth_order(build: Build) -> None:
    model = build("x = INTEG(x * COS(Time), 1) ~ ~ |\n")
    exact = np.exp(np.sin(np.arange(9) / 2))
    coarse, fine = (
        np.abs(model.run(integrator="rk4", time_step=step)["x"][0] - exact).max() for step in (0.5, 0.25)
    )
    assert fine < 1e-3
    assert 12 < coarse / fine < 20
    assert np.array_equal(model.run(integrator="rk4", time_step=0.5)["x"][0, 0], 1.0)


def test_each_equation_serves_its_own_elements(build: Build) -> None:
    model = build(
        "sector: farm, mine, shop, hotel ~ ~ |\nmarket: shop, hotel ~ ~ |\n"
        "x[farm] = 1 + Time ~ ~ |\nx[mine] = x[farm] + 1 ~ ~ |\nx[market] = x[mine] * price[market] ~ ~ |\n"
        "price[market] = 10, 20 ~ ~ |\n"
    )
    result = model.run(save_every=4)
    assert result["x"][0].tolist() == [[1, 2, 20, 40], [5, 6, 60, 120]]
    assert result["x[market]"].shape == (1, 2, 2)
    assert result["X[Hotel]"][0].tolist() == [40, 120]


def test_mapped_subscripts(build: Build) -> None:
    model = build(
        "home: a, b ~ ~ |\nwork: u, v -> home ~ ~ |\npay[work] = 3, 4 ~ ~ |\n"
        "income[home] = pay[work] * 2 ~ ~ |\nback[work] = income[home] + pay[work] ~ ~ |\n"
    )
    result = model.run(final_time=0)
    assert result["income"][0, 0].tolist() == [6, 8]
    assert result["back"][0, 0].tolist() == [9, 12]


def test_whole_numbers_survive_division(build: Build) -> None:
    model = build(
        "three = INTEGER(Time * 4 / 3 * 3) ~ ~ |\nrest = MODULO(x * 7, 3) ~ ~ |\nx = INTEG(0, 3) ~ ~ |\n"
        "tenth = INTEGER(x / 3 * 10 / 10) ~ ~ |\n"
    )
    result = model.run(save_every=0.25)
    assert result["rest"].tolist() == [[0.0] * 17]
    assert result["tenth"].tolist() == [[1.0] * 17]


def test_and_binds_closer_than_or(build: Build) -> None:
    model = build("a = INTEG(0, 1) ~ ~ |\nb = IF THEN ELSE(a = 1 :OR: a = 2 :AND: a = 3, 5, 6) ~ ~ |\n")
    assert model.run()["b"][0, 0] == 5


def test_active_initial_and_initial(build: Build) -> None:
    model = build(
        "stock = INTEG(0, level) ~ ~ |\nlevel = ACTIVE INITIAL(stock * 2, 5) ~ ~ |\n"
        "held = INITIAL(grown + 1) ~ ~ |\ngrown = Time * 3 + stock ~ ~ |\n"
    )
    result = model.run()
    assert result["level"][0].tolist() == [10] * 9
    assert result["held"][0].tolist() == [6] * 9


def test_lookups_hold_their_ends(build: Build) -> None:
    model = build("t((1, 10), (2, 30), (3, 20)) ~ ~ |\ny = t(Time) ~ ~ |\n")
    assert model.run()["y"][0].tolist() == [10, 10, 10, 20, 30, 25, 20, 20, 20]


def test_a_lane_alone_equals_the_lane_in_a_block(economy: LoadedModel) -> None:
    lanes = 300
    changes = _constants(economy, lanes)
    together = economy.run(changes)
    for lane in (0, 77, 127, 128, 299):
        alone = economy.run({name: value[lane] for name, value in changes.items()})
        for name in together:
            assert np.array_equal(together[name][lane], alone[name][0]), name
    one_thread = economy.run(changes, threads=1)
    assert all(np.array_equal(one_thread[name], together[name]) for name in together)


def test_changing_other_constants_compiles_nothing(
    economy: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    economy.run(_constants(economy, 2))

    def refuse(*_: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr("sim.engine.compiling._compile", refuse)
    economy.run({"share": 0.3}, final_time=2)
    economy.run({"worn[market]": [0.1, 0.2, 0.3], "boost": [1, 1, 1]}, time_step=0.125)


def test_shapes_of_changes(economy: LoadedModel) -> None:
    start = np.arange(1.0, 7.0).reshape(2, 3)
    result = economy.run(
        {
            "share": [0.1, 0.2, 0.3, 0.4],
            "worn": [0.1, 0.2, 0.3],
            "start": np.stack([start] * 4),
            "start[rest, MARKET]": 9,
            "start[city, farm]": [5, 6, 7, 8],
        },
        outputs=["start", "capital", "share", "fixed"],
    )
    assert result.lanes == 4
    assert result["start"].shape == (4, 9, 2, 3)
    assert result["start"][:, 0, 0, 0].tolist() == [5, 6, 7, 8]
    assert result["capital"][:, 0].tolist() == result["start"][:, 0].tolist()
    assert result["start"][2, 0].tolist() == [[7, 2, 3], [4, 9, 9]]
    np.testing.assert_allclose(result["fixed"][:, -1], [0.2, 0.4, 0.6, 0.8])
    with pytest.raises(BadInput, match="not among the outputs"):
        result["total"]


def test_initial_values_of_stocks(economy: LoadedModel) -> None:
    result = economy.run({"capital[city, mine]": [7.0, 8.0]})
    assert result["capital"][:, 0, 0].tolist() == [[1, 7, 3], [1, 8, 3]]
    whole = economy.run({"capital": np.full((2, 3), 2.0)})
    assert whole["capital"][0, 0].tolist() == [[2, 2, 2], [2, 2, 2]]


def test_lookup_heights(economy: LoadedModel) -> None:
    high = economy.run({"boost": [[1, 2, 1.5], [2, 4, 3]]})
    assert (high["saved[city, mine]"][1, 0] == 2 * high["saved[city, mine]"][0, 0]).all()


def test_a_later_end_and_other_steps(economy: LoadedModel) -> None:
    usual = economy.run()
    longer = economy.run(final_time=8, save_every=1)
    assert longer.time.tolist() == list(range(9))
    assert np.array_equal(longer["total"][0, :5], usual["total"][0, ::2])
    with pytest.raises(BadInput, match="not a multiple of the time step"):
        economy.run(time_step=0.3)
    with pytest.raises(BadInput, match="before the initial time"):
        economy.run(final_time=-1)
    with pytest.raises(BadInput, match="finite"):
        economy.run(final_time=float("nan"))


def test_single_precision(economy: LoadedModel) -> None:
    single, double = economy.run(dtype="float32"), economy.run()
    assert single["capital"].dtype == np.float32
    np.testing.assert_allclose(single["capital"], double["capital"], rtol=1e-5)


def test_a_failed_lane_is_named_and_alone(build: Build) -> None:
    model = build(
        "d: p, q ~ ~ |\nx[d] = INTEG(-1, size[d]) ~ ~ |\nsize[d] = 5, 5 ~ ~ |\n"
        "root[d] = SQRT(x[d]) ~ ~ |\ntop = VMAX(root[d!]) ~ ~ |\n"
    )
    good = model.run(lanes=3)
    result = model.run({"size[q]": [5, 1.5, 5]})
    assert result.failed == {1: "root[q] is NaN at time 1.75"}
    for lane in (0, 2):
        assert np.array_equal(result["root"][lane], good["root"][lane])


def test_an_infinite_value_is_a_failure_too(build: Build) -> None:
    model = build("x = INTEG(x * growth, 1) ~ ~ |\ngrowth = 1 ~ ~ |\n")
    result = model.run({"growth": [1, 1e300]})
    assert list(result.failed) == [1]
    assert "infinite at time" in result.failed[1]


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"shares": 1}, ["no variable 'shares'", "'share'"]),
        ({"share": float("nan")}, ["share: nan given", "finite"]),
        ({"share": "much"}, ["numbers are needed", "'much'"]),
        ({"share": None}, ["numbers are needed"]),
        ({"share": True}, ["numbers are needed"]),
        ({"worn": np.ones((2, 4))}, ["(2, 4) given", "a number, (lanes,), (3,), (lanes, 3)"]),
        ({"worn[city]": 1}, ["no element 'city' in sector", "farm, mine, shop"]),
        ({"worn[farm, city]": 1}, ["1 subscript [sector], but 2 given"]),
        ({"worn[farm": 1}, ["closing ]"]),
        ({"total": 1}, ["computed by an equation"]),
        ({"TIME STEP": 1}, ["time_step"]),
        ({"share": [1, 2], "exponent": [1, 2, 3]}, ["exponent: values for 3 lanes", "the run has 2"]),
        ({"share": [1, 2, 3], "worn": [1, 2, 3]}, ["worn: 3 values could be lanes or elements"]),
        ({"boost": [1, 2]}, ["boost: values of shape (2,) given", "(3,)"]),
    ],
)
def test_wrong_changes_are_explained(changes: dict[str, Any], parts: list[str], economy: LoadedModel) -> None:
    with pytest.raises(BadInput) as raised:
        economy.run(changes)
    for part in parts:
        assert part in str(raised.value)


def test_other_wrong_arguments(economy: LoadedModel) -> None:
    for wrong, message in (
        ({"outputs": ["totals"]}, "Did you mean 'total'"),
        ({"outputs": "total"}, "must be a list"),
        ({"outputs": ["boost"]}, "a lookup has no values over time"),
        ({"integrator": "heun"}, "integrator must be one of"),
        ({"dtype": "float16"}, "dtype must be one of"),
        ({"lanes": 0}, "between 1 and"),
    ):
        with pytest.raises(BadInput, match=message):
            economy.run(**wrong)


def test_progress_counts_lanes(economy: LoadedModel) -> None:
    seen: list[tuple[int, int]] = []
    economy.run(lanes=300, progress=lambda done, total: seen.append((done, total)))
    assert sorted(seen)[-1] == (300, 300)
    assert len(seen) == -(-300 // loaded.WIDTH)


def test_defaults_and_variables(economy: LoadedModel) -> None:
    assert economy.defaults()["start"].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert economy.variables["capital"].dimensions == ("region", "sector")


def test_a_warm_run_imports_nothing_heavy(economy: LoadedModel, tmp_path: Path) -> None:
    economy.run(outputs=["total"])
    code = (
        "import sys; from sim.engine import load_model; load_model(sys.argv[1]).run(outputs=['total']);"
        "print([n for n in ('pysd', 'pandas', 'scipy', 'matplotlib', 'xarray', 'pint') if n in sys.modules])"
    )
    path = str(tmp_path / "economy.mdl")
    done = subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_width_does_not_depend_on_the_lanes() -> None:
    assert loaded.WIDTH % 64 == 0
