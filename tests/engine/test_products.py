"""Products of powers, which share an exponential, against NumPy's power by power."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.engine import LoadedModel

Build = Callable[..., LoadedModel]

BASES = (0.0, 0.3, 1.0, 7.0, -2.0)
EXPONENTS = (0.0, -1.5, 0.5, 2.0, 3.0, -1.0)
MODEL = """
level = INTEG(growth, 1) ~ ~ |
growth = 0 * level ~ ~ |
x = 1 ~ ~ |
z = 1 ~ ~ |
a = 1 ~ ~ |
b = 1 ~ ~ |
product = 3 * (x * level) ^ a * POWER(z * level, b) / 4 ~ ~ |
quotient = 3 * (x * level) ^ a / (z * level) ^ b ~ ~ |
nested = level / (2 * (x * level) ^ a * (z * level) ^ b) ~ ~ |
alone = (x * level) ^ a ~ ~ |
literal = (x * level) ^ 2.5 * (z * level) ^ 1.2 ~ ~ |
"""


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    return


def _combinations() -> dict[str, Any]:
    columns = np.array(list(itertools.product(BASES, EXPONENTS, BASES, EXPONENTS))).T
    return dict(zip(("x", "a", "z", "b"), columns, strict=True))


def _powers(x: Any, a: Any, z: Any, b: Any) -> dict[str, Any]:
    with np.errstate(all="ignore"):
        return {
            "product": 3 * x**a * z**b / 4,
            "quotient": 3 * x**a / z**b,
            "nested": 1 / (2 * x**a * z**b),
            "alone": x**a,
            "literal": x**2.5 * z**1.2,
        }


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_zeros_and_signs_are_those_of_each_power(build: Build, dtype: str) -> None:
    changes = _combinations()
    result = build(MODEL).run(
        changes, outputs=["product", "quotient", "nested", "alone", "literal"], dtype=dtype
    )
    for name, wanted in _powers(**changes).items():
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(
                result[name][:, -1], wanted, rtol=1e-13 if dtype == "float64" else 1e-5, err_msg=name
            )


def test_powers_along_different_ranges(build: Build) -> None:
    model = build(
        "region: city, rest ~ ~ |\nsector: farm, mine, shop ~ ~ |\n"
        "level[region, sector] = INTEG(0 * level[region, sector], start[region, sector]) ~ ~ |\n"
        "start[region, sector] = 1, 2, 3; 4, 5, 6 ~ ~ |\nshare[sector] = 0.3, 0.5, 0.7 ~ ~ |\n"
        "cost = INTEG(0.1 * cost, 2) ~ ~ |\nweight[region] = 0.4, 1.6 ~ ~ |\n"
        "y[region, sector] = cost ^ weight[region] * level[region, sector] ^ share[sector]"
        " * (level[region, sector] + 1) ^ (1 - share[sector]) ~ ~ |\n"
    )
    result = model.run(outputs=["y", "cost"])
    level, share = np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([0.3, 0.5, 0.7])
    cost = result["cost"][0][:, None, None] ** np.array([0.4, 1.6])[:, None]
    np.testing.assert_allclose(result["y"][0], cost * level**share * (level + 1) ** (1 - share), rtol=1e-13)


@pytest.mark.parametrize("integrator", ["euler", "rk4"])
def test_what_only_outputs_need_is_right_at_every_save(build: Build, integrator: str) -> None:
    model = build("x = INTEG(rate, 0) ~ ~ |\nrate = 2 * Time ~ ~ |\nseen = rate * 10 + x ~ ~ |\n")
    result = model.run(outputs=["seen", "rate", "x"], integrator=integrator, save_every=0.75, time_step=0.25)
    np.testing.assert_allclose(result["rate"][0], 2 * result.time, rtol=1e-15)
    np.testing.assert_allclose(result["seen"][0], 10 * result["rate"][0] + result["x"][0], rtol=1e-14)
