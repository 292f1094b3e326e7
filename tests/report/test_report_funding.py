"""Asked, paid and unpaid money in the report, read back from the PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from sim.figures import load_text
from sim.report import make_report
from sim.report.document import build_document
from sim.report.glyphs import strings_in


def words_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        found = []
        for page in document:
            words = page.get_textpage()
            found.append(words.get_text_range())
            words.close()
            page.close()
    return " ".join("\n".join(found).split())


def test_a_table_for_each_purse_with_every_year(record: dict[str, Any], tmp_path: Path) -> None:
    make_report(record, tmp_path / "r.pdf", "zh")
    words = words_of(tmp_path / "r.pdf")
    for purse in record["funding"]:
        assert f"举措的资金：{purse['zh']}" in words
        for at, year in enumerate(purse["years"]):
            bands = [
                [purse[name][p][at] for p in ("p05", "p50", "p95")] for name in ("asked", "paid", "unpaid")
            ]
            asked, paid, unpaid = (
                f"{middle:.2f} ({low:.2f}–{high:.2f})" if high else "0.00" for low, middle, high in bands
            )
            assert f"{year} {asked} {paid} {unpaid}" in words


def test_page_one_says_how_much_is_paid(record: dict[str, Any], tmp_path: Path) -> None:
    make_report(record, tmp_path / "r.pdf", "en")
    with pypdfium2.PdfDocument(tmp_path / "r.pdf") as document:
        page = document[0].get_textpage()
        words = " ".join(page.get_text_range().split())
        page.close()
    assert "Share of their cost that is paid: City 54% (43%–65%)" in words


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_record_of_before_reports_without(
    record: dict[str, Any], lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.report.blocks.figure_bytes", lambda *_: b"")
    del record["funding"]
    said = "\n".join(strings_in(build_document(record, load_text(lang)).data))
    assert "City" not in load_text(lang)("funding.caption", name="", unit="")
    assert load_text(lang)("funding.together") not in said
