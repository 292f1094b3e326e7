"""Made-up regions whose truth is known, and the posterior of each, many regions in one batch of lanes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.calibrate.emulator import Emulator, fit_emulator
from sim.calibrate.forward import Cloud, Forward
from sim.calibrate.likelihood import CUT, Likelihood
from sim.calibrate.outlook import members_of
from sim.calibrate.predictive import weighted_quantiles
from sim.ensemble import Project
from sim.ensemble.indicators import indicator_values
from sim.ensemble.paired import goal_kpi
from sim.ensemble.runner import Floats
from sim.errors import SimError

__all__ = [
    "Beliefs",
    "Inference",
    "Truths",
    "goal_values",
    "make_inference",
    "make_truths",
    "picked",
    "reported",
]

LANES = 4096
WIDER = 1.05
"""The proposal is this much wider than the normal it is made from."""

LEAST_WEIGHT = 1e-3
"""Particles with less than this share of the largest weight are dropped: they would change nothing."""

WEAK = 50.0
AGAIN = 4
"""A region with fewer effective particles than WEAK is sampled again with AGAIN times as many."""

BOUND_REACH = 10.0
"""A made-up lower bound lies anywhere from the truth down to this many 90 % ranges of the prior below it.

The likelihood takes a bound to say nothing of how far the truth is beyond it; with a short reach it would.
"""


@dataclass(frozen=True)
class Truths:
    """Made-up regions: their true points, and their true goal (regions,), NaN where it was not run."""

    cloud: Cloud
    goal: Floats

    def __len__(self) -> int:
        return len(self.cloud)


@dataclass(frozen=True)
class Beliefs:
    """Weighted particles of the posterior of each region.

    ``figures`` (regions, particles, observations), ``z`` (regions, particles, constants asked for),
    ``goal`` (regions, particles), ``weights`` (regions, particles); ``effective`` (regions,);
    ``chi_square`` (regions,), the posterior mean of the squared distances' sum, and ``largest`` (regions,),
    the largest distance of a posterior median, both without the cut of history matching; ``beyond``
    (regions,) whether no particle is within that cut, so that it is not applied.
    """

    figures: Floats
    z: Floats
    goal: Floats
    weights: Floats
    effective: Floats
    chi_square: Floats
    largest: Floats
    beyond: NDArray[np.bool_]


@dataclass(frozen=True)
class Inference:
    """What is needed to infer a region from its figures by importance sampling.

    The proposal is the emulator's normal in the informed directions and the prior in all others; every
    particle is run through the model, and its weight makes up for the difference between proposal and
    posterior, so the result is that of the sampler but for chance (Tokdar and Kass 2010, WIREs
    Computational Statistics 2(1)).
    """

    forward: Forward
    likelihood: Likelihood
    basis: Floats
    emulator: Emulator

    def beliefs(
        self,
        figures: Floats,
        particles: int,
        seed: int,
        *,
        constants: NDArray[np.intp] | None = None,
        forecast: bool = False,
        retry: bool = True,
        report: Callable[[int], None] | None = None,
    ) -> Beliefs:
        """Return the posterior of each region.

        Args:
            figures: (regions, observations) as reported.
            particles: for each region.
            seed: of the random numbers.
            constants: which coordinates to keep.
            forecast: run the particles to the year of the goal.
            retry: sample again where few particles count.
            report: called with how many regions are done.
        """
        kept = np.empty(0, dtype=np.intp) if constants is None else constants
        size = max(1, LANES // particles)
        parts: list[Beliefs] = []
        for begin in range(0, len(figures), size):
            rng = np.random.default_rng([seed, 5, begin])
            block = figures[begin : begin + size]
            found = self._block(block, particles, rng, kept, forecast)
            if retry:
                found = self._again(found, block, particles, rng, kept, forecast)
            parts.append(found)
            if report:
                report(min(begin + size, len(figures)))
        return _joined(parts)

    def _block(
        self,
        figures: Floats,
        particles: int,
        rng: np.random.Generator,
        kept: NDArray[np.intp],
        forecast: bool,
    ) -> Beliefs:
        shape = len(figures), particles
        mean, covariance = self.emulator.posterior(figures / self.likelihood.deviation)
        root = np.linalg.cholesky(WIDER**2 * covariance)
        steps = rng.standard_normal((*shape, self.basis.shape[1]))
        inner = mean[:, None] + np.einsum("rkl,rpl->rpk", root, steps)
        z = rng.standard_normal((shape[0] * particles, len(self.basis)))
        z += (inner.reshape(len(z), -1) - z @ self.basis) @ self.basis.T
        cloud = self.forward(z)
        seen = cloud.figures.reshape(*shape, -1)
        likelihoods = [self.likelihood.of(one) for one in figures]
        score = np.stack([one.log(rows) for one, rows in zip(likelihoods, seen, strict=True)])
        worst = np.stack([one.implausibility(rows) for one, rows in zip(likelihoods, seen, strict=True)])
        log_weights = score + 0.5 * (steps**2).sum(axis=2) - 0.5 * (inner**2).sum(axis=2)
        return self._weighed(cloud, seen, score, worst, log_weights, likelihoods, kept, forecast)

    def _weighed(
        self, cloud: Cloud, seen: Floats, score: Floats, worst: Floats, log_weights: Floats,
        likelihoods: list[Likelihood], kept: NDArray[np.intp], forecast: bool,
    ) -> Beliefs:  # fmt: skip
        shape = score.shape
        free = _normalised(log_weights)
        near = np.where(worst <= CUT, log_weights, -np.inf)
        beyond = np.asarray(~np.isfinite(near).any(axis=1))
        weights = _normalised(np.where(beyond[:, None], log_weights, near))
        goal = np.full(shape, np.nan)
        if forecast:
            needed = weights.ravel() > 0
            goal.ravel()[needed] = goal_values(self.forward.project, cloud[needed])
            weights = np.where(np.isfinite(goal), weights, 0.0)
        middle = weighted_quantiles(seen, free, (0.5,))[0]
        far = [one.distances(row[None])[0] for one, row in zip(likelihoods, middle, strict=True)]
        return Beliefs(
            figures=seen,
            z=cloud.z[:, kept].reshape(*shape, kept.size),
            goal=goal,
            weights=weights / weights.sum(axis=1, keepdims=True),
            effective=weights.sum(axis=1) ** 2 / (weights**2).sum(axis=1),
            chi_square=(free * np.where(free > 0, -2 * score, 0.0)).sum(axis=1),
            largest=np.abs(np.stack(far)).max(axis=1),
            beyond=beyond,
        )

    def _again(
        self, found: Beliefs, figures: Floats, particles: int, rng: np.random.Generator,
        kept: NDArray[np.intp], forecast: bool,
    ) -> Beliefs:  # fmt: skip
        weak = np.flatnonzero(found.effective < min(WEAK, particles / 4))
        if not weak.size:
            return found
        more = self._block(figures[weak], AGAIN * particles, rng, kept, forecast)
        chosen = picked(more.weights, particles, rng)
        row = np.arange(weak.size)[:, None]
        for old, new in (
            (found.figures, more.figures[row, chosen]), (found.z, more.z[row, chosen]),
            (found.goal, more.goal[row, chosen]), (found.weights, np.full(chosen.shape, 1 / particles)),
            (found.effective, more.effective), (found.chi_square, more.chi_square),
            (found.largest, more.largest), (found.beyond, more.beyond),
        ):  # fmt: skip
            old[weak] = new
        return found


def make_inference(forward: Forward, likelihood: Likelihood, bank: Cloud, basis: Floats) -> Inference:
    """Return the inference of regions, its emulator fitted to a bank whose points are all good."""
    return Inference(forward, likelihood, basis, fit_emulator(bank, likelihood, basis))


def make_truths(forward: Forward, regions: int, seed: int, *, forecast: bool = True) -> Truths:
    """Draw regions from the prior, without those that cannot be anchored.

    Raises:
        SimError: fewer than half of the points drawn can be anchored.
    """
    rng = np.random.default_rng([seed, 4])
    drawn = rng.standard_normal((2 * regions, len(forward.project.sampled)))
    cloud = forward(drawn[: regions + regions // 10 + 1])
    goal = goal_values(forward.project, cloud) if forecast else np.zeros(len(cloud))
    good = cloud.good & np.isfinite(goal)
    if good.sum() < regions:
        cloud = forward(drawn)
        goal = goal_values(forward.project, cloud) if forecast else np.zeros(len(cloud))
        good = cloud.good & np.isfinite(goal)
    if good.sum() < regions:
        raise SimError(
            "Fewer than half of the prior's points can be anchored. Check anchors.csv and priors.csv."
        )
    return Truths(cloud[good][:regions], goal[good][:regions])


def reported(figures: Floats, likelihood: Likelihood, bank: Cloud, rng: np.random.Generator) -> Floats:
    """Return (regions, observations): true figures with their errors.

    A bound says less than a figure, so a made-up one is drawn as the likelihood takes it: on the right side
    of the truth anywhere within reach, all alike, and on the wrong side by an error.
    """
    noise = rng.standard_normal(figures.shape)
    low, high = np.percentile(bank.figures, (5, 95), axis=0)
    reach = BOUND_REACH * (high - low) + likelihood.deviation
    tail = likelihood.deviation * np.sqrt(np.pi / 2)
    wrong = rng.random(figures.shape) < tail / (reach + tail)
    away = np.where(wrong, -likelihood.deviation * np.abs(noise), reach * rng.random(figures.shape))
    return np.where(
        likelihood.side == 0, figures + likelihood.deviation * noise, figures + likelihood.side * away
    )


def goal_values(project: Project, cloud: Cloud) -> Floats:
    """Return (points,) of the goal's indicator in its year at constant prices; NaN where a point fails."""
    goal = goal_kpi(project)
    members = members_of(project, cloud)
    found = np.full(len(cloud), np.nan)
    for begin in range(0, len(cloud), LANES):
        part = slice(begin, min(begin + LANES, len(cloud)))
        count = part.stop - begin
        result = project.model.run(members.constants(project, part), lanes=count, outputs=project.outputs)
        values = indicator_values(project.spec, result, (goal,))[:, 0].copy()
        values[list(result.failed)] = np.nan
        found[part] = np.where(members.anchored[part], values, np.nan)
    return found


def picked(weights: Floats, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return (rows, count) systematic picks of particles by weights (rows, particles)."""
    edges = np.cumsum(weights, axis=1)
    places = (rng.random((len(weights), 1)) + np.arange(count)) / count * edges[:, -1:]
    found = [np.searchsorted(edge, place) for edge, place in zip(edges, places, strict=True)]
    return np.asarray(np.minimum(np.stack(found), weights.shape[1] - 1), dtype=np.intp)


def _normalised(log_weights: Floats) -> Floats:
    """Return weights (rows, particles) that sum to one, those that count for nothing dropped."""
    finite = np.where(np.isnan(log_weights), -np.inf, log_weights)
    best = finite.max(axis=1, keepdims=True)
    if not np.isfinite(best).all():
        raise SimError(
            "A made-up region has no particle that the model can run. Check anchors.csv and priors.csv."
        )
    weights = np.exp(finite - best)
    weights[weights < LEAST_WEIGHT] = 0.0
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _joined(parts: list[Beliefs]) -> Beliefs:
    names = Beliefs.__dataclass_fields__
    return Beliefs(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
