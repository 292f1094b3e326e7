"""Ids of runs and sweeps, and what a user may type for one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sim.errors import BadInput, did_you_mean
from sim.store.table import fetch

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["find_one", "free_id", "new_id", "now"]

_NAME = re.compile(r"[\w-]+")


def now() -> str:
    """Return the time in UTC as ISO 8601, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    """Return a new id such as ``20261120-153012-1a2b``; ids sort by time."""
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(2)


def free_id(database: Database, table: str) -> str:
    """Return a new id that no row has, as two programs may ask in one second; inside a transaction."""
    while True:
        name = new_id()
        if not fetch(database, f"SELECT 1 FROM {table} WHERE id = ?", name):
            return name


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
