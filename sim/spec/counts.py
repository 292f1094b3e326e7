"""Which indicators count things, what was last counted, and which count holds which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import did_you_mean
from sim.folders import content
from sim.spec.facts import Fact, check_fact_ids, fact_ids
from sim.spec.kpis import FIRST_YEAR, LAST_YEAR, Kpi
from sim.spec.priors import row_reference
from sim.spec.references import Reference
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["Count", "load_counts"]

COLUMNS = ("id", "part_of", "year", "facts", "exit", "renewal", "review", "note")


@dataclass(frozen=True)
class Count:
    """An indicator whose value is a whole number of things.

    ``part_of`` is the count that holds this one; two parts of one count have nothing in common. ``year`` and
    ``facts`` say when and where it was last published, None and () where no document has it. ``exit`` is a
    model constant, the share of the stock that leaves a year; where a title is reviewed, ``renewal`` is the
    share renewed every ``review`` years.
    """

    id: str
    part_of: str | None
    year: int | None
    facts: tuple[str, ...]
    exit: Reference | None
    renewal: Reference | None
    review: Reference | None
    line: int

    @property
    def references(self) -> tuple[tuple[str, Reference], ...]:
        """The columns that name a model constant, and the constants."""
        named = (("exit", self.exit), ("renewal", self.renewal), ("review", self.review))
        return tuple((column, reference) for column, reference in named if reference is not None)


def load_counts(
    path: Path | None = None, kpis: Iterable[Kpi] = (), facts: Iterable[Fact] | None = None
) -> tuple[Count, ...]:
    """Load the counts (shipped: ``model/counts.csv``).

    Args:
        path: another file of the same columns.
        kpis: the indicators that rows may name.
        facts: what rows may name (default: the shipped facts).

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("model", "counts.csv"), COLUMNS)
    known = tuple(facts) if facts is not None else None
    counts = tuple(_count(row) for row in rows)
    ids = dict.fromkeys(kpi.id for kpi in kpis)
    for row, count in zip(rows, counts, strict=True):
        if count.id not in ids:
            raise row.problem("id", f"'{count.id}' is not in kpis.csv.{did_you_mean(count.id, ids)}")
        check_fact_ids(row, "facts", count.facts, fact_ids(known))
        _check_known(row, count, known or ())
        _check_parent(row, count, counts)
    if (at := first_repeat([count.id for count in counts])) is not None:
        raise rows[at].problem("id", f"'{counts[at].id}' is there twice. Keep one row.")
    return counts


def _count(row: Row) -> Count:
    def reference(column: str) -> Reference | None:
        return row_reference(row, column) if row.cells[column] else None

    count = Count(
        id=row.text("id"),
        part_of=row.optional("part_of") or None,
        year=row.year("year", FIRST_YEAR, LAST_YEAR) if row.cells["year"] else None,
        facts=row.several("facts"),
        exit=reference("exit"),
        renewal=reference("renewal"),
        review=reference("review"),
        line=row.line,
    )
    if (count.renewal is None) != (count.review is None):
        raise row.problem("renewal", "renewal and review go together. Give both or neither.")
    return count


def _check_known(row: Row, count: Count, facts: Sequence[Fact]) -> None:
    if (count.year is None) != (not count.facts):
        raise row.problem(
            "year", "a published count has a year and the facts that give it. Give both or none."
        )
    if count.year is None and count.references:
        raise row.problem(
            "exit", "without a published count nothing is known that could leave. Empty the cell."
        )
    for fact in facts:
        if fact.id in count.facts and (fact.is_target or fact.kind == "forecast"):
            raise row.problem("facts", f"{fact.id} ({fact.en}) is hoped for, not counted. Remove it.")


def _check_parent(row: Row, count: Count, counts: Sequence[Count]) -> None:
    """Refuse a parent that is not a count, or a circle of them."""
    parents = {one.id: one.part_of for one in counts}
    above, seen = count.part_of, {count.id}
    while above is not None:
        if above not in parents:
            raise row.problem("part_of", f"'{above}' is not a row of its own.{did_you_mean(above, parents)}")
        if above in seen:
            raise row.problem("part_of", f"'{above}' would be part of itself. Break the circle.")
        seen.add(above)
        above = parents[above]
