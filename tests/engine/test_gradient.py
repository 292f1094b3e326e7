"""``model.gradient`` against central differences of ``model.run``, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import sim
from sim.engine import LoadedModel
from sim.errors import BadInput, SimError
from sim.spec.expressions import HELD, Random, walk

Build = Callable[..., LoadedModel]

KEEPING = """
case: stock, filled, once, three, fifth, sped, late, later, latest, piped, sampled, first, trended, foreseen,
    before, looked, stretched, stepped, chosen, raised ~ ~ |
half: late, later ~ ~ |
size = 2.3 ~ ~ |
pace = 1.7 ~ ~ |
lag = 1.9 ~ ~ |
power = 0.6 ~ ~ |
unused = 4 ~ ~ |
wave = size * (1.2 + SIN(pace * Time)) ~ ~ |
drawn = INTEG(wave - drawn / lag, size) ~ ~ |
all[stock] = drawn ~ ~ |
all[filled] = INTEG(MAX(wave - 2, 0) - 0.1 * all[filled], 0) ~ ~ |
all[once] = SMOOTH(wave, lag) ~ ~ |
all[three] = SMOOTH3I(wave, lag, 3 * size) ~ ~ |
all[fifth] = SMOOTH N(wave, lag, size, 5) ~ ~ |
all[sped] = DELAY1(wave, lag) ~ ~ |
all[late] = DELAY3I(wave, lag, size ^ 2) ~ ~ |
all[later] = DELAY N(wave, lag, size, 4) ~ ~ |
all[latest] = DELAY3(wave, 2 * lag) ~ ~ |
all[piped] = DELAY FIXED(wave, lag, size) ~ ~ |
all[sampled] = SAMPLE IF TRUE(MODULO(Time, 2) > 1, wave, size * lag) ~ ~ |
all[first] = INITIAL(wave * lag) + wave ~ ~ |
all[trended] = TREND(wave, lag, 0.1) ~ ~ |
all[foreseen] = FORECAST(wave, lag, 2) ~ ~ |
all[before] = ACTIVE INITIAL(wave * drawn, size) ~ ~ |
all[looked] = WITH LOOKUP(wave, ([(0, 0)-(9, 9)], (0.11, 0), (2.07, 1), (3.31, 4))) ~ ~ |
table((0, 1), (2.11, 2), (4.2, 1.5)) ~ ~ |
all[stretched] = LOOKUP EXTRAPOLATE(table, wave) ~ ~ |
all[stepped] = STEP(size, lag) + RAMP(pace, lag, 3.6) + PULSE(lag, 1) * size ~ ~ |
all[chosen] = IF THEN ELSE(wave > 2.2, wave ^ 2, SQRT(wave + lag)) ~ ~ |
all[raised] = (wave - size) ^ 3 + drawn ^ power * wave ^ lag / LN(3 + drawn) ~ ~ |
""".replace("emptied = NON NEGATIVE ~ ~ |\n", "")
CONSTANTS = ["size", "pace", "lag", "power", "unused"]

NOISY = """
level = INTEG(RANDOM NORMAL(-9, 9, mean, spread, 1) + RANDOM UNIFORM(0, top, 2) - 0.2 * level, 1) ~ ~ |
mean = 0.7 ~ ~ |
spread = 0.4 ~ ~ |
top = 1.5 ~ ~ |
"""


def _differences(model: LoadedModel, output: str, at: dict[str, float], name: str, **times: Any) -> Any:
    """Return central differences, with what those over a step and half of it tell of their error taken off.

    Each run has lane 0, and so the same random numbers.
    """

    def central(step: float) -> Any:
        ends = [
            model.run(at | {name: at[name] + s}, outputs=[output], lanes=1, **times) for s in (step, -step)
        ]
        high, low = (end[output][0] for end in ends)
        return (high - low) / (2.0 * step)

    step = 1e-4 * abs(at[name])
    return (4.0 * central(step / 2.0) - central(step)) / 3.0


@pytest.mark.parametrize("integrator", ["euler", "rk4"])
def test_all_that_is_kept_between_steps_has_the_gradient_of_its_runs(build: Build, integrator: Any) -> None:
    model = build(KEEPING)
    nodes = {
        type(node) for v in model.variables.values() for c in v.components for node in walk(c.expression)
    }
    assert set(HELD) - nodes == {Random}
    at = {name: float(model.defaults()[name]) for name in CONSTANTS} | {"size": 2.41}
    gradient = model.gradient("all", {"size": 2.41}, CONSTANTS, integrator=integrator)
    run = model.run({"size": 2.41}, outputs=["all"], integrator=integrator)
    np.testing.assert_allclose(gradient.value, run["all"][0], rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(gradient.time, run.time)
    for name in CONSTANTS:
        wanted = _differences(model, "all", at, name, integrator=integrator)
        scale = np.abs(wanted).max(axis=0) + 1e-3
        off = (np.abs(gradient[name] - wanted) / scale).max(axis=0)
        assert (off < 1e-7).all(), (name, dict(zip(model.spec.dimensions["case"].elements, off, strict=True)))
    assert (gradient["unused"] == 0.0).all()
    largest = np.max([np.abs(array).max(axis=0) for array in gradient.values()], axis=0)
    assert (largest > 1e-2).all()


def test_a_random_model_has_the_gradient_at_its_own_numbers(build: Build) -> None:
    model = build(NOISY)
    at = {"mean": 0.7, "spread": 0.4, "top": 1.5}
    gradient = model.gradient("level", at, list(at), seed=5)
    for name in at:
        wanted = _differences(model, "level", at, name, seed=5)
        np.testing.assert_allclose(gradient[name], wanted, rtol=1e-7, atol=1e-7)
    assert not np.allclose(model.gradient("level", at, ["spread"], seed=6)["spread"], gradient["spread"])


def test_cells_of_outputs_and_constants_have_the_shapes_of_their_axes(economy: LoadedModel) -> None:
    names = ["share", "worn", "worn[mine]", "start", "start[city, market]", "start[rest, shop]"]
    gradient = economy.gradient("capital", None, names)
    assert isinstance(gradient, sim.Gradient)
    shapes = {name: array.shape for name, array in gradient.items()}
    assert shapes == {
        "share": (9, 2, 3),
        "worn": (9, 2, 3, 3),
        "worn[mine]": (9, 2, 3),
        "start": (9, 2, 3, 2, 3),
        "start[city, market]": (9, 2, 3, 2),
        "start[rest, shop]": (9, 2, 3),
    }
    assert list(gradient) == names
    np.testing.assert_array_equal(gradient["worn"][..., 1], gradient["worn[mine]"])
    np.testing.assert_array_equal(gradient["start"][..., 0, 1:], gradient["start[city, market]"])
    np.testing.assert_array_equal(gradient["start"][0], np.eye(6).reshape(2, 3, 2, 3))
    one = economy.gradient("capital[rest, market]", None, ["start[rest, shop]"])
    np.testing.assert_array_equal(one["start[rest, shop]"], gradient["start"][:, 1, 1:, 1, 2])
    assert one.value.shape == (9, 2)


def test_an_output_that_stands_still_has_a_gradient_too(economy: LoadedModel) -> None:
    gradient = economy.gradient("fixed", {"share": 0.3}, ["share", "exponent"])
    np.testing.assert_array_equal(gradient["share"], np.full(9, 2.0))
    np.testing.assert_array_equal(gradient["exponent"], np.zeros(9))
    np.testing.assert_allclose(gradient.value, np.full(9, 0.6))


def test_more_directions_than_lanes_and_other_times(build: Build) -> None:
    cells = ", ".join(f"c{i}" for i in range(70))
    model = build(
        f"many: {cells} ~ ~ |\ngain[many] = 2 ~ ~ |\nlevel = INTEG(SUM(gain[many!] ^ 2), 0) ~ ~ |\n"
    )
    gradient = model.gradient("level", None, ["gain"], final_time=2.0, time_step=0.5, save_every=1.0)
    np.testing.assert_allclose(gradient["gain"], gradient.time[:, None] * np.full(70, 4.0), rtol=1e-12)
    np.testing.assert_array_equal(gradient.time, [0.0, 1.0, 2.0])


def test_a_slope_that_is_infinite_is_infinite_and_the_others_stay(build: Build) -> None:
    model = build("root = SQRT(x) + y * Time ~ ~ |\nx = 0 ~ ~ |\ny = 2 ~ ~ |\n")
    gradient = model.gradient("root", None, ["x", "y"])
    assert (gradient["x"] == np.inf).all()
    np.testing.assert_array_equal(gradient["y"], gradient.time)


@pytest.mark.parametrize(
    ("output", "at", "names", "message"),
    [
        ("capitl", {}, ["share"], "no variable 'capitl'. Did you mean 'capital'"),
        ("share", {}, ["share"], "share is a constant; only what equations compute"),
        ("boost", {}, ["share"], "boost is a lookup; only what equations compute"),
        ("FINAL TIME", {}, ["share"], "FINAL TIME is a time setting; only"),
        ("capital[city, hut]", {}, ["share"], "no element 'hut'"),
        (["capital"], {}, ["share"], "output must be one name"),
        ("capital", {}, ["shar"], "no variable 'shar'"),
        ("capital", {}, ["TIME STEP"], "TIME STEP is a time setting; derivatives are with respect to"),
        ("capital", {}, ["capital"], "capital is a stock; derivatives"),
        ("capital", {}, ["boost"], "boost is a lookup; derivatives"),
        ("capital", {}, ["total"], "total is a variable with an equation; derivatives"),
        ("capital", {}, ["worn[hut]"], "no element 'hut'"),
        ("capital", {}, ["worn[city, mine]"], "2 given"),
        ("capital", {}, ["share["], "a closing ] is missing"),
        ("capital", {}, "share", "with_respect_to must be a list of names"),
        ("capital", {}, [], "names no constant"),
        ("capital", {"share": [0.1, 0.2]}, ["share"], "values for 2 lanes given, but the run has 1"),
        ("capital", {"shar": 1}, ["share"], "no variable 'shar'"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    economy: LoadedModel, output: Any, at: Any, names: Any, message: str
) -> None:
    with pytest.raises(BadInput, match=message.replace("[", r"\[").replace("]", r"\]")):
        economy.gradient(output, at, names)


def test_where_the_run_fails_there_is_no_gradient(build: Build) -> None:
    model = build("level = INTEG(LN(x - Time), 0) ~ ~ |\nx = 2 ~ ~ |\n")
    with pytest.raises(SimError, match="no derivative where the run itself fails: level is"):
        model.gradient("level", None, ["x"])


def test_wrong_code_for_derivatives_is_refused(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.engine import tangents

    right = tangents._joined
    monkeypatch.setattr(
        tangents, "_joined", lambda both: right((both[0], tuple(1.001 * array for array in both[1])))
    )
    model = build("level = INTEG(gain * level, 1) ~ ~ |\ngain = 0.3 ~ ~ |\n", name="wrong")
    with pytest.raises(SimError, match="the derivative of level is"):
        model.gradient("level", None, ["gain"])
