"""Tables for checks alone: the indicator that each lever must move, and the flows of each stock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.references import Reference, parse_reference
from sim.spec.tables import read_table

__all__ = ["LeverIndicator", "StockFlows", "load_flows", "load_lever_indicators"]

LEVER_COLUMNS = ("lever", "variable", "year", "direction", "note")
FLOW_COLUMNS = ("stock", "inflows", "outflows", "what", "note")
KINDS = ("firms", "people", "capital", "land", "money")


@dataclass(frozen=True)
class LeverIndicator:
    """What a lever is for: more of it must never move ``variable`` against ``direction`` (up or down)."""

    lever: str
    variable: Reference
    year: int
    direction: str
    line: int


@dataclass(frozen=True)
class StockFlows:
    """A stock and all of its flows; ``what`` is conserved: firms, people, capital, land or money."""

    stock: str
    inflows: tuple[str, ...]
    outflows: tuple[str, ...]
    what: str
    line: int


def load_lever_indicators(path: Path | None = None) -> tuple[LeverIndicator, ...]:
    """Load ``model/lever_indicators.csv``; BadInput names the first mistake's row and column."""
    return tuple(
        LeverIndicator(
            row.text("lever"),
            parse_reference(row.text("variable")),
            row.year("year", 2025, 2040),
            row.choice("direction", ("up", "down")),
            row.line,
        )
        for row in read_table(path or content("model", "lever_indicators.csv"), LEVER_COLUMNS)
    )


def load_flows(path: Path | None = None) -> tuple[StockFlows, ...]:
    """Load ``model/flows.csv``; BadInput names the first mistake's row and column."""
    return tuple(
        StockFlows(
            row.text("stock"),
            row.several("inflows"),
            row.several("outflows"),
            row.choice("what", KINDS),
            row.line,
        )
        for row in read_table(path or content("model", "flows.csv"), FLOW_COLUMNS)
    )
