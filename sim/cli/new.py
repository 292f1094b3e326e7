"""``sim new``: a study folder for another place, written from the data of this one."""

from __future__ import annotations

from pathlib import Path

import click

from sim.cli.options import lang_option
from sim.cli.study import current_study
from sim.cli.terminal import show
from sim.cli.texts import load_texts

__all__ = ["command"]


@click.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
@lang_option
def command(folder: Path, lang: str | None) -> None:
    """Write the study FOLDER: data files to be filled in for another place, and a README.md that says how.

    \b
      sim new heyuan
      sim --study heyuan run
    """
    texts = load_texts(lang)
    from sim.ensemble import load_project
    from sim.ensemble.founding import found_study

    count = found_study(load_project(current_study().folder), folder)
    show([texts("new.done", folder=folder, count=count), texts("new.next", folder=folder)])
