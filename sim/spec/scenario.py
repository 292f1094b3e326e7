"""A scenario: which levers are pulled, how hard and from when, and which outside conditions change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from sim.errors import BadInput
from sim.spec.documents import Section, read_toml
from sim.spec.kpis import ID
from sim.spec.levers import Lever, find_lever
from sim.spec.references import parse_reference

__all__ = [
    "FIRST_START",
    "LAST_START",
    "LeverUse",
    "Scenario",
    "load_scenario",
    "make_scenario",
    "parse_input",
    "parse_lever",
]

FIRST_START, LAST_START = 2024, 2035
"""A lever may start within the plan's horizon."""


@dataclass(frozen=True)
class LeverUse:
    """A lever at ``intensity`` (0 as in 2024, 1 the whole plan) from year ``start`` (None: the model's)."""

    id: str
    intensity: float = 1.0
    start: float | None = None


@dataclass(frozen=True)
class Scenario:
    """Levers and outside conditions that differ from the baseline, which is ``Scenario()``.

    ``inputs`` maps a model constant, with elements if it has dimensions, to its value.
    """

    name: str = "baseline"
    zh: str = "基线情景"
    en: str = "Baseline"
    levers: tuple[LeverUse, ...] = ()
    inputs: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


def parse_lever(text: str, levers: Sequence[Lever]) -> LeverUse:
    """Read ``NAME[=INTENSITY][@YEAR]``, such as ``tourism=0.6@2027``.

    Raises:
        BadInput: unknown lever, intensity outside 0–1, or year outside 2024–2035.
    """
    before, at, start = text.partition("@")
    name, equals, intensity = before.partition("=")
    lever = find_lever(levers, name.strip())
    where = f"--lever {text}"
    return LeverUse(
        lever.id,
        _intensity(_number(intensity, f"{where}: the intensity"), where) if equals else 1.0,
        _start(_number(start, f"{where}: the year"), where) if at else None,
    )


def parse_input(text: str) -> tuple[str, float]:
    """Read ``NAME=NUMBER``, a model constant and its value; whether the constant exists is seen later.

    Raises:
        BadInput: no ``=``, no name, or not a finite number.
    """
    name, equals, value = text.rpartition("=")
    if not equals or not name.strip():
        raise BadInput(f"'{text}' is not NAME=NUMBER. Write a model constant, =, and its value.")
    return str(parse_reference(name)), _number(value, f"{text}: the value")


def load_scenario(path: Path, levers: Sequence[Lever]) -> Scenario:
    """Load a scenario file (TOML, at most 64 kB).

    Raises:
        BadInput: names the file and key of the first mistake, and what is allowed.
    """
    whole = read_toml(path)
    whole.check_keys(("name", "title", "levers", "inputs"))
    name = whole.text("name")
    if not ID.fullmatch(name):
        raise whole.problem("name", f"'{name}' is not an id. Use letters, digits, _ and - only.")
    title = whole.section("title")
    title.check_keys(("zh", "en"))
    chosen = whole.section("levers")
    uses = tuple(_use(chosen, key, levers) for key in chosen.table)
    inputs = whole.section("inputs")
    return Scenario(name, title.text("zh"), title.text("en"), uses, _inputs(inputs))


def make_scenario(
    uses: Sequence[LeverUse],
    levers: Sequence[Lever],
    *,
    inputs: Mapping[str, float] | None = None,
    base: Scenario | None = None,
) -> Scenario:
    """Put lever choices on top of a scenario file, or make a scenario of them alone.

    A choice overrides the same lever or input of ``base``. Nothing chosen and no base is the baseline.

    Raises:
        BadInput: the same lever is chosen twice.
    """
    chosen: dict[str, LeverUse] = {}
    for use in uses:
        if use.id in chosen:
            raise BadInput(f"The lever '{use.id}' is given twice. Give it once.")
        chosen[use.id] = use
    merged = {use.id: use for use in (base.levers if base else ())} | chosen
    values = {**(base.inputs if base else {}), **(inputs or {})}
    if base is not None:
        return Scenario(base.name, base.zh, base.en, tuple(merged.values()), MappingProxyType(values))
    return _named(tuple(merged.values()), levers, values)


def _named(uses: tuple[LeverUse, ...], levers: Sequence[Lever], inputs: dict[str, float]) -> Scenario:
    if not uses and not inputs:
        return Scenario()
    used = [find_lever(levers, use.id) for use in uses]
    # A long list of levers would make an unreadable name; the levers themselves are in the record.
    few = 0 < len(used) <= 3
    name = "+".join(lever.id for lever in used) if few else "own-choice"
    zh = "、".join(lever.zh for lever in used) if few else f"自选情景（{len(used)} 项举措）"
    en = ", ".join(lever.en for lever in used) if few else f"Own choice of {len(used)} levers"
    return Scenario(name, zh, en, uses, MappingProxyType(inputs))


def _use(section: Section, name: str, levers: Sequence[Lever]) -> LeverUse:
    try:
        find_lever(levers, name)
    except BadInput as error:
        raise section.problem(name, str(error)) from error
    if not isinstance(section.table[name], dict):
        return LeverUse(name, _intensity(section.number(name), _where(section, name)))
    inner = section.section(name)
    inner.check_keys(("intensity", "start"))
    intensity = inner.number("intensity") if "intensity" in inner.table else 1.0
    start = _start(inner.number("start"), _where(inner, "start")) if "start" in inner.table else None
    return LeverUse(name, _intensity(intensity, _where(inner, "intensity")), start)


def _inputs(section: Section) -> Mapping[str, float]:
    values: dict[str, float] = {}
    seen: dict[tuple[str, ...], str] = {}
    for name in section.table:
        try:
            key = parse_reference(name).key
        except BadInput as error:
            raise section.problem(name, str(error)) from error
        if key in seen:
            raise section.problem(name, f"the same constant as '{seen[key]}'. Give it once.")
        seen[key] = name
        values[name] = section.number(name)
    return MappingProxyType(values)


def _where(section: Section, key: str) -> str:
    return f"{section.file}, key '{section.where}.{key}'"


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInput(f"{what} '{text.strip()}' is not a finite number.")
    return value


def _intensity(value: float, where: str) -> float:
    if not 0 <= value <= 1:
        raise BadInput(
            f"{where}: the intensity {value:g} is outside 0 to 1. 0 is the effort of 2024, 1 the whole plan."
        )
    return value


def _start(value: float, where: str) -> float:
    if not FIRST_START <= value <= LAST_START:
        raise BadInput(f"{where}: the year {value:g} is outside {FIRST_START} to {LAST_START}.")
    return value
