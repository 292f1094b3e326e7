"""The section on what the documents tell: the answer with the plan, the fit, what stays unknown."""

from __future__ import annotations

from typing import Any

from sim.figures import Text
from sim.report.blocks import Block, para, runs, section, table
from sim.report.record import Record
from sim.words import band, chance, given, number, numbers, unit_of

__all__ = ["answer", "section_evidence"]

YI = "100 million yuan"


def answer(record: Record, text: Text) -> str | None:
    """Return the goal's probability without and with the whole plan in one sentence; None if not known."""
    rows = _chances(record)
    if not rows:
        return None
    whole = next(row for row in rows if row["factor"] == 1)
    shares = {
        f"{arm}_{prices}": chance(whole[arm][prices])
        for arm in ("baseline", "plan")
        for prices in ("constant", "current")
    }
    return text(
        "evidence.answer",
        year=record["goal"]["year"],
        target_words=text.money(record["goal"]["target"]),
        **shares,
    )


def section_evidence(record: Record, text: Text) -> Block | None:
    """Return the section; None for a record that no calibration stands behind."""
    found = record.get("evidence")
    if not found:
        return None
    fitted = [row for row in found["figures"] if row["fitted"]]
    counts = found["contraction"] | {"observations": len(fitted)}
    counts |= {name: sum(bool(row[name]) for row in fitted) for name in ("met", "inside")}
    unknown = {"levers": found["levers"]["count"], "identified": found["levers"]["identified"]}
    return section(
        text("evidence.heading"),
        [
            para(runs(text, "evidence.answer_head", answer=answer(record, text) or "")),
            table(
                text("evidence.chances_caption"), text("evidence.alt_chances"),
                text.entry("evidence.chances_columns"), [1.2, 1, 1, 1.6], "lrrr",
                [_chance(row, text) for row in _chances(record)],
            ),
            para(runs(text, "evidence.unknown", **counts), runs(text, "evidence.levers", **unknown)),
            table(
                text("evidence.fit_caption"), text("evidence.alt_fit"),
                text.entry("evidence.fit_columns"), [3, 1.5, 1.1, 1.7, 1], "lrrrl",
                [_figure(row, text) for row in fitted], small=True,
            ),
        ],
    )  # fmt: skip


def _chances(record: Record) -> list[dict[str, Any]]:
    return list(((record.get("evidence") or {}).get("levers") or {}).get("chances") or [])


def _chance(row: dict[str, Any], text: Text) -> list[Block | str]:
    low, middle, high = (row["effect"][name] for name in ("p05", "p50", "p95"))
    return [
        f"× {row['factor']:g}",
        chance(row["plan"]["constant"]),
        chance(row["plan"]["current"]),
        band(low, middle, high, sign=True, shift=unit_of(YI, text.lang).shift),
    ]


def _named(row: dict[str, Any], text: Text) -> str:
    """Return the name of a figure with its year, unless the name has it."""
    name = text.of(row)
    return name if str(row["year"]) in name else f"{name} {row['year']}"


def _figure(row: dict[str, Any], text: Text) -> list[Block | str]:
    sign = {"at_least": "≥ ", "at_most": "≤ "}.get(row["side"], "")
    unit = unit_of(row["unit"], text.lang)
    # The band beside the verdict is the one that it was passed on.
    wide = row.get("predictive") or {"p05": None, "p95": None}
    deviation = (row["error"] ** 2 + row["discrepancy"] ** 2) ** 0.5
    return [
        f"{_named(row, text)}, {unit.name}",
        f"{sign}{given(row['value'], shift=unit.shift)} ± {number(deviation, shift=unit.shift)}",
        number(row["posterior"]["p50"], shift=unit.shift),
        "–".join(numbers(wide["p05"], wide["p95"], shift=unit.shift)),
        text("evidence.inside" if row["inside"] else "evidence.outside"),
    ]
