"""What the measures ask of each purse, year by year, what it pays and what it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.figures import Text
from sim.report.blocks import Block, para, plain, runs, table
from sim.report.record import Record
from sim.words import decimals, fixed, percent, unit_of

__all__ = ["funding_blocks", "funding_sentence"]

MONEY = ("asked", "paid", "unpaid")
BAND = ("p05", "p50", "p95")
Bands = Mapping[str, Mapping[str, Any]]


def funding_blocks(record: Record, text: Text) -> list[Block]:
    """Return a sentence and a table for each purse; nothing where the record says nothing of money."""
    purses: Sequence[Record] = record.get("funding") or ()
    blocks: list[Block] = []
    if purses:
        blocks.append(para(runs(text, "funding.intro")))
    for purse in purses:
        blocks += [para(plain(_told(purse, text))), _table(purse, text)]
    return blocks


def funding_sentence(record: Record, text: Text) -> str:
    """Return how much of what is asked each purse pays, in one sentence; "" without figures."""
    purses: Sequence[Record] = record.get("funding") or ()
    parts = [
        text("funding.part", name=text.of(purse), share=_share(purse["total"]["share"])) for purse in purses
    ]
    return text("funding.sentence", list=text("summary.item").join(parts)) if parts else ""


def _told(purse: Record, text: Text) -> str:
    at = purse["years"].index(purse["worst"])
    total = dict(zip(MONEY, _money(purse["total"], purse, text), strict=True))
    return text(
        "funding.told", name=text.of(purse), first=purse["years"][0], last=purse["years"][-1],
        unit=unit_of(purse["unit"], text.lang).name, **total, share=_share(purse["total"]["share"]),
        worst=purse["worst"], worst_share=_share(_year(purse, at)["share"]),
    )  # fmt: skip


def _table(purse: Record, text: Text) -> Block:
    rows = [[str(year), *_cells(_year(purse, at), purse, text)] for at, year in enumerate(purse["years"])]
    rows.append([text("funding.together"), *_cells(purse["total"], purse, text)])
    name, unit = text.of(purse), unit_of(purse["unit"], text.lang).name
    return table(
        text("funding.caption", name=name, unit=unit), text("funding.alt"), text.entry("funding.columns"),
        ["auto", 1, 1, 1, 1], "lrrrr", rows, small=True,
    )  # fmt: skip


def _year(purse: Record, at: int) -> Bands:
    return {name: {p: purse[name][p][at] for p in BAND} for name in (*MONEY, "share")}


def _cells(row: Bands, purse: Record, text: Text) -> list[str]:
    return [*_money(row, purse, text), _share(row["share"])]


def _money(row: Bands, purse: Record, text: Text) -> list[str]:
    """Return asked, paid and unpaid, all with the decimals that what is asked needs."""
    places, shift = decimals(*(row["asked"][p] for p in BAND)), unit_of(purse["unit"], text.lang).shift
    return [_band([fixed(row[name][p], places, shift=shift) for p in BAND]) for name in MONEY]


def _share(row: Mapping[str, Any]) -> str:
    return _band([percent(row[p]) for p in BAND])


def _band(words: list[str]) -> str:
    low, middle, high = words
    return middle if low == middle == high else f"{middle} ({low}–{high})"
