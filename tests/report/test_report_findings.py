"""The section on the documents' disagreements: what it shows, and that old records do without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from sim.audit import findings_for_record
from sim.figures import load_text
from sim.report import make_report
from sim.report.findings import main_findings, section_findings
from sim.spec.facts import load_facts


@pytest.fixture(scope="module")
def found() -> list[dict[str, Any]]:
    return findings_for_record(load_facts())


def test_what_matters_most_is_shown(found: list[dict[str, Any]]) -> None:
    shown = main_findings(found)
    kinds = [one["class"] for one in shown]
    assert len(shown) == 15
    assert kinds.count("contradiction") == 6
    assert max(kinds.count(kind) for kind in set(kinds) - {"contradiction"}) == 3
    assert shown == [one for one in found if one in shown]
    assert "low" not in {one["importance"] for one in shown}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_section(record: dict[str, Any], found: list[dict[str, Any]], lang: str) -> None:
    record["findings"] = found
    part = section_findings(record, load_text(lang))
    assert part is not None
    rows = part["blocks"][1]["rows"]
    assert [cell["text"] for cell in rows[0]][2] == "F252 F270"
    assert rows[0][1]["text"] == found[0][lang]["text"]


def test_the_pdf_with_and_without_the_section(
    record: dict[str, Any], found: list[dict[str, Any]], tmp_path: Path
) -> None:
    make_report(record, tmp_path / "old.pdf", "zh")
    record["findings"] = found
    make_report(record, tmp_path / "new.pdf", "zh")
    heading = load_text("zh")("findings.heading")
    assert heading not in words_of(tmp_path / "old.pdf")
    assert heading in words_of(tmp_path / "new.pdf")


def words_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        pages = [document[number].get_textpage() for number in range(len(document))]
        found = "".join(page.get_text_range() for page in pages)
        for page in pages:
            page.close()
    return found
