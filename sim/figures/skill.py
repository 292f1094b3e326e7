"""Figures about skill: errors, groups left out, coverage, ranks, other structures and naive forecasts."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter

from sim.errors import BadInput
from sim.figures.style import BASELINE, OBSERVED, SCENARIO, TARGET, WIDTH, figure_style, save_figure
from sim.figures.text import LANGUAGES, Text, folded
from sim.folders import content
from sim.words import percent

__all__ = ["skill_plots"]

ROW = 0.24
RANK_COLUMNS = 5
NORMAL_95, NORMAL_99 = 1.96, 2.576
LEAST_ERROR = 0.01
"""Errors below this many deviations are drawn there: a logarithmic axis has no zero."""

Rows = Sequence[Mapping[str, Any]]


def skill_plots(skill: Mapping[str, Any], folder: Path, lang: str) -> list[Path]:
    """Draw the figures of a skill record (see :func:`sim.calibrate.skill.skill`) as SVG.

    Writes errors, leave-out, coverage, ranks, structures and (where naive forecasts were compared) naive.

    Args:
        skill: the record.
        folder: an existing folder; figures there of the same names are replaced.
        lang: zh or en.

    Returns:
        The files written.

    Raises:
        BadInput: another language, or the folder cannot be written to.
    """
    text = _text(lang)
    drawn = {
        "errors": errors_figure(skill["errors"], text),
        "leave-out": leave_out_figure(skill["leave_out"], text),
        "coverage": coverage_figure(skill["coverage"], text),
        "ranks": ranks_figure(skill["ranks"], text),
        "structures": structures_figure(skill["structures"], text),
    }
    if skill["naive"]:
        deviations = {row["id"]: row["deviation"] for row in skill["leave_out"]["rows"]}
        drawn["naive"] = naive_figure(skill["naive"], deviations, text)
    files = [folder / f"{name}.svg" for name in drawn]
    for file, figure in zip(files, drawn.values(), strict=True):
        save_figure(figure, file)
    return files


def errors_figure(errors: Mapping[str, Any], text: Text) -> Figure:
    """Return prior and posterior bands about every figure, in deviations."""
    rows: Rows = errors["rows"]
    with figure_style():
        figure, axes = _row_chart(rows, text, text("errors_title"))
        for key, colour, shift, mark in (("prior", BASELINE, -0.17, "o"), ("posterior", SCENARIO, 0.17, "s")):
            for place, row in enumerate(rows):
                _band(axes, _in_deviations(row, row[key]), place + shift, colour, mark)
        axes.axvline(0, color=OBSERVED, linewidth=0.9)
        axes.set_xlabel(text("deviations"))
        _keys(figure, [(BASELINE, "o", text("prior")), (SCENARIO, "s", text("posterior"))])
    return figure


def leave_out_figure(left: Mapping[str, Any], text: Text) -> Figure:
    """Return the band of every figure predicted without its group; what falls outside is orange."""
    rows: Rows = left["rows"]
    title = text("leave_out_title", inside=percent(left["inside"]), wanted=percent(left["wanted"]))
    with figure_style():
        figure, axes = _row_chart(rows, text, title)
        for place, row in enumerate(rows):
            _band(axes, _in_deviations(row, row), place, SCENARIO if row["inside"] else TARGET, "s")
        axes.axvline(0, color=OBSERVED, linewidth=0.9)
        axes.set_xlabel(text("deviations"))
        _keys(figure, [(SCENARIO, "s", text("held_out")), (OBSERVED, "", text("figure"))])
    return figure


def coverage_figure(coverage: Mapping[str, Any], text: Text) -> Figure:
    """Return the coverage of every quantity with its chance error, and the allowed range."""
    rows: Rows = coverage["rows"]
    low, high = (100 * end for end in coverage["allowed"])
    with figure_style():
        figure, axes = _row_chart(rows, text, text("coverage_title", regions=coverage["regions"]))
        axes.axvspan(low, high, color=BASELINE, alpha=0.15, linewidth=0)
        colours = {"figure": SCENARIO, "constant": BASELINE, "goal": TARGET}
        for place, row in enumerate(rows):
            share, reach = 100 * row["coverage"], 100 * NORMAL_95 * row["error"]
            ends = (share - reach, share, min(share + reach, 100.0))
            _band(axes, ends, place, colours[row["kind"]], "o")
        allowed = text("allowed", low=round(low), high=round(high))
        axes.set_xlabel(f"{text('coverage')}\n{allowed}")
        _keys(figure, [(colours[kind], "o", text(f"{kind}_kind")) for kind in colours])
    return figure


def ranks_figure(ranks: Mapping[str, Any], text: Text) -> Figure:
    """Return one histogram of ranks for each quantity, with the range of evenly spread ones."""
    rows: Rows = ranks["rows"]
    lines = math.ceil(len(rows) / RANK_COLUMNS)
    expected = ranks["regions"] / ranks["bins"]
    reach = NORMAL_99 * math.sqrt(expected * (1 - 1 / ranks["bins"]))
    with figure_style():
        figure = Figure(figsize=(WIDTH, 0.5 + 1.15 * lines))
        grid = figure.subplots(lines, RANK_COLUMNS, squeeze=False, sharey=True).flatten()
        for axes, row in zip(grid, rows, strict=False):
            axes.axhspan(max(expected - reach, 0), expected + reach, color=BASELINE, alpha=0.18, linewidth=0)
            axes.bar(np.arange(ranks["bins"]), row["counts"], width=0.85, color=SCENARIO)
            axes.set_title(f"{folded(_name(row, text), 20)}\np = {row['p']:.2g}", fontsize=6.5)
            axes.set_xticks([])
            axes.tick_params(labelsize=6.5)
            axes.grid(visible=False, axis="x")
        for axes in grid[len(rows) :]:
            axes.set_axis_off()
        figure.suptitle(text("ranks_title", regions=ranks["regions"]), x=0.01, ha="left", fontsize=9)
    return figure


def structures_figure(check: Mapping[str, Any], text: Text) -> Figure:
    """Return the share of regions flagged for every break and loop, by the chi-square statistic."""
    names, shares = [], []
    loops = [row for row in check["rows"] if row["kind"] == "loop"]
    for row in [*check["rows"], *check["larger"]]:
        if row["kind"] != "loop":
            names.append(text(row["kind"], size=f"{100 * (row['factor'] - 1):.0f}%"))
            shares.append(100 * row["flagged"]["chi_square"])
    if loops:
        names.append(text("loops", count=len(loops)))
        shares.append(100 * check["kinds"]["loop"]["chi_square"])
    # Shares of single loops rest on few regions: shown are those that move the figures most.
    for row in sorted(loops, key=lambda row: -row["moved"])[:5]:
        names.append(text("loop", id=row["id"], name=text.of(row)))
        shares.append(100 * row["flagged"]["chi_square"])
    wanted, chance = 100 * check["wanted"], 100 * check["false_alarms"]
    with figure_style():
        figure = Figure(figsize=(WIDTH, 1.0 + 1.2 * ROW * len(names)))
        axes = figure.subplots()
        axes.barh(np.arange(len(names)), shares, height=0.6, color=SCENARIO)
        axes.axvline(wanted, color=TARGET, linewidth=1.0, linestyle=(0, (1, 1)))
        axes.axvline(chance, color=BASELINE, linewidth=1.0, linestyle=(0, (4, 2)))
        _label_rows(axes, names)
        axes.set_xlim(0, 100)
        axes.set_xlabel(text("flagged"))
        axes.set_title(folded(text("structures_title"), 60), x=0, ha="left")
        _keys(
            figure,
            [(TARGET, "", text("wanted", share=f"{wanted:.0f}%")), (BASELINE, "", text("chance"))],
        )
    return figure


def naive_figure(naive: Mapping[str, Any], deviations: Mapping[str, float], text: Text) -> Figure:
    """Return the errors of model and naive forecasts, in deviations, one row for each figure."""
    named = {row["id"]: row for row in naive["rows"]}
    place = {name: at for at, name in enumerate(named)}
    title = text("naive_title", wins=naive["model_wins"], compared=naive["compared"])
    marks = {"random_walk": (BASELINE, "o"), "growth": (TARGET, "D")}
    with figure_style():
        figure, axes = _row_chart(list(named.values()), text, title)
        for row in naive["rows"]:
            scale = deviations[row["id"]]
            colour, mark = marks[row["rule"]]
            for error, look in ((row["naive_error"], (colour, mark)), (row["model_error"], (SCENARIO, "s"))):
                size = max(error / scale, LEAST_ERROR)
                axes.plot([size], [place[row["id"]]], color=look[0], marker=look[1], markersize=4.5)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(text("naive_error"))
        keys = [(SCENARIO, "s", text("model"))]
        _keys(figure, [*keys, *((colour, mark, text(rule)) for rule, (colour, mark) in marks.items())])
    return figure


def _text(lang: str) -> Text:
    if lang not in LANGUAGES:
        raise BadInput(f"Unknown language {lang!r}. Allowed are: {', '.join(LANGUAGES)}.")
    file = content("reports", "skill_text.toml")
    return Text(lang, tomllib.loads(file.read_text(encoding="utf-8"))[lang])


def _row_chart(rows: Rows, text: Text, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, 1.1 + 1.15 * ROW * len(rows)))
    axes = figure.subplots()
    _label_rows(axes, [_name(row, text) for row in rows])
    axes.set_title(folded(title, 70), x=0, ha="left")
    return figure, axes


def _label_rows(axes: Axes, names: Sequence[str]) -> None:
    labels = [folded(name, 40) for name in names]
    axes.set_yticks(np.arange(len(names)), labels, fontsize=7.5, linespacing=0.95)
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.grid(visible=False, axis="y")


def _band(axes: Axes, ends: tuple[float, float, float], place: float, colour: str, mark: str) -> None:
    low, middle, high = ends
    axes.plot([low, high], [place, place], color=colour, linewidth=1.4, solid_capstyle="butt")
    axes.plot([middle], [place], color=colour, marker=mark, markersize=3.4)


def _in_deviations(row: Mapping[str, Any], band: Mapping[str, Any]) -> tuple[float, float, float]:
    low, middle, high = ((band[name] - row["value"]) / row["deviation"] for name in ("p05", "p50", "p95"))
    return low, middle, high


def _name(row: Mapping[str, Any], text: Text) -> str:
    year = row.get("year")
    title = text.title(row)
    return title if year is None or str(year) in title else f"{title} {year}"


def _keys(figure: Figure, entries: Sequence[tuple[str, str, str]]) -> None:
    lines = [
        Line2D([], [], color=colour, marker=mark or "None", markersize=4, linewidth=1.4)
        for colour, mark, _ in entries
    ]
    figure.legend(lines, [name for _, _, name in entries], loc="outside upper left", ncols=len(entries))
