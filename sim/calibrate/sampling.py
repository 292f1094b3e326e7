"""Sequential Monte Carlo from the prior, by history matching and tempering, to the posterior.

Del Moral, Doucet and Jasra 2006, Journal of the Royal Statistical Society B 68(3). The path has two
legs: waves of history matching lower the implausibility that is allowed until it is three (Craig,
Goldstein, Seheult and Smith 1997), then the likelihood is raised to powers up to one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.calibrate.forward import Cloud, Forward
from sim.calibrate.likelihood import CUT, Likelihood
from sim.calibrate.moves import Kernel, moved
from sim.ensemble.runner import Floats
from sim.errors import SimError

__all__ = ["Sample", "Settings", "Stage", "effective", "sample"]

MOST_STAGES = 60


@dataclass(frozen=True)
class Settings:
    """How much work sampling does: particles, moves in each stage, moves at the end."""

    particles: int = 2000
    moves: int = 2
    last_moves: int = 10


@dataclass(frozen=True)
class Stage:
    """One step on the path: allowed implausibility, power of the likelihood, and how the moves went.

    ``survived`` is the share of particles that the stage's target keeps (waves), or the effective
    sample size over the particles (tempering).
    """

    cut: float
    power: float
    survived: float
    accepted: float
    stay: float


@dataclass(frozen=True)
class Sample:
    """The posterior's particles, the path to them and their effective number."""

    cloud: Cloud
    stages: tuple[Stage, ...]
    effective: float


def sample(
    forward: Forward,
    likelihood: Likelihood,
    bank: Cloud,
    basis: Floats,
    seed: int,
    settings: Settings = Settings(),
    report: Callable[[Stage], None] | None = None,
) -> Sample:
    """Return particles of the posterior.

    Args:
        forward: the model.
        likelihood: of the observations.
        bank: points drawn from the prior.
        basis: (priors, directions) that the observations inform.
        seed: of the random numbers.
        settings: how much work to do.
        report: called after each stage.

    Raises:
        SimError: no point of the prior comes near the observations.
    """
    rng = np.random.default_rng([seed, 2])
    cut = _first_cut(likelihood.implausibility(bank.figures), settings.particles)
    cloud, stages, power = bank, list[Stage](), 0.0
    stay, ancestors, before = 0.5, 1.0, bank
    while power < 1.0 or cut > CUT:
        if len(stages) == MOST_STAGES:
            raise SimError("The posterior was not reached in 60 stages. Look at the observations' errors.")
        worst, score = likelihood.implausibility(cloud.figures), likelihood.log(cloud.figures)
        if stages and cut > CUT:
            cut = max(CUT, float(np.median(worst)))
        inside = worst <= cut
        new_power = _next_power(score, inside, power, settings.particles) if cut <= CUT else 0.0
        weights = np.where(inside, np.exp((new_power - power) * (score - score[inside].max())), 0.0)
        survived = float(inside.mean()) if new_power == 0.0 else effective(weights) / settings.particles
        power = new_power
        cloud = cloud[_resampled(weights, settings.particles, rng)]
        last = power >= 1.0 and cut <= CUT
        if last:
            ancestors, before = effective(_counts(cloud)), cloud
        cloud, rate, stay = _moves(
            forward, cloud, _target(likelihood, cut, power), basis, stay, rng,
            settings.last_moves if last else settings.moves,
        )  # fmt: skip
        stages.append(Stage(cut, power, survived, rate, stay))
        if report:
            report(stages[-1])
    return Sample(cloud, tuple(stages), _mixed(before, cloud, basis, likelihood, ancestors))


def effective(weights: Floats) -> float:
    """Return the effective sample size of weights (particles,): their squared sum over the sum of squares."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _first_cut(worst: Floats, particles: int) -> float:
    """Return the implausibility that leaves enough points of the prior to begin with."""
    nearest = np.sort(worst[np.isfinite(worst)])
    if not nearest.size:
        raise SimError("No point of the prior could be anchored and run. Check anchors.csv and priors.csv.")
    return max(CUT, float(nearest[min(nearest.size, max(particles // 4, 50)) - 1]))


def _next_power(score: Floats, inside: NDArray[np.bool_], power: float, particles: int) -> float:
    """Return the largest power that leaves half as many effective points as there are particles."""
    low, high = power, 1.0
    score = score[inside]

    def enough(to: float) -> bool:
        weights = np.exp((to - power) * (score - score.max()))
        return effective(weights) >= min(0.5 * particles, 0.5 * score.size)

    if enough(1.0):
        return 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if enough(middle) else (low, middle)
    return low


def _resampled(weights: Floats, particles: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return systematic picks (Kitagawa 1996, Journal of Computational and Graphical Statistics 5(1))."""
    edges = np.cumsum(weights) / weights.sum()
    positions = (rng.random() + np.arange(particles)) / particles
    return np.minimum(np.searchsorted(edges, positions), len(weights) - 1)


def _counts(cloud: Cloud) -> Floats:
    """Return how often each distinct particle stands in the cloud."""
    _, counts = np.unique(cloud.z[:, :4], axis=0, return_counts=True)
    return np.asarray(counts, dtype=np.float64)


def _target(likelihood: Likelihood, cut: float, power: float) -> Callable[[Floats], Floats]:
    def log_target(figures: Floats) -> Floats:
        inside = likelihood.implausibility(figures) <= cut
        return np.where(inside, power * likelihood.log(figures) if power else 0.0, -np.inf)

    return log_target


def _moves(
    forward: Forward,
    cloud: Cloud,
    log_target: Callable[[Floats], Floats],
    basis: Floats,
    stay: float,
    rng: np.random.Generator,
    count: int,
) -> tuple[Cloud, float, float]:
    rates: list[float] = []
    for _ in range(count):
        kernel = Kernel.fitted(basis, cloud.z, stay)
        cloud, accepted = moved(forward, cloud, log_target, kernel, rng)
        rates.append(float(accepted.mean()))
        # Smaller steps where few are accepted, larger where most are.
        stay = float(np.clip(stay + 0.5 * (0.3 - rates[-1]), 0.0, 0.98))
    return cloud, float(np.mean(rates)), stay


def _mixed(before: Cloud, after: Cloud, basis: Floats, likelihood: Likelihood, ancestors: float) -> float:
    """Return how many independent particles these are worth.

    Particles that did not move away from their ancestors are worth as many as there were distinct
    ancestors; the worst correlation between before and after, over informed directions and likelihood,
    says how much of that is left.
    """
    first = np.column_stack([before.z @ basis, likelihood.log(before.figures)])
    last = np.column_stack([after.z @ basis, likelihood.log(after.figures)])
    pairs = [np.corrcoef(first[:, at], last[:, at])[0, 1] for at in range(first.shape[1])]
    kept = float(np.clip(np.max(pairs), 0.0, 1.0)) ** 2
    return 1 / (kept / ancestors + (1 - kept) / len(after))
