"""A run record as a page for people: indicators, goal, what the band is, where it is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sim.cli.funding_view import funding_lines
from sim.cli.origin_words import origin_sentences
from sim.cli.sparklines import sparkline
from sim.cli.terminal import can_show, width
from sim.cli.texts import Texts
from sim.spec.places import load_place
from sim.words import (
    NONE,
    ahead,
    assessed,
    band,
    chance,
    given,
    money,
    numbers,
    percent,
    points,
    reached,
    sample_size,
    targets_likely,
    unit_of,
    word,
    year,
)

__all__ = ["arms_of", "new_table", "run_page"]

QUANTILES = ("p05", "p50", "p95")
PROBABILITY = {"constant": "run.probability_constant", "current": "run.probability_current"}
YI = "100 million yuan"
WIDE = 110


def run_page(record: Mapping[str, Any], texts: Texts) -> Iterator[RenderableType]:
    """Yield the parts of the page for a complete run."""
    yield _heading(record, texts)
    yield ""
    yield _indicators(record, texts)
    yield ""
    yield _goal(record, texts)
    if len(arms_of(record)) > 1 and record["goal"].get("effect"):
        yield _effect(record, texts)
    yield from funding_lines(record, new_table(), texts)
    yield ""
    yield Text(
        texts("run.band_prior" if record["ensemble"] == "prior" else "run.band_posterior"), style="dim"
    )
    yield Text(texts("run.sampling"), style="dim")
    for sentence in origin_sentences(record, texts):
        yield Text(sentence)
    if (whole := _whole_plan(record, texts)) is not None:
        yield Text(whole, style="dim")


def arms_of(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the arms worth showing: without levers and inputs the scenario is the baseline itself."""
    scenario = record["scenario"]
    return ("baseline", "scenario") if scenario["levers"] or scenario["inputs"] else ("baseline",)


def new_table() -> Table:
    """Return an empty table with one rule under the heading (ASCII where the console needs it)."""
    lines = box.SIMPLE_HEAD if can_show("─") else box.ASCII2
    return Table(box=lines, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, header_style="bold")


def _heading(record: Mapping[str, Any], texts: Texts) -> Text:
    scenario = record["scenario"]
    lines = Text(texts.of(scenario["title"]), style="bold")
    for lever in scenario["levers"]:
        lines.append("\n  " + _lever(lever, texts), style="not bold")
    for name, value in scenario["inputs"].items():
        lines.append(f"\n  {name} = {given(value)}", style="not bold")
    failed = record["failed_members"]
    members = texts(
        "run.members_failed" if failed else "run.members", members=record["members"], failed=failed
    )
    lines.append("\n" + texts("run.basis", members=members, seed=record["seed"]), style="not bold dim")
    return lines


def _whole_plan(record: Mapping[str, Any], texts: Texts) -> str | None:
    """Return the goal's probability without and with the whole plan, as the calibration found it."""
    chances = ((record.get("evidence") or {}).get("levers") or {}).get("chances") or ()
    for row in chances:
        if row["factor"] == 1:
            shares = {
                f"{arm}_{prices}": chance(row[arm][prices])
                for arm in ("baseline", "plan")
                for prices in ("constant", "current")
            }
            return texts("run.whole_plan", year=record["goal"]["year"], **shares)
    return None


def _lever(lever: Mapping[str, Any], texts: Texts) -> str:
    start, cost = lever.get("start"), lever.get("annual_cost")
    parts = [
        f"{lever['id']}  {texts.of(lever)}",
        texts("run.intensity", value=percent(lever["intensity"])),
        texts("run.from_year", year=given(start)) if start is not None else "",
        texts("run.cost", value=money(cost, texts.lang)) if cost is not None else "",
        texts(f"authority.{lever['authority']}"),
        texts("run.evidence", value=texts(f"evidence.{lever['evidence']}")),
    ]
    return texts("run.joint").join(part for part in parts if part)


def _indicators(record: Mapping[str, Any], texts: Texts) -> Table:
    arms = arms_of(record)
    table = new_table()
    table.add_column(texts("run.indicator"), ratio=1, overflow="fold")
    table.add_column(texts("run.target_year"), justify="right")
    table.add_column("")
    for quantile in ("5%", "50%", "95%"):
        table.add_column(quantile, justify="right")
    table.add_column(texts("run.met"), justify="right")
    table.add_column(texts("run.trend"))
    table.expand = True
    for _, rows in groupby(record["kpis"], key=lambda kpi: str(kpi["id"])):
        same = list(rows)
        cells = [_cells(kpi, arms, _trends(record, kpi, arms), texts) for kpi in same]
        table.add_row(
            _name(same[0], texts), *[Text("\n").join(column) for column in zip(*cells, strict=True)]
        )
    return table


def _name(kpi: Mapping[str, Any], texts: Texts) -> Text:
    """Return what an indicator is called, its unit, and why its target has no probability."""
    name = Text(texts.of(kpi)).append(f"\n{unit_of(kpi['unit'], texts.lang).name}", style="dim")
    if kpi["target"] is not None and not assessed(kpi):
        name.append(f"\n{word(texts.lang, 'not_assessed')}", style="yellow")
    return name


def _cells(kpi: Mapping[str, Any], arms: tuple[str, ...], trends: list[str], texts: Texts) -> list[Text]:
    """Return the cells after the name, for one year of an indicator; each has a line per arm."""
    sign = {"reach": "≥", "below": "≤"}.get(kpi["direction"], "")
    shift = unit_of(kpi["unit"], texts.lang).shift
    target = NONE if kpi["target"] is None else f"{sign}{given(kpi['target'], shift=shift)}"
    when = [str(kpi["year"]), target] if len(arms) > 1 else [f"{kpi['year']} {target}"]
    bands = [numbers(*(kpi[arm][quantile] for quantile in QUANTILES), shift=shift) for arm in arms]
    columns = [
        [texts(f"run.{arm}") for arm in arms],
        *[list(column) for column in zip(*bands, strict=True)],
        [chance(kpi[arm]["probability_met"]) if assessed(kpi) else NONE for arm in arms],
        trends,
    ]
    return [Text("\n".join(when)), *[_stacked(column) for column in columns]]


def _stacked(lines: list[str]) -> Text:
    """Return the baseline's line dimmed above the scenario's."""
    text = Text().append(lines[0], style="" if len(lines) == 1 else "dim")
    for line in lines[1:]:
        text.append(f"\n{line}")
    return text


def _trends(record: Mapping[str, Any], kpi: Mapping[str, Any], arms: tuple[str, ...]) -> list[str]:
    """Return a sparkline of the median per arm, both on one scale; empty where no series is the KPI's."""
    found = [one for one in record["series"] if one["series"] == kpi["id"]]
    if not found:
        return [""] * len(arms)
    medians = [found[0][arm]["p50"] for arm in arms]
    known = [value for line in medians for value in line if value is not None]
    if not known:
        return [""] * len(arms)
    length = 16 if width() >= WIDE else 8
    return [sparkline(line, length, min(known), max(known)) for line in medians]


def _goal(record: Mapping[str, Any], texts: Texts) -> Table:
    goal, arms, lang = record["goal"], arms_of(record), texts.lang
    table = new_table()
    target = money(goal["target"], lang)
    table.add_column(texts("run.goal", city=_city(record, texts), target=target, year=goal["year"]))
    for arm in arms:
        table.add_column(texts(f"run.{arm}"), justify="right")
    if len(arms) > 1:
        table.add_column(texts("run.change"), justify="right")
    for basis in ("constant", "current"):
        chances = [chance(goal[arm][f"probability_{basis}"], sample_size(record)) for arm in arms]
        table.add_row(texts(PROBABILITY[basis]), *chances, *_change(goal, arms, basis, texts))
    last = int(max(row["time"][-1] for row in record["series"]))
    for quantile in QUANTILES:
        label = texts("run.year_reached", share=f"{int(quantile[1:])}%")
        table.add_row(label, *[year(reached(goal, arm, quantile), last, lang) for arm in arms])
    if judged := ahead(record):
        counts = [texts("run.of", count=targets_likely(record, arm), all=len(judged)) for arm in arms]
        table.add_row(texts("run.targets_likely"), *counts)
    return table


def _change(goal: Mapping[str, Any], arms: tuple[str, ...], basis: str, texts: Texts) -> list[str]:
    """Return by how many points the goal's probability changes; nothing where there is one arm."""
    if len(arms) == 1:
        return []
    before, after = (goal[arm][f"probability_{basis}"] for arm in arms)
    error = (goal.get("change") or {}).get(f"sampling_error_{basis}")
    text = points(None if None in (before, after) else after - before, error)
    return [texts("run.points", value=text)]


def _city(record: Mapping[str, Any], texts: Texts) -> str:
    # Records of before there were studies name no place; all of them are of the shipped one.
    place = record.get("place") or load_place().plain()
    return texts.of(place["city"])


def _effect(record: Mapping[str, Any], texts: Texts) -> Text:
    """Return the paired difference from the baseline in the goal year, member by member."""
    goal = record["goal"]
    unit = unit_of(YI, texts.lang)
    low, middle, high = (goal["effect"][quantile] for quantile in QUANTILES)
    text = band(low, middle, high, sign=True, shift=unit.shift)
    return Text(texts("run.effect", year=goal["year"], band=text, unit=unit.name))
