"""``calibration/audit.toml``: limits, names, scopes and pairings of the audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sim.audit.book import Names
from sim.audit.findings import CLASSES
from sim.audit.pairings import (
    Bounded,
    Drift,
    Exceeds,
    Excused,
    Falling,
    Forecast,
    Growth,
    Intensity,
    Judged,
    Pace,
    Renamed,
    Rows,
    Same,
    Sum,
    Whole,
)
from sim.characters import brief
from sim.errors import BadInput, did_you_mean
from sim.files import read_text
from sim.folders import content
from sim.limits import AUDIT_FILE
from sim.spec.documents import parse_toml

__all__ = ["Limits", "Settings", "load_settings"]

T = TypeVar("T")
Raw = Mapping[str, Any]


class Limits(NamedTuple):
    """From when on a rule speaks; the file gives the reason of each number."""

    importance_low: float
    importance_high: float
    price_drift: float
    pace_ratio: float
    pace_points: float
    steep_rate: float
    steep_factor: float
    fewest: float
    intensity: float
    year_of_delay: float

    @property
    def importance(self) -> tuple[float, float]:
        """Sizes from which a finding is medium and high."""
        return self.importance_low, self.importance_high


@dataclass(frozen=True)
class Settings:
    """Everything in the file, typed."""

    limits: Limits
    names: Names
    parents: Mapping[str, str]
    sums: tuple[Sum, ...] = ()
    wholes: tuple[Whole, ...] = ()
    growth: tuple[Growth, ...] = ()
    paces: tuple[Pace, ...] = ()
    drifts: tuple[Drift, ...] = ()
    rows: tuple[Rows, ...] = ()
    falling: tuple[Falling, ...] = ()
    same: tuple[Same, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    bounded: tuple[Bounded, ...] = ()
    intensities: tuple[Intensity, ...] = ()
    exceeds: tuple[Exceeds, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    judged: tuple[Judged, ...] = ()
    excused: tuple[Excused, ...] = ()


TABLES: Mapping[str, type[Any]] = {
    "sums": Sum, "wholes": Whole, "growth": Growth, "paces": Pace, "drifts": Drift, "rows": Rows,
    "falling": Falling, "same": Same, "renamed": Renamed, "bounded": Bounded, "intensities": Intensity,
    "exceeds": Exceeds, "forecasts": Forecast, "judged": Judged, "excused": Excused,
}  # fmt: skip


def load_settings(path: Path | None = None) -> Settings:
    """Load the settings (shipped: ``calibration/audit.toml``).

    Raises:
        BadInput: names the file, table and key of the first mistake.
    """
    path = path or content("calibration", "audit.toml")
    raw = parse_toml(read_text(path, AUDIT_FILE), path.name)
    _check_keys(raw, ("limits", "names", "parents", *TABLES), path.name)
    names = raw.get("names", {})
    _check_keys(names, ("alias", "marks", "suffixes"), f"{path.name}, table 'names'")
    aliases = _texts(names.get("alias", {}), f"{path.name}, table 'names.alias'")
    found = {key: _table(raw.get(key, []), made, f"{path.name}, {key}") for key, made in TABLES.items()}
    return Settings(
        limits=_made(Limits, raw.get("limits", {}), f"{path.name}, table 'limits'"),
        names=Names(
            {alias.casefold(): name.casefold() for alias, name in aliases.items()},
            _value(names.get("marks", []), "tuple", f"{path.name}, key 'names.marks'"),
            _value(names.get("suffixes", []), "tuple", f"{path.name}, key 'names.suffixes'"),
        ),
        parents=_texts(raw.get("parents", {}), f"{path.name}, table 'parents'"),
        **found,
    )


def _table(rows: object, made: type[T], where: str) -> tuple[T, ...]:
    if not isinstance(rows, list):
        raise BadInput(f"{where}: this must be a list of tables. Write [[…]] over each.")
    return tuple(_made(made, row, f"{where} {number}") for number, row in enumerate(rows, start=1))


def _made(made: type[T], raw: Raw, where: str) -> T:
    """Return a named tuple of ``raw``, whose keys and types are the tuple's."""
    # Named tuples, for they are made at each start of a run; frozen data classes take far longer.
    names: tuple[str, ...] = made._fields  # type: ignore[attr-defined]
    defaults: Raw = made._field_defaults  # type: ignore[attr-defined]
    if not isinstance(raw, Mapping):
        raise BadInput(f"{where}: this must be a table.")
    _check_keys(raw, names, where)
    for name in names:
        if name not in raw and name not in defaults:
            raise BadInput(f"{where}: the key '{name}' is missing. Needed: {', '.join(names)}.")
    values = {name: _value(raw[name], _kind(made, name), f"{where}, key '{name}'") for name in raw}
    if values.get("kind", "") not in ("", *CLASSES):
        raise BadInput(
            f"{where}, key 'kind': '{values['kind']}' is not known. Allowed: {', '.join(CLASSES)}."
        )
    return made(**values)


def _kind(made: type[Any], name: str) -> str:
    return str(made.__annotations__[name].__forward_arg__)


def _value(value: object, kind: str, where: str) -> Any:
    if kind == "float" and isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    if kind == "str" and isinstance(value, str):
        return value
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind.startswith("tuple") and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    words = {"float": "a number", "str": "a text", "bool": "true or false"}
    raise BadInput(f"{where}: {brief(value)} must be {words.get(kind, 'a list of texts')}.")


def _texts(raw: object, where: str) -> dict[str, str]:
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise BadInput(f"{where}: {brief(raw)} must be a table of texts.")
    return raw


def _check_keys(raw: object, allowed: tuple[str, ...], where: str) -> None:
    if not isinstance(raw, Mapping):
        raise BadInput(f"{where}: {brief(raw)} must be a table.")
    for key in raw:
        if key not in allowed:
            hint = did_you_mean(key, allowed)
            raise BadInput(f"{where}: the key '{key}' is not known.{hint} Allowed: {', '.join(allowed)}.")
