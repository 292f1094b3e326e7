"""The evidence as pages for people: the main findings, or one section's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sim.cli.evidence_cells import (
    WIDE,
    Row,
    constant_name,
    ends,
    figure_name,
    less_percent,
    middle_and_ends,
    shift_of,
    spread,
    stated,
    whole_percent,
    wide_table,
    yes_or_no,
)
from sim.cli.evidence_lines import (
    anchors_line,
    contraction_line,
    correlations_line,
    evidence_overview,
    levers_line,
    profiles_line,
    value_line,
)
from sim.cli.evidence_skill_view import skill_page
from sim.cli.sparklines import sparkline
from sim.cli.terminal import width
from sim.cli.texts import Texts
from sim.words import NONE, band, chance, given, number, unit_of

__all__ = ["evidence_page"]

SHOWN = 20
YI = "100 million yuan"
DEPTH = -4.0
"""Fall of a log likelihood that fills a sparkline's height."""


def evidence_page(found: Row, section: str | None, texts: Texts) -> Iterator[RenderableType]:
    """Yield the parts of the page of one section, or of all of them in a few sentences."""
    if section is None:
        yield from evidence_overview(found, texts)
        return
    yield Text(texts(f"data.{section}"), style="bold")
    yield from PAGES[section](found[section], texts)


def _anchors(part: Row, texts: Texts) -> Iterator[RenderableType]:
    yield anchors_line(part, texts)
    for fitted, head in ((False, "data.not_fitted"), (True, "data.fitted")):
        rows = [row for row in part["figures"] if row["fitted"] is fitted]
        if not rows:
            continue
        yield ""
        table = wide_table(texts, (head, "stated", "median", "band", "met", "inside"), wide=1)
        for row in rows:
            shift = shift_of(row, texts)
            table.add_row(
                figure_name(row, texts), stated(row, texts), number(row["posterior"]["p50"], shift=shift),
                ends(row["predictive"], shift), yes_or_no(row["met"], texts), yes_or_no(row["inside"], texts),
            )  # fmt: skip
        yield table
    yield ""
    yield Text(texts("data.anchors_note"), style="dim")


def _contraction(part: Row, texts: Texts) -> Iterator[RenderableType]:
    yield contraction_line(part, texts)
    yield ""
    table = wide_table(
        texts, ("data.constant", "contraction_short", "linear", "shift", "prior", "posterior"), wide=1
    )
    for row in part["largest"][:SHOWN]:
        style = "" if row["contraction"] > part["threshold"] else "dim"
        cells = [f"{row[name]:.2f}" for name in ("contraction", "linear")] + [f"{row['shift']:+.2f}"]
        table.add_row(
            constant_name(row, texts), *cells, ends(row["prior"]), ends(row["posterior"]), style=style
        )
    yield table
    yield ""
    yield Text(texts("data.contraction_note", noise=f"{part['noise']:.2f}"), style="dim")


def _correlations(part: Row, texts: Texts) -> Iterator[RenderableType]:
    yield correlations_line(part, texts)
    if part["pairs"]:
        yield ""
        table = wide_table(texts, ("data.constant", "other_constant", "correlation", "linear"), wide=2)
        for row in part["pairs"]:
            names = [constant_name(row[name], texts) for name in ("first", "second")]
            table.add_row(*names, f"{row['correlation']:+.2f}", f"{row['linear']:+.2f}")
        yield table


def _profiles(part: Row, texts: Texts) -> Iterator[RenderableType]:
    yield profiles_line(part, texts)
    yield ""
    table = wide_table(texts, ("data.constant", "effect", "low", "high", "profile"), wide=1)
    for row in part["profiles"]:
        ends = [
            number(row[name]) if row[name] is not None else texts("data.open") for name in ("low", "high")
        ]
        known = [max(value, DEPTH) for value in row["likelihood"] if value is not None]
        line = sparkline(known, len(part["z"]), DEPTH, 0.0)
        table.add_row(constant_name(row, texts), f"{row['effect']:+.1%}", *ends, line)
    yield table
    if part["flat"]:
        yield ""
        yield texts("data.flat_list", count=len(part["flat"]))
        yield Text(texts.joined(f"{texts.of(row)} {row['effect']:+.1%}" for row in part["flat"]))
    yield ""
    yield Text(texts("data.profiles_note", drop=given(part["drop"]), year=part["goal"]), style="dim")


def _predictive(part: Row, texts: Texts) -> Iterator[RenderableType]:
    table = wide_table(texts, ("data.observation", "stated", "prior", "posterior"), wide=1)
    for row in part["observations"]:
        shift = shift_of(row, texts)
        prior, posterior = ends(row["prior"], shift), middle_and_ends(row["posterior"], shift)
        table.add_row(figure_name(row, texts), stated(row, texts), prior, posterior)
    yield table
    yield ""
    yield _goals(part, texts)
    yield ""
    yield Text(texts("data.predictive_note"), style="dim")


def _goals(part: Row, texts: Texts) -> Table:
    table = wide_table(texts, ("data.goal", "year", "target", "prior", "posterior", "narrowed"), wide=1)
    for _, rows in groupby(part["goals"], key=lambda row: str(row["id"])):
        same = list(rows)
        unit = unit_of(same[0]["unit"], texts.lang)
        columns = [
            [str(row["year"]) for row in same],
            [given(row["target"], shift=unit.shift) for row in same],
            [ends(row["prior"], unit.shift) for row in same],
            [middle_and_ends(row["posterior"], unit.shift) for row in same],
            [whole_percent(row["narrowed"]) for row in same],
        ]
        name = Text(texts.of(same[0])).append(f"  {unit.name}", style="dim")
        table.add_row(name, *["\n".join(column) for column in columns])
    return table


def _value(part: Row, texts: Texts) -> Iterator[RenderableType]:
    yield value_line(part, texts)
    if not part["statistics"]:
        return
    yield ""
    wide = width() >= WIDE
    names = ("data.statistic", *(["now"] * wide), "error", "less_constant", "less_current", "sd_constant")
    table = wide_table(texts, names, wide=1)
    for row in part["statistics"]:
        less = [less_percent(row["reduction"][basis]) for basis in ("constant", "current")]
        shift = shift_of(row, texts)
        cells = [number(row["deviation"], shift=shift), *less, spread(row["sd"]["constant"])]
        table.add_row(figure_name(row, texts), *([middle_and_ends(row["posterior"], shift)] * wide), *cells)
    together = part["together"]
    less = [less_percent(together["reduction"][basis]) for basis in ("constant", "current")]
    blank = [""] * (2 if wide else 1)
    table.add_row(texts("data.together"), *blank, *less, spread(together["sd"]["constant"]), style="bold")
    yield table
    yield ""
    yield Text(texts("data.value_note", noise=f"{part['noise']:.1%}", goal=part["goal"]), style="dim")


def _levers(part: Row, texts: Texts) -> Iterator[RenderableType]:
    yield levers_line(part, texts)
    yield ""
    table = wide_table(
        texts, ("data.lever", "constants", "contraction_short", "response", "identified"), wide=2
    )
    for row in part["levers"]:
        most = max((one["contraction"] for one in row["constants"]), default=None)
        names = "；" if texts.lang == "zh" else "; "
        table.add_row(
            texts.of(row), names.join(texts.of(one) for one in row["constants"]) or NONE,
            NONE if most is None else f"{most:.2f}", number(row["response"]),
            yes_or_no(row["identified"], texts),
        )  # fmt: skip
    yield table
    yield ""
    yield _chances(part, texts)
    yield ""
    yield Text(texts("data.levers_note", threshold=given(part["threshold"])), style="dim")


def _chances(part: Row, texts: Texts) -> Table:
    names = (
        "data.factor",
        "chance_constant",
        "chance_current",
        "base_constant",
        "base_current",
        "plan_effect",
    )
    table = wide_table(texts, names, wide=0)
    for row in part["chances"]:
        plan, base = (
            [chance(row[arm][basis]) for basis in ("constant", "current")] for arm in ("plan", "baseline")
        )
        effect = row["effect"]
        shift = unit_of(YI, texts.lang).shift
        middle = band(effect["p05"], effect["p50"], effect["p95"], sign=True, shift=shift)
        table.add_row(f"× {given(row['factor'])}", *plan, *base, middle)
    return table


PAGES: Mapping[str, Callable[[Any, Texts], Iterator[RenderableType]]] = {
    "contraction": _contraction,
    "correlations": _correlations,
    "profiles": _profiles,
    "anchors": _anchors,
    "predictive": _predictive,
    "value": _value,
    "levers": _levers,
    "skill": skill_page,
}
