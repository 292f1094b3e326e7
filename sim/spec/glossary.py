"""The Chinese names of the model's groups, dimensions, elements and variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.tables import first_repeat, read_table

__all__ = ["KINDS", "Glossary", "load_glossary"]

COLUMNS = ("name", "kind", "zh")
KINDS = ("group", "dimension", "element", "variable")


@dataclass(frozen=True)
class Glossary:
    """Chinese names by kind; names are written as in the model."""

    names: Mapping[str, Mapping[str, str]]

    def zh(self, kind: str, name: str) -> str:
        """Return the Chinese name, or an empty text if the glossary has none."""
        return self.names.get(kind, {}).get(name, "")


def load_glossary(path: Path | None = None) -> Glossary:
    """Load the glossary (shipped: ``model/glossary.csv``).

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("model", "glossary.csv"), COLUMNS)
    names: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    keys = [(row.choice("kind", KINDS), row.text("name")) for row in rows]
    if (at := first_repeat(keys)) is not None:
        raise rows[at].problem("name", f"the {keys[at][0]} '{keys[at][1]}' is there twice. Keep one row.")
    for row, (kind, name) in zip(rows, keys, strict=True):
        names[kind][name] = row.text("zh")
    return Glossary(names)
