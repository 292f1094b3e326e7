"""Cells of the evidence's tables: figures, constants, bands and shares as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import hypot
from typing import Any

from rich.table import Table
from rich.text import Text

from sim.cli.run_view import new_table
from sim.cli.terminal import width
from sim.cli.texts import Texts
from sim.words import NONE, band, given, number, numbers, percent, unit_of

__all__ = [
    "WIDE",
    "Row",
    "constant_name",
    "ends",
    "figure_name",
    "less_percent",
    "middle_and_ends",
    "shift_of",
    "spread",
    "stated",
    "whole_percent",
    "wide_table",
    "yes_or_no",
]  # fmt: skip

WIDE = 100
"""Columns from which tables have room for more."""

Row = Mapping[str, Any]


def wide_table(texts: Texts, names: Sequence[str], wide: int) -> Table:
    """Return a table whose first ``wide`` columns share the room that is left."""
    table = new_table()
    for at, name in enumerate(names):
        label = texts(name if name.startswith("data.") else f"data.{name}")
        if at < wide:
            table.add_column(label, ratio=1, overflow="fold", min_width=14)
        else:
            table.add_column(label, justify="left" if at == 0 else "right", overflow="fold")
    table.expand = wide > 0
    return table


def figure_name(row: Row, texts: Texts) -> Text:
    """Return which figure it is: name, year unless the name has it, unit."""
    unit = unit_of(row["unit"], texts.lang).name
    name = texts.of(row)
    when = "" if str(row["year"]) in name else f" {row['year']}"
    return Text(name + when).append(f"  {unit}", style="dim")


def constant_name(row: Row, texts: Texts) -> Text:
    """Return the name of a constant, with its unit where there is room."""
    name = Text(texts.of(row))
    return name.append(f"  {row['unit']}", style="dim") if row.get("unit") and width() >= WIDE else name


def stated(row: Row, texts: Texts) -> str:
    """Return a stated figure with its deviation."""
    if row["value"] is None:
        return texts("data.none_stated")
    sign = {"both": "", "at_least": "≥", "at_most": "≤"}[row["side"]]
    deviation = row["deviation"] if "deviation" in row else hypot(row["error"], row["discrepancy"])
    shift = shift_of(row, texts)
    return f"{sign}{given(row['value'], shift=shift)} ± {number(deviation, shift=shift)}"


def shift_of(row: Row, texts: Texts) -> int:
    """Return the power of ten from a row's stored figures to those shown."""
    return unit_of(row["unit"], texts.lang).shift if "unit" in row else 0


def ends(row: Row, shift: int = 0) -> str:
    """Return the 5 and 95 % points."""
    return " – ".join(numbers(row["p05"], row["p95"], shift=shift))


def middle_and_ends(row: Row, shift: int = 0) -> str:
    """Return the median, and the 5 and 95 % points in brackets."""
    return band(row["p05"], row["p50"], row["p95"], shift=shift)


def yes_or_no(value: bool | None, texts: Texts) -> Text:
    """Return whether something holds; what does not stands out."""
    if value is None:
        return Text(NONE)
    return Text(texts("data.yes" if value else "data.no"), style="" if value else "yellow")


def whole_percent(share: float | None) -> str:
    """Return a share in whole per cent."""
    return percent(share)


def spread(value: float) -> str:
    """Return a standard deviation of a logarithm as a percentage."""
    return f"{value:.1%}"


def less_percent(share: float) -> str:
    """Return a share that is taken away; what rounds to nothing is 0."""
    return f"{share:.1%}" if share >= 0.0005 else "0%"
