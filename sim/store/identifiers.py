"""Ids of runs and sweeps, what a user may type for one, and whether its process still lives."""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sim.errors import BadInput, did_you_mean

__all__ = ["find_one", "host", "is_alive", "new_id", "now", "stored_status"]

_NAME = re.compile(r"[\w-]+")


def now() -> str:
    """Return the time in UTC as ISO 8601, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    """Return a new id such as ``20261120-153012-1a2b``; ids sort by time."""
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(2)


def host() -> str:
    """Return the name of this computer, stored beside the process id."""
    return socket.gethostname()


def is_alive(pid: int | None, where: str | None) -> bool:
    """Tell whether the process that wrote a row may still be at work; unknown counts as alive."""
    if not pid or where != host() or os.name == "nt":  # on Windows, os.kill(pid, 0) would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def stored_status(row: Mapping[str, Any]) -> str:
    """A row left "running" by a process that is gone was interrupted."""
    if row["status"] == "running" and not is_alive(row["pid"], row["host"]):
        return "interrupted"
    return str(row["status"])


def find_one(
    given: str, kind: str, ids: Iterable[str], tagged: Callable[[str], list[str]], last: str | None
) -> str:
    """Return the id that ``given`` names: ``@last``, an id, a tag, or the unique beginning of an id.

    ``kind`` is "run" or "sweep"; ``ids`` newest first; ``last`` is what ``@last`` means.
    Raises BadInput where nothing or several fit.
    """
    known = list(ids)
    if given == "@last":
        if last is None:
            raise BadInput(
                f"There is no complete {kind} yet, so @last names nothing. Start with: sim {kind}."
            )
        return last
    if given in known:
        return given
    fits = tagged(given) or (
        [name for name in known if name.startswith(given)] if _NAME.fullmatch(given) else []
    )
    if len(fits) == 1:
        return fits[0]
    if fits:
        some = ", ".join(fits[:5]) + (", …" if len(fits) > 5 else "")
        raise BadInput(f"{given!r} fits {len(fits)} {kind}s ({some}). Type more of the id.")
    newest = f" The newest: {', '.join(known[:3])}." if known else f" No {kind} is stored yet."
    raise BadInput(
        f"There is no {kind} {given!r}.{did_you_mean(given, known)}"
        f" Give an id, its unique beginning, a tag or @last.{newest}"
    )
