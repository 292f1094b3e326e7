"""An explanation as a page for people: sentences, then a table for each way to split the change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sim.cli.explain_words import no_change
from sim.cli.numbers import NONE, number, percent
from sim.cli.run_view import new_table
from sim.cli.texts import Texts

__all__ = ["explain_page"]

BANDS = ("p05", "p50", "p95")
MOST_ROWS = 15
MOST_PAIRS = 6
MOST_LOOPS = 12
MOST_PLACES = 6
LEAST_SHARE = 0.005


def explain_page(result: Mapping[str, Any], texts: Texts) -> Iterator[RenderableType]:
    """Yield the parts of the page."""
    yield _heading(result, texts)
    yield ""
    joint = "" if texts.lang == "zh" else " "
    yield Text(joint.join(result["sentences"][texts.lang]))
    yield ""
    yield _arms(result, texts)
    if not no_change(result):
        yield from _splits(result, texts)
    yield ""
    band = "run.band_prior" if result["ensemble"] == "prior" else "run.band_posterior"
    yield Text(texts(band), style="dim")
    if result.get("means"):
        yield Text(texts("explain.means"), style="dim")
    yield texts("explain.next")


def _heading(result: Mapping[str, Any], texts: Texts) -> Text:
    indicator, failed = result["indicator"], result["failed_members"]
    key = "run.members_failed" if failed else "run.members"
    members = texts(key, members=result["members"], failed=failed)
    basis = texts(
        "explain.basis", scenario=texts.of(result["scenario"]["title"]), members=members,
        seed=result["seed"], unit=texts.of(indicator["unit"]),
    )  # fmt: skip
    title = texts("explain.title", indicator=texts.of(indicator), year=indicator["year"])
    return Text(title, style="bold").append(f"\n{basis}", style="not bold dim")


def _arms(result: Mapping[str, Any], texts: Texts) -> Table:
    table = _table("", texts)
    for name, label in (("baseline", "run.baseline"), ("scenario", "run.scenario")):
        row = result["effect"][name]
        table.add_row(texts(label), number(row["mean"]), *[number(row[band]) for band in BANDS])
    row = result["effect"]["change"]
    table.add_row(texts("explain.change"), *_numbers(row, _places([row])))
    return table


def _splits(result: Mapping[str, Any], texts: Texts) -> Iterator[RenderableType]:
    if result["parts"] is None:
        yield ""
        yield Text(texts("explain.no_parts"))
    else:
        for split in result["parts"]["dimensions"]:
            known = split["dimension"] in ("sector", "region")
            yield ""
            yield _shares(texts(f"explain.{split['dimension'] if known else 'part'}"),
                          split["rows"], result["effect"]["change"], texts)  # fmt: skip
    yield from _levers(result["levers"], texts)
    yield from _loops(result["loops"], texts)


def _levers(levers: Mapping[str, Any], texts: Texts) -> Iterator[RenderableType]:
    sampled = levers["method"] != "exact"
    yield ""
    yield _shares(texts("explain.lever"), levers["rows"], levers["change"], texts, sampled=sampled)
    key = "explain.sampled" if sampled else "explain.exact"
    yield Text(texts(key, members=levers["members"], count=levers["permutations_per_member"]), style="dim")
    if levers["interactions"]:
        yield ""
        table = _table(texts("explain.pairs"), texts)
        if sampled:
            table.add_column(texts("explain.error"), justify="right")
        shown = levers["interactions"][:MOST_PAIRS]
        places = _places(shown)
        for row in shown:
            error = [number(row["standard_error"])] if sampled else []
            table.add_row(texts.of(row), *_numbers(row, places), *error)
        yield table
        yield Text(texts("explain.pairs_meaning"), style="dim")
        if sampled:
            yield Text(texts("explain.pairs_some"), style="dim")


def _loops(loops: Mapping[str, Any] | None, texts: Texts) -> Iterator[RenderableType]:
    yield ""
    if not loops:
        yield Text(texts("explain.no_loops"))
        return
    table = _table(texts("explain.loop"), texts)
    table.add_column(texts("explain.share"), justify="right")
    shown, others = loops["rows"][:MOST_LOOPS], loops["rows"][MOST_LOOPS:]
    places = _places(shown)
    for row in shown:
        table.add_row(texts.of(row), *_numbers(row, places), _share(row["share"]))
    yield table
    if others:
        most = number(max(abs(row["mean"]) for row in others))
        yield Text(texts("explain.loops_small", count=len(others), most=most), style="dim")
    yield Text(texts("explain.loops_meaning", members=loops["members"]), style="dim")


def _table(title: str, texts: Texts) -> Table:
    table = new_table()
    table.add_column(title, ratio=1, overflow="fold")
    for name in (texts("explain.mean"), "5%", "50%", "95%"):
        table.add_column(name, justify="right")
    table.expand = True
    return table


def _shares(
    title: str,
    rows: Sequence[Mapping[str, Any]],
    total: Mapping[str, Any],
    texts: Texts,
    *,
    sampled: bool = False,
) -> Table:
    """Return the largest rows, what the others come to, and the total."""
    table = _table(title, texts)
    table.add_column(texts("explain.share"), justify="right")
    if sampled:
        table.add_column(texts("explain.error"), justify="right")
    ordered = sorted(rows, key=lambda row: -abs(row["mean"]))
    shown = ordered if len(ordered) <= MOST_ROWS + 1 else ordered[:MOST_ROWS]
    places = _places([total, *shown])
    for row in shown:
        error = [number(row["standard_error"])] if sampled else []
        table.add_row(texts.of(row), *_numbers(row, places), _share(row["share"]), *error)
    others = ordered[len(shown) :]
    if others:
        mean, share = (sum(row[name] or 0.0 for row in others) for name in ("mean", "share"))
        label = texts("explain.others", count=len(others))
        table.add_row(label, _signed(mean, places), NONE, NONE, NONE, _share(share), *[NONE] * sampled)
    table.add_section()
    whole = percent(1.0) if total["mean"] else NONE
    table.add_row(texts("explain.total"), *_numbers(total, places), whole, *[""] * sampled)
    return table


def _places(rows: Sequence[Mapping[str, Any]]) -> int:
    """Return the decimals of a table: three digits for its largest mean, so that its columns compare."""
    largest = max((abs(row["mean"]) for row in rows), default=0.0)
    return min(max(2 - math.floor(math.log10(largest)), 0), MOST_PLACES) if largest > 0 else 1


def _numbers(row: Mapping[str, Any], places: int) -> list[str]:
    return [_signed(row[name], places) for name in ("mean", *BANDS)]


def _signed(value: float, places: int) -> str:
    text = f"{value:+,.{places}f}"
    return text if any(digit in text for digit in "123456789") else text[1:]


def _share(value: float | None) -> str:
    if value is None:
        return NONE
    return "<1%" if 0 < abs(value) < LEAST_SHARE else f"{value:.0%}"
