"""The shipped model against PySD: a few cases in every test run, all of them in ``make parity``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.engine import LoadedModel, load_model
from sim.ensemble import Project, draw_members
from sim.folders import content


@pytest.fixture(scope="module")
def path() -> Path:
    return content("model", "changji.mdl")


@pytest.fixture(scope="module")
def model(path: Path) -> LoadedModel:
    # The file's own constants, where the shipped place has those of its priors.
    return load_model(path)


def _jittered(model: LoadedModel, seed: int, width: float = 0.03) -> dict[str, Any]:
    """Every constant moved a little, each cell apart."""
    random = np.random.default_rng(seed)
    return {
        name: value * random.uniform(1 - width, 1 + width, value.shape)
        for name, value in model.defaults().items()
        if np.any(value) and not name.startswith(("lever start", "INITIAL"))
    }


def _plan(model: LoadedModel) -> dict[str, Any]:
    return {"lever intensity": np.ones_like(model.defaults()["lever intensity"])}


def _cases(model: LoadedModel, case: type[Any]) -> dict[str, Any]:
    return {
        "plan": case(_plan(model), time_step=0.5),
        "shock": case({**_plan(model), **_jittered(model, 7, 0.1)}, time_step=0.5),
        "random 1": case(_jittered(model, 1), time_step=0.5),
        "random 2": case(_jittered(model, 2), time_step=0.5),
    }


def _member(place: Project, seed: int) -> dict[str, Any]:
    """The anchored constants of one member drawn from the priors: what a run really changes."""
    members = draw_members(place, 20, seed)
    lane = int(np.flatnonzero(members.anchored)[-1])
    return {name: value[0] for name, value in members.constants(place, slice(lane, lane + 1)).items()}


def test_baseline_at_the_shipped_step(path: Path, compare: Callable[..., None]) -> None:
    compare(path)


def test_plan_at_the_shipped_step(
    path: Path, model: LoadedModel, compare: Callable[..., None], case: type[Any]
) -> None:
    compare(path, case(_plan(model)))


def test_a_random_member_at_the_shipped_step(
    path: Path, shipped: Project, compare: Callable[..., None], case: type[Any]
) -> None:
    changes = _member(shipped, seed=3)
    assert len(changes) > 100
    compare(path, case(changes))


@pytest.mark.parametrize("name", ["plan", "shock", "random 1", "random 2"])
def test_full_horizon_at_half_a_year(
    name: str, path: Path, model: LoadedModel, compare: Callable[..., None], case: type[Any]
) -> None:
    compare(path, _cases(model, case)[name])


@pytest.mark.parity
@pytest.mark.parametrize("name", ["shock", "random 1", "random 2"])
def test_full_horizon_at_the_shipped_step(
    name: str, path: Path, model: LoadedModel, compare: Callable[..., None], case: type[Any]
) -> None:
    compare(path, case(_cases(model, case)[name].changes))


def test_one_step_from_random_states(
    path: Path, model: LoadedModel, compare_states: Callable[..., None]
) -> None:
    stocks = [name for name, variable in model.variables.items() if variable.kind == "stock"]
    start = model.run(outputs=stocks)
    random = np.random.default_rng(5)
    states = []
    for _ in range(30):
        moment = random.integers(len(start.time))
        states.append({n: start[n][0, moment] * random.uniform(0.8, 1.2, start[n].shape[2:]) for n in stocks})
    compare_states(path, states)
