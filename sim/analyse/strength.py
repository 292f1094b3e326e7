"""Which varied inputs move an outcome most: rank correlation and standardised rank regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.ensemble.ranks import ranks
from sim.ensemble.runner import Floats
from sim.errors import SimError

__all__ = ["InputStrength", "strongest_inputs"]

INTERVAL = (0.05, 0.95)
TAIL = 0.2
FEWEST = 10


@dataclass(frozen=True)
class InputStrength:
    """How strongly one input moves the outcome.

    ``strength`` is the standardised rank regression coefficient, or Spearman's correlation where
    there are too few samples for a regression (``regression`` is None); ``low`` and ``high`` are
    its 90 % bootstrap interval. ``mean_low`` and ``mean_high`` are the mean outcome in the lowest
    and the highest fifth of the input, in the outcome's unit.
    """

    name: str
    strength: float
    low: float
    high: float
    spearman: float
    regression: float | None
    mean_low: float
    mean_high: float


def strongest_inputs(
    names: Sequence[str], values: Floats, outcome: Floats, *, resamples: int = 200, seed: int = 1
) -> tuple[InputStrength, ...]:
    """Return the inputs, strongest first.

    Args:
        names: of the inputs.
        values: (samples, inputs).
        outcome: (samples,); samples where it is NaN are left out.
        resamples: bootstrap resamples.
        seed: of the bootstrap.

    Raises:
        SimError: fewer than 10 samples have an outcome.
    """
    runs = np.isfinite(outcome)
    count = int(runs.sum())
    if count < FEWEST:
        raise SimError(
            f"Only {count} samples have a result; at least {FEWEST} are needed to rank the inputs."
        )
    inputs, reached = values[runs], outcome[runs]
    # Ranks are taken once: re-ranking each resample would change the intervals by less than their noise.
    ordered = ranks(np.column_stack([inputs, reached]))
    regress = count >= 3 * (len(names) + 1)
    spearman, regression = _both(ordered, np.full(count, 1 / count), regress)
    strength = spearman if regression is None else regression
    low, high = _interval(ordered, regress, resamples, seed)
    tails = _tail_means(inputs, reached)
    table = [
        InputStrength(
            name, float(strength[at]), float(low[at]), float(high[at]), float(spearman[at]),
            None if regression is None else float(regression[at]), float(tails[0][at]), float(tails[1][at]),
        )
        for at, name in enumerate(names)
    ]  # fmt: skip
    return tuple(sorted(table, key=lambda one: -abs(one.strength)))


def _both(ordered: Floats, weights: Floats, regress: bool) -> tuple[Floats, Floats | None]:
    centred = ordered - weights @ ordered
    covariance = (centred * weights[:, None]).T @ centred
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    # Ranks run to the count of samples: what is spread less than this is equal but for rounding.
    scale = np.where(spread > 1e-9 * len(ordered), spread, np.inf)
    correlation = covariance / np.outer(scale, scale)
    spearman = correlation[:-1, -1]
    if not regress:
        return spearman, None
    inside = correlation[:-1, :-1]
    # An input that does not vary in a resample gives a singular matrix; least squares then leaves it at 0.
    return spearman, np.asarray(np.linalg.lstsq(inside, spearman, rcond=1e-10)[0])


def _interval(ordered: Floats, regress: bool, resamples: int, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    count = len(ordered)
    drawn = []
    for _ in range(resamples):
        weights = np.bincount(rng.integers(0, count, count), minlength=count) / count
        spearman, regression = _both(ordered, weights, regress)
        drawn.append(spearman if regression is None else regression)
    low, high = np.quantile(np.array(drawn), INTERVAL, axis=0)
    return low, high


def _tail_means(inputs: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    part = round(TAIL * len(outcome))
    ordered = outcome[np.argsort(inputs, axis=0, kind="stable")]
    return ordered[:part].mean(axis=0), ordered[-part:].mean(axis=0)
