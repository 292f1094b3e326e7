"""A sweep: a Latin hypercube over levers and constants, run block by block."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.anchoring import Anchored, Start, apply_multipliers, solve_anchors
from sim.ensemble.indicators import indicator_values
from sim.ensemble.lanes import arm_changes, check_scenario, set_cells
from sim.ensemble.members import median_start
from sim.ensemble.paired import goal_kpi
from sim.ensemble.project import LEVER_CONSTANTS, Project
from sim.ensemble.runner import Floats, Progress, cells
from sim.ensemble.sampling import check_count, check_seed
from sim.errors import BadInput, did_you_mean
from sim.spec.references import Reference, parse_reference
from sim.spec.scenario import Scenario

__all__ = ["SweepBlock", "SweepPlan", "parse_vary", "plan_sweep", "run_sweep"]

BLOCK = 256


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep runs: ``values`` (samples, inputs), the same for the same inputs, samples and seed.

    ``cells`` are the model cells that each input sets; ``low`` and ``high`` (inputs,) its range.
    """

    names: tuple[str, ...]
    cells: tuple[Reference, ...]
    low: Floats
    high: Floats
    values: Floats
    seed: int
    anchored: bool
    """Whether each sample must be anchored anew, as a varied constant may act before the anchors' year."""

    @property
    def samples(self) -> int:
        """How many lanes the sweep has."""
        return len(self.values)


@dataclass(frozen=True)
class SweepBlock:
    """A finished part of a sweep: samples ``start`` … ``start + n`` of the plan.

    ``values`` (n, inputs), ``indicators`` (n, kpi rows) in shown units, ``goal`` (n,) city GDP in
    2035 at constant prices, ``failed`` (n,). A failed sample's results are NaN. Counts are the model's means:
    a sample is set beside its inputs, and the chance of single arrivals would only blur that.
    """

    start: int
    values: Floats
    indicators: Floats
    goal: Floats
    failed: NDArray[np.bool_]


def parse_vary(text: str) -> tuple[str, float, float]:
    """Read ``NAME=LO..HI``, a lever or model constant and its range.

    Raises:
        BadInput: the text has another form, or the range is not two finite numbers, the lower first.
    """
    name, equals, span = text.rpartition("=")
    low, dots, high = span.partition("..")
    if not equals or not dots or not name.strip():
        raise BadInput(f"'{text}' is not NAME=LO..HI. Write for example headquarters=0..1.")
    try:
        first, last = float(low), float(high)
    except ValueError:
        first = last = math.nan
    if not (math.isfinite(first) and math.isfinite(last) and first < last):
        raise BadInput(f"'{text}': '{span}' is not a range of two numbers, the lower first, such as 0..1.")
    return name.strip(), first, last


def plan_sweep(
    project: Project, varied: Mapping[str, tuple[float, float]], samples: int, seed: int = 1
) -> SweepPlan:
    """Lay out a sweep.

    Args:
        project: model and data.
        varied: lever id or model constant (with elements if it has dimensions) → (low, high).
        samples: how many lanes.
        seed: of the Latin hypercube.

    Raises:
        BadInput: nothing or an unknown name is varied, a lever leaves 0–1, or a range is not one.
    """
    check_count(samples, "samples")
    check_seed(seed)
    if not varied:
        raise BadInput("Nothing is varied. Give at least one --vary NAME=LO..HI, such as headquarters=0..1.")
    targets = tuple(_target(project, name, *span) for name, span in varied.items())
    _refuse_overlap(project, tuple(varied), targets)
    low, high = np.array(list(varied.values()), dtype=np.float64).T
    # SciPy's statistics take 0.6 s to import, which `sim run` must not pay.
    from scipy.stats import qmc

    design = qmc.LatinHypercube(len(varied), rng=np.random.default_rng(seed)).random(samples)
    levers = {lever.id for lever in project.levers}
    constants = any(name not in levers for name in varied)
    return SweepPlan(tuple(varied), targets, low, high, low + (high - low) * design, seed, constants)


def run_sweep(
    project: Project,
    plan: SweepPlan,
    on_block: Callable[[SweepBlock], None],
    *,
    scenario: Scenario | None = None,
    finished: Collection[int] = (),
    block: int = BLOCK,
    at_once: int = 1,
    progress: Progress | None = None,
) -> None:
    """Run a sweep on top of the model's own constants, anchored, and hand over each finished block.

    Where constants are varied each sample is anchored anew, so that what is seen is their effect on
    the years to come and not a broken start.

    Args:
        project: model and data.
        plan: from :func:`plan_sweep`.
        on_block: called with each block as soon as it is done; what it stored survives an interruption.
        scenario: levers and inputs that all samples share (default: none).
        finished: ``start`` of the blocks that are stored already and are passed over.
        block: samples in a block; must be the same when a sweep goes on.
        at_once: how many blocks to have under way, for a model that runs elsewhere; changes no result.
        progress: called with ("sweep", samples done, samples).

    Raises:
        BadInput: the scenario names what the project does not have, or a lever that is also varied.
        SimError: the model's own constants cannot be anchored.
    """
    shared = scenario or Scenario()
    check_scenario(project, shared)
    for use in shared.levers:
        if use.id in plan.names:
            raise BadInput(f"The lever '{use.id}' is both varied and set. Leave one out.")
    start = median_start(project)
    firsts = range(0, plan.samples, block)

    def run(first: int) -> SweepBlock:
        return _run_block(project, plan, slice(first, first + block), shared, start)

    blocks = _in_order(run, [first for first in firsts if first not in finished], at_once)
    for first in firsts:
        if first in finished:
            continue
        on_block(next(blocks))
        if progress:
            progress("sweep", min(first + block, plan.samples), plan.samples)


def _in_order(run: Callable[[int], SweepBlock], firsts: list[int], at_once: int) -> Iterator[SweepBlock]:
    """Yield the blocks in order; where several may be under way, those that follow are begun already."""
    if at_once == 1:
        yield from map(run, firsts)
        return
    under_way: deque[Future[SweepBlock]] = deque()
    pool = ThreadPoolExecutor(at_once)
    try:
        for first in firsts:
            under_way.append(pool.submit(run, first))
            if len(under_way) == at_once:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        # After Ctrl-C nothing is waited for: a cluster may never answer.
        pool.shutdown(wait=False, cancel_futures=True)


def _run_block(project: Project, plan: SweepPlan, part: slice, shared: Scenario, start: Start) -> SweepBlock:
    values = plan.values[part]
    count = len(values)
    varied: dict[str, Floats] = {}
    for column, reference in enumerate(plan.cells):
        set_cells(project, varied, reference, values[:, column], count)
    solved = Anchored(np.tile(start.logs, (count, 1)), np.zeros((count, start.logs.size)))
    if plan.anchored:
        solved = solve_anchors(project, varied, count, start)
    changes = arm_changes(project, apply_multipliers(project, varied, solved.logs), count, (shared,))
    result = project.model.run(changes, lanes=count, outputs=project.outputs)
    failed = ~solved.hit
    failed[list(result.failed)] = True
    indicators = indicator_values(project.spec, result, project.kpis)
    indicators[failed] = np.nan
    goal = indicators[:, project.kpis.index(goal_kpi(project))]
    return SweepBlock(part.start, values, indicators, goal, failed)


def _target(project: Project, name: str, low: float, high: float) -> Reference:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise BadInput(f"'{name}' is varied from {low:g} to {high:g}. Give two numbers, the lower first.")
    for lever in project.levers:
        if lever.id == name:
            if low < 0 or high > 1:
                raise BadInput(f"The lever '{name}' is varied from {low:g} to {high:g}. Allowed: 0 to 1.")
            return Reference(LEVER_CONSTANTS[0], (lever.element,))
    return _constant(project, name)


def _constant(project: Project, name: str) -> Reference:
    reference = parse_reference(name)
    ids = [lever.id for lever in project.levers]
    try:
        constant = project.constant(reference.name)
        cells(project.spec, reference)
    except BadInput as error:
        hint = did_you_mean(name, ids)
        raise BadInput(f"'{name}' is neither a lever nor a constant of the model.{hint} {error}") from error
    dimensions = project.spec.find(constant).dimensions
    if dimensions and not reference.elements:
        raise BadInput(
            f"'{constant}' has dimensions. Write {constant}[{', '.join(dimensions)}] with elements."
        )
    for anchor in project.anchors:
        same = project.constant(anchor.constant.name) == constant
        if same and np.intersect1d(cells(project.spec, anchor.constant), cells(project.spec, reference)).size:
            raise BadInput(f"'{name}' is set by the {anchor.year} anchors; varying it would change nothing.")
    return Reference(constant, reference.elements)


def _refuse_overlap(project: Project, names: tuple[str, ...], targets: tuple[Reference, ...]) -> None:
    owner: dict[tuple[str, int], str] = {}
    for name, reference in zip(names, targets, strict=True):
        for cell in cells(project.spec, reference).tolist():
            other = owner.setdefault((reference.name, cell), name)
            if other != name:
                raise BadInput(f"'{name}' and '{other}' vary the same value. Leave one out.")
