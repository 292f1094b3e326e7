"""The goal in words, and the figures of the sectors and of each module with a reading of each."""

from __future__ import annotations

from collections.abc import Sequence

from sim.figures import (
    Interval,
    Series,
    Text,
    paired_intervals,
    small_multiples,
    stacked_areas,
)
from sim.report.blocks import Block, Document, bullets, figure, para, plain, runs, section
from sim.report.record import Record, horizon, series_by_chart
from sim.report.targets import band_of, chance_word
from sim.words import chance, given, number, reached

__all__ = ["section_goal", "section_modules"]

SECTORS = "gdp-sectors"
NAMED_SECTORS = 4


def section_goal(record: Record, text: Text) -> Block:
    """Return the section on the goal: price bases, and the year it is reached."""
    goal = record["goal"]
    constant, current = (goal["scenario"][f"probability_{basis}"] for basis in ("constant", "current"))
    basis = runs(
        text, "goal.basis", constant=chance(constant), constant_word=chance_word(constant, text),
        current=chance(current), current_word=chance_word(current, text),
    )  # fmt: skip
    where = runs(text, "goal.where")
    return section(text("goal.heading", year=goal["year"]), [para(basis, _year_reached(record, text), where)])


def _year_reached(record: Record, text: Text) -> list[Block]:
    found = {name: reached(record["goal"], "scenario", name) for name in ("p05", "p50", "p95")}
    low, middle, high = (text.year(one, horizon(record)) for one in found.values())
    if found["p05"] is None:
        return runs(text, "goal.year_nobody")
    key = "goal.year_never" if found["p50"] is None else "goal.year_note"
    return runs(text, key, low=low, middle=middle, high=high)


def section_modules(record: Record, text: Text, document: Document) -> Block:
    """Return the section with the sectors and every other chart of the record."""
    charts = series_by_chart(record, text)
    blocks: list[Block] = [para(runs(text, "modules.intro"))]
    if SECTORS in charts:
        blocks += _sectors(charts.pop(SECTORS), record, text, document)
    for name, many in charts.items():
        blocks += _chart(name, many, record, text, document)
    return section(text("modules.heading"), blocks)


def _chart(name: str, many: Sequence[Series], record: Record, text: Text, document: Document) -> list[Block]:
    title = text.word("charts", name)
    caption = text("modules.other_caption", name=title)
    shown = figure(
        document, f"chart-{len(document.files)}", small_multiples(many, text), caption,
        _alt(caption, many, horizon(record), text),
    )  # fmt: skip
    readings = bullets([plain(_reading(series, horizon(record), text)) for series in many])
    return [{"kind": "heading", "title": title}, shown, readings]


def _sectors(many: Sequence[Series], record: Record, text: Text, document: Document) -> list[Block]:
    year = horizon(record)
    stack = figure(
        document, "sectors", stacked_areas(many, text), text("modules.stack_caption"),
        _alt(text("modules.stack_caption"), many, year, text), note=text("modules.stack_note"),
    )  # fmt: skip
    arms = [[_interval(series, year, arm) for series in many] for arm in ("baseline", "scenario")]
    caption = text("modules.sector_caption", year=year)
    ranges = figure(
        document, "sector-ranges", paired_intervals(arms[0], arms[1], many[0].unit.name, text), caption,
        _alt(caption, many, year, text),
    )  # fmt: skip
    words = para(_sector_words(many, year, text))
    return [{"kind": "heading", "title": text.word("charts", SECTORS)}, words, stack, ranges]


def _interval(series: Series, year: float, arm: str) -> Interval:
    values = series.drawn.at(year, arm)
    return Interval(series.name, values["p05"], values["p50"], values["p95"])


def _sector_words(many: Sequence[Series], year: int, text: Text) -> list[Block]:
    changes = [
        (series, series.at(year, "scenario")["p50"] - series.at(year, "baseline")["p50"]) for series in many
    ]
    moved = sorted((pair for pair in changes if abs(pair[1]) >= 0.005), key=lambda pair: -abs(pair[1]))
    if not moved:
        return runs(text, "modules.sector_same")
    listed = ("、" if text.lang == "zh" else ", ").join(
        text(
            "modules.sector_one",
            name=series.name,
            unit=series.unit.name,
            change=number(change, sign=True, shift=series.unit.shift),
        )
        for series, change in moved[:NAMED_SECTORS]
    )
    return runs(text, "modules.sector_reading", year=year, list=listed)


def _reading(series: Series, year: int, text: Text) -> str:
    """Return one sentence: both arms in the last year, and the targets."""
    targets = [
        text("modules.reading_one", year=int(point.year), value=given(point.value, shift=series.unit.shift))
        for point in series.points_of("target")
    ]
    joint = "、" if text.lang == "zh" else ", "
    return text(
        "modules.reading", name=series.name, year=year, unit=series.unit.name,
        baseline=band_of(series.at(year, "baseline"), series.unit),
        scenario=band_of(series.at(year, "scenario"), series.unit),
        targets=text("modules.reading_target", list=joint.join(targets)) if targets else "",
    )  # fmt: skip


def _alt(caption: str, many: Sequence[Series], year: int, text: Text) -> str:
    """Return what a figure shows for those who cannot see it: its caption and its last values."""
    readings = ("" if text.lang == "zh" else " ").join(_reading(series, year, text) for series in many)
    return text("modules.alt", caption=caption, readings=readings)
