"""What levers ask of each purse, what it pays and what it does not, on a few lines of the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sim.cli.texts import Texts
from sim.words import decimals, fixed, percent, unit_of

__all__ = ["funding_lines"]

MONEY = ("asked", "paid", "unpaid")
BAND = ("p05", "p50", "p95")


def funding_lines(record: Mapping[str, Any], table: Table, texts: Texts) -> Iterator[RenderableType]:
    """Yield ``table``, filled with each purse's total and worst year, and what they mean.

    Nothing where no lever asks for money, or the record is of before funding was kept.
    """
    purses = record.get("funding") or ()
    if not purses:
        return
    table.add_column(texts("funding.purse"), ratio=1, overflow="fold")
    for name in (*MONEY, "share"):
        table.add_column(texts(f"funding.{name}"), justify="right", no_wrap=True)
    table.expand = True
    for purse in purses:
        unit = unit_of(purse["unit"], texts.lang)
        first, last = purse["years"][0], purse["years"][-1]
        at = purse["years"].index(purse["worst"])
        total = texts("funding.total", name=texts.of(purse), first=first, last=last)
        worst = texts("funding.worst", name=texts.of(purse), year=purse["worst"])
        yearly = {name: {p: purse[name][p][at] for p in BAND} for name in (*MONEY, "share")}
        table.add_row(_name(total, unit.name), *_cells(purse["total"], unit.shift))
        table.add_row(_name(worst, texts("funding.a_year", unit=unit.name)), *_cells(yearly, unit.shift))
    yield ""
    yield table
    yield Text(texts("funding.meaning"), style="dim")


def _name(name: str, unit: str) -> Text:
    return Text(name).append(f"\n{unit}", style="dim")


def _cells(row: Mapping[str, Any], shift: int) -> list[Text]:
    """Return medians with the 5 and 95 % ends below; money with the decimals that what is asked needs."""
    places = decimals(*(row["asked"][p] for p in BAND))
    cells = [_stacked([fixed(row[name][p], places, shift=shift) for p in BAND]) for name in MONEY]
    return [*cells, _stacked([percent(row["share"][p]) for p in BAND])]


def _stacked(band: list[str]) -> Text:
    low, middle, high = band
    return Text(middle).append(f"\n{low}–{high}", style="dim")
