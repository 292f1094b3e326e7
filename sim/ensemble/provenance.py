"""All that shaped a run: fingerprints of model, members and data, and versions."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np

import sim
from sim.ensemble.lanes import describe_scenario
from sim.ensemble.members import Members
from sim.ensemble.posterior import identity
from sim.ensemble.project import Project
from sim.spec.scenario import Scenario

__all__ = ["computed_hash", "describe_adapted", "provenance"]

PACKAGES = ("scipy", "jax", "jaxlib", "pysd")
NAMES = {"kpis": "indicators"}
"""What a file's fingerprint is called where its name would not say it."""


def provenance(project: Project, members: Members, scenario: Scenario) -> dict[str, Any]:
    """Return what a run's numbers follow from: two runs alike in all of it have the same numbers.

    ``…_hash`` are SHA-256: of the model's file and of what it computes, of the posterior's file, of the
    members that ran, of the scenario and of each data file. ``effective`` is what reweighted members are
    worth, ``distinct`` how many rows of the posterior they are.
    """
    origin = members.origin
    adapted = origin.adapted if origin else None
    files = {NAMES.get(Path(name).stem, Path(name).stem): value for name, value in project.hashes.items()}
    return {
        "model_hash": project.spec.hash,
        "computed_hash": computed_hash(project),
        **({"posterior_hash": origin.hash} if origin else {}),
        "members_hash": members.hash,
        "scenario_hash": _hash(describe_scenario(project, scenario)),
        **{f"{name}_hash": value for name, value in files.items()},
        **({"other_model": adapted is not None} if origin else {}),
        **({"effective": _rounded(adapted.effective), "distinct": _distinct(members)} if adapted else {}),
        "sim": sim.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        **{name: _version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "time_step": project.spec.control.time_step,
        "integrator": "euler",
    }


def computed_hash(project: Project) -> str:
    """Return one hash of all that the model computes and is fitted to."""
    return _hash(identity(project))


def describe_adapted(members: Members) -> dict[str, Any]:
    """Return how a posterior of another model or other data was taken over, as plain JSON data.

    ``differs`` names what differs by part; ``changed``, ``added`` and ``lost`` are constants whose prior is
    another, is new, or is gone; ``unfitted`` says that more than priors differ; ``members`` of the file are
    worth ``effective``, and those that ran are ``distinct`` rows of it.
    """
    assert members.origin is not None
    adapted = members.origin.adapted
    assert adapted is not None
    return {
        "differs": {part: list(names) for part, names in adapted.differs.items()},
        "changed": list(adapted.changed),
        "added": list(adapted.added),
        "lost": list(adapted.lost),
        "unfitted": adapted.unfitted,
        "members": members.origin.size,
        "effective": _rounded(adapted.effective),
        "distinct": _distinct(members),
    }


def _distinct(members: Members) -> int:
    return len(np.unique(members.rows)) if members.rows is not None else len(members)


def _hash(plain: Any) -> str:
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False).encode()).hexdigest()


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _version(package: str) -> str:
    # Reading it off the imported module spares the search through installed packages.
    loaded = getattr(sys.modules.get(package), "__version__", None)
    return str(loaded) if loaded else importlib.metadata.version(package)
