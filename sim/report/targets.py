"""Indicators against targets: met or missed, by how much, and how likely."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.figures import Interval, Text, paired_intervals
from sim.report.blocks import Block, Document, cell, figure, para, runs, section, table
from sim.report.record import Record, created

__all__ = ["Verdict", "band", "chance_words", "past", "section_targets", "verdicts"]

ARMS = ("baseline", "scenario")
# As many rows as fit on a page with their names readable.
MOST_IN_CHART = 32
# An interval longer than this share of the target (in %) ends in an arrow.
CHART_LIMIT = 200.0

BOUNDS = ((0.9, "very_likely"), (0.66, "likely"), (0.33, "even"), (0.1, "unlikely"))


@dataclass(frozen=True)
class Verdict:
    """How the median of one arm stands to a target: ``miss`` is 0 if met, else the distance."""

    row: Record
    miss: float
    share: float

    @property
    def met(self) -> bool:
        """Whether the median meets the target."""
        return self.miss == 0.0


def chance_words(text: Text, chance: float | None) -> str:
    """Return the word for a probability, as section 1 of the report defines it."""
    if chance is None:
        return "–"
    word = next((name for bound, name in BOUNDS if chance >= bound), "very_unlikely")
    return text(f"likelihood.{word}")


def verdicts(record: Record, arm: str) -> list[Verdict]:
    """Return the verdict on each indicator with a target, for the median of ``arm``."""
    return [
        _verdict(row, row[arm]["p50"])
        for row in record["kpis"]
        if row["target"] is not None and row[arm]["p50"] is not None
    ]


def _verdict(row: Record, median: float) -> Verdict:
    target = float(row["target"])
    distance = median - target if row["direction"] == "below" else target - median
    miss = max(distance, 0.0)
    return Verdict(row, miss, miss / abs(target) if target else math.inf if miss else 0.0)


def gap(verdict: Verdict, text: Text) -> str:
    """Return "met", or by how much a target is missed."""
    if verdict.met:
        return text("indicators.met")
    kind = "over" if verdict.row["direction"] == "below" else "missed"
    if text.of(verdict.row["unit"]) == "%":
        return text(f"indicators.{kind}", gap=text("indicators.points", value=text.number(verdict.miss)))
    return text(f"indicators.{kind}_share", gap=text.number(verdict.miss), share=text.percent(verdict.share))


def section_targets(record: Record, text: Text, document: Document) -> Block:
    """Return the section with the chart and the table of all targets."""
    marked = any(past(row, record) for row in record["kpis"])
    return section(
        text("indicators.heading"),
        [
            para(runs(text, "indicators.intro"), runs(text, "indicators.past") if marked else []),
            _table(record, text),
            *_charts(record, text, document),
        ],
    )


def past(row: Record, record: Record) -> bool:
    """Whether a target's year was over when the run was made: it can be checked, not aimed at."""
    return row["target"] is not None and int(row["year"]) < created(record).year


def _label(row: Record, text: Text) -> str:
    mark = "≤ " if row["direction"] == "below" else ""
    return f"{mark}{text.title(row)} {row['year']}"


def _charts(record: Record, text: Text, document: Document) -> list[Block]:
    """Draw the indicators with a target above zero, in percent of it, a page of them at a time."""
    rows = [row for row in record["kpis"] if row["target"] and _drawable(row)]
    parts = -(-len(rows) // MOST_IN_CHART)
    size = -(-len(rows) // max(parts, 1))
    limit = _limit([_intervals(rows, arm, text) for arm in ARMS])
    return [
        _chart(rows[part * size : (part + 1) * size], (part + 1, parts), limit, text, document)
        for part in range(parts)
    ]


def _intervals(rows: list[Record], arm: str, text: Text) -> list[Interval]:
    shares = ("p05", "p50", "p95")
    return [Interval(_label(row, text), *(100 * row[arm][p] / row["target"] for p in shares)) for row in rows]


def _chart(
    rows: list[Record], part: tuple[int, int], limit: float | None, text: Text, document: Document
) -> Block:
    baseline, scenario = (_intervals(rows, arm, text) for arm in ARMS)
    drawn = paired_intervals(
        baseline, scenario, text("figures.share_of_target"), text,
        reference=(100.0, text("figures.reference")), limit=limit,
    )  # fmt: skip
    number, parts = part
    caption = text("indicators.chart") + (f" ({number}/{parts})" if parts > 1 else "")
    alt = caption + " " + text("indicators.chart_note") + " " + " ".join(
        f"{row.name}: {text.band(row.low, row.middle, row.high)}%." for row in scenario
    )  # fmt: skip
    return figure(document, f"targets-{number}", drawn, caption, alt, note=text("indicators.chart_note"))


def _drawable(row: Record) -> bool:
    return all(row[arm][p] is not None for arm in ("baseline", "scenario") for p in ("p05", "p50", "p95"))


def _limit(arms: list[list[Interval]]) -> float | None:
    return CHART_LIMIT if max((row.high for arm in arms for row in arm), default=0) > CHART_LIMIT else None


def _table(record: Record, text: Text) -> Block:
    met = {id(verdict.row): verdict for verdict in verdicts(record, "scenario")}
    return table(
        text("indicators.caption"), text("indicators.alt_table"), text.entry("indicators.columns"),
        [2, "auto", "auto", "auto", "auto", "auto", 1], "lcrrrrl",
        [_row(row, met.get(id(row)), record, text) for row in record["kpis"]], small=True,
    )  # fmt: skip


def _row(row: Record, verdict: Verdict | None, record: Record, text: Text) -> list[Block | str]:
    target = text.number(row["target"])
    chances = [row[arm].get("probability_met") for arm in ("baseline", "scenario")]
    mark = text("words.open_year") if past(row, record) else ""
    return [
        text("indicators.name", name=text.title(row), unit=text.of(row["unit"])),
        f"{row['year']}{mark}",
        text("indicators.at_most", value=target) if row["direction"] == "below" and verdict else target,
        band(row["baseline"], text),
        band(row["scenario"], text),
        "\u00a0→\u00a0".join(text.percent(chance) for chance in chances) if verdict else "–",
        _judgement(verdict, text),
    ]


def _judgement(verdict: Verdict | None, text: Text) -> Block:
    if verdict is None:
        return cell(text("indicators.no_target"), "open")
    return cell(gap(verdict, text), "good" if verdict.met else "bad")


def band(quantiles: Record, text: Text) -> str:
    """Return "median (5%–95%)" of one arm."""
    return text.band(quantiles["p05"], quantiles["p50"], quantiles["p95"])
