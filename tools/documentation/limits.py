"""The page of limits, from the one table of them."""

from __future__ import annotations

from documentation.markdown import MADE, joined, table
from sim.limits import LIMITS

__all__ = ["limits_page"]

INTRODUCTION = """\
What is read is bounded, so that no file can fill the memory, hang or crash `sim`. Each limit stands well
above what real models need; what exceeds one is refused with a message that names it (exit code 2). Only
regular files are read: folders, pipes, sockets and devices are refused at once, and a size is counted while
reading. A model reads data from inside its own folder only."""


def limits_page() -> str:
    """Return ``docs/limits.md``."""
    rows = ((limit.of, str(limit)) for limit in LIMITS)
    return joined([MADE, "# Limits", INTRODUCTION, table(("what is counted", "at most"), rows)])
