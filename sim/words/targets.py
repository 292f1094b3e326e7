"""The verdict on a target, and how many targets are likely to be met; one rule for every page.

The verdict is the word of the printed probability. A target whose starting level no document gives has none:
the model's level is then an assumption, and a probability would measure only that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sim.words.shares import BOUNDS, likelihood, whole_percent
from sim.words.vocabulary import word

__all__ = ["Verdict", "ahead", "assessed", "past", "sample_size", "targets_likely", "unassessed", "verdict"]

Row = Mapping[str, Any]
SECOND_READING = "city-gdp-current"
"""The goal at current prices is the target at constant ones, read otherwise: it is not counted twice."""

TONES = {"very_likely": "good", "likely": "good", "even": "open", "unlikely": "bad", "very_unlikely": "bad"}


@dataclass(frozen=True)
class Verdict:
    """A judgement: its key in the vocabulary, and its tone: good, open or bad."""

    key: str
    tone: str

    def text(self, lang: str) -> str:
        """Return the judgement in words."""
        return word(lang, self.key)


def assessed(kpi: Row) -> bool:
    """Whether an indicator's target can be judged: it has one, a starting figure, and a probability."""
    known = kpi["target"] is not None and kpi.get("assessed", True)
    return known and kpi["scenario"].get("probability_met") is not None


def verdict(kpi: Row, arm: str) -> Verdict:
    """Return the judgement on an indicator's target in an arm (baseline or scenario)."""
    if kpi["target"] is None:
        return Verdict("no_target", "open")
    share = kpi[arm].get("probability_met")
    if share is None or not assessed(kpi):
        return Verdict("not_assessed", "open")
    found = likelihood(share)
    return Verdict(found, TONES[found])


def past(kpi: Row, record: Row) -> bool:
    """Whether a target's year was over when the run was made: it can be checked, not aimed at."""
    made = datetime.fromisoformat(str(record["created"])).year
    return kpi["target"] is not None and int(kpi["year"]) < made


def ahead(record: Row) -> list[Row]:
    """Return the indicators with a target that can be judged and whose year is not over, each target once."""
    return [kpi for kpi in _coming(record) if assessed(kpi)]


def unassessed(record: Row) -> list[Row]:
    """Return the indicators with a target whose year is not over and that cannot be judged."""
    return [kpi for kpi in _coming(record) if not assessed(kpi)]


def targets_likely(record: Row, arm: str) -> int:
    """Return how many of the targets ahead are at least likely in an arm."""
    least = BOUNDS["likely"]
    return sum(whole_percent(kpi[arm]["probability_met"]) >= least for kpi in ahead(record))


def sample_size(record: Row) -> float:
    """Return how many independent members a run's probabilities rest on.

    Members of a posterior that was reweighted for other priors are worth fewer than their number. A part of
    them errs as the whole does and, beside, as a part drawn without replacement: the variances add up.
    """
    kept = float(max(record["members"] - record.get("failed_members", 0), 1))
    adapted = record.get("adapted") or {}
    effective = min(float(adapted.get("effective", kept)), float(adapted.get("members", kept)))
    drawn = max(1 / kept - 1 / adapted["members"], 0.0) if "members" in adapted else 0.0
    return min(kept, 1 / (1 / effective + drawn))


def _coming(record: Row) -> list[Row]:
    rows = (kpi for kpi in record["kpis"] if kpi["id"] != SECOND_READING and kpi["target"] is not None)
    return [kpi for kpi in rows if not past(kpi, record)]
