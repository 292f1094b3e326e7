"""Page one: what was asked and what the answer is, in plain words with numbers."""

from __future__ import annotations

from typing import Any

from sim.figures import Series, Text, goal_chart
from sim.report.blocks import Block, Document, bullets, figure, para, plain, runs, table
from sim.report.evidence import answer
from sim.report.funding import funding_sentence
from sim.report.record import Record, goal_series, horizon, kpi, scenario_title
from sim.report.targets import band_of, chance_word, gap_share, median_miss
from sim.words import (
    NONE,
    ahead,
    band,
    chance,
    given,
    number,
    numbers,
    percent,
    points,
    reached,
    sample_size,
    targets_likely,
    unassessed,
    unit_of,
)

__all__ = ["page_one"]

ARMS = ("baseline", "scenario")
NAMED = 5
NAMED_MISSES = 3
YI = "100 million yuan"


def page_one(record: Record, text: Text, document: Document) -> dict[str, Any]:
    """Return the lead sentence and the blocks of the summary, with the chart of the goal at its foot."""
    goal = record["goal"]
    values = {
        "scenario": scenario_title(record, text), "year": goal["year"],
        "target_words": text.money(goal["target"]),
        **{f"{arm}_chance": chance(goal[arm]["probability_constant"]) for arm in ARMS},
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
        text, "summary.question", year=goal["year"],
        target_words=text.money(goal["target"]), base=_base(record, text), adds=_adds(record, text),
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
                intensity=percent(row["intensity"]),
                start=given(row["start"]),
            )
            for row in levers
        ]
        parts.append(text("summary.adds_levers", list=_listed(named, text)))
    if inputs:
        named = [text("summary.input", name=name, value=given(value)) for name, value in inputs.items()]
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
            return text("summary.base", base_year=int(point.year), base_words=text.money(point.value))
    return ""


def _table(record: Record, text: Text) -> Block:
    goal = record["goal"]
    rows = [
        _chances(record, text, "constant"),
        _chances(record, text, "current"),
        _gdp(record, text),
        [
            text("summary.row_year"),
            *(_years(goal, arm, horizon(record), text) for arm in ARMS),
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
    goal = record["goal"]
    before, after = (goal[arm][f"probability_{basis}"] for arm in ARMS)
    error = (goal.get("change") or {}).get(f"sampling_error_{basis}")
    change = NONE
    if None not in (before, after):
        change = text("summary.points", value=points(after - before, error))
    cells = [chance(one, sample_size(record)) for one in (before, after)]
    return [text(f"summary.row_{basis}"), *cells, change]


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
    low, middle, high = (quantiles[name] for name in ("p05", "p50", "p95"))
    return band(low, middle, high, sign=sign, shift=unit_of(YI, text.lang).shift)


def _years(goal: Record, arm: str, last: int, text: Text) -> str:
    low, middle, high = (text.year(reached(goal, arm, name), last) for name in ("p05", "p50", "p95"))
    return middle if low == middle == high else f"{middle} ({low}–{high})"


def _met(record: Record, text: Text) -> list[str]:
    counts = [targets_likely(record, arm) for arm in ARMS]
    total = len(ahead(record))
    if not total:
        return []
    cells = [text("summary.met_of", met=met, all=total) for met in counts]
    return [text("summary.row_met"), *cells, _signed(counts[1] - counts[0])]


def _signed(count: int) -> str:
    return f"{count:+d}".replace("-", "−") if count else "0"


def _effect(record: Record, text: Text) -> list[list[Block]]:
    if not _changed(record):
        return [runs(text, "summary.effect_none")]
    goal, shift = record["goal"], unit_of(YI, text.lang).shift
    effect = goal["effect"]
    low, middle, high = numbers(*(effect[name] for name in ("p05", "p50", "p95")), shift=shift)
    baseline = _gdp_row(record, text).get("baseline", {"p50": None})
    share = number(100 * effect["p50"] / baseline["p50"]) + "%" if baseline["p50"] else NONE
    plus = "" if effect["p50"] <= 0 else "+"
    sentences = [
        runs(
            text, "summary.effect", year=goal["year"], middle=plus + middle, low=low, high=high, share=share
        ),
        _goal_moves(record, text),
    ]
    if funded := funding_sentence(record, text):
        sentences.append(plain(funded if text.lang == "zh" else funded + " "))
    if baseline["p50"]:
        width = number(baseline["p95"] - baseline["p05"], shift=shift)
        sentences.append(runs(text, "summary.effect_width", width=width))
    return sentences


def _goal_moves(record: Record, text: Text) -> list[Block]:
    """Return whether the scenario changes the word for the goal's probability, which is its conclusion."""
    before, after = (record["goal"][arm]["probability_constant"] for arm in ARMS)
    if None in (before, after):
        return []
    words = [chance_word(one, text) for one in (before, after)]
    key = "summary.effect_stays" if words[0] == words[1] else "summary.effect_moves"
    return runs(
        text, key, before=chance(before), after=chance(after), before_word=words[0], after_word=words[1]
    )


def _targets(record: Record, text: Text) -> Block | None:
    found = ahead(record)
    if not found:
        return None
    counts = {"met": targets_likely(record, "scenario"), "met_baseline": targets_likely(record, "baseline")}
    sentences = [runs(text, "summary.targets", all=len(found), **counts)]
    misses = [(row, median_miss(row, "scenario")) for row in found if row["scenario"]["p50"] is not None]
    missed = sorted(((row, one) for row, one in misses if one), key=lambda pair: -pair[1].share)
    if missed:
        joint = "；" if text.lang == "zh" else "; "
        listed = joint.join(gap_share(row, one, text) for row, one in missed[:NAMED_MISSES])
        sentences.append(runs(text, "summary.targets_worst", list=listed))
    else:
        sentences.append(runs(text, "summary.targets_none"))
    if rest := unassessed(record):
        sentences.append(runs(text, "summary.targets_unassessed", rest=len(rest)))
    return para(*sentences, head=text("summary.targets_head"))


def _care(record: Record, text: Text) -> list[Block]:
    kind = "care_posterior" if record.get("ensemble") == "posterior" else "care_prior"
    points = [runs(text, f"summary.{name}") for name in (kind, "care_sampling", "care_basis", "care_levers")]
    return [para(plain(""), head=text("summary.care_head")), bullets(points)]


def goal_figure(record: Record, text: Text, document: Document) -> Block | None:
    """Return the fan chart of city GDP with the goal."""
    goal, many = record["goal"], goal_series(record, text)[:2]
    if not many:
        return None
    chances = [_written_chances(record, series) for series in many]
    drawn = goal_chart(many, goal["target"], goal["year"], chances, text)
    caption = text("goal.caption", target_words=text.money(goal["target"]))
    readings = " ".join(
        f"{series.name}: {band_of(series.at(goal['year'], 'scenario'), series.unit)} {series.unit.name}"
        for series in many
    )
    alt = f"{caption}. {text('goal.note')}. {text('figures.scenario')} {goal['year']}: {readings}."
    return figure(document, "goal", drawn, caption, alt, note=text("goal.note"))


def _written_chances(record: Record, series: Series) -> tuple[str, str]:
    basis = "probability_current" if "current" in series.key else "probability_constant"
    baseline, scenario = (chance(record["goal"][arm][basis]) for arm in ARMS)
    return baseline, scenario
