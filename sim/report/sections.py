"""The sections without figures: how to read, levers, assumptions, limits, sources and provenance."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Sequence

from sim.figures import Text, font_files
from sim.report.blocks import Block, bullets, para, plain, runs, section, table
from sim.report.glyphs import escaped
from sim.report.record import Record, created, horizon

__all__ = [
    "appendix",
    "section_assumptions",
    "section_caveats",
    "section_levers",
    "section_read",
    "section_sources",
]

MAIN_ASSUMPTIONS = 14


def section_read(record: Record, text: Text) -> Block:
    """Return the section that explains members, bands, chances and prices."""
    items = text.entry("read.items")
    bodies = [plain(text.filled(str(item["body"]), members=record["members"])) for item in items]
    blocks = [
        para(runs(text, "read.intro", horizon=horizon(record))),
        bullets(bodies, [item["term"] for item in items]),
    ]
    return section(text("read.heading"), blocks)


def section_levers(record: Record, text: Text) -> Block:
    """Return the section on the levers used and the model inputs changed."""
    scenario = record["scenario"]
    levers, inputs = scenario.get("levers") or [], scenario.get("inputs") or {}
    available = record.get("levers_available", len(levers))
    if not levers:
        blocks: list[Block] = [para(runs(text, "levers.none", available=available))]
    else:
        blocks = [
            para(
                runs(text, "levers.available", available=available, used=len(levers)),
                runs(text, "levers.intro"),
            ),
            table(
                text("levers.caption"), text("levers.alt_table"), text.entry("levers.columns"),
                [2.6, "auto", "auto", 1.0, 1.1, 1.1, 1.4], "lrrlrll", [_lever(row, text) for row in levers],
                small=True,
            ),
        ]  # fmt: skip
    told = [row for row in levers if row.get("summary")]
    if told:
        blocks.append(
            bullets([plain(text.of(row["summary"])) for row in told], [text.of(row) for row in told])
        )
    if inputs:
        blocks.append(
            table(
                text("levers.inputs"), text("levers.alt_inputs"), text.entry("levers.inputs_columns"),
                [3, 1], "lr", [[name, _short(value)] for name, value in inputs.items()],
            )
        )  # fmt: skip
    return section(text("levers.heading"), blocks)


def _lever(row: Record, text: Text) -> list[Block | str]:
    return [
        text.of(row),
        f"{row['intensity']:.0%}",
        f"{row['start']:.0f}" if row.get("start") is not None else "–",
        text.word("words.authority", row.get("authority", "–")),
        text.number(row.get("annual_cost")),
        text.word("words.evidence", row.get("evidence", "–")),
        " ".join(str(row[key]) for key in ("document", "section") if row.get(key)),
    ]


def section_assumptions(record: Record, text: Text) -> Block:
    """Return the section with the assumptions that matter most and a count by evidence."""
    rows = record["assumptions"]
    shown = main_assumptions(record)
    fixed = sum(row["distribution"] == "fixed" for row in rows)
    intro = runs(text, "assumptions.intro", count=len(rows), fixed=fixed, shown=len(shown))
    counts = Counter(text.word("words.evidence", row["evidence"]) for row in rows)
    count_rows = [
        [name, str(number), text.percent(number / len(rows))] for name, number in counts.most_common()
    ]
    return section(
        text("assumptions.heading"),
        [
            para(intro),
            _assumptions(shown, text("assumptions.caption"), text),
            table(
                text("assumptions.counts"),
                text("assumptions.alt_counts"),
                text.entry("assumptions.counts_columns"),
                [2, 1, 1],
                "lrr",
                count_rows,
            ),
            para(runs(text, "assumptions.counts_note")),
        ],
    )


def appendix(record: Record, text: Text) -> Block:
    """Return the appendix with every assumption."""
    blocks = [
        para(runs(text, "assumptions.all_intro")),
        _assumptions(record["assumptions"], text("assumptions.all_caption"), text),
    ]
    return {**section(text("assumptions.all"), blocks), "appendix": True}


def main_assumptions(record: Record, count: int = MAIN_ASSUMPTIONS) -> list[Record]:
    """Return the widest assumptions: at most half tied to the scenario's levers and inputs, then others.

    Tied means that the model variable's name holds the lever's id or is one of the changed inputs.
    """
    scenario = record["scenario"]
    names = [str(row["id"]).replace("-", " ") for row in scenario.get("levers") or []]
    names += [str(name).lower() for name in scenario.get("inputs") or {}]
    rows = [row for row in record["assumptions"] if row["distribution"] != "fixed"]
    rows.sort(key=lambda row: -_width(row))
    tied = [row for row in rows if any(name in str(row["constant"]).lower() for name in names)]
    first = tied[: count // 2]
    return first + [row for row in rows if row not in tied][: count - len(first)]


def _width(row: Record) -> float:
    """Return how wide a range is: the logarithm of its ends' ratio, or its length if it spans zero."""
    if row.get("low") is None or row.get("high") is None:
        return 0.0
    low, high = float(row["low"]), float(row["high"])
    if low > 0:
        return math.log(high / low)
    return (high - low) / max(abs(float(row.get("value") or 0.0)), abs(high), 1e-12)


def _assumptions(rows: Sequence[Record], caption: str, text: Text) -> Block:
    cells: list[list[Block | str]] = [
        [
            str(row["constant"]), _short(row["value"]), _range(row), text.word("words.units", row["unit"]),
            text.word("words.distribution", row["distribution"]),
            text.word("words.evidence", row["evidence"]),
            str(row["source"]),
        ]
        for row in rows
    ]  # fmt: skip
    return table(
        caption, text("assumptions.alt_table"), text.entry("assumptions.columns"),
        [1.2, "auto", "auto", "auto", "auto", "auto", 1], "lrrllll", cells, small=True,
    )  # fmt: skip


def _range(row: Record) -> str:
    if row["distribution"] == "fixed" or row.get("low") is None or row.get("high") is None:
        return "–"
    joint = "–" if float(row["low"]) >= 0 else " – "
    return f"{_short(row['low'])}{joint}{_short(row['high'])}"


def _short(value: object) -> str:
    return f"{value:.4g}".replace("-", "−") if isinstance(value, (int, float)) else str(value)


def section_caveats(record: Record, text: Text) -> Block:
    """Return the section on limits; the first says what the band is."""
    kind = "posterior" if record.get("ensemble") == "posterior" else "prior"
    items = [
        runs(text, f"summary.care_{kind}"),
        *(plain(text.filled(item)) for item in text.entry("caveats.items")),
    ]
    if record.get("failed_members"):
        items.append(runs(text, "caveats.failed", failed=record["failed_members"]))
    return section(text("caveats.heading"), [bullets(items)])


def section_sources(record: Record, text: Text) -> Block:
    """Return the section with the documents and what is needed to repeat the run."""
    documents = [[str(row["source"]), str(row["title"])] for row in record.get("sources") or []]
    blocks: list[Block] = []
    if documents:
        blocks = [
            para(runs(text, "sources.documents")),
            table(
                text("sources.documents_caption"), text("sources.alt_documents"),
                text.entry("sources.documents_columns"), ["auto", 1], "ll", documents,
            ),
        ]  # fmt: skip
    blocks += [
        para(runs(text, "sources.provenance")),
        table(
            text("sources.provenance_caption"), text("sources.alt_provenance"),
            text.entry("sources.provenance_columns"), [1, 3.4], "ll", _provenance(record, text),
        ),
    ]  # fmt: skip
    return section(text("sources.heading"), blocks)


def _provenance(record: Record, text: Text) -> list[list[str]]:
    facts: dict[str, object] = {
        "run_id": record["run_id"],
        "created": created(record).strftime("%Y-%m-%d %H:%M:%S"),
        "command": escaped(shlex.join(str(part) for part in record.get("command") or []), font_files()),
        "seed": record["seed"],
        "members": record["members"],
        "failed_members": record.get("failed_members", 0),
        "ensemble": text.word("words.ensemble", record.get("ensemble", "prior")),
        "tags": ", ".join(str(tag) for tag in record.get("tags") or []),
        **(record.get("provenance") or {}),
        "elapsed_s": record.get("elapsed_s"),
    }
    return [
        [text.word("words.provenance", name), " ".join(str(value).split())]
        for name, value in facts.items()
        if value not in (None, "")
    ]
