"""Studies on top of the ensemble: sweeps and the inputs that matter most."""

from __future__ import annotations

from sim.analyse.strength import InputStrength, strongest_inputs
from sim.analyse.sweep import SweepBlock, SweepPlan, parse_vary, plan_sweep, run_sweep

__all__ = [
    "InputStrength",
    "SweepBlock",
    "SweepPlan",
    "parse_vary",
    "plan_sweep",
    "run_sweep",
    "strongest_inputs",
]
