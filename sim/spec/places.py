"""What the place is called that a study is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.documents import read_toml

__all__ = ["Name", "Place", "load_place"]

Name = Mapping[str, str]
"""A name by language: zh and en."""

LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Place:
    """The names that texts are filled with.

    ``city`` is the model's region "city", ``prefecture`` that region and the model's "rest" together,
    ``pole`` the larger city next door, ``within`` where all of it lies.
    """

    city: Name
    prefecture: Name
    pole: Name
    within: Name

    def plain(self) -> dict[str, dict[str, str]]:
        """Return the names as plain data: what is named → language → name."""
        return {what: dict(name) for what, name in asdict(self).items()}


def load_place(path: Path | None = None) -> Place:
    """Load the names of a place (shipped: ``model/study.toml``).

    Raises:
        BadInput: names the file and key of the first mistake.
    """
    whole = read_toml(path or content("model", "study.toml"))
    keys = tuple(Place.__dataclass_fields__)
    whole.check_keys(keys)
    sections = {key: whole.section(key) for key in keys}
    for section in sections.values():
        section.check_keys(LANGUAGES)
    return Place(**{key: {lang: one.text(lang) for lang in LANGUAGES} for key, one in sections.items()})
