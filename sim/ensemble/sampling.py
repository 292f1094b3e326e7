"""Prior draws: one column for each sampled prior, one row for each member."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from sim.ensemble.distributions import inverse
from sim.ensemble.runner import Floats
from sim.errors import BadInput
from sim.spec.priors import Prior

__all__ = ["MAX_MEMBERS", "check_count", "check_seed", "prior_draws", "stream"]

MAX_MEMBERS = 1_000_000


def check_count(members: int, what: str = "members") -> None:
    """Raise BadInput unless the count is from 1 to a million."""
    if not 1 <= members <= MAX_MEMBERS:
        raise BadInput(f"{members} {what} given. Allowed: 1 to {MAX_MEMBERS:,}. 1000 is a good number.")


def check_seed(seed: int) -> None:
    """Raise BadInput unless the seed is a whole number from 0 to 2^63 - 1, as a database can keep."""
    if not 0 <= seed < 2**63:
        raise BadInput(f"The seed {seed} is outside 0 to 2^63 - 1.")


def stream(seed: int, name: str, begin: int = 0) -> np.random.Generator:
    """Return the random numbers that belong to a seed and a name, whatever else is drawn, from one on."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest)).advance(begin))


def prior_draws(priors: Sequence[Prior], members: int, seed: int) -> Floats:
    """Return (members, priors) independent draws, a scrambled Sobol sequence through the inverse CDFs.

    The draw is a power of two long and cut to ``members``, so fewer members of the same seed
    are the first ones of more.
    """
    if not priors:
        return np.empty((members, 0))
    # SciPy's statistics take 0.6 s to import; a run whose members are cached never comes here.
    from scipy.stats import qmc

    sobol = qmc.Sobol(len(priors), scramble=True, rng=np.random.default_rng(seed))
    uniform = sobol.random_base2((members - 1).bit_length())[:members]
    columns = [inverse(prior, uniform[:, at]) for at, prior in enumerate(priors)]
    return np.stack(columns, axis=1)
