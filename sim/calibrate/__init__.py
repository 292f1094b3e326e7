"""Calibration: from priors and observations to members that agree with what is known."""

from __future__ import annotations

from sim.calibrate.run import Asked, Calibration, calibrate
from sim.calibrate.sampling import Settings
from sim.calibrate.weighing import evidence_of, skill_of

__all__ = ["Asked", "Calibration", "Settings", "calibrate", "evidence_of", "skill_of"]
