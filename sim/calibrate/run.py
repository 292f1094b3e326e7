"""The whole calibration: bank, screening, waves and tempering, and the members that are kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.calibrate.bank import Bank, discard_bank, fill_bank
from sim.calibrate.forward import Cloud, Forward, draws_of, make_forward
from sim.calibrate.likelihood import CUT, Likelihood, make_likelihood
from sim.calibrate.moves import informed_directions
from sim.calibrate.sampling import Sample, Settings, Stage, sample
from sim.calibrate.screening import INSENSITIVE, screen
from sim.ensemble import Project
from sim.ensemble.anchoring import solve_anchors
from sim.ensemble.members import drawn_constants
from sim.ensemble.posterior import Posterior, identity, make_posterior
from sim.ensemble.runner import Floats, Progress
from sim.errors import BadInput

__all__ = ["SAMPLES", "Asked", "Calibration", "calibrate"]

SAMPLES = 2**17
LEARNING = 2**14
"""Points of the bank from which the informed directions are found."""


@dataclass(frozen=True)
class Asked:
    """What to do: points of the prior, work of the sampler, members to keep, seed."""

    samples: int = SAMPLES
    settings: Settings = field(default_factory=Settings)
    members: int = 1000
    seed: int = 1


@dataclass(frozen=True)
class Calibration:
    """A finished calibration.

    ``learning`` are points of the prior, ``effects`` (priors, observations) what Morris's screening found,
    ``basis`` (priors, directions) what the observations inform, ``members`` the points kept.
    """

    project: Project
    asked: Asked
    forward: Forward
    likelihood: Likelihood
    bank: Bank
    learning: Cloud
    effects: Floats
    basis: Floats
    sample: Sample
    members: Cloud
    elapsed_s: float

    @cached_property
    def posterior(self) -> Posterior:
        """The members as they are shipped."""
        draws = draws_of(self.project, self.members.z).astype(np.float32)
        logs = _polished(self.project, self.forward, draws, self.members.logs)
        return make_posterior(self.project, self.asked.seed, draws, logs)

    @property
    def active(self) -> NDArray[np.bool_]:
        """(priors,) whether a constant moves any observation."""
        return np.asarray(self.effects.max(axis=1) > INSENSITIVE)

    @property
    def implausible(self) -> tuple[str, ...]:
        """Observations that the middle of the posterior is implausibly far from."""
        middle = np.median(self.sample.cloud.figures, axis=0)[None]
        far = np.abs(self.likelihood.distances(middle))[0] > CUT
        return tuple(one.id for one, wrong in zip(self.project.observations, far, strict=True) if wrong)

    def summary(self) -> dict[str, Any]:
        """Return how it went as plain JSON data."""
        worst = self.likelihood.implausibility(self.bank.figures)
        return {
            "samples": len(self.bank),
            "anchored": int(np.isfinite(worst).sum()),
            "plausible": int((worst <= CUT).sum()),
            "constants": len(self.project.sampled),
            "active": int(self.active.sum()),
            "directions": int(self.basis.shape[1]),
            "particles": self.asked.settings.particles,
            "effective": round(self.sample.effective, 1),
            "implausible": list(self.implausible),
            "members": len(self.members),
            "seed": self.asked.seed,
            "stages": [
                {
                    "cut": stage.cut,
                    "power": stage.power,
                    "survived": stage.survived,
                    "accepted": stage.accepted,
                }
                for stage in self.sample.stages
            ],
            "made_for": identity(self.project),
        }


def calibrate(project: Project, asked: Asked | None = None, progress: Progress | None = None) -> Calibration:
    """Calibrate a project to its observations.

    An interrupted call goes on where the bank stopped when it is made again. The same seed gives the
    same posterior.

    Raises:
        BadInput: there are no observations, or a number is out of range.
        SimError: the posterior cannot be reached.
    """
    begun = time.perf_counter()
    asked = asked or Asked()
    _check(project, asked)
    likelihood = make_likelihood(project.observations)
    bank, forward = fill_bank(make_forward(project), asked.samples, asked.seed, progress)
    if progress:
        progress("screen", 0, 1)
    effects = screen(forward, likelihood, asked.seed)
    first = np.arange(len(bank)) < LEARNING
    learning = bank.cloud(first & np.isfinite(bank.figures).all(axis=1))
    basis = informed_directions(
        learning.z, learning.figures / likelihood.deviation, effects.max(axis=1) > INSENSITIVE
    )
    near = bank.cloud(_nearest(likelihood.implausibility(bank.figures), asked.settings.particles))
    found = sample(forward, likelihood, near, basis, asked.seed, asked.settings, _reporter(progress))
    kept = np.random.default_rng([asked.seed, 3]).permutation(len(found.cloud))[: asked.members]
    if progress:
        progress("moves", 100, 100)
    discard_bank(project, asked.samples, asked.seed)
    return Calibration(
        project, asked, forward, likelihood, bank, learning, effects, basis, found,
        found.cloud[np.sort(kept)], time.perf_counter() - begun,
    )  # fmt: skip


def _check(project: Project, asked: Asked) -> None:
    if not project.observations:
        raise BadInput("There is nothing to calibrate to. Put observations in calibration/observations.csv.")
    if not 50 <= asked.settings.particles <= 20_000:
        raise BadInput(f"{asked.settings.particles} particles given. Allowed: 50 to 20,000. 2000 is usual.")
    if not 1 <= asked.members <= asked.settings.particles:
        raise BadInput(
            f"{asked.members} members are to be kept of {asked.settings.particles} particles. "
            "Give at most as many members as particles."
        )


def _nearest(worst: Floats, particles: int) -> NDArray[np.bool_]:
    """Return which points sampling may begin with: the plausible ones, or the nearest if they are too few."""
    order = np.sort(worst[np.isfinite(worst)])
    limit = order[min(order.size, particles) - 1] if order.size else 0.0
    return np.asarray(worst <= max(CUT, limit))


def _reporter(progress: Progress | None) -> Any:
    def report(stage: Stage) -> None:
        if progress:
            # The power of the likelihood is how far the way to the posterior has been gone.
            progress("moves", min(99, int(100 * stage.power)), 100)

    return report


def _polished(project: Project, forward: Forward, draws: NDArray[np.float32], logs: Floats) -> Floats:
    """Anchor the kept members as exactly as any other run does, with the draws as the file holds them."""
    constants = drawn_constants(project, draws.astype(np.float64))
    return solve_anchors(project, constants, len(draws), forward.start, begin=logs).logs
