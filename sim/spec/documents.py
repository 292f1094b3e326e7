"""TOML content read with a size cap and strict keys."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import BadInput, did_you_mean
from sim.files import read_text
from sim.limits import TOML_FILE

__all__ = ["Section", "read_toml"]


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
            raise self.problem(key, f"{inner!r} is not a table. Write [{key}] and keys below it.")
        return Section(self.file, f"{self.where}.{key}" if self.where else key, inner)

    def text(self, key: str) -> str:
        """Return a text that must be there and not be empty."""
        value = self.table.get(key)
        if not isinstance(value, str) or not value.strip():
            given = "is missing or empty" if value in (None, "") else f"{value!r} is not a text"
            raise self.problem(key, f'{given}. Write {key} = "…".')
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; empty if the key is not there."""
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.problem(key, f'{value!r} is not a list of texts. Write {key} = ["…", "…"].')
        return tuple(item.strip() for item in value)

    def number(self, key: str) -> float:
        """Return a finite number that must be there."""
        value = self.table.get(key)
        # A bool is an int in Python, but `true` is no number to a reader of the file.
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.problem(key, f"{value!r} is not a finite number. Write {key} = 0.5.")
        return float(value)


def read_toml(path: Path) -> Section:
    """Return the whole of a TOML file of at most 64 kB.

    Raises:
        BadInput: the file cannot be read, is too large, or is not TOML (with line and column).
    """
    text = read_text(path, TOML_FILE)
    try:
        return Section(path.name, "", tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(f"{path.name} is not valid TOML: {error}.") from error
