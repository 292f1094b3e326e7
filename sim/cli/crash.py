"""The last resort: an error that no one foresaw becomes one sentence and a report file."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import sim
from sim.errors import SimError
from sim.files import write_whole
from sim.folders import data_folder

__all__ = ["DEBUG", "KEPT", "crash_sentence"]

DEBUG = "SIM_DEBUG"
"""Set to anything but an empty text, tracebacks are printed too."""

KEPT = 20
"""How many reports are kept; older ones are deleted."""

LONGEST = 200_000
PACKAGES = ("click", "jax", "jaxlib", "numpy", "scipy", "pysd", "matplotlib", "typst", "sqlite-utils", "rich")


def crash_sentence(error: BaseException, arguments: Sequence[str]) -> str:
    """Write a report on ``error`` and return the sentence to print.

    The report holds the command line, versions and the traceback; never the environment or any value of a
    variable. It is private, in the folder ``errors`` of the user's data folder.
    """
    what = type(error).__name__
    text = str(error).strip().partition("\n")[0][:200]
    if text:
        what += f": {text}"
    try:
        place = f"A report is in {_kept(_report(error, arguments))}; please send it to who maintains sim."
    except (OSError, SimError, MemoryError, RecursionError) as problem:
        why = str(problem) or type(problem).__name__
        place = f"No report could be written ({why}); with {DEBUG}=1 the traceback is printed."
    return f"An unexpected error, a fault of sim itself, stopped the command ({what}). {place}"


def _report(error: BaseException, arguments: Sequence[str]) -> str:
    lines = [
        f"sim {sim.__version__}, Python {platform.python_version()} ({sys.implementation.name})",
        f"{platform.system()} {platform.release()} {platform.machine()}",
        ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "command: " + " ".join(repr(argument) for argument in ("sim", *arguments)),
        "",
        "".join(traceback.format_exception(error)),
    ]
    text = "\n".join(lines)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}\n…\n{text[-LONGEST // 2 :]}"
    return text


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _kept(report: str) -> Path:
    """Write the report in one step, for the user alone, and delete the oldest."""
    folder = data_folder() / "errors"
    folder.mkdir(mode=0o700, exist_ok=True)
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    path = folder / f"{moment}-{os.getpid()}.txt"
    write_whole(path, report.encode("utf-8", "backslashreplace"))
    for old in sorted(folder.glob("*.txt"))[:-KEPT]:
        with suppress(OSError):
            old.unlink()
    return path
