"""The whole report as data: title, page one, sections in order, and figures."""

from __future__ import annotations

from sim.figures import Text
from sim.report.blocks import Document
from sim.report.charts import section_goal, section_modules
from sim.report.evidence import section_evidence
from sim.report.findings import section_findings
from sim.report.record import Record, created, place_names, scenario_title
from sim.report.sections import (
    appendix,
    section_assumptions,
    section_caveats,
    section_levers,
    section_read,
    section_sources,
)
from sim.report.summary import page_one
from sim.report.targets import section_targets

__all__ = ["build_document"]

LABELS = ("contents", "figures", "tables", "figure", "table")


def build_document(record: Record, text: Text) -> Document:
    """Return the report on ``record`` in the language of ``text``."""
    text = text.about(place_names(record))
    title = scenario_title(record, text)
    document = Document({})
    document.data = {
        "lang": text.lang,
        "title": text("page.title", year=record["goal"]["year"]),
        "subtitle": title,
        "running": text("page.running", year=record["goal"]["year"], scenario=_clipped(title)),
        "description": text("page.description", scenario=title),
        "meta": text(
            "page.meta", run_id=record["run_id"], date=created(record).strftime("%Y-%m-%d"),
            members=record["members"], ensemble=text.word("words.ensemble", record.get("ensemble", "prior")),
        ),
        "labels": {name: text(f"page.{name}") for name in LABELS},
        "page_pieces": text("page.page", number="\n", total="\n").split("\n"),
        "summary": page_one(record, text, document),
        "sections": [
            section_read(record, text),
            section_goal(record, text),
            section_targets(record, text, document),
            section_modules(record, text, document),
            section_levers(record, text),
            section_assumptions(record, text),
            section_caveats(record, text),
            section_evidence(record, text),
            section_findings(record, text),
            section_sources(record, text),
            appendix(record, text),
        ],
    }  # fmt: skip
    document.data["sections"] = [part for part in document.data["sections"] if part]
    return document


def _clipped(title: str, most: int = 40) -> str:
    """Return ``title`` short enough for the head of a page."""
    return title if len(title) <= most else title[: most - 1] + "…"
