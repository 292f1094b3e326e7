"""The priors' distributions: their inverses, applied to uniform draws, and their densities."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from sim.ensemble.runner import Floats
from sim.spec.priors import Prior

__all__ = ["Range", "inverse", "log_density", "range_of", "support"]

Range: TypeAlias = tuple[str, float, float, float]
"""A prior's distribution, low, value and high."""

TAIL = 0.001
"""Normal and lognormal priors are cut off below their 0.1 % and above their 99.9 % point."""


def inverse(prior: Prior, uniform: Floats) -> Floats:
    """Return the values of ``prior``, in its unit, at the probabilities ``uniform``.

    Args:
        prior: a sampled prior; normal and lognormal go through low at 5 % and high at 95 %,
            then are truncated at 0.1 and 99.9 %; the others lie between low and high with mode value.
        uniform: probabilities between 0 and 1, any shape.
    """
    match prior.distribution:
        case "normal":
            return _normal(uniform, prior.low, prior.high)
        case "lognormal":
            return np.exp(_normal(uniform, np.log(prior.low), np.log(prior.high)))
        case "uniform":
            return prior.low + (prior.high - prior.low) * uniform
        case "triangular":
            return _triangular(uniform, prior.low, prior.value, prior.high)
        case "pert":
            return _pert(uniform, prior.low, prior.value, prior.high)
        case _:
            return np.full(uniform.shape, prior.value)


def _normal(uniform: Floats, low: float, high: float) -> Floats:
    from scipy.special import ndtri

    kept = TAIL + (1 - 2 * TAIL) * uniform
    z: Floats = ndtri(kept) / ndtri(0.95)
    return (low + high) / 2 + z * (high - low) / 2


def _triangular(uniform: Floats, low: float, mode: float, high: float) -> Floats:
    width = high - low
    rising = low + np.sqrt(uniform * width * (mode - low))
    falling = high - np.sqrt((1 - uniform) * width * (high - mode))
    return np.where(uniform * width < mode - low, rising, falling)


def _pert(uniform: Floats, low: float, mode: float, high: float) -> Floats:
    """Beta-PERT with weight 4 on the mode (Malcolm et al. 1959, Operations Research 7(5))."""
    from scipy.special import betaincinv

    width = high - low
    first, second = 1 + 4 * (mode - low) / width, 1 + 4 * (high - mode) / width
    share: Floats = betaincinv(first, second, uniform)
    return low + width * share


def range_of(prior: Prior) -> Range:
    """Return what gives a prior its distribution."""
    return prior.distribution, prior.low, prior.value, prior.high


def support(given: Range) -> tuple[float, float]:
    """Return the smallest and the largest value of a sampled prior."""
    kind, low, _, high = given
    if kind not in ("normal", "lognormal"):
        return low, high
    ends = np.array([0.0, 1.0])
    if kind == "normal":
        first, last = _normal(ends, low, high)
    else:
        first, last = np.exp(_normal(ends, np.log(low), np.log(high)))
    return float(first), float(last)


def log_density(given: Range, x: Floats) -> Floats:
    """Return the log density of a sampled prior at ``x`` (any shape), -inf outside its support."""
    kind, low, mode, high = given
    first, last = support(given)
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "normal":
            found = _log_normal(x, low, high)
        elif kind == "lognormal":
            found = _log_normal(np.log(x), np.log(low), np.log(high)) - np.log(x)
        elif kind == "uniform":
            found = np.full(x.shape, -np.log(high - low))
        elif kind == "triangular":
            rising, falling = (x - low) / (mode - low), (high - x) / (high - mode)
            found = np.log(2 / (high - low)) + np.log(
                np.where(x < mode, rising, np.where(x > mode, falling, 1))
            )
        else:
            found = _log_pert((x - low) / (high - low), (mode - low) / (high - low)) - np.log(high - low)
    return np.where((x >= first) & (x <= last), found, -np.inf)


def _log_normal(x: Floats, low: float, high: float) -> Floats:
    from scipy.special import ndtri

    deviation = (high - low) / 2 / ndtri(0.95)
    z = (x - (low + high) / 2) / deviation
    kept = deviation * (1 - 2 * TAIL) * np.sqrt(2 * np.pi)
    return np.asarray(-0.5 * z**2 - np.log(kept))


def _log_pert(share: Floats, mode: float) -> Floats:
    from scipy.special import betaln, xlog1py, xlogy

    return np.asarray(
        xlogy(4 * mode, share) + xlog1py(4 * (1 - mode), -share) - betaln(1 + 4 * mode, 5 - 4 * mode)
    )
