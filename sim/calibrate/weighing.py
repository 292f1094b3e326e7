"""What a calibration leaves behind besides members: the evidence, as plain data."""

from __future__ import annotations

from typing import Any

from sim.calibrate.evidence import evidence
from sim.calibrate.run import Calibration
from sim.calibrate.skill import skill
from sim.ensemble.runner import Progress

__all__ = ["evidence_of", "skill_of"]


def evidence_of(found: Calibration, progress: Progress | None = None) -> dict[str, Any]:
    """Return the evidence of a calibration, without its skill."""
    asked = found.asked
    share = len(found.members) / asked.settings.particles
    whole = evidence(
        found.forward, found.likelihood, found.learning, found.members,
        found.sample.effective * share, asked.seed, progress,
    )  # fmt: skip
    # The members' digest says which posterior this is the evidence of.
    return whole | {"posterior": found.posterior.digest, "calibration": found.summary()}


def skill_of(found: Calibration, regions: int, progress: Progress | None = None) -> dict[str, Any]:
    """Return the skill of a calibration, tested on so many made-up regions and on groups left out."""
    return skill(
        found.project, found.learning, found.sample,
        basis=found.basis, regions=regions, seed=found.asked.seed, progress=progress,
    )  # fmt: skip
