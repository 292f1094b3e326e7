"""The named feedback loops of the model: what closes each, and how it is cut."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.references import Reference, parse_reference
from sim.spec.settings import Setting, parse_setting
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["Loop", "load_loops"]

COLUMNS = (
    "loop",
    "zh",
    "en",
    "polarity",
    "chain",
    "cut",
    "scenario",
    "against",
    "frozen",
    "measure",
    "variable",
    "year",
    "expected",
    "found",
    "note",
)
HELD = "hold "


@dataclass(frozen=True)
class Loop:
    """A feedback loop.

    ``chain`` lists variables: each is used by the next, the last by the first. A cut sets constants
    to ``settings`` and keeps variables ``held`` at their path without the scenario; ``frozen`` are
    the variables kept at their value of the start when all feedback is frozen. ``measure`` is
    ``effect`` (the scenario over ``against``, less one) or ``level`` (the value under the scenario);
    ``expected`` tells how that changes when the loop is cut, ``found`` by how many per cent of the
    variable it did when the table was last written.
    """

    id: str
    zh: str
    en: str
    polarity: str
    chain: tuple[str, ...]
    settings: tuple[Setting, ...]
    held: tuple[Reference, ...]
    scenario: str
    against: str
    frozen: tuple[Reference, ...]
    measure: str
    variable: Reference
    year: int
    expected: str
    found: float | None
    note: str
    line: int


def load_loops(path: Path | None = None) -> tuple[Loop, ...]:
    """Load the loops (shipped: ``model/loops.csv``); BadInput names the first mistake's row and column."""
    rows = read_table(path or content("model", "loops.csv"), COLUMNS)
    loops = tuple(_loop(row) for row in rows)
    twice = first_repeat([loop.id for loop in loops])
    if twice is not None:
        raise rows[twice].problem("loop", f"'{loops[twice].id}' is there twice. Give each loop its own id.")
    return loops


def _loop(row: Row) -> Loop:
    chain = row.several("chain")
    if len(chain) < 2:
        raise row.problem("chain", "a loop needs at least two variables, separated by semicolons.")
    parts = row.several("cut")
    if not parts:
        raise row.problem("cut", "nothing is cut. Give constants as NAME = NUMBER, or hold NAME.")
    return Loop(
        id=row.text("loop"),
        zh=row.text("zh"),
        en=row.text("en"),
        polarity=row.choice("polarity", ("R", "B")),
        chain=chain,
        settings=tuple(parse_setting(row, "cut", part) for part in parts if not part.startswith(HELD)),
        held=tuple(parse_reference(part[len(HELD) :]) for part in parts if part.startswith(HELD)),
        scenario=row.text("scenario"),
        against=row.choice("against", ("baseline", "half")),
        frozen=tuple(parse_reference(part) for part in row.several("frozen")),
        measure=row.choice("measure", ("effect", "level")),
        variable=parse_reference(row.text("variable")),
        year=row.year("year", 2021, 2040),
        expected=row.choice("expected", ("smaller", "larger")),
        found=row.optional_number("found"),
        note=row.optional("note"),
        line=row.line,
    )
