"""Behaviour: anchors, levers, the headquarters chain, extreme conditions, the integration step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from sim.ensemble import Members, Paired, Project, run_paired
from sim.ensemble.members import MOST_LOST
from sim.spec.scenario import LeverUse, Scenario

LEVERS = 37

Run = Callable[..., Any]
Pair = Callable[..., Paired]


def make(*levers: str, intensity: float = 1.0, inputs: Mapping[str, float] | None = None) -> Scenario:
    """Return a scenario of some levers at one intensity."""
    uses = tuple(LeverUse(name, intensity, None) for name in levers)
    return Scenario("test", "test", "test", uses, inputs or {})


def column(project: Project, name: str, year: int) -> int:
    return next(i for i, kpi in enumerate(project.kpis) if (kpi.id, kpi.year) == (name, year))


def effect(project: Project, run: Paired, name: str = "city-gdp", year: int = 2035) -> float:
    """Return the median paired effect of a scenario on an indicator."""
    values = run.indicators[:, run.kept, column(project, name, year)]
    return float(np.median(values[1] - values[0]))


def test_anchors_of_2024(project: Project, members: Members) -> None:
    names = ("regional gdp current", "prefecture gdp current", "group share", "visits")
    run = project.model.run(members.constants(project), lanes=len(members), outputs=names)
    at = int(np.flatnonzero(run.time == 2024)[0])
    kept = members.anchored
    assert kept.mean() >= 1 - MOST_LOST
    median = {name: np.median(run[name][kept, at], axis=0) for name in names}
    assert median["regional gdp current"][0] == pytest.approx(705.11, rel=0.01)
    assert median["prefecture gdp current"] == pytest.approx(2509.3, rel=0.02)
    assert 100 * median["group share"][0] == pytest.approx([7.0, 43.7, 49.4], abs=1.0)
    assert median["visits"].sum() == pytest.approx(51.3845, rel=0.05)


def test_zero_levers_are_the_baseline_bit_for_bit(project: Project, paired: Pair) -> None:
    assert len(project.levers) == LEVERS
    run = paired(make(*(lever.id for lever in project.levers), intensity=0.0))
    assert np.array_equal(run.indicators[0], run.indicators[1], equal_nan=True)
    assert np.array_equal(run.series[:, 0], run.series[:, 1], equal_nan=True)


def moved(project: Project, run_median: Run, changes: Mapping[str, Any], way: str) -> float:
    """Return by how much half the shipped step, or Runge–Kutta, moves an indicator at the end, at most."""
    ways = {"half": {"time_step": project.spec.control.time_step / 2}, "rk4": {"integrator": "rk4"}}
    names = tuple(dict.fromkeys(kpi.variable.name for kpi in project.kpis))
    # All outputs of the region, as `sim validate` asks for them: the programs are the same.
    one, other = (run_median(changes, outputs=project.outputs, **how) for how in ({}, ways[way]))
    gaps = [float(np.abs(other[name][:, -1] / one[name][:, -1] - 1).max()) for name in names]
    # NumPy's maximum, unlike Python's, keeps a value that is not a number.
    return float(np.max(gaps))


@pytest.mark.parametrize("way", ["half", "rk4"])
@pytest.mark.parametrize("plan", [0.0, 1.0])
def test_step_and_integrator_change_indicators_little(
    project: Project, run_median: Run, way: str, plan: float
) -> None:
    found = moved(project, run_median, {"lever intensity": np.full(LEVERS, plan)}, way)
    # Where nothing moves at all, the model was compared with itself.
    assert 1e-5 < found < 0.005


def test_a_time_constant_shorter_than_the_step_would_be_found(project: Project, run_median: Run) -> None:
    """The adjustment of facilities at 0.8 of the step: half the step then moves visits by 2 %."""
    stiff = {"facility adjustment time": 0.8 * project.spec.control.time_step}
    assert moved(project, run_median, stiff, "half") > 0.01


@pytest.mark.parametrize(
    ("lever", "indicator", "year"),
    [
        ("headquarters", "city-gdp", 2035),
        ("tourism", "visits", 2025),
        ("tourism", "city-gdp", 2035),
        ("logistics", "graded-logistics-firms", 2030),
        ("rail-corridor", "rail-freight", 2030),
        ("enterprise-cultivation", "high-tech-firms", 2035),
        ("enterprise-cultivation", "srdi-firms", 2035),
        ("talent", "city-gdp", 2035),
        ("industry-fund", "high-tech-firms", 2035),
    ],
)
def test_more_of_a_lever_never_lowers_its_indicator(
    project: Project, paired: Pair, lever: str, indicator: str, year: int
) -> None:
    half, full = paired(make(lever, intensity=0.5)), paired(make(lever))
    assert -1e-9 <= effect(project, half, indicator, year) <= effect(project, full, indicator, year)
    if year > 2027:
        assert effect(project, full, indicator, year) > 0


def test_logistics_lever_lowers_the_cost_ratio(project: Project, paired: Pair) -> None:
    assert effect(project, paired(make("logistics")), "logistics-cost-ratio", 2030) < 0


def _with(scenario: Scenario, **inputs: float) -> Scenario:
    named = {name.replace("_", " "): value for name, value in inputs.items()}
    return Scenario(scenario.name, scenario.zh, scenario.en, scenario.levers, named)


@pytest.mark.parametrize("cut", [{"spill_over_of_headquarters": 0.0}, {"office_gain": 0.0}])
def test_headquarters_work_through_purchases_and_offices(
    project: Project, members: Members, paired: Pair, cut: dict[str, float]
) -> None:
    """Without local purchases, or without new offices, at least a fifth of the effect is gone."""
    whole = effect(project, paired(make("headquarters")))
    less = effect(
        project, run_paired(project, members, _with(make(), **cut), _with(make("headquarters"), **cut))
    )
    assert whole > 0
    assert less <= 0.8 * whole


def test_headquarters_effect_is_moderate_and_partly_taken_from_the_rest(run_median: Run) -> None:
    base, more = run_median(), run_median({"lever intensity[headquarters lever]": 1.0})
    gain = more["regional gdp constant"][0, -1] - base["regional gdp constant"][0, -1]
    city = base["regional gdp constant"][0, -1, 0]
    assert 0.002 * city < gain[0] < 0.025 * city
    assert more["value added"][0, -1, 1, 11] < base["value added"][0, -1, 1, 11]


def test_headquarters_need_zhundong(project: Project, run_median: Run) -> None:
    """Outside energy demand that falls by 8 % a year lowers arrivals of headquarters."""
    full = {"lever intensity[headquarters lever]": 1.0}
    normal, slump = run_median(full), run_median({**full, "energy demand growth from 2025": -0.08})
    assert slump["headquarters"][0, -1].sum() < normal["headquarters"][0, -1].sum()
    losses = 1 - slump["regional gdp constant"][0, -1] / normal["regional gdp constant"][0, -1]
    # The city is hit, but less than the rest.
    assert 0 < losses[0] < losses[1]


def test_crowding_and_beds_limit_tourism(run_median: Run) -> None:
    base = run_median({"lever intensity[tourism lever]": 1.0})
    cramped = run_median({"lever intensity[tourism lever]": 1.0, "facility gain": np.zeros(2)})
    assert cramped["satisfaction"][0, -1, 0] < base["satisfaction"][0, -1, 0]
    assert cramped["stay price"][0, -1, 0] > base["stay price"][0, -1, 0]
    assert cramped["visits"][0, -1, 0] < base["visits"][0, -1, 0]


def test_rail_saturates_without_the_corridor(run_median: Run) -> None:
    base, more = run_median(), run_median({"lever intensity[rail corridor lever]": 1.0})
    use = base["rail freight"][0] / base["rail capacity"][0]
    assert use[-1] > use[0]
    assert use.max() <= 1.0
    assert more["rail share"][0, -1] > base["rail share"][0, -1]


def test_little_giants_follow_support_only_after_years(run_median: Run) -> None:
    base, more = run_median(), run_median({"lever intensity[cultivation lever]": 1.0})
    giants = more["titled firms"][0, :, 0, 4] / base["titled firms"][0, :, 0, 4] - 1
    first = more["titled firms"][0, :, 0, 0] / base["titled firms"][0, :, 0, 0] - 1
    early = int(np.flatnonzero(base.time == 2027)[0])
    assert giants[early] < 0.3 * giants[-1]
    # The title at the bottom of a chain has covered more of its way by then.
    assert giants[early] / giants[-1] < first[early] / first[-1]


def test_levers_compete_for_money(project: Project, run_median: Run) -> None:
    gains = []
    base = run_median()["regional gdp constant"][0, -1, 0]
    for at in range(LEVERS):
        alone = np.eye(LEVERS)[at]
        gains.append(run_median({"lever intensity": alone})["regional gdp constant"][0, -1, 0] - base)
    everything = run_median({"lever intensity": np.ones(LEVERS)})
    together = everything["regional gdp constant"][0, -1, 0] - base
    assert (everything["funded share"][0, -1] < 1).all()
    assert together < sum(gains)


@pytest.mark.parametrize(
    "changes",
    [
        {"national growth 2025 to 2030": -0.05, "national growth 2031 to 2035": -0.05},
        {"energy demand growth from 2025": -0.15},
        {"future travel shock": 1.0},
        {"finance headroom": 0.05},
        {"initial prime offices": 0.02},
        {"budget factor": 1e-6, "lever intensity": np.ones(LEVERS)},
        {"initial rail capacity": 1e-3, "committed rail additions": 0.0, "rail response": 0.0},
        {"talent loss rate": 1.0},
    ],
)
def test_extreme_conditions_give_finite_and_sane_results(run_median: Run, changes: dict[str, Any]) -> None:
    run = run_median(changes)
    assert not run.failed
    gdp = run["regional gdp constant"][0]
    assert np.isfinite(gdp).all()
    assert (gdp > 0).all()
    assert (run["visits"] >= 0).all()


def test_no_investment_wears_capital_down(run_median: Run) -> None:
    run = run_median({"finance headroom": 1e-3})
    late = run["capital"][0, -1] / run["capital"][0, 5]
    assert (late < 0.75).all()


def test_growth_slows(run_median: Run) -> None:
    gdp = run_median()["regional gdp constant"][0].sum(axis=1)
    growth = gdp[1:] / gdp[:-1] - 1
    assert growth[-3:].mean() < growth[3:6].mean()
    assert 0.0 < growth[-1] < 0.05
