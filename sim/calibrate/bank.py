"""The bank: a large scrambled-Sobol draw from the prior, run once, block by block, and resumable.

Coordinates are not kept (at 2^17 points they would fill the memory of a small laptop): they follow from
the seed, and those of chosen points are made again when they are wanted.

A bank is a design, not a sample: regressions read it and the sampler begins with it. In 804 dimensions a
few pairs of its columns are correlated (the largest |r| is 0.22 in the first 2^14 points, 0.04 in all 2^17,
where chance gives 0.04 and 0.014). The sampler's moves leave nothing of that: over the 916 pairs that are
correlated most, r among the shipped members is 0.0003 ± 0.0022 times the bank's. Whoever needs a sample
draws one (:func:`sim.calibrate.forward.prior_points`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.cache import BANKS, code_digest
from sim.calibrate.forward import Cloud, Forward, joined
from sim.ensemble import Project
from sim.ensemble.arrays import arrays_in, npz
from sim.ensemble.identity import hashes
from sim.ensemble.runner import Floats, Progress
from sim.errors import BadInput

__all__ = ["LEAST", "MOST", "Bank", "discard_bank", "fill_bank"]

BLOCK = 4096
LEAST, MOST = 2**10, 2**20


@dataclass(frozen=True)
class Bank:
    """Points of the prior: ``logs`` (points, anchored cells) and ``figures`` (points, observations)."""

    seed: int
    priors: int
    logs: NDArray[np.float32]
    figures: Floats

    def __len__(self) -> int:
        return len(self.figures)

    def cloud(self, which: NDArray[np.bool_]) -> Cloud:
        """Return the chosen points with their coordinates; ``which`` is (points,)."""
        parts: list[Cloud] = []
        for begin, z in _coordinates(self.priors, len(self), self.seed):
            block = slice(begin, begin + len(z))
            chosen = which[block]
            parts.append(
                Cloud(z[chosen], self.logs[block][chosen].astype(float), self.figures[block][chosen])
            )
        return joined(parts)


def fill_bank(
    forward: Forward, samples: int, seed: int, progress: Progress | None = None
) -> tuple[Bank, Forward]:
    """Run ``samples`` points of the prior; blocks that an interrupted calibration left are not run again.

    Returns the bank and the forward function with what its first block taught it.

    Raises:
        BadInput: samples is not a power of two from 2^10 to 2^20.
    """
    if samples & (samples - 1) or not LEAST <= samples <= MOST:
        raise BadInput(f"{samples} prior samples given. Allowed: a power of two from {LEAST} to {MOST}.")
    bank = _name(forward.project, samples, seed)
    logs: list[NDArray[np.float32]] = []
    figures: list[Floats] = []
    for begin, z in _coordinates(len(forward.project.sampled), samples, seed):
        if progress:
            progress("bank", begin, samples)
        name = f"{bank}-{begin:07d}"
        found = _read(name, z)
        if found is None:
            found = forward(z)
            BANKS.write(name, npz(logs=found.logs, figures=found.figures))
        if not begin:
            forward = forward.learnt(found)
        logs.append(found.logs.astype(np.float32))
        figures.append(found.figures)
    if progress:
        progress("bank", samples, samples)
    return Bank(seed, len(forward.project.sampled), np.concatenate(logs), np.concatenate(figures)), forward


def discard_bank(project: Project, samples: int, seed: int) -> None:
    """Remove the blocks kept for going on, once they are not needed any more."""
    BANKS.remove(_name(project, samples, seed))


def _coordinates(priors: int, samples: int, seed: int) -> Iterator[tuple[int, Floats]]:
    from scipy.special import ndtri
    from scipy.stats import qmc

    sobol = qmc.Sobol(priors, scramble=True, rng=np.random.default_rng(seed))
    size = min(BLOCK, samples)
    for begin in range(0, samples, size):
        # Scrambled points may be exactly 0, whose normal quantile is infinite.
        yield begin, ndtri(np.clip(sobol.random(size), 1e-9, 1 - 1e-9))


def _name(project: Project, samples: int, seed: int) -> str:
    names = [*project.columns, *(one.id for one in project.observations)]
    made_by = code_digest("calibrate", "ensemble", "engine", "translate", "spec")
    what: list[Any] = [made_by, hashes(project.computed), names, samples, seed]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]


def _read(name: str, z: Floats) -> Cloud | None:
    data = BANKS.read(name)
    if data is None:
        return None
    try:
        arrays = arrays_in(data, BANKS.largest)
        logs, figures = arrays["logs"], arrays["figures"]
    except (ValueError, KeyError):
        return None
    sound = len(logs) == len(figures) == len(z) and logs.dtype == figures.dtype == np.float64
    return Cloud(z, logs, figures) if sound else None
