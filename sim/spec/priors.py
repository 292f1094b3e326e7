"""What is believed about each uncertain constant before the model meets data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sim.errors import BadInput
from sim.folders import content
from sim.spec.facts import Fact, check_fact_ids, fact_ids
from sim.spec.references import Reference, parse_reference
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["DISTRIBUTIONS", "EVIDENCE", "Prior", "load_priors", "row_reference"]

COLUMNS = ("constant", "unit", "value", "low", "high", "distribution", "evidence", "source", "note")
DISTRIBUTIONS = frozenset(("normal", "lognormal", "uniform", "triangular", "pert", "fixed"))
EVIDENCE = frozenset(
    ("official_statistic", "published", "model_code", "memory", "judgement", "assumption", "document")
)
FACT_ID = re.compile(r"\bF\d{3,4}\b")


@dataclass(frozen=True)
class Prior:
    """An uncertain constant, in ``unit``.

    For normal and lognormal ``low`` and ``high`` are the 5 and 95 % points; for uniform,
    triangular and pert they bound the support and ``value`` is the mode. A fixed constant is
    listed for its source and never sampled.
    """

    constant: Reference
    unit: str
    value: float
    low: float
    high: float
    distribution: str
    evidence: str
    source: str
    note: str
    line: int

    @property
    def sampled(self) -> bool:
        """Whether members differ in this constant."""
        return self.distribution != "fixed"


def load_priors(path: Path | None = None, facts: Iterable[Fact] | None = None) -> tuple[Prior, ...]:
    """Load the priors (shipped: ``calibration/priors.csv``).

    Args:
        path: another file of the same columns.
        facts: the facts that a source may name (default: the shipped ones).

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("calibration", "priors.csv"), COLUMNS)
    priors = tuple(_prior(row) for row in rows)
    if (at := first_repeat([prior.constant.key for prior in priors])) is not None:
        raise rows[at].problem("constant", f"'{priors[at].constant}' is there twice. Keep one row.")
    known = fact_ids(facts)
    for row in rows:
        check_fact_ids(row, "source", FACT_ID.findall(row.cells["source"]), known)
    return priors


def row_reference(row: Row, column: str) -> Reference:
    """Return the model variable that a cell names; a mistake is reported with its row."""
    try:
        return parse_reference(row.text(column))
    except BadInput as error:
        raise row.problem(column, str(error)) from error


def _prior(row: Row) -> Prior:
    prior = Prior(
        constant=row_reference(row, "constant"),
        unit=row.text("unit"),
        value=row.number("value"),
        low=row.number("low"),
        high=row.number("high"),
        distribution=row.choice("distribution", DISTRIBUTIONS),
        evidence=row.choice("evidence", EVIDENCE),
        source=row.text("source"),
        note=row.optional("note"),
        line=row.line,
    )
    _check_range(row, prior)
    return prior


def _check_range(row: Row, prior: Prior) -> None:
    if prior.low > prior.high:
        raise row.problem("low", f"{prior.low:g} is above high {prior.high:g}. Exchange them.")
    if not prior.low <= prior.value <= prior.high:
        raise row.problem(
            "value", f"{prior.value:g} is not between low {prior.low:g} and high {prior.high:g}."
        )
    if prior.sampled and prior.low == prior.high:
        raise row.problem("high", f"low and high are both {prior.low:g}. Widen them, or write fixed.")
    if prior.distribution == "lognormal" and prior.low <= 0:
        raise row.problem("low", f"{prior.low:g} is not above 0, as a lognormal needs.")
