"""Which constants are shares of a whole, so that priors can be held against it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["ROUNDING", "Shares", "load_shares"]

COLUMNS = ("constant", "dimension", "total", "scaled", "note")

ROUNDING = 0.005
"""Share of the total by which a sum may miss it, as the rounded shares of a document do."""


@dataclass(frozen=True)
class Shares:
    """The cells of ``constant`` along ``dimension`` are shares of ``total``.

    Where the model divides them by their sum (``scaled``) it is enough that their ranges hold the total;
    else their values must add up to it.
    """

    constant: str
    dimension: str
    total: float
    scaled: bool
    line: int


def load_shares(path: Path | None = None) -> tuple[Shares, ...]:
    """Load the table of shares (shipped: ``model/shares.csv``).

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("model", "shares.csv"), COLUMNS)
    shares = tuple(_shares(row) for row in rows)
    if (at := first_repeat([one.constant for one in shares])) is not None:
        raise rows[at].problem("constant", f"'{shares[at].constant}' is there twice. Keep one row.")
    return shares


def _shares(row: Row) -> Shares:
    total = row.number("total")
    if total <= 0:
        raise row.problem("total", f"{total:g} is not above 0. Give 1, or 100 for shares in per cent.")
    scaled = row.choice("scaled", ("yes", "no")) == "yes"
    return Shares(row.text("constant"), row.text("dimension"), total, scaled, row.line)
