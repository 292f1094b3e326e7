"""New machine code is compared with NumPy before it is used or kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.cache import EXECUTABLES
from sim.engine import LoadedModel, compiling
from sim.engine.mathematics import fast_arctan
from sim.errors import SimError

Build = Callable[..., LoadedModel]

TURN = """
level = INTEG(ARCTAN(level * speed), 1) ~ unit ~ |
speed = 0.5 ~ unit ~ |
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / EXECUTABLES.kind


def wrong_arctan(x: Any) -> Any:
    """As jaxlib 0.10.2 had it: wrong in half the lanes."""
    import jax.numpy as jnp

    return jnp.where(jnp.arange(x.shape[-1]) % 8 < 4, fast_arctan(x), fast_arctan(x) + 1e-6)


def test_wrong_code_is_refused_and_not_kept(
    build: Build, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.engine.program.fast_arctan", wrong_arctan)
    model = build(TURN)
    with pytest.raises(SimError, match=r"does not agree.*level is .* is right \(step 1, 128 of 256 lanes\)"):
        model.run(outputs=["level"])
    assert list(cache.glob("*.bin")) == []


def test_it_can_be_switched_off(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.engine.program.fast_arctan", wrong_arctan)
    monkeypatch.setenv("SIM_SELF_CHECK", "0")
    assert np.isfinite(build(TURN).run(outputs=["level"])["level"]).all()


def test_where_optimising_is_at_fault_it_runs_without(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    original = compiling._compile

    def optimised_wrongly(model: Any, request: Any, *options: Any) -> Any:
        with monkeypatch.context() as patch:
            if not options:
                patch.setattr("sim.engine.program.fast_arctan", wrong_arctan)
            return original(model, request, *options)

    monkeypatch.setattr(compiling, "_compile", optimised_wrongly)
    model = build(TURN)
    with pytest.warns(RuntimeWarning, match="optimised small wrongly: level is"):
        found = model.run(outputs=["level"])["level"]
    monkeypatch.setattr(compiling, "_compile", original)
    monkeypatch.setenv("SIM_CACHE", os.environ["SIM_CACHE"] + "2")
    np.testing.assert_allclose(found, LoadedModel(model.spec).run(outputs=["level"])["level"], rtol=1e-12)


def test_code_made_without_the_check_is_not_taken_for_checked(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sim.engine.program.fast_arctan", wrong_arctan)
        patch.setenv("SIM_SELF_CHECK", "0")
        model = build(TURN)
        wrong = model.run(lanes=8, outputs=["level"])["level"]
    right = LoadedModel(model.spec).run(lanes=8, outputs=["level"])["level"]
    assert abs(right - wrong).max() > 1e-8


@pytest.mark.parametrize("integrator", ["euler", "rk4"])
def test_right_code_passes(integrator: Any, economy: LoadedModel) -> None:
    assert not economy.run(integrator=integrator).failed
    assert not economy.run({"capital": np.ones((2, 3))}, integrator=integrator).failed


def test_only_after_compiling(economy: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    economy.run(outputs=["total"])
    monkeypatch.setattr(compiling, "difference", lambda *given: "should not be asked")
    LoadedModel(economy.spec).run(outputs=["total"])


def test_the_newest_executables_are_kept(build: Build, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "EXECUTABLES", replace(EXECUTABLES, files=2))
    model = build("a = Time ~ ~ |\nb = a * 2 ~ ~ |\nc = a * 3 ~ ~ |\n")
    made = []
    for place, name in enumerate(("a", "b", "a", "c")):
        LoadedModel(model.spec).run(outputs=[name])
        made.append({path.name for path in cache.glob("*.bin")})
        for path in cache.glob("*.bin"):
            if path.stat().st_mtime > 1_000_000:
                os.utime(path, (place, place))
    assert len(made[-1]) == 2
    assert made[0] <= made[-1]  # a was used after b
