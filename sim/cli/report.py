"""``sim report``: the PDF of a stored run, from the store alone."""

from __future__ import annotations

from pathlib import Path

import click

from sim.cli.options import check_output, database_option, database_place, lang_option
from sim.cli.terminal import show
from sim.cli.texts import load_texts
from sim.errors import BadInput

__all__ = ["command"]


@click.command("report")
@click.argument("run")
@click.option(
    "--output", metavar="FILE", type=click.Path(path_type=Path),
    help="The PDF to write (default: RUN.LANG.pdf in this folder).",
)  # fmt: skip
@database_option
@lang_option
def command(run: str, output: Path | None, db: str | None, lang: str | None) -> None:
    """Make the PDF report of RUN: an id, its unique beginning, a tag, or @last (the newest complete run)."""
    from sim.store import open_store

    texts = load_texts(lang)
    if output is not None:
        check_output(output, (".pdf",))
    with open_store(database_place(db), write=False) as store:
        record = store.runs.get(run)
    if "kpis" not in record:
        raise BadInput(
            f"The run {record['run_id']} has no results to report: it is {record['status']}."
            " Choose a complete run; sim runs list shows them."
        )
    path = output or check_output(Path(f"{record['run_id']}.{texts.lang}.pdf"), (".pdf",))
    from sim.report import make_report

    make_report(record, path, texts.lang)
    show([texts("report.done", path=path.resolve()), texts("report.next")])
