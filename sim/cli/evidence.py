"""``sim evidence``: what the documents can tell about the model, and what they cannot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.options import check_shape, lang_option, shape_options, write_csv, write_json
from sim.cli.study import current_study
from sim.cli.terminal import note, show
from sim.cli.texts import Texts, load_texts
from sim.errors import BadInput, did_you_mean
from sim.files import read_bytes
from sim.limits import EVIDENCE_FILE

if TYPE_CHECKING:
    from rich.text import Text

    from sim.ensemble.project import Project

__all__ = ["SECTIONS", "command"]

SECTIONS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "anchors": (("figures",),),
    "contraction": (("largest",),),
    "correlations": (("pairs",),),
    "profiles": (("profiles",), ("flat",)),
    "predictive": (("observations",), ("goals",)),
    "value": (("statistics",),),
    "levers": (("levers",), ("chances",)),
    "skill": (
        ("errors", "rows"), ("leave_out", "rows"), ("coverage", "rows"), ("ranks", "rows"),
        ("structures", "rows"), ("naive", "rows"),
    ),
}  # fmt: skip
"""The sections and where the rows of their tables stand."""


@click.command("evidence")
@click.argument("section", required=False)
@click.option(
    "--file", metavar="FILE", type=click.Path(path_type=Path),
    help="Another file that sim calibrate has written (.json).",
)  # fmt: skip
@click.option(
    "--plots", metavar="FOLDER", type=click.Path(path_type=Path),
    help="Draw the figures of the skill as SVG into this folder.",
)  # fmt: skip
@lang_option
@shape_options
def command(
    section: str | None, file: Path | None, plots: Path | None, lang: str | None, as_json: bool, as_csv: bool
) -> None:
    """What the data can tell and what they cannot.

    \b
    SECTION is one of:
      anchors       every reported figure beside the posterior
      contraction   how much narrower each constant became
      correlations  which constants the data tie together
      profiles      how well the data bound the constants that matter most
      predictive    observations and goals before and after the data
      value         which further statistic would narrow the forecast most
      levers        what is known of the levers' effects; the goal's chance at half and one and a half
      skill         errors, left-out facts, coverage, structure, naive forecasts

    Without a section the main findings of all of them.
    """
    check_shape(as_json, as_csv)
    _check_section(section, as_csv)
    texts = load_texts(lang)
    found, other, project = _found(file)
    if section is not None and section not in found:
        raise BadInput(_missing(section))
    with _whole(section):
        if as_json:
            write_json(found if section is None else found[section])
        elif as_csv:
            rows = [_flat(row) for row in _rows(found, section or "")]
            write_csv(list(dict.fromkeys(name for row in rows for name in row)), rows)
        else:
            from sim.cli.evidence_view import evidence_page

            page = list(evidence_page(found, section, texts))
            if project is not None and section in (None, "anchors", "contraction"):
                # The overview ends with an empty line and the next command.
                end = len(page) - (2 if section is None else 0)
                page[end:end] = _twice(project, texts)
            show(page)
    if plots is not None:
        with _whole("skill"):
            _draw(found, plots, texts.lang)
    if other:
        note(texts("data.other"))


@contextmanager
def _whole(section: str | None) -> Iterator[None]:
    """Say what is wrong where a value of the file is missing, null or of another kind than was written."""
    from rich.errors import ConsoleError

    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, ConsoleError) as error:
        where = "The evidence" if section is None else f"The section {section} of the evidence"
        raise BadInput(
            f"{where} is not as sim calibrate writes it: a value is missing or of another kind "
            f"({type(error).__name__}: {str(error)[:80]}). Make it again with: sim calibrate"
        ) from error


def _draw(found: Mapping[str, Any], folder: Path, lang: str) -> None:
    from sim.figures.skill import skill_plots

    if "skill" not in found:
        raise BadInput(_missing("skill"))
    if not folder.is_dir():
        raise BadInput(f"--plots {folder}: there is no such folder. Make it first.")
    for path in skill_plots(found["skill"], folder, lang):
        note(str(path))


def _check_section(section: str | None, as_csv: bool) -> None:
    allowed = ", ".join(SECTIONS)
    if section is not None and section not in SECTIONS:
        hint = did_you_mean(section, SECTIONS)
        raise BadInput(f"There is no section '{section}'.{hint} Allowed: {allowed}.")
    if as_csv and section is None:
        raise BadInput(f"--csv needs a section, as in sim evidence value --csv. Allowed: {allowed}.")


def _missing(section: str) -> str:
    more = " --skill" if section == "skill" else ""
    return f"This calibration has no section {section}. Make it with: sim calibrate{more}"


def _twice(project: Project, texts: Texts) -> list[Text]:
    """Return the sentence on figures that are used twice: the bands are narrower for it."""
    from rich.text import Text

    from sim.cli.twice_used import twice_used

    words = twice_used(project, texts)
    return [Text(f"\n{words}", style="dim")] if words else []


def _found(file: Path | None) -> tuple[dict[str, Any], bool, Project | None]:
    """Return the evidence, whether it was made for another posterior or other data, and the place."""
    from sim.ensemble import load_project
    from sim.ensemble.evidence import evidence_file, is_current

    if file is not None:
        return _read(file), False, None
    project = load_project(current_study().folder)
    path = evidence_file(project)
    if path is None:
        raise BadInput("There is no evidence of this place yet. Make it with: sim calibrate")
    found = _read(path)
    return found, not is_current(found, project), project


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_bytes(path, EVIDENCE_FILE))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not whole: it is no JSON. Make it again with: sim calibrate") from error
    if not isinstance(found, dict) or "contraction" not in found:
        raise BadInput(f"{path} holds no evidence. Name a file that sim calibrate has written.")
    return found


def _rows(found: Mapping[str, Any], section: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a section's tables, each with the name of its table where there are several."""
    for keys in SECTIONS[section]:
        part: Any = found[section]
        for key in keys:
            part = (part or {}).get(key)
        for row in part or ():
            yield ({"table": keys[0]} if len(SECTIONS[section]) > 1 else {}) | row


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return a row of plain cells: a dict inside becomes columns, a list one cell."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}_")
        elif isinstance(value, list):
            flat[before + name] = ";".join(_cell(value))
        else:
            flat[before + name] = value
    return flat


def _cell(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield str(value["constant"] if isinstance(value, Mapping) else "" if value is None else value)
