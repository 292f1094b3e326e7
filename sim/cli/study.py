"""Which place a command is about: --study FOLDER, or the shipped one."""

from __future__ import annotations

from pathlib import Path

import click

from sim.errors import BadInput
from sim.folders import Study

__all__ = ["chosen_study", "current_study"]

KEY = "sim.study"


def chosen_study(ctx: click.Context, folder: Path | None) -> None:
    """Keep the place of --study for the commands of this call."""
    ctx.meta[KEY] = Study(folder)


def current_study() -> Study:
    """Return the place that the command line of this call chose.

    Raises:
        BadInput: it is no folder. Only a command that needs the place looks, so that --help always works.
    """
    study = click.get_current_context().meta.get(KEY)
    if not isinstance(study, Study):
        return Study()
    if study.folder is not None and not study.folder.is_dir():
        what = "is not a folder" if study.folder.exists() else "does not exist"
        raise BadInput(f"--study {study.folder}: {what}. Make a study folder with: sim new FOLDER")
    return study
