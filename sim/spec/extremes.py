"""Extreme conditions: what is changed in a case, and what must be true of the model then."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.references import Reference, parse_reference
from sim.spec.settings import Setting, parse_settings
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["Case", "Condition", "load_extremes"]

COLUMNS = ("case", "zh", "en", "levers", "inputs", "variable", "year", "condition", "note")
SIGNS = (">=", "<=", ">", "<")
YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True)
class Condition:
    """What must hold of every cell of ``variable``, in ``year`` or (None) at all times.

    ``sign`` is one of ``>= <= > <``. The right side is ``factor`` times a reference: the same
    variable in the case ``other``, or in the year ``since`` of the same run; without either it is ``factor``.
    """

    variable: Reference
    year: int | None
    sign: str
    factor: float
    other: str
    since: int | None
    line: int
    text: str


@dataclass(frozen=True)
class Case:
    """One run under extreme conditions: levers by id (``all`` is every lever) and changed constants."""

    id: str
    zh: str
    en: str
    levers: tuple[tuple[str, float], ...]
    settings: tuple[Setting, ...]
    conditions: tuple[Condition, ...]
    line: int


def load_extremes(path: Path | None = None) -> tuple[Case, ...]:
    """Load the cases (shipped: ``model/extremes.csv``); BadInput names the first mistake's row and column.

    A row without a name in ``zh`` adds a condition to the case of the rows above it.
    """
    rows = read_table(path or content("model", "extremes.csv"), COLUMNS)
    grouped: list[list[Row]] = []
    for row in rows:
        if row.optional("zh"):
            grouped.append([row])
        elif grouped and grouped[-1][0].text("case") == row.text("case"):
            grouped[-1].append(row)
        else:
            raise row.problem("case", f"'{row.text('case')}' does not go on from the row above. Name it.")
    cases = tuple(_case(group) for group in grouped)
    _check(grouped, cases)
    return cases


def _check(grouped: list[list[Row]], cases: tuple[Case, ...]) -> None:
    ids = [case.id for case in cases]
    twice = first_repeat(ids)
    if twice is not None:
        raise grouped[twice][0].problem("case", f"'{ids[twice]}' is there twice. Give each case its own id.")
    for group, case in zip(grouped, cases, strict=True):
        for row, condition in zip(group, case.conditions, strict=True):
            if condition.other and condition.other not in ids:
                raise row.problem("condition", f"there is no case '{condition.other}' to compare with.")


def _case(group: list[Row]) -> Case:
    first = group[0]
    return Case(
        id=first.text("case"),
        zh=first.text("zh"),
        en=first.text("en"),
        levers=tuple(_lever(first, part) for part in first.several("levers")),
        settings=parse_settings(first, "inputs"),
        conditions=tuple(_condition(row) for row in group),
        line=first.line,
    )


def _lever(row: Row, text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        intensity = float(value or "1")
    except ValueError:
        intensity = -1.0
    if not 0 <= intensity <= 1:
        raise row.problem("levers", f"'{text}' is not LEVER or LEVER=INTENSITY with 0 to 1.")
    return name.strip(), intensity


def _condition(row: Row) -> Condition:
    text = row.text("condition")
    sign = next((sign for sign in SIGNS if text.startswith(sign)), "")
    parts = text.removeprefix(sign).split()
    factor, reference = _right_side(parts)
    since = reference[1:] if reference.startswith("@") else ""
    if not sign or factor is None or (reference.startswith("@") and not YEAR.fullmatch(since)):
        raise row.problem(
            "condition",
            f"'{text}' is not such as '>= 0', '< baseline', '<= 1.02 other-case' or '< 0.9 @2024'.",
        )
    return Condition(
        variable=parse_reference(row.text("variable")),
        year=row.year("year", 2020, 2040) if row.optional("year") else None,
        sign=sign,
        factor=factor,
        other="" if since else reference,
        since=int(since) if since else None,
        line=row.line,
        text=text,
    )


def _right_side(parts: list[str]) -> tuple[float | None, str]:
    if not parts or len(parts) > 2:
        return None, ""
    try:
        return float(parts[0]), parts[1] if len(parts) == 2 else ""
    except ValueError:
        return (1.0, parts[0]) if len(parts) == 1 else (None, "")
