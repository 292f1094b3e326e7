"""Delays, smooths and test inputs against values worked out by hand, and against Vensim's own output.

A unit input enters a chain of k stages that was empty. At each step a stage goes the share
p = k · TIME STEP / time of the way from what it gives to what it is given:

    out_j(t + 1) = out_j(t) + p · (out_{j-1}(t) - out_j(t)),   out_0 = 1,   out_j(0) = 0

So out_k(t) is the chance that at least k of t tries succeed, each with chance p: p·out_{j-1} + (1 - p)·out_j
is how that chance grows by one try. This is `chain`; for p > 1, where Euler's steps overshoot, the sum
still holds though it is no chance. Delays and smooths give the same while their time stands still.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from pathlib import Path

import numpy as np
import pytest

from sim.engine import LoadedModel, load_model

Build = Callable[..., LoadedModel]


def times(final: float, step: float) -> str:
    return f"INITIAL TIME = 0 ~~|\nFINAL TIME = {final} ~~|\nTIME STEP = {step} ~~|\nSAVEPER = {step} ~~|\n"


def chain(order: int, share: float, steps: int = 9) -> list[float]:
    return [
        sum(comb(t, k) * share**k * (1 - share) ** (t - k) for k in range(order, t + 1)) for t in range(steps)
    ]


CHAINS = {
    # Equation at TIME STEP 1: stages, share passed on in a step.
    "SMOOTHI(one, 4, 0)": (1, 1 / 4),
    "DELAY1I(one, 4, 0)": (1, 1 / 4),
    "SMOOTH3I(one, 6, 0)": (3, 1 / 2),
    "DELAY3I(one, 6, 0)": (3, 1 / 2),
    "SMOOTH N(one, 6, 0, 3)": (3, 1 / 2),
    "DELAY N(one, 6, 0, 3)": (3, 1 / 2),
    "DELAY N(one, 8, 0, five)": (5, 5 / 8),
    # As long as order · TIME STEP: every stage passes on all it has.
    "DELAY N(one, 3, 0, 3)": (3, 1.0),
    "SMOOTH N(one, 5, 0, five)": (5, 1.0),
    # Shorter: Vensim lowers the order until the time is at least order · TIME STEP. 2.5 has room for two.
    "DELAY N(one, 2.5, 0, 4)": (2, 2 / 2.5),
    "SMOOTH N(one, 2.5, 0, 4)": (2, 2 / 2.5),
    "DELAY N(one, half + 2, 0, five)": (2, 2 / 2.5),
    "SMOOTH N(one, 2 + half * 3, 0, five)": (3, 3 / 3.5),
    # Shorter than a TIME STEP: one stage of one step.
    "DELAY N(one, half, 0, 4)": (1, 1.0),
    "SMOOTH N(one, half, 0, five)": (1, 1.0),
    "SMOOTH N(one, half, 0, 1)": (1, 1.0),
    # DELAY3 and SMOOTH3 are stocks written short, and swing as these do. 3 · 1 / 1.5 is 2, 3 · 1 / 2 is 1.5.
    "DELAY3I(one, 1.5, 0)": (3, 2.0),
    "SMOOTH3I(one, 2, 0)": (3, 1.5),
}


@pytest.fixture
def by_hand(build: Build) -> LoadedModel:
    equations = [f"v{place} = {text} ~~|" for place, text in enumerate(CHAINS)]
    # Input 10 until time 4, as in a run of Vensim 6.4E kept with SDEverywhere (models/delay, TIME STEP 1).
    more = """
        one = 1 ~~|
        five = 5 ~~|
        half = 0.5 ~~|
        fallen = STEP(10, 0) - STEP(10, 4) ~~|
        vensim = DELAY3(fallen, 1) ~~|
        time of it = 2 + STEP(2, 2) ~~|
        material = DELAY1I(one, time of it, 1) ~~|
        information = SMOOTHI(one, time of it, 3) ~~|
        ramp = RAMP(2, 1, 3) ~~|
        rest = 0 - RAMP(1, 9, 10) ~~|
        backward = RAMP(1, 3, 2) ~~|
        growth = TREND(2 ^ Time, 4, 0) ~~|
        ahead = FORECAST(2 ^ Time, 4, 3) ~~|
    """
    return build("\n".join(equations) + more, times(10, 1), "by_hand")


def test_chains(by_hand: LoadedModel) -> None:
    result = by_hand.run()
    for place, (text, (order, share)) in enumerate(CHAINS.items()):
        np.testing.assert_allclose(
            result[f"v{place}"][0, :9], chain(order, share), rtol=1e-12, atol=1e-15, err_msg=text
        )


def test_times_that_change_and_the_rest(by_hand: LoadedModel) -> None:
    result = by_hand.run()
    # Vensim's own output: 10 · (1 - chain(3, 3)) from time 4 on.
    vensim = [10, 10, 10, 10, 10, 10, 10, -260, 1360, -5120, 16480]
    assert result["vensim"][0].tolist() == vensim
    assert vensim[4:] == [10 * (1 - share) for share in chain(3, 3.0, 7)]
    # A delay keeps its content of 2: it gives 2/2, then 2/4 when its time doubles, and fills up: + 1 - 0.5 …
    assert result["material"][0, :6].tolist() == [1, 1, 0.5, 0.625, 0.71875, 0.7890625]
    # A smooth keeps its value and only slows down: 3, 2, 1.5, then a quarter of the way to 1 at a step.
    assert result["information"][0, :5].tolist() == [3, 2, 1.5, 1.375, 1.28125]
    assert result["ramp"][0, :6].tolist() == [0, 0, 2, 4, 4, 4]
    assert str(result["rest"][0, 0]) == "0.0"
    # Time > start, but never Time < end: slope * (end - start), and nothing at the start itself.
    assert result["backward"][0, :6].tolist() == [0, 0, 0, 0, -1, -1]
    # The average goes a quarter of the way: 1, 1, 1.25, 1.9375; growth is (2^t / average - 1) / 4.
    averages = np.array([1, 1, 1.25, 1.9375])
    growth = (2.0 ** np.arange(4) / averages - 1) / 4
    np.testing.assert_allclose(result["growth"][0, :4], growth, rtol=1e-12)
    np.testing.assert_allclose(result["ahead"][0, :4], 2.0 ** np.arange(4) * (1 + 3 * growth), rtol=1e-12)


def test_the_order_follows_the_time_step_and_the_lane(build: Build) -> None:
    """Three tenths by a tenth are three stages, though 3 · 0.1 is more than 0.3 in binary."""
    text = "one = 1 ~~|\nlength = 0.3 ~~|\nstages = 3 ~~|\nout = DELAY N(one, length, 0, stages) ~~|\n"
    model = build(text, times(0.8, 0.1), "lanes")
    result = model.run({"length": [0.3, 0.25, 0.6], "stages": [3, 3, 2]})["out"]
    for lane, (order, share) in enumerate([(3, 1.0), (2, 0.8), (2, 1 / 3)]):
        np.testing.assert_allclose(result[lane], chain(order, share), rtol=1e-12, atol=1e-15)
    halved = model.run({"length": 0.25}, time_step=0.05)["out"][0]
    np.testing.assert_allclose(halved, chain(3, 0.6, 17)[::2], rtol=1e-12, atol=1e-15)


PULSES = """
vensim = PULSE TRAIN(10, 1, 5, 30) ~~|
early = PULSE TRAIN(-3, 1, 5, 8) ~~|
meeting = PULSE TRAIN(10, 3, 2, 20) ~~|
narrow = PULSE TRAIN(10, 0.1, 5, 22) ~~|
between = PULSE TRAIN(10.1, 1, 5, 21) ~~|
uneven = PULSE TRAIN(0, 0.25, 0.6, 3) ~~|
single = PULSE(3, 2) ~~|
no width = PULSE(3, 0) ~~|
off the grid = PULSE(3.1, 1) ~~|
step = STEP(7, 3.1) ~~|
filled = INTEG(PULSE(3, 2), 0) ~~|
climbed = INTEG(RAMP(1, 3, 5), 0) ~~|
"""


def _when(result: object, name: str) -> list[float]:
    series = result[name][0]  # type: ignore[index]
    assert set(series) <= {0.0, 1.0}
    return [float(place) * 0.25 for place in np.flatnonzero(series)]


def _span(start: float, stop: float) -> list[float]:
    return list(np.arange(start, stop, 0.25))


def test_pulses_as_vensim_documents_them(build: Build) -> None:
    result = build(PULSES, times(40, 0.25), "pulses").run()
    # Output of Vensim, kept with SDEverywhere (models/pulsetrain): what begins at the end is seen there.
    starts = (10, 15, 20, 25)
    assert _when(result, "vensim") == [*(t for s in starts for t in _span(s, s + 1)), 30]
    assert _when(result, "early") == [*_span(2, 3), *_span(7, 8)]
    # Vensim's help: If tbetween is smaller than width then 1 will be returned between start and end.
    assert _when(result, "meeting") == _span(10, 20.25)
    # Vensim's help: If width is no more than TIME STEP the pulses will only last one TIME STEP.
    assert _when(result, "narrow") == [10, 15, 20]
    # Half a step later is what is compared: 10 + 0.125 > 10.1, and 11 + 0.125 is not before 10.1 + 1.
    assert _when(result, "between") == [*_span(10, 11), *_span(15, 16), *_span(20, 21)]
    # Pulses of a step at 0, 0.6, 1.2, 1.8, 2.4 and 3: each at the nearest step.
    assert _when(result, "uneven") == [0, 0.5, 1.25, 1.75, 2.5, 3]
    # IF THEN ELSE(time plus > start :AND: time plus < start + width, 1, 0); a width of 0 is TIME STEP.
    assert _when(result, "single") == _span(3, 5)
    assert _when(result, "no width") == [3]
    assert _when(result, "off the grid") == _span(3, 4)
    assert (result["step"][0] == np.where(result.time >= 3, 7, 0)).all()  # type: ignore[attr-defined]


def test_test_inputs_stand_still_within_a_step(build: Build) -> None:
    """Vensim: they do "not change except at TIME STEP intervals regardless of the integration technique"."""
    result = build(PULSES, times(40, 0.25), "pulses").run(integrator="rk4", outputs=["filled", "climbed"])
    assert result["filled"][0, -1] == pytest.approx(2.0, rel=1e-12)
    # A ramp of eight steps 0, 1/4 … 7/4 and then 2 for 35 years, each held for its step: 7/4 + 70.
    assert result["climbed"][0, -1] == pytest.approx(0.25 * sum(k / 4 for k in range(8)) + 70, rel=1e-12)


def test_edges_do_not_depend_on_how_time_is_rounded(build: Build) -> None:
    """Times that are no binary fractions, over ten thousand steps, in both precisions."""
    text = """
        train = PULSE TRAIN(0.3, 0.2, 0.7, 950.4) ~~|
        one = PULSE(700.1, 0.3) ~~|
        step = STEP(1, 999.7) ~~|
    """
    model = build(text, times(1000, 0.1), "rounding")
    k = np.arange(10_001)
    train = ((k >= 3) & ((k - 3) % 7 < 2) & (k <= 9504)).astype(float)
    wanted = {
        "train": train,
        "one": ((k >= 7001) & (k < 7004)).astype(float),
        "step": (k >= 9997).astype(float),
    }
    for dtype in ("float64", "float32"):
        result = model.run(dtype=dtype)
        for name, values in wanted.items():
            assert (result[name][0] == values).all(), (dtype, name)


STELLA = """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><name>small</name><vendor>test</vendor><product version="1">test</product></header>
<sim_specs time_units="Month"><start>0</start><stop>10</stop><dt>1</dt></sim_specs>
<model><variables>
<aux name="fallen"><eqn>STEP(10, 0) - STEP(10, 4)</eqn></aux>
<aux name="one"><eqn>1</eqn></aux>
<aux name="five"><eqn>5</eqn></aux>
{}
</variables></model></xmile>
"""


def test_stella_keeps_the_order_and_takes_a_step_for_each_stage(tmp_path: Path) -> None:
    cases = {
        # Output of Stella kept with SDEverywhere (models/delay at TIME STEP 1): d7 and d8.
        "DELAY3(fallen, 5)": [10, 10, 10, 10, 10, 10, 10, 7.84, 5.248, 3.1744, 1.792],
        "DELAY3(fallen, 1)": [10, 10, 10, 10, 10, 10, 10, 0, 0, 0, 0],
        "DELAY3(fallen, 2)": [10, 10, 10, 10, 10, 10, 10, 0, 0, 0, 0],
        "SMTH3(one, 1, 0)": chain(3, 1.0, 11),
        "DELAYN(one, 2, 5, 0)": chain(5, 1.0, 11),
        "DELAYN(one, 8, five, 0)": chain(5, 5 / 8, 11),
        "SMTHN(one, 2, five, 0)": chain(5, 1.0, 11),
        "SMTH1(one, 0.25, 0)": chain(1, 1.0, 11),
        "DELAY1(one, 4, 0)": chain(1, 1 / 4, 11),
        # One step wide and nearest to its time: 3.4 is nearer to 3, 3.6 to 4; an amount of 6 within DT 1.
        "PULSE(6, 3.4)": [0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0],
        "PULSE(6, 3.6, 3)": [0, 0, 0, 0, 6, 0, 0, 6, 0, 0, 6],
        "PULSE(6, 3, 0)": [0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0],
    }
    lines = [f'<aux name="v{place}"><eqn>{text}</eqn></aux>' for place, text in enumerate(cases)]
    path = tmp_path / "short.xmile"
    path.write_text(STELLA.format("\n".join(lines)), encoding="utf-8")
    result = load_model(path).run()
    for place, (text, wanted) in enumerate(cases.items()):
        np.testing.assert_allclose(result[f"v{place}"][0], wanted, rtol=1e-12, atol=1e-14, err_msg=text)
