"""Indicators against targets: how likely each is met, and by how much the median misses it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.figures import Interval, Text, paired_intervals
from sim.report.blocks import Block, Document, cell, figure, para, runs, section, table
from sim.report.record import Record
from sim.words import (
    NONE,
    Unit,
    assessed,
    band,
    chance,
    given,
    likelihood,
    number,
    past,
    percent,
    verdict,
    word,
)

__all__ = ["Miss", "band_of", "chance_word", "gap", "gap_share", "median_miss", "section_targets"]

ARMS = ("baseline", "scenario")
# As many rows as fit on a page with their names readable.
MOST_IN_CHART = 32
# An interval longer than this share of the target (in %) ends in an arrow.
CHART_LIMIT = 200.0


@dataclass(frozen=True)
class Miss:
    """By how much the median of an arm misses a target, in its unit and as a share of it; 0 if it is met."""

    size: float
    share: float


def chance_word(share: float | None, text: Text) -> str:
    """Return the word for a probability, as section 1 of the report defines it."""
    return NONE if share is None else word(text.lang, likelihood(share))


def median_miss(row: Record, arm: str) -> Miss | None:
    """Return by how much the median of ``arm`` misses the target of an indicator; None where it meets it."""
    target, median = float(row["target"]), row[arm]["p50"]
    size = median - target if row["direction"] == "below" else target - median
    return Miss(size, size / abs(target) if target else math.inf) if size > 0 else None


def gap(row: Record, miss: Miss, text: Text) -> str:
    """Return by how much the median misses a target, in words."""
    kind = "over" if row["direction"] == "below" else "missed"
    size = number(miss.size, shift=text.unit(row).shift)
    if text.of(row["unit"]) == "%":
        return text(f"indicators.{kind}", gap=text("indicators.points", value=size))
    return text(f"indicators.{kind}_share", gap=size, share=percent(miss.share))


def gap_share(row: Record, miss: Miss, text: Text) -> str:
    """Return how far towards a missed target the median comes, in words."""
    key = "summary.worst_over" if row["direction"] == "below" else "summary.worst"
    share = miss.share if row["direction"] == "below" else 1 - miss.share
    return text(key, name=text.title(row), year=row["year"], share=percent(share))


def section_targets(record: Record, text: Text, document: Document) -> Block:
    """Return the section with the chart and the table of all targets."""
    marked = any(past(row, record) for row in record["kpis"])
    unassessed = any(row["target"] is not None and not assessed(row) for row in record["kpis"])
    return section(
        text("indicators.heading"),
        [
            para(
                runs(text, "indicators.intro"),
                runs(text, "indicators.unassessed") if unassessed else [],
                runs(text, "indicators.past") if marked else [],
            ),
            _table(record, text),
            *_charts(record, text, document),
        ],
    )


def _label(row: Record, text: Text) -> str:
    mark = "≤ " if row["direction"] == "below" else ""
    return f"{mark}{text.title(row)} {row['year']}"


def _charts(record: Record, text: Text, document: Document) -> list[Block]:
    """Draw the indicators that can be assessed, in percent of their targets, a page of them at a time."""
    rows = [row for row in record["kpis"] if row["target"] and assessed(row) and _drawable(row)]
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
    at, parts = part
    below = any(row["direction"] == "below" for row in rows)
    note = text("indicators.chart_note") + (text("indicators.chart_below") if below else "")
    caption = text("indicators.chart") + (f" ({at}/{parts})" if parts > 1 else "")
    alt = caption + " " + note + " " + " ".join(
        f"{row.name}: {band(row.low, row.middle, row.high)}%." for row in scenario
    )  # fmt: skip
    return figure(document, f"targets-{at}", drawn, caption, alt, note=note)


def _drawable(row: Record) -> bool:
    return all(row[arm][p] is not None for arm in ("baseline", "scenario") for p in ("p05", "p50", "p95"))


def _limit(arms: list[list[Interval]]) -> float | None:
    return CHART_LIMIT if max((row.high for arm in arms for row in arm), default=0) > CHART_LIMIT else None


def _table(record: Record, text: Text) -> Block:
    return table(
        text("indicators.caption"), text("indicators.alt_table"), text.entry("indicators.columns"),
        [2, "auto", "auto", "auto", "auto", "auto", 1.2], "lcrrrrl",
        [_row(row, record, text) for row in record["kpis"]], small=True,
    )  # fmt: skip


def _row(row: Record, record: Record, text: Text) -> list[Block | str]:
    unit = text.unit(row)
    target = given(row["target"], shift=unit.shift)
    chances = [row[arm].get("probability_met") for arm in ARMS]
    mark = text("words.open_year") if past(row, record) else ""
    return [
        text("indicators.name", name=text.title(row), unit=unit.name),
        f"{row['year']}{mark}",
        text("indicators.at_most", value=target) if row["direction"] == "below" else target,
        band_of(row["baseline"], unit),
        band_of(row["scenario"], unit),
        "\u00a0→\u00a0".join(chance(one) for one in chances) if assessed(row) else NONE,
        _judgement(row, text),
    ]


def _judgement(row: Record, text: Text) -> Block:
    """Return the verdict on the scenario, and how far its median is from the target if it misses it."""
    found = verdict(row, "scenario")
    words = found.text(text.lang)
    miss = median_miss(row, "scenario") if assessed(row) and row["scenario"]["p50"] is not None else None
    if miss:
        words = text("indicators.judgement", word=words, gap=gap(row, miss, text))
    return cell(words, found.tone)


def band_of(quantiles: Record, unit: Unit) -> str:
    """Return "median (5%–95%)" of one arm."""
    return band(quantiles["p05"], quantiles["p50"], quantiles["p95"], shift=unit.shift)
