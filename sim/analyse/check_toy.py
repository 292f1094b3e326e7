"""Against the toy: what a model without feedback, limits or structure of its own would not show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sim.analyse.checks import Bench, Check, Lane, verdict
from sim.ensemble.paired import goal_kpi
from sim.ensemble.runner import Floats, series_of
from sim.spec.references import Reference
from sim.spec.scenario import Scenario
from sim.spec.settings import Setting

__all__ = ["check_toy"]

CURRENT = Reference("regional gdp current", ("city",))
TREND = ("technology trend city", "technology trend rest")
FACTOR = "budget factor"
FREEZE, VARIANCE, DIMENSIONS, TOGETHER, MOVED = 0.03, 0.70, 10, 0.85, 4
SHARE = 0.95


def check_toy(bench: Bench) -> Iterator[Check]:
    """The five tests that tell a structural model from growth rates times levers."""
    members = bench.run_members([Scenario()])
    yield _frozen(bench, _goal(bench, members))
    yield _explained(bench, members)
    single = [bench.one_lever(lever.id) for lever in bench.project.levers]
    run = bench.run([Lane(), *(Lane(one) for one in single), Lane(bench.all_levers())])
    yield _dimensions(bench, run)
    yield _together(bench, single)
    yield _ranks(bench)


def _goal(bench: Bench, result: Any) -> Floats:
    """Return (lanes,) city GDP in the goal's year, constant prices; NaN for a lane that failed."""
    goal = goal_kpi(bench.project)
    values = bench.at(result, goal.variable, goal.year)[:, 0].copy()
    values[list(result.failed)] = np.nan
    return np.asarray(values)


def _frozen(bench: Bench, usual: Floats) -> Check:
    """Every loop's feedback variable stays at what it is at the start."""
    names = dict.fromkeys(bench.name(reference) for loop in bench.loops for reference in loop.frozen)
    changes, everywhere = bench.member_changes([Scenario()]), np.ones(bench.count, dtype=np.bool_)
    base = bench.run_wide(changes)
    kept = {name: np.asarray(base[name]) for name in names}
    start = {name: (np.broadcast_to(path[:, :1], path.shape), everywhere) for name, path in kept.items()}
    still = bench.run_wide(changes, start)
    move = abs(float(np.nanmedian(_goal(bench, still)[: bench.count]) / np.nanmedian(usual)) - 1)
    year = goal_kpi(bench.project).year
    zh = f"反馈全部固定后{year}年市生产总值中位数的变化（{len(names)}个变量）"
    en = f"Move of the city's {year} median when all feedback is frozen ({len(names)} variables)"
    return verdict("toy", "frozen", zh, en, move, FREEZE, least=True)


def _explained(bench: Bench, result: Any) -> Check:
    """Share of the variance of log GDP at current prices that technology trends and the deflator explain."""
    project, goal = bench.project, goal_kpi(bench.project)
    good = bench.members.anchored & ~np.isin(np.arange(bench.count), list(result.failed))
    current = np.log(bench.at(result, CURRENT, goal.year)[:, 0])
    deflator = current - np.log(_goal(bench, result))
    constants = bench.members.constants(project)
    trends = [project.lanes(constants, project.constant(name), bench.count).ravel() for name in TREND]
    inputs = np.stack([np.ones(bench.count), deflator, *trends], axis=1)[good]
    target = current[good]
    rest = target - inputs @ np.linalg.lstsq(inputs, target, rcond=None)[0]
    free = (len(target) - 1) / max(len(target) - inputs.shape[1], 1)
    share = 1 - free * float(rest.var() / target.var())
    zh = f"技术趋势和价格指数解释的{goal.year}年现价生产总值方差"
    en = f"Variance of {goal.year} GDP at current prices explained by technology trends and the deflator"
    return verdict("toy", "variance", zh, en, share, VARIANCE)


def _dimensions(bench: Bench, run: Any) -> Check:
    """Count the singular values of the lever × (indicator × year) response that carry 95 % of it."""
    project = bench.project
    count = len(project.levers)
    later = run.time >= 2025
    columns = []
    for reference in dict.fromkeys(kpi.variable for kpi in project.kpis):
        values = series_of(project.spec, run, reference)[: count + 1, later, 0]
        response = values[1:] - values[:1]
        largest = np.abs(response).max()
        # Each indicator counts the same: its largest response to any lever in any year is one.
        if largest > 1e-9 * np.abs(values[0]).max():
            columns.append(response / largest)
    strengths = np.linalg.svd(np.concatenate(columns, axis=1), compute_uv=False) ** 2
    needed = int(np.searchsorted(np.cumsum(strengths) / strengths.sum(), SHARE)) + 1
    zh = "措施×指标×年份响应达到95%所需的奇异值个数"
    en = "Singular values of the lever × indicator × year response needed for 95 %"
    return verdict("toy", "dimensions", zh, en, needed, DIMENSIONS, least=True, form=".0f")


def _together(bench: Bench, single: Sequence[Scenario]) -> Check:
    """All levers at once against the sum of their single effects, median over members."""
    count = bench.count
    run = bench.run_members([Scenario(), *single, bench.all_levers()])
    values = _goal(bench, run).reshape(-1, count)[:, bench.members.anchored]
    effects = values[1:] - values[:1]
    ratio = float(np.nanmedian(effects[-1] / effects[:-1].sum(axis=0)))
    zh = "全部措施同时实施的效果与各自效果之和的比"
    en = "Effect of all levers at once over the sum of their single effects"
    return verdict("toy", "together", zh, en, ratio, TOGETHER)


def _ranks(bench: Bench) -> Check:
    """Levers ranked by what the whole plan loses without each, with the whole budget and with half."""
    orders = []
    for factor in (1.0, 0.5):
        budget = (Setting(Reference(FACTOR), factor, factor=False),)
        arms = [bench.all_levers(), *(bench.all_levers(without=lever.id) for lever in bench.project.levers)]
        values = _goal(bench, bench.run([Lane(arm, budget) for arm in arms]))
        orders.append(np.argsort(np.argsort(values[1:] - values[0])))
    places = np.abs(orders[0] - orders[1])
    moved = int((places >= 2).sum())
    zh = f"预算减半后名次变动两位以上的措施数（最多{int(places.max())}位）"
    en = f"Levers that move by two places or more when the budget is halved (at most {int(places.max())})"
    return verdict("toy", "ranks", zh, en, moved, MOVED, least=True, form=".0f")
