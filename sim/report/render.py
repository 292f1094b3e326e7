"""From a document to a PDF: a temporary folder with template, data as JSON and figures, set by Typst."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import typst

from sim.errors import SimError
from sim.figures import font_files
from sim.folders import content
from sim.report.blocks import Document
from sim.report.glyphs import check_glyphs, strings_in, words_in_svg

__all__ = ["render"]


def render(document: Document, timestamp: datetime) -> tuple[bytes, list[str]]:
    """Return the PDF (PDF/A-2a and PDF/UA-1) and Typst's warnings.

    ``timestamp`` dates the file. A character without a glyph or a failure of Typst is a SimError.
    """
    fonts = font_files()
    check_glyphs(strings_in(document.data), fonts)
    for data in document.files.values():
        check_glyphs(words_in_svg(data), fonts)
    with tempfile.TemporaryDirectory(prefix="sim-report-") as name:
        folder = Path(name)
        _fill(folder, document)
        return _compiled(folder, timestamp)


def _fill(folder: Path, document: Document) -> None:
    """Put template, data, figures and fonts into the render folder, all that Typst may see."""
    shutil.copyfile(content("reports", "scenario.typ"), folder / "scenario.typ")
    (folder / "data.json").write_text(json.dumps(document.data, ensure_ascii=False), encoding="utf-8")
    for file, data in document.files.items():
        (folder / file).write_bytes(data)
    (folder / "fonts").mkdir()
    for path in font_files():
        shutil.copyfile(path, folder / "fonts" / path.name)


def _compiled(folder: Path, timestamp: datetime) -> tuple[bytes, list[str]]:
    try:
        pdf, warnings = typst.compile_with_warnings(
            folder / "scenario.typ",
            root=folder,
            font_paths=[folder / "fonts"],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["a-2a", "ua-1"],
            timestamp=timestamp,
            package_path=folder / "packages",
            package_cache_path=folder / "packages",
        )
    except typst.TypstError as error:
        raise SimError(f"Typst could not set the report: {error.message}") from error
    if not isinstance(pdf, bytes):
        raise SimError("Typst gave no PDF for the report.")
    return pdf, [str(warning.message) for warning in warnings]
