"""An explanation as a page for people: sentences, then a table for each way to split the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sim.cli.explain_words import no_change
from sim.cli.run_view import new_table
from sim.cli.texts import Texts
from sim.words import NONE, Unit, decimals, fixed, number, numbers, percent, unit_of

__all__ = ["explain_page"]

BANDS = ("p05", "p50", "p95")
MOST_ROWS = 15
MOST_PAIRS = 6
MOST_LOOPS = 12


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
        seed=result["seed"], unit=_unit(result, texts).name,
    )  # fmt: skip
    title = texts("explain.title", indicator=texts.of(indicator), year=indicator["year"])
    return Text(title, style="bold").append(f"\n{basis}", style="not bold dim")


def _arms(result: Mapping[str, Any], texts: Texts) -> Table:
    table, shift = _table("", texts), _unit(result, texts).shift
    for name, label in (("baseline", "run.baseline"), ("scenario", "run.scenario")):
        row = result["effect"][name]
        table.add_row(texts(label), *numbers(*(row[key] for key in ("mean", *BANDS)), shift=shift))
    row = result["effect"]["change"]
    table.add_row(texts("explain.change"), *_numbers(row, _places([row]), shift))
    return table


def _splits(result: Mapping[str, Any], texts: Texts) -> Iterator[RenderableType]:
    shift = _unit(result, texts).shift
    if result["parts"] is None:
        yield ""
        yield Text(texts("explain.no_parts"))
    else:
        for split in result["parts"]["dimensions"]:
            known = split["dimension"] in ("sector", "region")
            yield ""
            yield _shares(texts(f"explain.{split['dimension'] if known else 'part'}"),
                          split["rows"], result["effect"]["change"], shift, texts)  # fmt: skip
    yield from _levers(result["levers"], shift, texts)
    yield from _loops(result["loops"], shift, texts)


def _unit(result: Mapping[str, Any], texts: Texts) -> Unit:
    return unit_of(result["indicator"]["unit"], texts.lang)


def _levers(levers: Mapping[str, Any], shift: int, texts: Texts) -> Iterator[RenderableType]:
    sampled = levers["method"] != "exact"
    yield ""
    yield _shares(texts("explain.lever"), levers["rows"], levers["change"], shift, texts, sampled=sampled)
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
            error = [number(row["standard_error"], shift=shift)] if sampled else []
            table.add_row(texts.of(row), *_numbers(row, places, shift), *error)
        yield table
        yield Text(texts("explain.pairs_meaning"), style="dim")
        if sampled:
            yield Text(texts("explain.pairs_some"), style="dim")


def _loops(loops: Mapping[str, Any] | None, shift: int, texts: Texts) -> Iterator[RenderableType]:
    yield ""
    if not loops:
        yield Text(texts("explain.no_loops"))
        return
    table = _table(texts("explain.loop"), texts)
    table.add_column(texts("explain.share"), justify="right")
    shown, others = loops["rows"][:MOST_LOOPS], loops["rows"][MOST_LOOPS:]
    places = _places(shown)
    for row in shown:
        table.add_row(texts.of(row), *_numbers(row, places, shift), percent(row["share"]))
    yield table
    if others:
        most = number(max(abs(row["mean"]) for row in others), shift=shift)
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
    shift: int,
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
        error = [number(row["standard_error"], shift=shift)] if sampled else []
        table.add_row(texts.of(row), *_numbers(row, places, shift), percent(row["share"]), *error)
    others = ordered[len(shown) :]
    if others:
        mean, share = (sum(row[name] or 0.0 for row in others) for name in ("mean", "share"))
        label = texts("explain.others", count=len(others))
        rest = fixed(mean, places, sign=True, shift=shift)
        table.add_row(label, rest, NONE, NONE, NONE, percent(share), *[NONE] * sampled)
    table.add_section()
    whole = percent(1.0) if total["mean"] else NONE
    table.add_row(texts("explain.total"), *_numbers(total, places, shift), whole, *[""] * sampled)
    return table


def _places(rows: Sequence[Mapping[str, Any]]) -> int:
    """Return the decimals of a table: three digits for its largest mean, so that its columns compare."""
    return decimals(*(row["mean"] for row in rows))


def _numbers(row: Mapping[str, Any], places: int, shift: int) -> list[str]:
    return [fixed(row[name], places, sign=True, shift=shift) for name in ("mean", *BANDS)]
