"""Random functions: reproducible by seed, lane and step; moments; the generator's known answers.

Their numbers cannot equal PySD's or Vensim's, which have generators of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from sim.engine import LoadedModel
from sim.engine.drawing import threefry
from sim.errors import BadInput

Build = Callable[..., LoadedModel]
TEXT = """
d: p, q ~ ~ |
u[d] = RANDOM UNIFORM(2, 5, 0) ~ ~ |
zero one = RANDOM 0 1() ~ ~ |
n = RANDOM NORMAL(-100, 100, 3, 2, 0) ~ ~ |
cut = RANDOM NORMAL(0, 1, 0, 1, 0) ~ ~ |
e = RANDOM EXPONENTIAL(0, 1000, 1, 2, 0) ~ ~ |
t = RANDOM TRIANGULAR(0, 10, 0, 2, 10, 0) ~ ~ |
w = RANDOM WEIBULL(0, 1000, 2, 0, 3, 0) ~ ~ |
same = RANDOM 0 1() ~ ~ |
other seed = RANDOM UNIFORM(0, 1, 7) ~ ~ |
walk = INTEG(RANDOM UNIFORM(-1, 1, 0), 0) ~ ~ |
"""


@pytest.fixture
def model(build: Build) -> LoadedModel:
    return build(TEXT)


def test_known_answers_of_the_generator() -> None:
    zero, ones = np.zeros(1, np.uint32), np.full(1, 0xFFFFFFFF, np.uint32)
    assert [int(x[0]) for x in threefry(np, (zero, zero), (zero, zero))] == [0x6B200159, 0x99BA4EFE]
    assert [int(x[0]) for x in threefry(np, (ones, ones), (ones, ones))] == [0x1CB996FC, 0xBB002BE7]


def test_the_same_in_any_block_and_on_any_threads(model: LoadedModel) -> None:
    whole = model.run(lanes=300, seed=5)
    one_thread = model.run(lanes=300, seed=5, threads=1)
    blocks = list(model.run_blocks(lanes=300, seed=5, block=128))
    for name in whole:
        assert np.array_equal(whole[name], one_thread[name])
        assert np.array_equal(whole[name], np.concatenate([block[name] for block in blocks]))
    assert np.array_equal(model.run(lanes=3, seed=5)["u"], whole["u"][:3])
    assert not np.isclose(model.run(lanes=300, seed=6)["n"], whole["n"]).any()


def test_moments(model: LoadedModel) -> None:
    result = model.run(
        lanes=2000, save_every=0.25, outputs=["u", "zero one", "n", "cut", "e", "t", "w", "same"]
    )

    def near(name: str, mean: float, spread: float) -> None:
        values = result[name].ravel()
        assert abs(values.mean() - mean) < 5 * spread / math.sqrt(values.size), name
        assert abs(values.std() / spread - 1) < 0.03, name

    near("u", 3.5, 3 / math.sqrt(12))
    near("zero one", 0.5, 1 / math.sqrt(12))
    near("n", 3, 2)
    near("e", 3, 2)
    near("t", 4, math.sqrt((100 + 4 - 20) / 18))
    near("w", 3 * math.gamma(1.5), 3 * math.sqrt(math.gamma(2) - math.gamma(1.5) ** 2))
    assert result["cut"].min() >= 0
    assert result["cut"].max() <= 1
    for one, other in (("zero one", "same"), ("zero one", "n")):
        assert abs(np.corrcoef(result[one].ravel(), result[other].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(result["u"][..., 0].ravel(), result["u"][..., 1].ravel())[0, 1]) < 0.03
    steps = result["zero one"]
    assert abs(np.corrcoef(steps[:, :-1].ravel(), steps[:, 1:].ravel())[0, 1]) < 0.03


def test_numbers_stay_within_a_step_of_rk4(model: LoadedModel) -> None:
    euler, rk4 = model.run(lanes=4, outputs=["walk"]), model.run(lanes=4, outputs=["walk"], integrator="rk4")
    np.testing.assert_allclose(euler["walk"], rk4["walk"], atol=1e-12)


def test_single_precision_and_wrong_seeds(model: LoadedModel) -> None:
    single, double = (model.run(lanes=5, outputs=["u"], dtype=d)["u"] for d in ("float32", "float64"))
    np.testing.assert_allclose(single, double, rtol=1e-6)
    for seed in (-1, 2**32, 0.5, True):
        with pytest.raises(BadInput, match="seed must be a whole number"):
            model.run(seed=seed)  # type: ignore[arg-type]
