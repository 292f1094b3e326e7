"""A new study folder: the data files of a place, copied as an example for another."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np

from sim.characters import unwanted_control, visible
from sim.ensemble.project import Project
from sim.ensemble.runner import cells
from sim.errors import BadInput
from sim.files import beside, create, read_bytes
from sim.folders import MODEL, MODEL_FILES, content
from sim.limits import MODEL_FILE, TOML_FILE
from sim.spec.model import Variable
from sim.spec.priors import COLUMNS, EVIDENCE, FACT_ID
from sim.spec.references import Reference

__all__ = ["found_study"]

FILES = (
    ("model", "study.toml"), ("model", "levers.toml"), ("model", "kpis.csv"), ("model", "counts.csv"),
    ("model", "charts.csv"),
    ("calibration", "sources.csv"), ("calibration", "facts.csv"), ("calibration", "observations.csv"),
    ("calibration", "unused_facts.csv"), ("calibration", "priors.csv"), ("calibration", "anchors.csv"),
    ("calibration", "reported.csv"), ("calibration", "statistics.csv"), ("calibration", "naive.csv"),
)  # fmt: skip
SCENARIOS = ("runs", "scenarios")
NOTE = "level of this place"
RATIOS = ("dmnl", "1/year", "year")
"""Units of what is no level of a place: shares, rates and times."""
SOURCE = re.compile(r"Source: (?P<said>.*)\((?P<evidence>[^()]*)\)\.?$")
NO_DATA = ("definition", "scenario input")
"""Sources of constants that are the same everywhere, or that scenarios set."""


def found_study(project: Project, folder: Path) -> int:
    """Write the data files of ``project`` into a new study ``folder`` and return how many there are.

    Every level that the model file takes from a document, and every start of an anchored level, gets a row
    of its own in priors.csv, so that the new place can have its own.

    Raises:
        BadInput: the folder holds something already, or cannot be written.
    """
    _refuse_filled(folder)
    files = dict(_files(project))
    whole = folder.resolve()
    part = beside(whole / "study" if whole.exists() else whole)
    try:
        for name, data in files.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            create(path, data, mode=0o666)
        _put_in_place(part, whole)
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror}. Name another folder.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return len(files)


def _put_in_place(part: Path, folder: Path) -> None:
    """Give the written folder its name at once, so that a study is there whole or not at all."""
    if not folder.exists():
        part.rename(folder)
        return
    # A folder that is there, perhaps the shell's own, stays the same one; it gets what the new one holds.
    for path in sorted(part.iterdir()):
        if (folder / path.name).exists():  # another program wrote it meanwhile
            raise BadInput(
                f"{folder / path.name} is there by now, and is not overwritten. Name a new folder."
            )
        path.rename(folder / path.name)


def _refuse_filled(folder: Path) -> None:
    if wrong := unwanted_control(str(folder)):
        raise BadInput(f"{visible(str(folder))}: {wrong}")
    try:
        if folder.exists() and not folder.is_dir():
            raise BadInput(f"{folder} is a file. Name a new folder.")
        if folder.is_dir() and any(folder.iterdir()):
            raise BadInput(f"{folder} is not empty, and nothing in it is overwritten. Name a new folder.")
    except OSError as error:
        raise BadInput(f"{folder} cannot be read: {error.strerror}. Name a new folder.") from error


def _files(project: Project) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file."""
    yield "README.md", _readme(project).encode()
    for parts in (*FILES, *_of_own_model(project)):
        path = project.study.find(*parts)
        if path is not None:
            levels = _levels(project).encode() if parts[-1] == "priors.csv" else b""
            yield "/".join(parts), read_bytes(path, MODEL_FILE) + levels
    scenarios = project.study.find(*SCENARIOS)
    for path in sorted(scenarios.glob("*.toml")) if scenarios is not None else ():
        yield "/".join((*SCENARIOS, path.name)), read_bytes(path, TOML_FILE)


def _of_own_model(project: Project) -> Iterator[tuple[str, str]]:
    """Yield the model file, and what goes with it, of a study that brings a model of its own."""
    folder = project.study.folder
    if folder is not None and (folder / "model" / MODEL).exists():
        yield from (("model", name) for name in (MODEL, "units.txt", *sorted(MODEL_FILES)))


def _readme(project: Project) -> str:
    text = content("runs", "studies", "README.md").read_text(encoding="utf-8")
    return text.replace("{source_zh}", project.place.city["zh"]).replace("{source}", project.place.city["en"])


def _levels(project: Project) -> str:
    """Return rows of priors.csv for levels of the place that have none."""
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    taken: dict[str, set[int]] = {}
    for prior in project.priors:
        name = project.constant(prior.constant.name)
        taken.setdefault(name, set()).update(cells(project.spec, prior.constant).tolist())
    for name in project.defaults:
        variable = project.spec.find(name)
        source = SOURCE.search(variable.doc)
        if source is not None and _is_level(variable, source["said"]):
            writer.writerows(_rows(project, variable, source, taken.get(name, set())))
    return table.getvalue()


def _is_level(variable: Variable, source: str) -> bool:
    """Whether a constant says something of the place alone: it has a size, or a document gives it."""
    if variable.units == "year" or any(word in source for word in NO_DATA):
        return False
    return variable.units not in RATIOS or FACT_ID.search(source) is not None


def _rows(
    project: Project, variable: Variable, source: re.Match[str], taken: set[int]
) -> Iterator[dict[str, object]]:
    facts = " ".join(FACT_ID.findall(source["said"]))
    evidence = source["evidence"] if source["evidence"] in EVIDENCE else "assumption"
    note = "start of the search for the anchored level" if source["evidence"] == "anchored" else NOTE
    elements = list(product(*(project.spec.dimensions[name].elements for name in variable.dimensions)))
    for cell, value in enumerate(np.ravel(project.defaults[variable.name]).tolist()):
        if cell not in taken:
            yield {
                "constant": Reference(variable.name, elements[cell]), "unit": variable.units,
                "value": value, "low": value, "high": value, "distribution": "fixed",
                "evidence": evidence, "source": facts or source["said"].strip(), "note": note,
            }  # fmt: skip
