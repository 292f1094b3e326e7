"""Page one: what was asked and what the answer is, in plain words with numbers."""

from __future__ import annotations

from typing import Any

from sim.figures import Series, Text, goal_chart, scaled
from sim.report.amounts import money, scale
from sim.report.blocks import Block, Document, bullets, figure, para, plain, runs, table
from sim.report.evidence import answer
from sim.report.record import Record, goal_series, horizon, kpi, scenario_title
from sim.report.targets import Verdict, band, past, verdicts

__all__ = ["page_one"]

ARMS = ("baseline", "scenario")
NAMED = 5
NAMED_MISSES = 3
# An effect under this share of the baseline's 90 % interval is called small beside it.
SMALL = 0.25


def page_one(record: Record, text: Text, document: Document) -> dict[str, Any]:
    """Return the lead sentence and the blocks of the summary, with the chart of the goal at its foot."""
    goal = record["goal"]
    values = {
        "scenario": scenario_title(record, text), "year": goal["year"], "target": text.number(goal["target"]),
        "target_words": money(text, goal["target"]),
        **{f"{arm}_chance": text.percent(goal[arm]["probability_constant"]) for arm in ARMS},
    }  # fmt: skip
    lead = runs(text, "summary.lead" if _changed(record) else "summary.lead_same", **values)
    return {
        "heading": text("summary.heading", scenario=scenario_title(record, text)),
        "lead": lead,
        "blocks": [
            para(_question(record, text), head=text("summary.question_head")),
            _table(record, text),
            para(*_effect(record, text), head=text("summary.effect_head")),
            *_whole_plan(record, text),
            _targets(record, text),
            *_care(record, text),
            goal_figure(record, text, document),
        ],
    }


def _whole_plan(record: Record, text: Text) -> list[Block]:
    """Return the answer for the whole plan, which stands whatever the scenario is; nothing if not known."""
    sentence = answer(record, text)
    return [para(plain(sentence), head=text("evidence.head"))] if sentence else []


def _changed(record: Record) -> bool:
    return bool(record["scenario"].get("levers") or record["scenario"].get("inputs"))


def _question(record: Record, text: Text) -> list[Block]:
    goal = record["goal"]
    rest = "rest_other" if record["scenario"].get("inputs") else "rest_same"
    return runs(
        text, "summary.question", year=goal["year"], target=text.number(goal["target"]),
        target_words=money(text, goal["target"]), base=_base(record, text), adds=_adds(record, text),
        rest=text(f"summary.{rest}"),
    )  # fmt: skip


def _adds(record: Record, text: Text) -> str:
    """Return what the scenario does beyond the baseline: its levers, and the inputs that it changes."""
    levers, inputs = record["scenario"].get("levers") or [], record["scenario"].get("inputs") or {}
    parts = []
    if levers:
        named = [
            text(
                "summary.lever",
                name=text.of(row),
                intensity=f"{row['intensity']:.0%}",
                start=f"{row['start']:.0f}",
            )
            for row in levers
        ]
        parts.append(text("summary.adds_levers", list=_listed(named, text)))
    if inputs:
        named = [text("summary.input", name=name, value=f"{value:g}") for name, value in inputs.items()]
        parts.append(text("summary.adds_inputs", count=len(inputs), list=_listed(named, text)))
    return text("summary.and").join(parts) or text("summary.adds_nothing")


def _listed(names: list[str], text: Text) -> str:
    """Return the first names as a list, and how many there are in all."""
    shown = text("summary.item").join(names[:NAMED])
    return shown if len(names) <= NAMED else shown + text("words.and_more", count=len(names))


def _base(record: Record, text: Text) -> str:
    """Return the last observed GDP in brackets, if the record has it."""
    for series in goal_series(record, text)[:1]:
        for point in series.points_of("observed")[-1:]:
            return text(
                "summary.base", base_year=int(point.year), base_value=f"{point.value:g}",
                base_words=money(text, point.value),
            )  # fmt: skip
    return ""


def _table(record: Record, text: Text) -> Block:
    goal = record["goal"]
    rows = [
        _chances(record, text, "constant"),
        _chances(record, text, "current"),
        _gdp(record, text),
        [
            text("summary.row_year"),
            *(_years(goal[arm]["year_reached"], horizon(record), text) for arm in ARMS),
            "–",
        ],
        _met(record, text),
    ]
    columns = [
        text("summary.column"), text("figures.baseline"), text("figures.scenario"), text("summary.change"),
    ]  # fmt: skip
    return table(
        text("summary.table"), text("summary.table"), columns, [1, "auto", "auto", "auto"], "lrrr",
        [row for row in rows if row],
    )  # fmt: skip


def _chances(record: Record, text: Text, basis: str) -> list[str]:
    chances = [record["goal"][arm][f"probability_{basis}"] for arm in ARMS]
    change = "–"
    if None not in chances:
        points = f"{100 * (chances[1] - chances[0]):+.1f}".replace("-", "−")
        change = text("summary.points", value=points)
    return [text(f"summary.row_{basis}"), *(text.percent(chance) for chance in chances), change]


def _gdp(record: Record, text: Text) -> list[str]:
    goal, row = record["goal"], _gdp_row(record, text)
    if not row:
        return []
    cells = [_amounts(row[arm], text) for arm in ARMS]
    return [text("summary.row_gdp", year=goal["year"]), *cells, _amounts(goal["effect"], text, sign=True)]


def _gdp_row(record: Record, text: Text) -> Record:
    """Return the quantiles of city GDP in the goal's year: an indicator, or else a stored series."""
    year = record["goal"]["year"]
    row = kpi(record, "city-gdp", year)
    if row is None:
        many = goal_series(record, text)
        row = {arm: many[0].at(year, arm) for arm in ARMS} if many else {}
    return row


def _amounts(quantiles: Record, text: Text, *, sign: bool = False) -> str:
    values = [quantiles[name] for name in ("p05", "p50", "p95")]
    return text.band(*(None if value is None else value * scale(text) for value in values), sign=sign)


def _years(reached: Record, last: int, text: Text) -> str:
    low, middle, high = (text.year(reached[name], last) for name in ("p05", "p50", "p95"))
    return middle if low == middle == high else f"{middle} ({low}–{high})"


def _met(record: Record, text: Text) -> list[str]:
    counts = [sum(verdict.met for verdict in _coming(record, arm)) for arm in ARMS]
    total = len(_coming(record, "scenario"))
    if not total:
        return []
    cells = [text("summary.met_of", met=met, all=total) for met in counts]
    return [text("summary.row_met"), *cells, _signed(counts[1] - counts[0])]


def _signed(count: int) -> str:
    return f"{count:+d}".replace("-", "−") if count else "0"


def _effect(record: Record, text: Text) -> list[list[Block]]:
    if not _changed(record):
        return [runs(text, "summary.effect_none")]
    goal = record["goal"]
    effect = goal["effect"]
    low, middle, high = text.numbers(*(effect[name] * scale(text) for name in ("p05", "p50", "p95")))
    baseline = _gdp_row(record, text).get("baseline", {"p50": None})
    share = f"{100 * effect['p50'] / baseline['p50']:.1f}%" if baseline["p50"] else "–"
    sentences = [
        runs(
            text,
            "summary.effect",
            year=goal["year"],
            middle=middle if effect["p50"] <= 0 else f"+{middle}",
            low=low,
            high=high,
            share=share.replace("-", "−"),
        )
    ]
    if baseline["p50"]:
        width = baseline["p95"] - baseline["p05"]
        size = "small" if abs(effect["p50"]) < SMALL * width else "large"
        sentences.append(runs(text, f"summary.effect_{size}", width=text.number(width * scale(text))))
    return sentences


def _targets(record: Record, text: Text) -> Block | None:
    found = _coming(record, "scenario")
    if not found:
        return None
    met = sum(verdict.met for verdict in found)
    sentences = [
        runs(
            text,
            "summary.targets",
            all=len(found),
            met=met,
            met_baseline=sum(verdict.met for verdict in _coming(record, "baseline")),
        )
    ]
    missed = sorted((verdict for verdict in found if not verdict.met), key=lambda verdict: -verdict.share)
    if missed:
        joint = "；" if text.lang == "zh" else "; "
        listed = joint.join(_worst(verdict, text) for verdict in missed[:NAMED_MISSES])
        sentences.append(runs(text, "summary.targets_worst", list=listed))
    else:
        sentences.append(runs(text, "summary.targets_none"))
    return para(*sentences, head=text("summary.targets_head"))


def _coming(record: Record, arm: str) -> list[Verdict]:
    """Return the verdicts on targets whose year is not over."""
    return [verdict for verdict in verdicts(record, arm) if not past(verdict.row, record)]


def _worst(verdict: Verdict, text: Text) -> str:
    row = verdict.row
    if row["direction"] == "below":
        return text(
            "summary.worst_over", name=text.title(row), year=row["year"], share=text.percent(verdict.share)
        )
    share = f"{100 * (1 - verdict.share):.0f}%"
    return text("summary.worst", name=text.title(row), year=row["year"], share=share)


def _care(record: Record, text: Text) -> list[Block]:
    kind = "care_posterior" if record.get("ensemble") == "posterior" else "care_prior"
    points = [runs(text, f"summary.{name}") for name in (kind, "care_basis", "care_levers")]
    return [para(plain(""), head=text("summary.care_head")), bullets(points)]


def goal_figure(record: Record, text: Text, document: Document) -> Block | None:
    """Return the fan chart of city GDP with the goal; amounts in the unit of page one."""
    goal, unit = record["goal"], text("summary.unit")
    many = [scaled(series, scale(text), unit) for series in goal_series(record, text)[:2]]
    if not many:
        return None
    chances = [_written_chances(record, series, text) for series in many]
    drawn = goal_chart(many, goal["target"] * scale(text), goal["year"], chances, text)
    caption = text("goal.caption", target_words=money(text, goal["target"]))
    readings = " ".join(
        f"{series.name}: {band(series.at(goal['year'], 'scenario'), text)}" for series in many
    )  # fmt: skip
    alt = f"{caption}. {text('goal.note')}. {text('figures.scenario')} {goal['year']}: {readings} {unit}."
    return figure(document, "goal", drawn, caption, alt, note=text("goal.note"))


def _written_chances(record: Record, series: Series, text: Text) -> tuple[str, str]:
    basis = "probability_current" if "current" in series.key else "probability_constant"
    baseline, scenario = (text.percent(record["goal"][arm][basis]) for arm in ARMS)
    return baseline, scenario
