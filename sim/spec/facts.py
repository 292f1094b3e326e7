"""The figures that stand in the documents, and the documents themselves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["KINDS", "SCOPES", "Fact", "Source", "check_fact_ids", "fact_ids", "load_facts", "load_sources"]

SOURCE_COLUMNS = ("source", "file", "title")
FACT_COLUMNS = (
    "id", "scope", "indicator_zh", "indicator_en", "period", "value",
    "unit", "kind", "source", "section", "note",
)  # fmt: skip
KINDS = frozenset((
    "observed", "stated_rate", "cumulative", "capacity", "planned_capacity", "lower_bound",
    "upper_bound", "approximate", "derived", "target", "target_max", "forecast",
))  # fmt: skip
SCOPES = frozenset(("city", "prefecture", "xinjiang", "urumqi", "hightech_zone", "zhundong", "mulei"))
UNITS = (
    "CNY", "USD", "%", "count", "persons", "visits", "beds", "items",
    "t", "t km", "km", "km2", "m3", "GW", "kW", "kWh", "minutes", "hours",
)  # fmt: skip
UNIT = re.compile(r"(?:1e\d{1,2} )?(?P<base>[^/]+)(?:/yr)?")
MOST = 1e18
YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class Source:
    """A document that figures were taken from."""

    id: str
    file: str
    title: str


@dataclass(frozen=True)
class Fact:
    """One figure of a document, as it stands there, in ``unit``."""

    id: str
    scope: str
    zh: str
    en: str
    period: str
    value: float
    unit: str
    kind: str
    source: str
    section: str
    note: str
    printed: str = ""
    """The value as it is written, with its trailing zeros: its rounding can be read off it."""

    @property
    def year(self) -> int | None:
        """The year, or the last year of the period; None where the document does not say."""
        years = YEAR.findall(self.period)
        return int(years[-1]) if years else None

    @property
    def is_target(self) -> bool:
        """Whether this is a plan's target, and so never an observation."""
        return self.kind in ("target", "target_max")


def load_sources(path: Path | None = None) -> tuple[Source, ...]:
    """Load the list of documents (shipped: ``calibration/sources.csv``).

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("calibration", "sources.csv"), SOURCE_COLUMNS)
    sources = tuple(Source(row.text("source"), row.text("file"), row.text("title")) for row in rows)
    _refuse_repeats(rows, "source", [source.id for source in sources])
    return sources


def load_facts(
    path: Path | None = None, sources: Iterable[Source] | None = None, *, any_source: bool = False
) -> tuple[Fact, ...]:
    """Load the facts (shipped: ``calibration/facts.csv``).

    Args:
        path: another file of the same columns.
        sources: the known documents (default: the shipped ones).
        any_source: take whatever stands in the column source, without a list of documents.

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("calibration", "facts.csv"), FACT_COLUMNS)
    listed = () if any_source else load_sources() if sources is None else sources
    known = None if any_source else {source.id for source in listed}
    facts = tuple(_fact(row, known) for row in rows)
    _refuse_repeats(rows, "id", [fact.id for fact in facts])
    return facts


def fact_ids(facts: Iterable[Fact] | None = None) -> frozenset[str]:
    """Return the ids that other files may cite (default: of the shipped facts)."""
    return frozenset(fact.id for fact in (load_facts() if facts is None else facts))


def check_fact_ids(row: Row, column: str, cited: Iterable[str], known: Collection[str]) -> None:
    """Raise BadInput for the first cited id that is not known."""
    for name in cited:
        if name not in known:
            raise row.problem(
                column, f"the fact '{name}' is not known. Allowed: ids in facts.csv, such as F001."
            )


def _fact(row: Row, sources: set[str] | None) -> Fact:
    unit = row.text("unit")
    match = UNIT.fullmatch(unit)
    if match is None or match["base"] not in UNITS:
        allowed = ", ".join(UNITS)
        raise row.problem(
            "unit", f"'{unit}' is not known. Allowed: {allowed}, with 1e4 or 1e8 before it or /yr behind it."
        )
    return Fact(
        id=row.text("id"),
        scope=row.choice("scope", SCOPES),
        zh=row.text("indicator_zh"),
        en=row.text("indicator_en"),
        period=row.text("period"),
        value=_value(row),
        unit=unit,
        kind=row.choice("kind", KINDS),
        source=row.text("source") if sources is None else row.choice("source", sources),
        section=row.optional("section"),
        note=row.optional("note"),
        printed=row.text("value"),
    )


def _value(row: Row) -> float:
    value = row.number("value")
    if abs(value) > MOST:
        raise row.problem(
            "value", f"{row.text('value')} is beyond 1e18. Give it in a larger unit, as 1e8 CNY."
        )
    return value


def _refuse_repeats(rows: Sequence[Row], column: str, keys: Sequence[str]) -> None:
    if (at := first_repeat(keys)) is not None:
        raise rows[at].problem(column, f"'{keys[at]}' is there twice. Give each row its own id.")
