"""The sections without figures: how to read, levers, assumptions, limits, sources and provenance."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import NormalDist

from sim.figures import Text, font_files
from sim.report.blocks import Block, bullets, para, plain, runs, section, table
from sim.report.funding import funding_blocks
from sim.report.glyphs import escaped
from sim.report.record import Record, created, horizon
from sim.words import given, number, percent, scale, unit_of

__all__ = [
    "appendix",
    "main_assumptions",
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
    values = {"members": record["members"], "scale": scale(text.lang)}
    bodies = [plain(text.filled(str(item["body"]), **values)) for item in items]
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
    blocks += funding_blocks(record, text)
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
        percent(row["intensity"]),
        given(row.get("start")),
        text.word("words.authority", row.get("authority", "–")),
        _cost(row.get("annual_cost"), text),
        text.word("words.evidence", row.get("evidence", "–")),
        " ".join(str(row[key]) for key in ("document", "section") if row.get(key)),
    ]


def _cost(value: float | None, text: Text) -> str:
    return given(value, shift=unit_of("100 million yuan", text.lang).shift)


def section_assumptions(record: Record, text: Text) -> Block:
    """Return the section with the assumptions that matter most and a count by evidence."""
    rows = record["assumptions"]
    shown, why = main_assumptions(record)
    fixed = sum(row["distribution"] == "fixed" for row in rows)
    intro = runs(text, "assumptions.intro", count=len(rows), fixed=fixed)
    reason = runs(text, f"assumptions.intro_{why}", shown=len(shown), year=record["goal"]["year"])
    caption = text("assumptions.caption" if why == "effect" else "assumptions.caption_wide")
    counts = Counter(text.word("words.evidence", row["evidence"]) for row in rows)
    count_rows = [[name, str(count), percent(count / len(rows))] for name, count in counts.most_common()]
    return section(
        text("assumptions.heading"),
        [
            para(intro, reason),
            _assumptions(shown, caption, text, correlation=why == "effect"),
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


def main_assumptions(record: Record, count: int = MAIN_ASSUMPTIONS) -> tuple[list[Record], str]:
    """Return the assumptions to name, and why these: "effect", "noise" or "wide".

    Those whose values go together most with the goal come first, if they do so beyond chance ("effect").
    Where none does ("noise"), or the record does not tell ("wide"), those with the widest relative range
    stand in.
    """
    rows = [row for row in record["assumptions"] if row["distribution"] != "fixed"]
    known = [row for row in rows if row.get("goal_correlation") is not None]
    least = _chance_correlation(len(known), record["members"] - record.get("failed_members", 0))
    strong = [row for row in known if abs(row["goal_correlation"]) > least]
    if strong:
        strong.sort(key=lambda row: abs(row["goal_correlation"]))
        # The elements of one variable, such as the disturbances of each year, are one assumption.
        each = {str(row["constant"]).partition("[")[0]: row for row in strong}
        return sorted(each.values(), key=lambda row: -abs(row["goal_correlation"]))[:count], "effect"
    return sorted(rows, key=lambda row: -_width(row))[:count], "noise" if known else "wide"


def _chance_correlation(many: int, members: int) -> float:
    """Return what the largest of ``many`` correlations exceeds once in twenty runs if none is real."""
    if not many or members < 3:
        return 1.0
    return NormalDist().inv_cdf(1 - 0.025 / many) / math.sqrt(members - 1)


def _width(row: Record) -> float:
    """Return how wide a range is: the logarithm of its ends' ratio, or its length if it spans zero."""
    if row.get("low") is None or row.get("high") is None:
        return 0.0
    low, high = float(row["low"]), float(row["high"])
    if low > 0:
        return math.log(high / low)
    return (high - low) / max(abs(float(row.get("value") or 0.0)), abs(high), 1e-12)


def _assumptions(rows: Sequence[Record], caption: str, text: Text, *, correlation: bool = False) -> Block:
    cells: list[list[Block | str]] = [
        [
            str(row["constant"]), _short(row["value"]), _range(row), text.word("words.units", row["unit"]),
            text.word("words.distribution", row["distribution"]),
            text.word("words.evidence", row["evidence"]),
            str(row["source"]),
            *([number(row["goal_correlation"], sign=True)] if correlation else []),
        ]
        for row in rows
    ]  # fmt: skip
    columns: list[str] = [*text.entry("assumptions.columns")]
    widths: list[float | str] = [1.2, "auto", "auto", "auto", "auto", "auto", 1]
    align = "lrrllll"
    if correlation:
        columns, widths, align = [*columns, text("assumptions.correlation")], [*widths, "auto"], align + "r"
    return table(caption, text("assumptions.alt_table"), columns, widths, align, cells, small=True)


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
    items += [runs(text, f"caveats.{name}", **values) for name, values in _taken_over(record, text)]
    if record.get("failed_members"):
        items.append(runs(text, "caveats.failed", failed=record["failed_members"]))
    return section(text("caveats.heading"), [bullets(items)])


def _taken_over(record: Record, text: Text) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield what to say of a posterior of another model or other data, and of evidence that is missing."""
    adapted = record.get("adapted")
    if adapted:
        kinds = [text.word("words.computed", part) for part in adapted["differs"]]
        yield "adapted", {"kinds": text("words.computed.list").join(kinds)}
        if adapted["changed"]:
            counts = {name: adapted[name] for name in ("members", "distinct")}
            yield "reweighted", counts | {"effective": number(adapted["effective"])}
        if adapted["unfitted"]:
            yield "unfitted", {}
    if record.get("no_evidence"):
        yield "no_evidence", {}


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
        [text.word("words.provenance", name), " ".join(_told(value, text).split())]
        for name, value in facts.items()
        if value not in (None, "")
    ]


def _told(value: object, text: Text) -> str:
    return text(f"words.truth.{str(value).lower()}") if isinstance(value, bool) else str(value)
