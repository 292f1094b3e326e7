"""The shipped model, read once, and helpers that run it with a few members or with its own constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.ensemble import Members, Paired, Project, draw_members, median_start, run_paired
from sim.ensemble.anchoring import apply_multipliers
from sim.spec.scenario import Scenario

Array = NDArray[np.float64]


BASELINE = Scenario("baseline", "baseline", "baseline", (), {})


@pytest.fixture(scope="session")
def project(shipped: Project) -> Project:
    return shipped


@pytest.fixture(scope="session")
def members(project: Project) -> Members:
    return draw_members(project, 128, seed=1)


@pytest.fixture(scope="session")
def constants(project: Project) -> dict[str, Array]:
    """The model's own constants, anchored: name → (1, *subscripts)."""
    return apply_multipliers(project, {}, median_start(project).logs[None, :])


@pytest.fixture(scope="session")
def run_median(project: Project, constants: dict[str, Array]) -> Callable[..., Any]:
    """Run the median member with further changes and any run options."""

    def run(changes: Mapping[str, Any] | None = None, **options: Any) -> Any:
        return project.model.run({**constants, **(changes or {})}, lanes=1, **options)

    return run


@pytest.fixture(scope="session")
def paired(project: Project, members: Members) -> Callable[..., Paired]:
    """Run a scenario beside the baseline, or beside another scenario."""

    def run(scenario: Scenario, baseline: Scenario | None = None) -> Paired:
        return run_paired(project, members, baseline or BASELINE, scenario)

    return run
