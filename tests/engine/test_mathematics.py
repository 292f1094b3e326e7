"""Accuracy of functions in compiled programs, against mpmath, with the options that the engine uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from sim.engine.compiling import _LOOP_OPTIONS
from sim.engine.mathematics import fast_arctan, fast_log, fast_power

FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[float, float]]] = {
    "exp": (jnp.exp, mpmath.exp, (-700, 700)),
    "sin": (jnp.sin, mpmath.sin, (-30, 30)),
    "cos": (jnp.cos, mpmath.cos, (-30, 30)),
    "tan": (jnp.tan, mpmath.tan, (-1.5, 1.5)),
    "arcsin": (jnp.arcsin, mpmath.asin, (-1, 1)),
    "arccos": (jnp.arccos, mpmath.acos, (-1, 1)),
    "arctan": (fast_arctan, mpmath.atan, (-50, 50)),
    "sinh": (jnp.sinh, mpmath.sinh, (-30, 30)),
    "cosh": (jnp.cosh, mpmath.cosh, (-30, 30)),
    "tanh": (jnp.tanh, mpmath.tanh, (-10, 10)),
    "sqrt": (jnp.sqrt, mpmath.sqrt, (0, 1e6)),
}


def _in_program(function: Callable[..., Any], *arrays: Any) -> Any:
    """Compile as the engine does, inside a loop and among other operations."""

    def whole(*given: Any) -> Any:
        def body(place: Any, _: Any) -> Any:
            return function(given[0] + 0.0 * place, *given[1:])

        return jax.lax.fori_loop(0, 2, body, jnp.zeros_like(given[0]))

    with jax.enable_x64(True):
        return np.asarray(jax.jit(whole, compiler_options=_LOOP_OPTIONS)(*arrays))


def _exact(function: Callable[..., Any], *arrays: Any) -> Any:
    with mpmath.workprec(120):
        return np.array([float(function(*map(mpmath.mpf, values))) for values in zip(*arrays, strict=True)])


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_every_lane_of_every_function_is_right(name: str) -> None:
    ours, exact, (low, high) = FUNCTIONS[name]
    x = np.random.default_rng(1).uniform(low, high, 4096)
    wanted = _exact(exact, x)
    error = np.abs(_in_program(ours, x) - wanted)
    assert (error <= 5e-15 * np.abs(wanted) + 2e-16).all()


def test_log_is_within_two_units_in_the_last_place() -> None:
    random = np.random.default_rng(2)
    x = np.concatenate(
        [
            np.exp(random.uniform(-700, 700, 4000)),
            random.uniform(0.5, 2.0, 4000),
            1.0 + random.uniform(-1e-6, 1e-6, 1000),
        ]
    )
    wanted = _exact(mpmath.log, x)
    assert (np.abs(_in_program(fast_log, x) - wanted) <= 2 * np.spacing(np.abs(wanted))).all()


def test_log_of_special_values() -> None:
    x = np.array([0.0, -1.0, np.inf, np.nan, 1.0] + [1.0] * 59)
    assert np.array_equal(
        _in_program(fast_log, x)[:5], [-np.inf, np.nan, np.inf, np.nan, 0.0], equal_nan=True
    )


def test_power_is_within_1e_13() -> None:
    random = np.random.default_rng(3)
    x = np.exp(random.uniform(-4, 4, 8192))
    y = random.uniform(-20, 20, 8192) / np.maximum(1, np.abs(np.log(x)))
    wanted = _exact(mpmath.power, x, y)
    assert (np.abs(_in_program(fast_power, x, y) / wanted - 1) <= 1e-13).all()


def test_power_of_special_values() -> None:
    x = np.array([0.0, 0.0, -2.0, -2.0, -2.0, 5.0, np.nan, 0.0] + [1.0] * 56)
    y = np.array([2.0, 0.0, 3.0, 2.0, 0.5, 0.0, 1.0, -1.0] + [1.0] * 56)
    with np.errstate(all="ignore"):
        wanted = np.power(x, y)
    np.testing.assert_allclose(_in_program(fast_power, x, y)[:8], wanted[:8], rtol=1e-14)
