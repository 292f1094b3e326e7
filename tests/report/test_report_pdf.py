"""The PDF: it opens, its words can be found, and the same record gives the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from support import RECORD

from sim.figures import load_text
from sim.report import make_report
from sim.report.document import build_document
from sim.report.record import created
from sim.report.render import render

LANGUAGES = ("zh", "en")


def pages(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as document:
        found = []
        for number in range(len(document)):
            words = document[number].get_textpage()
            found.append(words.get_text_range())
            words.close()
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both reports of the example record, with a title that needs searching."""
    record = json.loads(RECORD.read_text("utf-8"))
    record["scenario"]["title"] = {"zh": "昌吉州2030年物流情景", "en": "Logistics 2030 ✓✗ CO₂ ≥ 5‰"}
    folder = tmp_path_factory.mktemp("report")
    for lang in LANGUAGES:
        make_report(record, folder / f"{lang}.pdf", lang)
    return {lang: folder / f"{lang}.pdf" for lang in LANGUAGES}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_opens_and_has_no_empty_page(made: dict[str, Path], lang: str) -> None:
    found = pages(made[lang])
    assert 8 <= len(found) <= 30
    assert all(len(words) > 100 for words in found)


def test_chinese_beside_latin_is_found_in_one_piece(made: dict[str, Path]) -> None:
    first = pages(made["zh"])[0]
    assert "昌吉州2030年物流情景" in first
    assert "昌吉市2035年目标情景报告" in first
    assert "1000亿元" in first


def test_page_one_answers_the_question(made: dict[str, Path], record: dict[str, Any]) -> None:
    zh, en = (" ".join(pages(made[lang])[0].split()) for lang in LANGUAGES)
    for chance in ("53%", "57%", "90%", "91%"):
        assert chance in zh
        assert chance in en
    assert "+11.4亿元" in zh
    assert "100 billion yuan" in en
    assert "+1.14 billion yuan" in en
    assert "3/9" in zh.replace(" ", "")
    assert "3 of 9" in en


def test_rare_signs_are_shown(made: dict[str, Path]) -> None:
    assert "Logistics 2030 ✓✗ CO₂ ≥ 5‰" in pages(made["en"])[0]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "zh",
            [
                "目录",
                "规划指标：达到的可能性",
                "采取的举措",
                "主要假设",
                "局限与使用条件",
                "可重复性",
                "全部假设",
            ],
        ),
        (
            "en",
            [
                "Contents",
                "Plan targets",
                "Measures in the",
                "Main assumptions",
                "Limits",
                "repeat",
                "Appendix",
            ],
        ),
    ],
)
def test_all_sections_are_there(made: dict[str, Path], lang: str, words: list[str]) -> None:
    whole = "\n".join(pages(made[lang]))
    for word in words:
        assert word in whole


def test_bookmarks_lead_to_the_sections(made: dict[str, Path]) -> None:
    with pypdfium2.PdfDocument(made["zh"]) as document:
        titles = [item.get_title() for item in document.get_toc()]
    assert len(titles) > 10
    assert any("主要假设" in title for title in titles)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_claims_pdf_a_and_ua_and_has_a_title(made: dict[str, Path], lang: str) -> None:
    data = made[lang].read_bytes()
    assert b"<pdfaid:part>2</pdfaid:part>" in data
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in data
    assert b"<pdfuaid:part>1</pdfuaid:part>" in data
    with pypdfium2.PdfDocument(made[lang]) as document:
        title = {"zh": "昌吉市2035年目标情景报告", "en": "Changji City and its 2035 goal: scenario report"}
        assert title[lang] in document.get_metadata_dict()["Title"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_typst_has_nothing_to_warn_of(record: dict[str, Any], lang: str) -> None:
    document = build_document(record, load_text(lang))
    pdf, warnings = render(document, created(record))
    assert pdf.startswith(b"%PDF")
    assert warnings == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_chart_is_a_figure_with_bands_and_alternative_text(record: dict[str, Any], lang: str) -> None:
    text = load_text(lang)
    document = build_document(record, text)
    blocks = [block for part in document.data["sections"] for block in part["blocks"]]
    figures = [b for b in (*document.data["summary"]["blocks"], *blocks) if b["kind"] == "figure"]
    charts = {row["chart"] for row in record["series"] if not row["chart"].startswith("gdp-city")}
    assert len(figures) == len(charts) + 3  # the goal, the targets, and the sectors' ranges
    assert {figure["file"] for figure in figures} == set(document.files)
    assert all(len(figure["alt"]) > 20 for figure in figures)
    for name in ("titles", "tourism", "freight", "logistics-cost"):
        assert any(text.word("charts", name) in figure["caption"] for figure in figures)


def test_the_same_record_gives_the_same_bytes_in_another_process(
    made: dict[str, Path], record: dict[str, Any], tmp_path: Path
) -> None:
    record["scenario"]["title"] = {"zh": "昌吉州2030年物流情景", "en": "x"}
    (tmp_path / "record.json").write_text(json.dumps(record), encoding="utf-8")
    code = (
        "import json, pathlib, sys; from sim.report import make_report; "
        "make_report(json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2]), 'zh')"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "record.json"), str(tmp_path / "again.pdf")],
        check=True, env=os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Urumqi"},
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert (tmp_path / "again.pdf").read_bytes() == made["zh"].read_bytes()
