"""TOML content read with a size cap and strict keys."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.characters import brief, unwanted_control, visible
from sim.errors import BadInput, did_you_mean
from sim.files import read_text
from sim.limits import TOML_FILE
from sim.spec.tables import NOTE

__all__ = ["Section", "parse_toml", "read_toml"]


@dataclass(frozen=True)
class Section:
    """A table of a TOML file; ``where`` is its key path, empty for the whole file."""

    file: str
    where: str
    table: dict[str, Any]

    def problem(self, key: str, what: str) -> BadInput:
        """Return the error for a key; ``what`` says what was given and what is allowed."""
        path = f"{self.where}.{key}" if self.where else key
        return BadInput(f"{self.file}, key '{path}': {what}")

    def check_keys(self, allowed: Collection[str]) -> None:
        """Raise BadInput for the first key that is not allowed."""
        for key in self.table:
            if key not in allowed:
                names = ", ".join(sorted(allowed))
                raise self.problem(key, f"not known.{did_you_mean(key, allowed)} Allowed: {names}.")

    def section(self, key: str) -> Section:
        """Return a table inside this one; an empty one if it is not there."""
        inner = self.table.get(key, {})
        if not isinstance(inner, dict):
            raise self.problem(key, f"{brief(inner)} is not a table. Write [{key}] and keys below it.")
        return Section(self.file, f"{self.where}.{key}" if self.where else key, inner)

    def text(self, key: str) -> str:
        """Return a text that must be there and not be empty."""
        value = self.table.get(key)
        if not isinstance(value, str) or not value.strip():
            given = "is missing or empty" if value in (None, "") else f"{brief(value)} is not a text"
            raise self.problem(key, f'{given}. Write {key} = "…".')
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; empty if the key is not there."""
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.problem(key, f'{brief(value)} is not a list of texts. Write {key} = ["…", "…"].')
        return tuple(item.strip() for item in value)

    def number(self, key: str) -> float:
        """Return a finite number that must be there."""
        value = self.table.get(key)
        # A bool is an int in Python, but `true` is no number to a reader of the file.
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise self.problem(key, f"{brief(value)} is not a finite number. Write {key} = 0.5.")
        return float(value)


def read_toml(path: Path) -> Section:
    """Return the whole of a TOML file of at most 64 kB.

    Raises:
        BadInput: the file cannot be read, is too large, is not TOML (with line and column), or a name or text
            in it holds a control character.
    """
    return Section(path.name, "", parse_toml(read_text(path, TOML_FILE), path.name))


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """Return the tables of a TOML text; BadInput as :func:`read_toml`."""
    try:
        whole = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Python's own refusal of numbers of thousands of digits is a ValueError too, but no TOMLDecodeError.
        raise BadInput(f"{file} is not valid TOML: {error}.") from error
    _refuse_controls(whole, Section(file, "", whole))
    return whole


def _refuse_controls(value: object, section: Section, key: str = "") -> None:
    if isinstance(value, dict):
        inner = Section(section.file, f"{section.where}.{key}".strip("."), value)
        for name, one in value.items():
            if wrong := unwanted_control(name):
                raise inner.problem(visible(name), wrong)
            _refuse_controls(one, inner, name)
    elif isinstance(value, list):
        for one in value:
            _refuse_controls(one, section, key)
    elif isinstance(value, str) and (wrong := unwanted_control(value, lines=key == NOTE)):
        raise section.problem(key, wrong)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False
