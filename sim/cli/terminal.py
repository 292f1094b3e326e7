"""Writing to the terminal: data to stdout, progress to stderr, nothing animated where no one watches."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import StringIO, TextIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from sim.characters import visible
from sim.errors import CacheWarning, SimError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

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
    "unwritable",
    "width",
    "write",
]

SHORTEST, WIDEST, UNKNOWN = 60, 160, 100
MINUS = "−"
"""The sign before negative numbers, which a GBK console lacks."""
_ENDLESS = re.compile(r"\S{500,}")
"""A word that only a mistake makes, such as a number of thousands of digits."""


class ClosedOutput(Exception):
    """The reader of stdout has gone, as ``head`` does."""


class _Closed(TextIOBase):
    """Stands for a stdout that was closed before the program began (``sim … >&-``)."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Refuse, with what to do."""
        raise SimError("The output could not be written: standard output is closed. Open it, or use a file.")


def prepare_streams() -> None:
    """Make both streams usable: stand in for closed ones, replace what a console's encoding does not have."""
    if sys.stdout is None:
        sys.stdout = cast(TextIO, _Closed())
    if sys.stderr is None:
        # print() would take stdout instead, and mix what is for people with the data.
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (open until the end)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def forget_stdout() -> None:
    """Point stdout at nothing, so that Python's last flush does not complain about a closed pipe."""
    _forget(sys.stdout)


def _forget(stream: TextIO) -> None:
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
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
    """Write to stdout at once, control characters as escapes.

    Raises ClosedOutput when the reader is gone, SimError when it cannot be written (a full disk).
    """
    _put(visible(text))


def _put(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        forget_stdout()
        # Windows reports a closed pipe as EINVAL.
        if error.errno in (errno.EPIPE, errno.EINVAL):
            raise ClosedOutput from error
        raise unwritable(error) from error


def unwritable(error: OSError) -> SimError:
    """Return the error to raise where stdout takes no more."""
    return SimError(f"The output could not be written: {error.strerror}.")


def note(text: str) -> None:
    """Write one line for the person, not for the data: to stderr. That no one reads it stops no work."""
    short = _ENDLESS.sub(lambda word: f"{word[0][:80]}… ({len(word[0])} characters)", text)
    _tell(visible(short) + "\n", sys.stderr)


def _tell(text: str, stream: TextIO) -> None:
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        _forget(stream)


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
        page.print(_escaped(page, part), end="")
    assert isinstance(page.file, StringIO)
    text = "\n".join(line.rstrip() for line in page.file.getvalue().split("\n"))
    _put(text if can_show(MINUS) else text.replace(MINUS, "-"))


def _escaped(page: Console, part: RenderableType) -> RenderableType:
    """Return ``part`` as it is drawn, with the control characters of its texts as escapes, its style kept."""
    from rich.segment import Segment, Segments

    text = page.render_str(part) if isinstance(part, str) else part
    drawn = page.render(text)
    return Segments([Segment(visible(one.text), one.style, one.control) for one in drawn])


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
        line = "" if done >= total else f"{names(stage)} {done}/{total}{left}"
        _tell("\r\x1b[K" + visible(line), out)

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
