"""The words that go with numbers, in both languages, from ``words.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["LANGUAGES", "units", "word"]

LANGUAGES = ("zh", "en")


def word(lang: str, key: str, /, **values: object) -> str:
    """Return a word or sentence of ``words.toml`` in ``lang``, with ``values`` in its places."""
    return str(_table()["words"][key][lang]).format(**values)


def units() -> Mapping[str, Mapping[str, Any]]:
    """Return the units that are written otherwise than data name them, by their English name there."""
    found: Mapping[str, Mapping[str, Any]] = _table()["units"]
    return found


@cache
def _table() -> dict[str, Any]:
    path = Path(__file__).with_name("words.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
