"""The pieces of a document, as plain data for the template: paragraphs, lists, tables, figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.figure import Figure

from sim.figures import Text, figure_bytes

__all__ = ["Block", "Document", "bullets", "cell", "figure", "para", "plain", "runs", "section", "table"]

Block = dict[str, Any]


@dataclass
class Document:
    """What a report says (``data``, plain JSON) and the figures it shows (file name → SVG bytes)."""

    data: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)


def runs(text: Text, key: str, /, **values: object) -> list[Block]:
    """Return the sentence at ``key`` as stretches of plain and bold text.

    Stars are split off before the values go in, so that a value with stars stays as it is.
    """
    pieces = str(text.entry(key)).split("**")
    stretches: list[Block] = [
        {"text": text.filled(piece, **values), "strong": bool(number % 2)}
        for number, piece in enumerate(pieces)
        if piece
    ]
    return stretches if text.lang == "zh" else [*stretches, {"text": " ", "strong": False}]


def plain(words: str) -> list[Block]:
    """Return ``words`` as one stretch of plain text."""
    return [{"text": words, "strong": False}]


def para(*stretches: list[Block], head: str = "") -> Block:
    """Return a paragraph, with a bold heading word in front if ``head`` is given."""
    return {"kind": "para", "head": head, "runs": [run for stretch in stretches for run in stretch]}


def bullets(items: Sequence[list[Block]], terms: Sequence[str] = ()) -> Block:
    """Return a list of points, or of terms with their meaning."""
    return {"kind": "list", "items": list(items), "terms": list(terms)}


def cell(words: object, tone: str = "") -> Block:
    """Return a table cell; ``tone`` (good, bad, open) colours it beside what its words say."""
    return {"text": str(words), "tone": tone}


def table(
    caption: str, alt: str, columns: Sequence[str], widths: Sequence[float | str], align: str,
    rows: Sequence[Sequence[Block | str]], *, small: bool = False,
) -> Block:  # fmt: skip
    """Return a table; widths are shares of the line or "auto", ``align`` a letter (l, c, r) per column."""
    cells = [[item if isinstance(item, dict) else cell(item) for item in row] for row in rows]
    return {
        "kind": "table", "caption": caption, "alt": alt, "columns": list(columns), "widths": list(widths),
        "align": list(align), "rows": cells, "small": small,
    }  # fmt: skip


def figure(document: Document, name: str, drawn: Figure, caption: str, alt: str, *, note: str = "") -> Block:
    """Add the SVG of ``drawn`` to the document and return the block that shows it.

    ``note`` follows the caption but stays out of the list of figures.
    """
    file = f"{name}.svg"
    document.files[file] = figure_bytes(drawn, "svg")
    return {"kind": "figure", "file": file, "caption": caption, "note": note, "alt": alt}


def section(title: str, blocks: Sequence[Block | None]) -> Block:
    """Return a section with what is there of ``blocks``."""
    return {"title": title, "blocks": [block for block in blocks if block]}
