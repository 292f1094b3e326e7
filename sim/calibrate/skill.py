"""Skill of the calibrated model, kept apart from its anchors: what it can be trusted with, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.calibrate.coverage import Asked, asked_constants, coverage, ranks
from sim.calibrate.fit import errors_of_fit
from sim.calibrate.forward import Cloud, make_forward
from sim.calibrate.leave_out import leave_groups_out
from sim.calibrate.likelihood import make_likelihood
from sim.calibrate.moves import informed_directions
from sim.calibrate.naive import compare_with_naive, load_naive
from sim.calibrate.naming import number
from sim.calibrate.predictive import weighted_quantiles
from sim.calibrate.regions import Inference, Truths, goal_values, make_inference, make_truths, reported
from sim.calibrate.sampling import Sample, Settings, sample
from sim.calibrate.screening import INSENSITIVE, screen
from sim.calibrate.structures import Effort, structure_check
from sim.ensemble import Project
from sim.ensemble.runner import Floats, Progress
from sim.errors import BadInput
from sim.spec.loops import Loop, load_loops

__all__ = ["FORMAT", "MOST_REGIONS", "Work", "skill"]

FORMAT = 1
LEAST_REGIONS, MOST_REGIONS = 10, 20_000
LEAST_BANK = 100


@dataclass(frozen=True)
class Work:
    """How much to do besides the regions: particles for each region, the sampler for each group left out,
    particles of the comparison with the sampler, and the regions of another make.
    """

    particles: int = 300
    sampler: Settings = field(default_factory=lambda: Settings(600, 2, 6))
    compared: int = 3000
    structures: Effort = field(default_factory=Effort)


def skill(
    project: Project,
    bank: Cloud,
    posterior: Sample | None = None,
    *,
    basis: Floats | None = None,
    regions: int = 1000,
    seed: int = 1,
    work: Work | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure the skill of the model with these observations.

    Args:
        project: model and data.
        bank: points of the prior, about twenty for each constant or more; bad ones are left out.
        posterior: what the sampler found (default: sampled here, with ``work.sampler``).
        basis: (priors, directions) that the observations inform (default: found here).
        regions: made-up regions.
        seed: of all random numbers; the same seed gives the same result.
        work: how much else to do.
        progress: called with a stage ("skill", "leave_out", "regions", "structures"), how much is done,
            and of how much.

    Returns:
        Plain JSON: ``format``, ``seed``, ``particles``, ``bank`` (points), and the sections ``errors``
        (:func:`errors_of_fit`), ``leave_out`` (:func:`leave_groups_out`), ``coverage`` and ``ranks``
        (:func:`sim.calibrate.coverage.coverage`, :func:`sim.calibrate.coverage.ranks`), ``regions``
        (``effective``: 5, 50 and 95 % points of the effective particles of a region; ``beyond``: share of
        regions without a particle within the cut of history matching), ``agreement`` (importance sampling
        against the sampler on the shipped figures: ``mean_gap`` and ``spread_ratio`` (least, largest) over
        figures, in posterior standard deviations, ``chance``: what two samples of these effective sizes
        differ by at most, 95 % of the time, ``goal``: p05, p50, p95 of both), ``structures``
        (:func:`structure_check`) and ``naive`` (:func:`compare_with_naive`, or None where the place has no
        naive.csv).

    Raises:
        BadInput: there are no observations, or the bank or the number of regions is out of range.
        SimError: the posterior cannot be reached.
    """
    work = work or Work()
    _check(project, bank, regions)
    whole = bank[bank.good]
    likelihood = make_likelihood(project.observations)
    forward = make_forward(project).learnt(whole)
    if progress:
        progress("skill", 0, 1)
    if basis is None:
        active = screen(forward, likelihood, seed).max(axis=1) > INSENSITIVE
        basis = informed_directions(whole.z, whole.figures / likelihood.deviation, active)
    if posterior is None:
        posterior = sample(forward, likelihood, whole, basis, seed, work.sampler)
    held_out = leave_groups_out(
        forward, project.observations, likelihood, whole, basis, seed, work.sampler, progress
    )
    inference = make_inference(forward, likelihood, whole, basis)
    truths = make_truths(forward, regions, seed)
    found = {
        "format": FORMAT,
        "seed": seed,
        "particles": work.particles,
        "bank": len(whole),
        "errors": errors_of_fit(project.observations, likelihood, whole.figures, posterior.cloud.figures),
        "leave_out": held_out,
        **_made_up(inference, truths, whole, seed, work.particles, progress),
        "agreement": _agreement(inference, posterior, seed, work.compared),
        "structures": structure_check(
            inference, truths, whole, _loops(project), seed, work.structures, progress
        ),
        "naive": _naive(project, held_out["rows"]),
    }
    if progress:
        progress("skill", 1, 1)
    return found


def _check(project: Project, bank: Cloud, regions: int) -> None:
    if not project.observations:
        raise BadInput(
            "There is nothing to measure skill by. Put observations in calibration/observations.csv."
        )
    if not LEAST_REGIONS <= regions <= MOST_REGIONS:
        raise BadInput(f"{regions} regions given. Allowed: {LEAST_REGIONS} to {MOST_REGIONS}. 1000 is usual.")
    if bank.good.sum() < LEAST_BANK:
        raise BadInput(
            f"The bank has {int(bank.good.sum())} points that meet their anchors. "
            f"At least {LEAST_BANK} are needed; 16384 are usual."
        )


def _made_up(
    inference: Inference, truths: Truths, bank: Cloud, seed: int, particles: int, progress: Progress | None
) -> dict[str, Any]:
    """Return the sections about made-up regions: coverage, ranks, and how the inference went."""
    constants = asked_constants(inference.basis @ inference.emulator.slopes, truths)
    rng = np.random.default_rng([seed, 9])
    figures = reported(truths.cloud.figures, inference.likelihood, bank, rng)

    def report(done: int) -> None:
        if progress:
            progress("regions", done, len(truths))

    beliefs = inference.beliefs(figures, particles, seed, constants=constants, forecast=True, report=report)
    asked = Asked.of(inference.forward.project, truths, beliefs, constants)
    effective = np.percentile(beliefs.effective, (5, 50, 95))
    return {
        "coverage": coverage(asked),
        "ranks": ranks(asked, seed),
        "regions": {
            "effective": [number(float(one)) for one in effective],
            "beyond": float(beliefs.beyond.mean()),
        },
    }


def _agreement(inference: Inference, posterior: Sample, seed: int, particles: int) -> dict[str, Any]:
    """Compare importance sampling with the sampler where both have the shipped figures."""
    found = inference.beliefs(inference.likelihood.value[None], particles, seed + 1000, forecast=True)
    weights, figures = found.weights[0], found.figures[0]
    used = weights > 0
    mean = weights[used] @ figures[used]
    spread = np.sqrt(weights[used] @ (figures[used] - mean) ** 2)
    other = posterior.cloud.figures
    gap = np.abs(mean - other.mean(axis=0)) / other.std(axis=0)
    ratio = spread / other.std(axis=0)
    goal = goal_values(inference.forward.project, posterior.cloud)
    goal = goal[np.isfinite(goal)]
    ends = (0.05, 0.5, 0.95)
    ours = weighted_quantiles(np.nan_to_num(found.goal)[:, :, None], found.weights, ends)[:, 0, 0]
    return {
        "effective": number(float(found.effective[0])),
        "mean_gap": number(float(gap.max())),
        "chance": number(_chance(float(found.effective[0]), posterior.effective, gap.size)),
        "spread_ratio": [number(float(ratio.min())), number(float(ratio.max()))],
        "goal": {
            "importance": [number(float(one)) for one in ours],
            "sampler": [number(float(one)) for one in np.quantile(goal, ends)],
        },
    }


def _chance(first: float, second: float, count: int) -> float:
    """Return what the largest of ``count`` gaps of means stays below 95 % of the time, in deviations."""
    from scipy.special import ndtri

    return float(ndtri(1 - 0.05 / (2 * count)) * np.sqrt(1 / first + 1 / second))


def _loops(project: Project) -> Sequence[Loop]:
    path = project.study.find("model", "loops.csv")
    return load_loops(path) if path else ()


def _naive(project: Project, held_out: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    # The shipped file is about the shipped place: another study has its own or none.
    path = project.study.find("calibration", "naive.csv")
    own = path is not None and (project.study.folder is None or project.study.folder in path.parents)
    if path is None or not own:
        return None
    naives = load_naive(path, [one.id for one in project.observations], project.facts)
    return compare_with_naive(naives, project.facts, held_out)
