"""The scenario report: a PDF made from a stored run record alone."""

from __future__ import annotations

from pathlib import Path

from sim.figures import check_output, load_text, write_atomically
from sim.report.document import build_document
from sim.report.record import Record, checked, created
from sim.report.render import render

__all__ = ["make_report"]


def make_report(record: Record, output: Path, lang: str) -> None:
    """Write the report on ``record`` to ``output`` (PDF) in ``lang`` (zh or en).

    The same record gives the same bytes. BadInput: unknown language, or a place that cannot be
    written. SimError: the run is not complete, or a text holds a character that the fonts lack.
    """
    text = load_text(lang)
    check_output(output)
    pdf, _ = render(build_document(checked(record), text), created(record))
    write_atomically(output, pdf)
