"""Small pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["MADE", "joined", "number", "table"]

MADE = "<!-- Made by `make docs`; edit the model or its tables, not this file. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; ``|`` inside cells is kept as text."""
    lines = [_row(head), "|" + "---|" * len(head)]
    return "\n".join(lines + [_row(row) for row in rows])


def joined(blocks: Iterable[str]) -> str:
    """Return a page: blocks parted by an empty line, one line end at the end."""
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"


def number(value: float) -> str:
    """Return a number with no more digits than it has."""
    return f"{value:.6g}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
