"""The levers of the plans: what each is, who may pull it, and which constants carry its effects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import BadInput, did_you_mean
from sim.folders import content
from sim.spec.documents import Section, read_toml
from sim.spec.facts import Source, load_sources
from sim.spec.kpis import ID
from sim.spec.model import key
from sim.spec.priors import EVIDENCE
from sim.spec.references import Reference, parse_reference

__all__ = ["AUTHORITIES", "LEVER_EVIDENCE", "Lever", "find_lever", "load_levers"]

AUTHORITIES = frozenset(("city", "prefecture", "region", "nation"))
LEVER_EVIDENCE = EVIDENCE | {"observed", "plan_statement", "literature"}
KEYS = frozenset(
    ("element", "zh", "en", "document", "section", "authority", "summary", "moves", "evidence", "note")
)


@dataclass(frozen=True)
class Lever:
    """A policy lever; its cost, start, ramp and delay are model constants at ``element``."""

    id: str
    element: str
    zh: str
    en: str
    document: str
    section: str
    authority: str
    summary_zh: str
    summary_en: str
    moves: tuple[Reference, ...]
    evidence: str
    note: str


def load_levers(path: Path | None = None, sources: Iterable[Source] | None = None) -> tuple[Lever, ...]:
    """Load the levers (shipped: ``model/levers.toml``), in the order of the file.

    Raises:
        BadInput: names the file and key of the first mistake.
    """
    whole = read_toml(path or content("model", "levers.toml"))
    whole.check_keys(("levers",))
    known = {source.id for source in (load_sources() if sources is None else sources)}
    section = whole.section("levers")
    levers = tuple(_lever(section.section(name), name, known) for name in section.table)
    taken: dict[str, str] = {}
    for lever in levers:
        other = taken.setdefault(key(lever.element), lever.id)
        if other != lever.id:
            raise section.problem(f"{lever.id}.element", f"'{lever.element}' already belongs to {other}.")
    return levers


def find_lever(levers: Sequence[Lever], name: str) -> Lever:
    """Return the lever with this id.

    Raises:
        BadInput: there is none; the nearest ids are suggested.
    """
    for lever in levers:
        if lever.id == name:
            return lever
    ids = [lever.id for lever in levers]
    hint = did_you_mean(name, ids) or f" Allowed: {', '.join(ids)}."
    raise BadInput(f"'{name}' is not a lever.{hint} See: sim levers.")


def _lever(section: Section, name: str, sources: Collection[str]) -> Lever:
    if not ID.fullmatch(name):
        raise section.problem("", f"'{name}' is not an id. Use letters, digits, _ and - only.")
    section.check_keys(KEYS)
    summary = section.section("summary")
    summary.check_keys(("zh", "en"))
    return Lever(
        id=name,
        element=section.text("element"),
        zh=section.text("zh"),
        en=section.text("en"),
        document=_documents(section, sources),
        section=section.text("section"),
        authority=_choice(section, "authority", AUTHORITIES),
        summary_zh=summary.text("zh"),
        summary_en=summary.text("en"),
        moves=_moves(section),
        evidence=_choice(section, "evidence", LEVER_EVIDENCE),
        note=section.text("note") if section.table.get("note") else "",
    )


def _choice(section: Section, name: str, allowed: Collection[str]) -> str:
    given = section.text(name)
    if given not in allowed:
        hint = did_you_mean(given, allowed)
        raise section.problem(name, f"'{given}' is not known.{hint} Allowed: {', '.join(sorted(allowed))}.")
    return given


def _documents(section: Section, sources: Collection[str]) -> str:
    given = section.text("document")
    for part in given.replace(";", ",").split(","):
        if part.strip() not in sources:
            raise section.problem(
                "document", f"'{part.strip()}' is not known. Allowed: {', '.join(sorted(sources))}."
            )
    return given


def _moves(section: Section) -> tuple[Reference, ...]:
    try:
        return tuple(parse_reference(text) for text in section.texts("moves"))
    except BadInput as error:
        raise section.problem("moves", str(error)) from error
