"""The section on what the documents' figures contradict, from the audit that the run record keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sim.figures import Text
from sim.report.blocks import Block, cell, para, runs, section, table
from sim.report.record import Record

__all__ = ["main_findings", "section_findings"]

MOST, MOST_OF_CLASS, MOST_CONTRADICTIONS = 15, 3, 6
LEVELS = ("high", "medium", "low")


def section_findings(record: Record, text: Text) -> Block | None:
    """Return the section with the findings that matter most; None for records of before the audit."""
    found = record.get("findings") or []
    if not found:
        return None
    shown = main_findings(found)
    return section(
        text("findings.heading"),
        [
            para(
                runs(text, "findings.intro", count=len(found), shown=len(shown)),
                runs(text, "findings.meaning"),
            ),
            table(
                text("findings.caption"), text("findings.alt_table"), text.entry("findings.columns"),
                ["auto", 4.6, 1], "lll", [_row(one, text) for one in shown], small=True,
            ),
        ],
    )  # fmt: skip


def main_findings(found: Sequence[Record]) -> list[Record]:
    """Return what matters most: contradictions, and a few of each other class, in the audit's order."""
    chosen: list[Record] = []
    of_class: Counter[str] = Counter()
    for one in sorted(found, key=lambda one: LEVELS.index(one["importance"])):
        room = MOST_CONTRADICTIONS if one["class"] == "contradiction" else MOST_OF_CLASS
        if len(chosen) < MOST and of_class[one["class"]] < room:
            of_class[one["class"]] += 1
            chosen.append(one)
    return [one for one in found if one in chosen]


def _row(one: Record, text: Text) -> list[Block | str]:
    words = one[text.lang]
    facts = " ".join(str(fact["id"]) for fact in one["facts"])
    return [words["class"], words["text"], cell(facts)]
