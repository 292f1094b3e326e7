"""What a calibration left beside the posterior, as far as a run's record and report repeat it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sim.ensemble.posterior import identity, own_posterior
from sim.ensemble.project import Project
from sim.ensemble.shapes import NUMBER, TEXT, TRUTH, fits, maybe
from sim.errors import BadInput, SimError
from sim.files import read_bytes, write_whole
from sim.limits import EVIDENCE_FILE

__all__ = ["beside", "evidence_file", "evidence_summary", "write_evidence"]

SHIPPED = "evidence.json"
BAND = {"p05": NUMBER, "p50": NUMBER, "p95": NUMBER}
ARM = {"constant": NUMBER, "current": NUMBER}
REPEATED = {
    "made_for": {},
    "contraction": {"threshold": NUMBER, "sampled": NUMBER, "above": NUMBER, "untouched": NUMBER},
    "levers": {
        "levers": [{"identified": TRUTH}],
        "plan": {"name": TEXT, "zh": TEXT, "en": TEXT, "levers": NUMBER},
        "chances": [{"factor": NUMBER, "baseline": ARM, "plan": ARM, "effect": BAND}],
    },
    "anchors": {
        "figures": [
            {
                "id": TEXT, "zh": TEXT, "en": TEXT, "year": maybe(NUMBER), "unit": TEXT, "facts": [TEXT],
                "fitted": TRUTH, "side": TEXT, "value": maybe(NUMBER), "error": maybe(NUMBER),
                "discrepancy": maybe(NUMBER), "posterior": BAND, "met": maybe(TRUTH), "inside": maybe(TRUTH),
            }
        ]
    },
}  # fmt: skip
"""The shape of what a record repeats; a file without it is passed over, and sim evidence names it."""


def beside(posterior: Path) -> Path:
    """Return where a posterior's evidence lies: evidence.json, or the posterior's own name with .json."""
    return posterior.with_name(SHIPPED if posterior.name == "posterior.npz" else f"{posterior.stem}.json")


def write_evidence(path: Path, evidence: dict[str, Any]) -> None:
    """Write the evidence in one step: a reader, or a killed process, never meets half of it.

    Raises:
        SimError: it cannot be written; what was there stays as it was.
    """
    text = json.dumps(evidence, ensure_ascii=False, indent=1, allow_nan=False)
    try:
        write_whole(path, (text + "\n").encode(), mode=0o666, durable=True)
    except OSError as error:
        raise SimError(
            f"The evidence {path} cannot be written: {error.strerror}. The posterior is."
        ) from error


def evidence_file(project: Project) -> Path | None:
    """Return the evidence of the user's own calibration, else that of the place, else None."""
    own = beside(own_posterior(project))
    return own if own.exists() else project.study.find("calibration", SHIPPED)


def evidence_summary(project: Project) -> dict[str, Any] | None:
    """Return the parts that a record keeps, or None without evidence of this model and these data."""
    path = evidence_file(project)
    try:
        found = json.loads(read_bytes(path, EVIDENCE_FILE)) if path else {}
    except (BadInput, ValueError, RecursionError):
        # A run does not need the evidence; sim evidence says what is wrong with the file.
        return None
    if not fits(found, REPEATED) or found["made_for"] != identity(project):
        return None
    contraction = {key: found["contraction"][key] for key in ("threshold", "sampled", "above", "untouched")}
    levers = {key: found["levers"][key] for key in ("plan", "chances")}
    identified = sum(bool(lever["identified"]) for lever in found["levers"]["levers"])
    return {
        "observations": len(project.observations),
        "contraction": contraction,
        "levers": levers | {"identified": identified, "count": len(found["levers"]["levers"])},
        "figures": found["anchors"]["figures"],
    }
