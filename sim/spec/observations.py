"""Observations: what calibration compares the model with, and why other facts are not used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.facts import Fact, load_facts
from sim.spec.priors import row_reference
from sim.spec.references import Reference
from sim.spec.tables import Row, first_repeat, read_table

__all__ = [
    "OPERATORS", "REASONS", "SIDES", "Observation", "UnusedFact", "distinct", "load_observations",
    "load_unused_facts", "read_figure",
]  # fmt: skip

COLUMNS = (
    "id", "zh", "en", "facts", "variable", "operator", "of", "year", "scale",
    "value", "unit", "error", "discrepancy", "side", "group", "note",
)  # fmt: skip
OPERATORS = frozenset(("level", "growth", "change", "share"))
SIDES = frozenset(("both", "at_least", "at_most"))
REASONS = frozenset((
    "target", "forecast", "anchored", "input", "derived", "before_start", "other_place",
    "no_variable", "definition", "contradiction", "context",
))  # fmt: skip


@dataclass(frozen=True)
class Observation:
    """A known figure of 2020 to 2024 and how the model gives the same figure.

    The cells of ``variable`` are summed. ``operator`` makes the figure: ``level`` at ``year``,
    ``growth`` over the year before (a ratio less one), ``change`` since the year before, ``share`` in the
    sum of ``of``; the result times ``scale`` is in ``unit``. ``error`` (of the figure) and ``discrepancy``
    (of the model) are standard deviations in ``unit``. ``side`` says whether the figure is a bound only.
    """

    id: str
    zh: str
    en: str
    facts: tuple[str, ...]
    variable: Reference
    operator: str
    of: Reference | None
    year: int
    scale: float
    value: float
    unit: str
    error: float
    discrepancy: float
    side: str
    group: str
    note: str
    line: int

    @property
    def deviation(self) -> float:
        """Standard deviation of figure less model: error and discrepancy together."""
        return float((self.error**2 + self.discrepancy**2) ** 0.5)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The model variables that the figure is made from."""
        return (self.variable,) if self.of is None else (self.variable, self.of)


@dataclass(frozen=True)
class UnusedFact:
    """A fact that is not fitted, and why."""

    fact: str
    reason: str
    note: str


def load_observations(
    path: Path | None = None, facts: Sequence[Fact] | None = None
) -> tuple[Observation, ...]:
    """Load the observations (shipped: ``calibration/observations.csv``).

    Raises:
        BadInput: names the file, row and column of the first mistake; a plan's target is refused.
    """
    known = {fact.id: fact for fact in (facts if facts is not None else load_facts())}
    rows = read_table(path or content("calibration", "observations.csv"), COLUMNS)
    return distinct(rows, tuple(_observation(row, known) for row in rows))


def load_unused_facts(
    path: Path | None = None, facts: Sequence[Fact] | None = None
) -> tuple[UnusedFact, ...]:
    """Load the reasons why other facts are not fitted (shipped: ``calibration/unused_facts.csv``).

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    known = {fact.id: fact for fact in (facts if facts is not None else load_facts())}
    rows = read_table(path or content("calibration", "unused_facts.csv"), ("fact", "reason", "note"))
    for row in rows:
        row.choice("fact", known)
    unused = tuple(
        UnusedFact(row.text("fact"), row.choice("reason", REASONS), row.optional("note")) for row in rows
    )
    if (at := first_repeat([one.fact for one in unused])) is not None:
        raise rows[at].problem("fact", f"'{unused[at].fact}' is there twice. Keep one row.")
    return unused


def distinct(rows: Sequence[Row], figures: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """Return the figures of the rows, or raise BadInput where an id stands twice."""
    if (at := first_repeat([one.id for one in figures])) is not None:
        raise rows[at].problem("id", f"'{figures[at].id}' is there twice. Give each row its own id.")
    return figures


def read_figure(
    row: Row, *, facts: tuple[str, ...] = (), value: float, side: str = "both", group: str = ""
) -> Observation:
    """Return the figure of a row: what fitted, reported and wanted figures have in common.

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    operator = row.choice("operator", OPERATORS)
    of = row_reference(row, "of") if row.optional("of") else None
    if (of is None) == (operator == "share"):
        raise row.problem("of", "a share needs the variable it is a share of, and nothing else has one.")
    return Observation(
        id=row.text("id"),
        zh=row.text("zh"),
        en=row.text("en"),
        facts=facts,
        variable=row_reference(row, "variable"),
        operator=operator,
        of=of,
        year=row.year("year", 1900, 2100),
        scale=_positive(row, "scale"),
        value=value,
        unit=row.text("unit"),
        error=_positive(row, "error"),
        discrepancy=_at_least_zero(row, "discrepancy"),
        side=side,
        group=group,
        note=row.optional("note"),
        line=row.line,
    )


def _observation(row: Row, known: dict[str, Fact]) -> Observation:
    facts, value = _facts(row, known), row.number("value")
    return read_figure(row, facts=facts, value=value, side=row.choice("side", SIDES), group=row.text("group"))


def _facts(row: Row, known: dict[str, Fact]) -> tuple[str, ...]:
    names = row.several("facts")
    if not names:
        raise row.problem("facts", "no fact is named. Give the id of a fact, or several with ; between them.")
    for name in names:
        if name not in known:
            raise row.problem("facts", f"'{name}' is not in facts.csv. Give the id of a fact there.")
        fact = known[name]
        if fact.is_target or fact.kind == "forecast":
            what = "a target of a plan" if fact.is_target else "a forecast"
            raise row.problem(
                "facts",
                f"{name} ({fact.en}, {fact.period}) is {what}. What is hoped for is no evidence of what "
                "was: fitting it would make the model say what the plan says. Remove the row.",
            )
    return names


def _positive(row: Row, column: str) -> float:
    number = row.number(column)
    if number <= 0:
        raise row.problem(column, f"{row.text(column)} is not above 0, as it must be.")
    return number


def _at_least_zero(row: Row, column: str) -> float:
    number = row.number(column)
    if number < 0:
        raise row.problem(
            column, f"{row.text(column)} is below 0, not 0 or more. Give 0 or a standard deviation."
        )
    return number
