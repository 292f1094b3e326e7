"""The run record: one plain dictionary that is stored, printed and drawn."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.audit import Settings, findings_for_record, load_settings
from sim.ensemble.funding import funding_record
from sim.ensemble.goal import ARMS, goal_of, plain, summary
from sim.ensemble.indicators import met_share, quantiles
from sim.ensemble.lanes import describe_scenario
from sim.ensemble.members import Members
from sim.ensemble.paired import Paired, goal_kpi
from sim.ensemble.project import Project
from sim.ensemble.provenance import describe_adapted, provenance
from sim.ensemble.ranks import rank_correlations
from sim.spec.charts import ChartSeries
from sim.spec.kpis import Kpi
from sim.spec.priors import Prior
from sim.spec.scenario import Scenario
from sim.words import ahead, sample_size, targets_likely, unassessed

__all__ = ["RunRecord", "make_record", "short_record"]

BAND = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
MOST_IN_RANKS = 4096
"""Members that rank correlations are taken over, so that a very large run is not slowed down."""

SHORT = (
    "run_id", "seed", "members", "ensemble", "adapted", "no_evidence", "price_basis", "scenario", "goal",
    "targets", "kpis", "provenance", "elapsed_s",
)  # fmt: skip


@dataclass(frozen=True)
class RunRecord:
    """A run as it is stored.

    ``record`` is plain JSON data; ``members_indicators`` is (2 arms, members, kpi rows), in
    shown units, with NaN for members that failed.
    """

    record: dict[str, Any]
    members_indicators: NDArray[np.float32]


def make_record(
    project: Project,
    scenario: Scenario,
    members: Members,
    paired: Paired,
    *,
    evidence: dict[str, Any] | None = None,
    no_evidence: str = "",
    run_id: str | None = None,
    command: Sequence[str] = (),
    tags: Sequence[str] = (),
    elapsed_s: float = 0.0,
) -> RunRecord:
    """Return the record of a finished run; ``run_id`` is made from the clock if none is given.

    ``evidence`` is what the calibration behind the members found, or ``no_evidence`` why it is not there.
    """
    now = datetime.now(UTC)
    blob = np.where(paired.kept[:, None], paired.indicators, np.nan).astype(np.float32)
    # What the goal's errors are reckoned with.
    counts = {"members": len(members), "failed_members": int((~paired.kept).sum())} | _adapted(members)
    record: dict[str, Any] = {
        "run_id": run_id or f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        "created": now.isoformat(timespec="seconds"),
        "status": "complete",
        "command": list(command),
        "tags": list(tags),
        "seed": members.seed,
        **counts,
        "ensemble": members.ensemble,
        "price_basis": "constant 2024 prices",
        "place": project.place.plain(),
        "scenario": describe_scenario(project, scenario),
        "goal": goal_of(project, paired, sample_size(counts)),
        "kpis": [_kpi(project, kpi, paired, column) for column, kpi in enumerate(project.kpis)],
        "series": _all_series(project, paired),
        **_funding(project, paired),
        "assumptions": _assumptions(project, members, paired),
        "levers_available": len(project.levers),
        "provenance": provenance(project, members, scenario),
        "findings": findings_for_record(project.facts, _audit_settings(project)),
        **({"evidence": evidence} if evidence else {}),
        **({"no_evidence": no_evidence} if no_evidence else {}),
        "sources": [{"source": source.id, "title": source.title} for source in project.sources],
        "elapsed_s": round(elapsed_s, 3),
    }
    return RunRecord(record | {"targets": _targets(record)}, blob)


def _adapted(members: Members) -> dict[str, Any]:
    taken_over = members.origin is not None and members.origin.adapted is not None
    return {"adapted": describe_adapted(members)} if taken_over else {}


def short_record(record: dict[str, Any]) -> dict[str, Any]:
    """Return what ``sim run --json`` prints of a record; units are English words, as the keys are."""
    kpis = [kpi | {"unit": kpi["unit"]["en"]} for kpi in record["kpis"]]
    short = {name: record[name] for name in SHORT if name in record} | {"kpis": kpis}
    if "funding" in record:
        short["funding"] = [purse | {"unit": purse["unit"]["en"]} for purse in record["funding"]]
    return short


def _targets(record: dict[str, Any]) -> dict[str, int]:
    """Return how many targets ahead can be assessed, cannot be, and are at least likely to be met."""
    likely = {arm: targets_likely(record, arm) for arm in ARMS}
    return {"assessed": len(ahead(record)), "not_assessed": len(unassessed(record)), **likely}


def _kpi(project: Project, kpi: Kpi, paired: Paired, column: int) -> dict[str, Any]:
    """``count`` is there where whole things are counted, with the last published count's year and facts."""
    values = paired.indicators[:, paired.kept, column]
    count = next((one for one in project.counts if one.id == kpi.id), None)

    def arm(at: int) -> dict[str, Any]:
        share = met_share(values[at], kpi.direction, kpi.target) if kpi.assessed else None
        return summary(values[at], whole=count is not None) | {"probability_met": share}

    shared = {"id": kpi.id, "zh": kpi.zh, "en": kpi.en, "year": kpi.year, "target": kpi.target}
    shared |= {"direction": kpi.direction, "unit": {"zh": kpi.unit_zh, "en": kpi.unit_en}}
    judged = {"start": list(kpi.start), "assessed": kpi.assessed}
    counted = {"count": {"year": count.year, "facts": list(count.facts)}} if count else {}
    return shared | judged | counted | {ARMS[0]: arm(0), ARMS[1]: arm(1)}


def _all_series(project: Project, paired: Paired) -> list[dict[str, Any]]:
    shown = paired.series.shape[-1]
    bands = quantiles(paired.series[..., paired.kept[:shown]], tuple(BAND.values()))
    return [_series(chart, paired.time, bands[:, row]) for row, chart in enumerate(project.charts)]


def _funding(project: Project, paired: Paired) -> dict[str, Any]:
    """Return what purses are asked for and pay, nothing where no lever asks for money."""
    kept = paired.kept[: paired.funding.shape[-1]]
    rows = funding_record(project.purses, paired.time, paired.funding[..., kept])
    return {"funding": rows} if rows else {}


def _series(chart: ChartSeries, time: NDArray[np.float64], bands: NDArray[np.float64]) -> dict[str, Any]:
    """``bands`` is (quantiles, 2 arms, times)."""

    def arm(at: int) -> dict[str, list[float | None]]:
        return {name: [plain(value) for value in bands[row, at]] for row, name in enumerate(BAND)}

    return {
        "chart": chart.chart,
        "series": chart.series,
        "zh": chart.zh,
        "en": chart.en,
        "unit": {"zh": chart.unit_zh, "en": chart.unit_en},
        "time": [float(year) for year in time],
        ARMS[0]: arm(0),
        ARMS[1]: arm(1),
        "points": [
            {"year": point.year, "value": plain(point.value), "kind": point.kind, "fact": point.fact}
            for point in chart.points
        ],
    }


def _assumptions(project: Project, members: Members, paired: Paired) -> list[dict[str, Any]]:
    """Return every prior, the sampled ones with how closely the scenario's goal goes with them."""
    column = project.kpis.index(goal_kpi(project))
    kept = np.flatnonzero(paired.kept)[:MOST_IN_RANKS]
    found = rank_correlations(members.draws[kept], paired.indicators[1, kept, column])
    sampled = {id(prior): float(one) for prior, one in zip(project.sampled, found, strict=True)}
    return [
        _assumption(prior) | {"goal_correlation": plain(sampled.get(id(prior), math.nan))}
        for prior in project.priors
    ]


def _assumption(prior: Prior) -> dict[str, Any]:
    return {
        "constant": str(prior.constant),
        "unit": prior.unit,
        "value": prior.value,
        "low": prior.low,
        "high": prior.high,
        "distribution": prior.distribution,
        "evidence": prior.evidence,
        "source": prior.source,
    }


def _audit_settings(project: Project) -> Settings:
    return load_settings(project.study.path("calibration", "audit.toml"))
