"""Options that several commands share, and what they mean."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import click

from sim.characters import escaped
from sim.cli.terminal import write
from sim.cli.texts import LANGUAGES
from sim.errors import BadInput
from sim.folders import database_path

__all__ = [
    "MOST_SAMPLES",
    "as_typed",
    "check_count",
    "check_output",
    "check_shape",
    "database_option",
    "database_place",
    "lang_option",
    "shape_options",
    "write_csv",
    "write_json",
]

MOST_SAMPLES = 100_000
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_NUMBERS = re.compile(rf"[+-]|({_NUMBER})?(;({_NUMBER})?)*")
"""What looks like the beginning of a formula and is none: a sign alone, a number, numbers with semicolons."""

_F = TypeVar("_F", bound=Callable[..., Any])


def lang_option(function: _F) -> _F:
    """Add --lang."""
    return click.option(
        "--lang", type=click.Choice(LANGUAGES), envvar="SIM_LANG", help="Language (default: the locale's)."
    )(function)


def database_option(function: _F) -> _F:
    """Add --db."""
    return click.option(
        "--db", metavar="FILE", help="The run database (default: SIM_DB, or runs.db in your data folder)."
    )(function)


def shape_options(function: _F) -> _F:
    """Add --json and --csv."""
    function = click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")(function)
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def check_shape(as_json: bool, as_csv: bool) -> None:
    """Refuse --json together with --csv."""
    if as_json and as_csv:
        raise BadInput("--json and --csv are given together. Choose one.")


def check_count(option: str, value: int) -> int:
    """Return a number of members or samples, refused outside 1 to 100 000."""
    if not 1 <= value <= MOST_SAMPLES:
        raise BadInput(f"{option} is {value}; it must be from 1 to {MOST_SAMPLES}. 1000 is usual.")
    return value


def check_output(path: Path, kinds: Sequence[str]) -> Path:
    """Return ``path`` if a file of one of the ``kinds`` (suffixes) can be written there.

    Raises BadInput where the kind is not known, the folder is missing, or writing is not allowed.
    """
    if path.suffix.lower() not in kinds:
        raise BadInput(f"{path} must end in {' or '.join(kinds)}.")
    if path.is_dir():
        raise BadInput(f"{path} is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise BadInput(
            f"The folder {path.parent} does not exist, so {path.name} cannot be written. Make it first."
        )
    try:
        # Opening for appending neither changes nor empties a file that is there.
        existed = path.exists()
        path.open("ab").close()
        if not existed:
            path.unlink()
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}. Choose another file.") from error
    return path


def database_place(given: str | None) -> Path:
    """Return the run database's path: --db, SIM_DB, or the user's data folder."""
    return database_path(given)


def as_typed() -> tuple[str, ...]:
    """Return the command line of this call, as typed."""
    return ("sim", *click.get_current_context().meta.get("sim.arguments", ()))


def write_json(value: object) -> None:
    """Write JSON to stdout; control characters in texts as JSON's own escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    write(escaped(text, lambda character: json.dumps(character)[1:-1]) + "\n")


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write CSV with a heading to stdout; None becomes an empty cell.

    A text that a spreadsheet would run as a formula gets an apostrophe before it, as such programs ask for.
    """
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([_inert(name) for name in columns])
    for row in rows:
        table.writerow([_inert(row.get(name)) for name in columns])
    write(text.getvalue())


def _inert(cell: object) -> object:
    runs = isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBERS.fullmatch(cell)
    return f"'{cell}" if runs else cell
