"""The skill of the calibrated model as a page for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rich.console import RenderableType
from rich.text import Text

from sim.cli.evidence_cells import Row, figure_name, middle_and_ends, shift_of, yes_or_no
from sim.cli.run_view import new_table
from sim.cli.texts import Texts
from sim.words import given, number, numbers, percent

__all__ = ["skill_line", "skill_page"]

TITLES = {
    "errors": "data.skill_errors",
    "leave_out": "data.skill_leave_out",
    "coverage": "data.skill_coverage",
    "ranks": "data.skill_ranks",
    "structures": "data.skill_structures",
    "naive": "data.skill_naive",
}
KINDS = {"figure": "data.kind_figure", "constant": "data.kind_constant", "goal": "data.kind_goal"}
WINNERS = {"model": "data.winner_model", "naive": "data.winner_naive", "even": "data.winner_even"}
BREAKS = {"level_break": "data.level_break", "last_year_break": "data.last_year_break"}


def skill_line(part: Row, texts: Texts) -> str:
    """Return the skill in a few sentences; what was not measured is left out."""
    said = [sentence(part[name], texts) for name, sentence in SENTENCES.items() if part.get(name)]
    return ("" if texts.lang == "zh" else " ").join(said)


def skill_page(part: Row, texts: Texts) -> Iterator[RenderableType]:
    """Yield the parts of the page; what was not measured is left out."""
    for name, sentence in SENTENCES.items():
        found = part.get(name)
        if not found:
            continue
        yield ""
        yield Text(texts(TITLES[name]), style="bold")
        yield sentence(found, texts)
        if name in TABLES:
            yield TABLES[name](found, texts)
    yield ""
    yield Text(texts("data.skill_note"), style="dim")


def _errors(found: Row, texts: Texts) -> str:
    rows = found["rows"]
    return texts(
        "data.errors_line",
        inside=percent(found["inside"]),
        prior=percent(found["prior_inside"]),
        rows=len(rows),
    )


def _leave_out(found: Row, texts: Texts) -> str:
    return texts(
        "data.leave_out_line", groups=found["groups"], figures=found["figures"],
        inside=percent(found["inside"]), wanted=percent(found["wanted"]), met=_met(found, texts),
    )  # fmt: skip


def _coverage(found: Row, texts: Texts) -> str:
    kinds = [
        texts("data.coverage_kind", kind=texts(KINDS[name]), share=f"{one['coverage']:.1%}",
              error=f"{one['error']:.1%}")
        for name, one in found["kinds"].items()
    ]  # fmt: skip
    low, high = (percent(end) for end in found["allowed"])
    return texts(
        "data.coverage_line", regions=found["regions"], nominal=percent(found["nominal"]), low=low, high=high,
        kinds=texts("data.joint").join(kinds), met=_met(found, texts),
    )  # fmt: skip


def _ranks(found: Row, texts: Texts) -> str:
    return texts(
        "data.ranks_line", tests=len(found["rows"]), smallest=number(found["smallest"]),
        adjusted=number(found["adjusted"]), met=_met(found, texts),
    )  # fmt: skip


def _structures(found: Row, texts: Texts) -> str:
    return texts(
        "data.structures_line", flagged=percent(found["flagged"]["chi_square"]),
        wanted=percent(found["wanted"]), alarms=percent(found["false_alarms"]), met=_met(found, texts),
    )  # fmt: skip


def _naive(found: Row, texts: Texts) -> str:
    return texts(
        "data.naive_line", compared=found["compared"], wins=found["model_wins"],
        winner=texts(WINNERS[found["winner"]]),
    )  # fmt: skip


def _met(found: Row, texts: Texts) -> str:
    return texts("data.reached" if found["met"] else "data.not_reached")


def _errors_table(found: Row, texts: Texts) -> RenderableType:
    table = new_table()
    table.add_column(texts("data.observation"), ratio=1, overflow="fold", min_width=14)
    for name in ("figure", "posterior", "distance", "prior_distance", "inside"):
        table.add_column(texts(f"data.{name}"), justify="right", overflow="fold")
    table.expand = True
    for row in found["rows"]:
        after, before = row["posterior"], row["prior"]
        distances = [f"{one['distance']:+.1f}" for one in (after, before)]
        table.add_row(
            figure_name(row, texts),
            given(row["value"], shift=shift_of(row, texts)),
            middle_and_ends(after, shift_of(row, texts)),
            *distances,
            yes_or_no(after["inside"], texts),
        )
    return table


def _left_out_table(found: Row, texts: Texts) -> RenderableType:
    table = new_table()
    table.add_column(texts("data.observation"), ratio=1, overflow="fold", min_width=14)
    for name in ("figure", "predicted", "distance", "inside"):
        table.add_column(texts(f"data.{name}"), justify="right", overflow="fold")
    table.expand = True
    for row in found["rows"]:
        table.add_row(
            figure_name(row, texts),
            given(row["value"], shift=shift_of(row, texts)),
            middle_and_ends(row, shift_of(row, texts)),
            f"{row['distance']:+.1f}",
            yes_or_no(row["inside"], texts),
        )
    return table


def _structures_table(found: Row, texts: Texts) -> RenderableType:
    table = new_table()
    table.add_column(texts("data.structure"), ratio=1, overflow="fold", min_width=14)
    for name in ("regions", "moved", "flagged"):
        table.add_column(texts(f"data.{name}"), justify="right", overflow="fold")
    table.expand = True
    for row in (*found["rows"], *found.get("larger", ())):
        what = (
            texts(BREAKS[row["kind"]], factor=given(row["factor"]))
            if row["kind"] in BREAKS
            else texts.of(row)
        )
        flagged = percent(row["flagged"]["chi_square"])
        table.add_row(what, str(row["regions"]), number(row["moved"]), flagged)
    return table


def _naive_table(found: Row, texts: Texts) -> RenderableType:
    table = new_table()
    table.add_column(texts("data.observation"), ratio=1, overflow="fold", min_width=14)
    table.add_column(texts("data.basis_of"), ratio=1, overflow="fold", min_width=14)
    for name in ("figure", "naive", "model", "winner"):
        table.add_column(texts(f"data.{name}"), justify="right", overflow="fold")
    table.expand = True
    for row in found["rows"]:
        shift = shift_of(row, texts)
        cells = [given(row["value"], shift=shift), *numbers(row["naive"], row["model"], shift=shift)]
        nearer = texts(f"data.{row['winner']}")
        table.add_row(figure_name(row, texts), texts.of(row["basis"]), *cells, nearer)
    return table


SENTENCES: Mapping[str, Callable[[Row, Texts], str]] = {
    "errors": _errors,
    "leave_out": _leave_out,
    "coverage": _coverage,
    "ranks": _ranks,
    "structures": _structures,
    "naive": _naive,
}
TABLES: Mapping[str, Callable[[Row, Texts], RenderableType]] = {
    "errors": _errors_table,
    "leave_out": _left_out_table,
    "structures": _structures_table,
    "naive": _naive_table,
}
