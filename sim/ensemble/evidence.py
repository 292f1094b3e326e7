"""What a calibration left beside the posterior, as far as a run's record and report repeat it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.ensemble.choosing import posterior_file
from sim.ensemble.members import Origin
from sim.ensemble.paired import goal_kpi
from sim.ensemble.posterior import identity, own_posterior, posterior_digest
from sim.ensemble.project import Project
from sim.ensemble.shapes import NUMBER, TEXT, TRUTH, fits, maybe
from sim.errors import BadInput, SimError
from sim.files import read_bytes, write_whole
from sim.limits import EVIDENCE_FILE

__all__ = ["belongs", "beside", "evidence_file", "evidence_summary", "is_current", "write_evidence"]

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
    """Return the evidence of the posterior that runs of this place use, None where that has none."""
    path = beside(posterior_file(project) or own_posterior(project))
    return path if path.exists() else None


def is_current(found: Mapping[str, Any], project: Project) -> bool:
    """Tell whether evidence is of the posterior that runs of this place use; without one, of its data."""
    path = posterior_file(project)
    if path is None:
        return bool(found.get("made_for") == identity(project))
    try:
        return belongs(found, project, posterior_digest(path, signed=path == own_posterior(project)))
    except BadInput:
        return False


def evidence_summary(project: Project, origin: Origin) -> tuple[dict[str, Any] | None, str]:
    """Return the parts that a record keeps, and "" or why there are none.

    The evidence is that beside the posterior which the members come from. The reason is ``none`` (no file
    beside it), ``unread`` (damaged, which sim evidence tells more of), or ``other`` (of other members,
    another model or other data).
    """
    path = beside(origin.path)
    if not path.exists():
        return None, "none"
    try:
        found = json.loads(read_bytes(path, EVIDENCE_FILE))
    except (BadInput, ValueError, RecursionError):
        return None, "unread"
    if not fits(found, REPEATED):
        return None, "unread"
    if origin.adapted is not None or not belongs(found, project, origin.digest):
        return None, "other"
    contraction = {key: found["contraction"][key] for key in ("threshold", "sampled", "above", "untouched")}
    levers = {key: found["levers"][key] for key in ("plan", "chances")}
    identified = sum(bool(lever["identified"]) for lever in found["levers"]["levers"])
    return {
        "observations": len(project.observations),
        "contraction": contraction,
        "levers": levers | {"identified": identified, "count": len(found["levers"]["levers"])},
        "figures": found["anchors"]["figures"],
    }, ""


def belongs(found: Mapping[str, Any], project: Project, digest: str) -> bool:
    """Tell whether evidence is of this model, these data, this goal and the members with that digest."""
    goal = goal_kpi(project)
    same_goal = found.get("goal") == {"year": goal.year, "target": goal.target}
    return same_goal and found.get("made_for") == identity(project) and found.get("posterior") == digest
