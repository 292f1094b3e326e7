"""Which members a run takes: the calibrated ones where there are any, else draws from the priors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.ensemble.members import Members, draw_members
from sim.ensemble.posterior import own_posterior, read_posterior
from sim.ensemble.project import Project
from sim.ensemble.runner import Progress
from sim.ensemble.sampling import check_count, check_seed
from sim.errors import BadInput

__all__ = ["ENSEMBLES", "Choice", "chosen_members", "posterior_file"]

ENSEMBLES = ("auto", "prior", "posterior")


@dataclass(frozen=True)
class Choice:
    """What was asked for.

    ``auto`` takes the posterior if there is one; ``file`` is a posterior other than the place's;
    ``other_model`` accepts one that was calibrated for another model or other data.
    """

    ensemble: str = "auto"
    file: Path | None = None
    other_model: bool = False


def chosen_members(
    project: Project,
    count: int,
    seed: int,
    choice: Choice | None = None,
    progress: Progress | None = None,
) -> Members:
    """Return the members of a run.

    Fewer members than the posterior holds are picked by the seed; the whole posterior comes in its own order.

    Raises:
        BadInput: the posterior is missing, damaged, or another model's, or holds too few members.
    """
    check_count(count)
    check_seed(seed)
    asked = choice or Choice()
    if asked.ensemble not in ENSEMBLES:
        raise BadInput(f"The ensemble '{asked.ensemble}' is not known. Allowed: {', '.join(ENSEMBLES)}.")
    file = None if asked.ensemble == "prior" else asked.file or posterior_file(project)
    if file is None and asked.ensemble == "posterior":
        raise BadInput("This place has no posterior. Make one with sim calibrate, or use --ensemble=prior.")
    if file is None:
        return draw_members(project, count, seed, progress)
    signed = asked.file is None and file == own_posterior(project)
    members = read_posterior(file, project, other_model=asked.other_model, signed=signed)
    return _picked(members, count, seed)


def posterior_file(project: Project) -> Path | None:
    """Return the place's posterior: the user's own calibration if there is one, else the one it came with."""
    own = own_posterior(project)
    return own if own.exists() else project.study.find("calibration", "posterior.npz")


def _picked(members: Members, count: int, seed: int) -> Members:
    if count > len(members):
        raise BadInput(
            f"The posterior holds {len(members)} members and {count} are asked for. Give --members of at "
            f"most {len(members)}, calibrate more with sim calibrate --members, or use --ensemble=prior."
        )
    if count == len(members):
        return members
    return members.part(np.sort(np.random.default_rng(seed).permutation(len(members))[:count]), seed)
