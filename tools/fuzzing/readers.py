"""What reads each kind of file, as the commands of ``sim`` do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["read", "run"]


def read(path: Path) -> None:
    """Read a damaged file; its name tells what as. SimError is the only error that may come of it."""
    if path.suffix in (".mdl", ".xmile", ".stmx"):
        from sim.translate.examining import examine

        examine(path)
    elif path.suffix == ".npz":
        from sim.ensemble.posterior import read_posterior

        read_posterior(path, _project(), other_model=False)
    else:
        _readers().get(path.name, _scenario)(path)


def run(path: Path) -> None:
    """Run a damaged model over two lanes, up to a thousand time steps."""
    from sim.engine import load_model
    from sim.engine.timing import timing
    from sim.errors import BadInput

    model = load_model(path)
    times = timing(model.spec.control, None, None, None)
    if times.saves * times.steps > 1000:
        raise BadInput("more time steps than a run of this kind should take")
    model.run(lanes=2)


@cache
def _project() -> Any:
    from sim.ensemble import load_project

    return load_project()


def _scenario(path: Path) -> None:
    from sim.spec.scenario import load_scenario

    load_scenario(path, _levers())


@cache
def _levers() -> Any:
    from sim.spec.levers import load_levers

    return load_levers()


@cache
def _readers() -> Mapping[str, Callable[[Path], Any]]:
    from sim.analyse import validation_tables
    from sim.audit.settings import load_settings
    from sim.calibrate.naive import load_naive
    from sim.spec import (
        anchors,
        charts,
        counts,
        double_uses,
        extremes,
        facts,
        funding,
        glossary,
        kpis,
        levers,
        loops,
        observations,
        parts,
        places,
        priors,
        reported,
        shares,
    )

    return {
        "anchors.csv": anchors.load_anchors,
        "audit.toml": load_settings,
        "charts.csv": charts.load_charts,
        "counts.csv": counts.load_counts,
        "double_uses.csv": double_uses.load_double_uses,
        "extremes.csv": extremes.load_extremes,
        "facts.csv": facts.load_facts,
        "funding.csv": funding.load_purses,
        "glossary.csv": glossary.load_glossary,
        "kpis.csv": kpis.load_kpis,
        "levers.toml": levers.load_levers,
        "loops.csv": loops.load_loops,
        "observations.csv": observations.load_observations,
        "parts.csv": parts.load_parts,
        "priors.csv": priors.load_priors,
        "reported.csv": reported.load_reported,
        "shares.csv": shares.load_shares,
        "sources.csv": facts.load_sources,
        "statistics.csv": reported.load_statistics,
        "study.toml": places.load_place,
        "unused_facts.csv": observations.load_unused_facts,
        "flows.csv": validation_tables.load_flows,
        "lever_indicators.csv": validation_tables.load_lever_indicators,
        "naive.csv": lambda path: load_naive(path, [], facts.load_facts()),
    }
