"""Texts in two languages: read from ``messages.toml``, chosen by --lang, SIM_LANG or the locale."""

from __future__ import annotations

import locale
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.errors import BadInput

__all__ = ["LANGUAGES", "Texts", "choose_language", "load_texts"]

LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Texts:
    """The texts of one language, by ``section.name``."""

    lang: str
    table: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its ``{values}`` filled in."""
        return self.table[key].format(**values)

    def joined(self, names: Iterable[str]) -> str:
        """Return names one after another, as the language lists them."""
        return ("、" if self.lang == "zh" else ", ").join(names)

    def of(self, both: Mapping[str, str]) -> str:
        """Return the entry of a ``{"zh": …, "en": …}`` pair in this language."""
        return both[self.lang]


def choose_language(given: str | None = None) -> str:
    """Return "zh" or "en": ``given`` (--lang), else SIM_LANG, else the locale's."""
    wanted = given or os.environ.get("SIM_LANG")
    if wanted:
        if wanted not in LANGUAGES:
            raise BadInput(f"The language {wanted!r} is not known. Allowed: {', '.join(LANGUAGES)}.")
        return wanted
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "zh" if os.environ[name].lower().startswith("zh") else "en"
    return "zh" if _system_locale().lower().startswith(("zh", "chinese")) else "en"


def load_texts(given: str | None = None) -> Texts:
    """Return the texts of the chosen language (see ``choose_language``)."""
    lang = choose_language(given)
    path = Path(__file__).with_name("messages.toml")
    whole = tomllib.loads(path.read_text(encoding="utf-8"))
    table = {
        f"{section}.{key}": pair[lang] for section, pairs in whole.items() for key, pair in pairs.items()
    }
    return Texts(lang, table)


def _system_locale() -> str:
    """Return the system's own locale name where no environment variable tells (Windows, macOS)."""
    try:
        return locale.getlocale()[0] or ""
    except ValueError:
        return ""
