"""Writing to the terminal: data to stdout, progress to stderr, nothing animated where no one watches."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO

from sim.errors import CacheWarning, SimError

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = [
    "ClosedOutput",
    "cache_notes",
    "can_show",
    "forget_stdout",
    "note",
    "prepare_streams",
    "progress_line",
    "progress_tenths",
    "show",
    "width",
    "write",
]

SHORTEST, WIDEST, UNKNOWN = 60, 160, 100


class ClosedOutput(Exception):
    """The reader of stdout has gone, as ``head`` does."""


def prepare_streams() -> None:
    """Let a console of any encoding (GBK on Windows) replace what it cannot show instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def forget_stdout() -> None:
    """Point stdout at nothing, so that Python's last flush does not complain about a closed pipe."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def can_show(text: str) -> bool:
    """Tell whether stdout's encoding has every character of ``text``."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def width() -> int:
    """Return the columns to use: the terminal's or COLUMNS, within reason; 100 where unknown."""
    return min(max(shutil.get_terminal_size((UNKNOWN, 24)).columns, SHORTEST), WIDEST)


def write(text: str) -> None:
    """Write to stdout at once; ClosedOutput when the reader is gone, SimError when the disk is full."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Windows reports a closed pipe as EINVAL.
        if error.errno in (errno.EPIPE, errno.EINVAL):
            raise ClosedOutput from error
        raise SimError(f"The output could not be written: {error.strerror}.") from error


def note(text: str) -> None:
    """Write one line for the person, not for the data: to stderr."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def cache_notes() -> Iterator[None]:
    """Say in one line, once, that something kept is not used; ``sim doctor`` has the rest."""
    shown, said = warnings.showwarning, False

    def show_once(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        nonlocal said
        if not issubclass(category, CacheWarning):
            shown(message, category, *where, **more)
        elif not said:
            said = True
            note(f"sim: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", CacheWarning)
        warnings.showwarning = show_once
        yield


def show(parts: Iterable[RenderableType]) -> None:
    """Write rich renderables to stdout; colour only on a terminal that wants it (NO_COLOR)."""
    from rich.console import Console

    terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    page = Console(
        file=StringIO(), width=width(), force_terminal=terminal, highlight=False, emoji=False, markup=False
    )
    for part in parts:
        page.print(part)
    assert isinstance(page.file, StringIO)
    write("\n".join(line.rstrip() for line in page.file.getvalue().split("\n")))


def progress_line(
    names: Callable[[str], str], check: Callable[[], None] = lambda: None, stream: TextIO | None = None
) -> Callable[[str, int, int], None]:
    """Return ``progress(stage, done, total)`` that shows one line on stderr.

    ``names`` gives a stage's name for people; ``check`` is called each time and may raise. On a
    terminal the line is rewritten a few times a second; elsewhere nothing is shown.
    """
    out = sys.stderr if stream is None else stream
    silent = not out.isatty() or os.environ.get("TERM") == "dumb"
    last = 0.0
    begun: dict[str, tuple[float, int]] = {}

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal last
        check()
        moment = time.monotonic()
        start = begun.setdefault(stage, (moment, done))
        if silent or (done < total and moment - last < 0.1):
            return
        last = moment
        left = _left(moment - start[0], done - start[1], total - done)
        out.write("\r\x1b[K" + ("" if done >= total else f"{names(stage)} {done}/{total}{left}"))
        out.flush()

    return progress


def _left(spent: float, done: int, still: int) -> str:
    """Return the time left as " ≈ 40 s", once it can be told."""
    return f" ≈ {spent / done * still:.0f} s" if done > 0 and spent > 2 else ""


def progress_tenths(
    names: Callable[[str], str], check: Callable[[], None]
) -> Callable[[str, int, int], None]:
    """Return ``progress(stage, done, total)`` for long work: off a terminal, a line for each tenth."""
    if sys.stderr.isatty():
        return progress_line(names, check)
    shown, stage_now, begun = 0, "", (0.0, 0)

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal shown, stage_now, begun
        check()
        tenth = done * 10 // max(total, 1)
        if stage != stage_now:
            stage_now, shown, begun = stage, 0, (time.monotonic(), done)
        if tenth > shown:
            shown = tenth
            left = _left(time.monotonic() - begun[0], done - begun[1], total - done)
            note(f"{names(stage)} {done}/{total}{left}")

    return progress
