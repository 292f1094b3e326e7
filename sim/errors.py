"""Errors that a user may see: one clear message each, and the exit code that goes with it.

A message says what was wrong, what was given, what is allowed and what to do.
Exit codes: 0 ok, 1 failure, 2 bad input, 3 goal not met under ``--check``,
4 partial sweep, 130 interrupted.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BadInput",
    "CacheWarning",
    "GoalNotMet",
    "Interrupted",
    "PartialSweep",
    "SimError",
    "did_you_mean",
]


class SimError(Exception):
    """Something failed that the user can understand and act on."""

    exit_code = 1


class BadInput(SimError):
    """The input cannot be used as given."""

    exit_code = 2


class GoalNotMet(SimError):
    """``--check`` was asked for and the goal is not met."""

    exit_code = 3


class PartialSweep(SimError):
    """A sweep stopped early; what was computed is stored."""

    exit_code = 4


class Interrupted(SimError):
    """The user pressed Ctrl-C; what was stored stays stored."""

    exit_code = 130


class CacheWarning(UserWarning):
    """Something kept from an earlier run is not trusted, and is done without: slower, with equal results."""


def did_you_mean(given: str, known: Iterable[str], count: int = 3) -> str:
    """Return `` Did you mean 'a' or 'b'?`` for the names nearest to ``given``, or an empty string."""
    near = difflib.get_close_matches(given, list(known), n=count, cutoff=0.5)
    if not near:
        return ""
    return " Did you mean " + " or ".join(repr(name) for name in near) + "?"
