"""Inverse distribution functions of the priors, applied to uniform draws."""

from __future__ import annotations

import numpy as np

from sim.ensemble.runner import Floats
from sim.spec.priors import Prior

__all__ = ["inverse"]

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
