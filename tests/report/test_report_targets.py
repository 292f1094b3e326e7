"""The report's chart and table of targets, worked out by hand for a few indicators."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from matplotlib.figure import Figure
from support.charts import axes_of, drawn_intervals

from sim.figures import load_text
from sim.report.blocks import Document
from sim.report.targets import chance_word, gap, gap_share, median_miss, section_targets

TEXT = load_text("en")
FIRMS = {"zh": "家", "en": "firms"}
MONEY = {"zh": "亿元", "en": "100 million CNY"}
PERCENT = {"zh": "%", "en": "%"}


def band(low: float, middle: float, high: float, chance: float | None) -> dict[str, float | None]:
    return {"p05": low, "p50": middle, "p95": high, "probability_met": chance}


def row(name: str, target: float | None, **changes: Any) -> dict[str, Any]:
    found = {
        "id": name, "zh": name, "en": name, "year": 2030, "target": target, "direction": "reach",
        "unit": FIRMS, "start": ["F1"], "assessed": True,
        "baseline": band(40.0, 60.0, 80.0, 0.05), "scenario": band(44.0, 72.0, 88.0, 0.2),
    }  # fmt: skip
    return found | changes


def limit(name: str) -> dict[str, Any]:
    return row(
        name, 10.0, direction="below", unit=PERCENT,
        baseline=band(10.0, 13.0, 16.0, 0.05), scenario=band(9.0, 12.0, 15.0, 0.3),
    )  # fmt: skip


Shown = Callable[..., tuple[list[dict[str, Any]], list[Figure]]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Return ``shown(*rows)``: the section's blocks and the charts that are drawn in it."""

    def show(*rows: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Figure]]:
        drawn: list[Figure] = []
        monkeypatch.setattr(
            "sim.report.blocks.figure_bytes", lambda figure, kind: drawn.append(figure) or b""
        )
        record = {"created": "2026-03-01T08:00:00+00:00", "kpis": list(rows)}
        document = Document({})
        blocks = section_targets(record, TEXT, document)["blocks"]
        assert len(document.files) == len(drawn)
        return blocks, drawn

    return show


def cells(blocks: list[dict[str, Any]]) -> list[list[str]]:
    (found,) = (block for block in blocks if block["kind"] == "table")
    return [[cell["text"] for cell in line] for line in found["rows"]]


def test_the_chart_shows_each_arm_s_band_in_percent_of_the_target(shown: Shown) -> None:
    _, (figure,) = shown(row("firms", 80.0), limit("cost"))
    assert [(one.low, one.middle, one.high) for one in drawn_intervals(figure)] == [
        (50.0, 75.0, 100.0), (100.0, 130.0, 160.0),
        (pytest.approx(55), pytest.approx(90), pytest.approx(110)), (90.0, 120.0, 150.0),
    ]  # fmt: skip
    names = [label.get_text() for label in axes_of(figure).get_yticklabels()]
    assert names == ["Firms 2030", "≤ Cost 2030"]
    assert axes_of(figure).lines[-1].get_xdata() == [100.0, 100.0]


def test_below_is_explained_where_a_target_is_one(shown: Shown) -> None:
    more = TEXT("indicators.chart_below")
    for rows, explained in (([row("firms", 80.0), limit("cost")], True), ([row("firms", 80.0)], False)):
        blocks, _ = shown(*rows)
        assert blocks[-1]["note"] == TEXT("indicators.chart_note") + (more if explained else "")


def test_the_chart_s_words_for_who_cannot_see_it_are_the_scenario_s(shown: Shown) -> None:
    blocks, _ = shown(row("firms", 80.0))
    assert blocks[-1]["alt"].endswith("Firms 2030: 90 (55–110)%.")


def test_what_has_no_target_no_start_or_no_value_is_not_in_the_chart(shown: Shown) -> None:
    lacking = band(1.0, 2.0, 3.0, 0.5) | {"p95": None}
    others = (
        row("none", None, direction="none"), row("start", 5.0, assessed=False), row("zero", 0.0),
        row("broken", 5.0, baseline=lacking), row("torn", 5.0, scenario=lacking),
    )  # fmt: skip
    _, (figure,) = shown(row("firms", 80.0), *others)
    assert [label.get_text() for label in axes_of(figure).get_yticklabels()] == ["Firms 2030"]
    blocks, drawn = shown(*others)
    assert drawn == []
    assert len(cells(blocks)) == 5


@pytest.mark.parametrize(("high", "cut"), [(160.0, False), (161.0, True)])
def test_beyond_twice_the_target_an_interval_ends_in_an_arrow(shown: Shown, high: float, cut: bool) -> None:
    _, (figure,) = shown(row("firms", 80.0, baseline=band(40.0, 60.0, high, 0.5)))
    first = drawn_intervals(figure)[0]
    assert (first.high, first.arrow) == (200.0, cut)
    assert (axes_of(figure).get_xlim()[1] == 200.0) == cut


def test_a_page_holds_32_rows_and_more_are_shared_out_evenly(shown: Shown) -> None:
    blocks, drawn = shown(*(row(f"firms {at}", 80.0) for at in range(32)))
    assert len(drawn) == 1
    assert "(1/" not in blocks[-1]["caption"]
    blocks, drawn = shown(*(row(f"firms {at}", 80.0) for at in range(33)))
    names = [[label.get_text() for label in axes_of(figure).get_yticklabels()] for figure in drawn]
    assert [len(one) for one in names] == [17, 16]
    assert [*names[0], *names[1]] == [f"Firms {at} 2030" for at in range(33)]
    assert [block["caption"][-6:] for block in blocks[-2:]] == [" (1/2)", " (2/2)"]
    assert [block["file"] for block in blocks[-2:]] == ["targets-1.svg", "targets-2.svg"]


def test_a_line_of_the_table(shown: Shown) -> None:
    blocks, _ = shown(row("firms", 80.0), limit("cost"), row("sales", 70.0, unit=MONEY))
    firms, cost, sales = cells(blocks)
    assert firms[1:6] == ["2030", "80", "60 (40–80)", "72 (44–88)", "5%\u00a0→\u00a020%"]
    assert cost[1:6] == ["2030", "≤10", "13 (10–16)", "12 (9–15)", "5%\u00a0→\u00a030%"]
    # Money is kept in 亿元 and shown in billions; the scenario's median 72 is above 70.
    assert sales[1:5] == ["2030", "7", "6.0 (4.0–8.0)", "7.2 (4.4–8.8)"]
    assert [one[0] for one in (firms, cost, sales)] == ["Firms (firms)", "Cost (%)", "Sales (billion yuan)"]
    assert firms[6] == TEXT(
        "indicators.judgement", word="unlikely", gap=TEXT("indicators.missed_share", gap="8", share="10%")
    )
    assert sales[6] == "unlikely"


def test_each_column_of_the_table_has_a_width_and_an_alignment(shown: Shown) -> None:
    (found,) = (block for block in shown(row("firms", 80.0))[0] if block["kind"] == "table")
    assert len(found["columns"]) == len(found["widths"]) == len(found["align"]) == len(found["rows"][0]) == 7
    assert {one for one in found["widths"] if isinstance(one, str)} == {"auto"}
    assert set(found["align"]) <= set("lcr")
    # Seven columns only fit in small type.
    assert found["small"]


def test_a_band_that_is_not_known_is_left_open(shown: Shown) -> None:
    nothing = band(1.0, 1.0, 1.0, None) | dict.fromkeys(("p05", "p50", "p95"))
    before, after = row("before", 80.0, baseline=nothing), row("after", 80.0, scenario=nothing)
    lines = cells(shown(before, after)[0])
    assert [line[3:5] for line in lines] == [["–", "72 (44–88)"], ["60 (40–80)", "–"]]
    assert "8 (10%)" in lines[0][6]
    assert lines[1][6] == "cannot be assessed: no starting figure"


def test_targets_of_past_years_are_marked_and_said(shown: Shown) -> None:
    note = TEXT("indicators.past")
    blocks, _ = shown(row("firms", 80.0, year=2025), row("none", None, year=2025))
    assert [line[1] for line in cells(blocks)] == ["2025" + TEXT("words.open_year"), "2025"]
    assert note in [run["text"] for run in blocks[0]["runs"]]
    blocks, _ = shown(row("firms", 80.0, year=2026))
    assert [line[1] for line in cells(blocks)] == ["2026"]
    assert note not in [run["text"] for run in blocks[0]["runs"]]


def test_without_a_start_neither_chance_nor_miss_is_shown_and_why_is_said(shown: Shown) -> None:
    note = TEXT("indicators.unassessed")
    blocks, _ = shown(row("firms", 80.0, assessed=False))
    assert cells(blocks)[0][3:] == ["60 (40–80)", "72 (44–88)", "–", "cannot be assessed: no starting figure"]
    assert note in [run["text"] for run in blocks[0]["runs"]]
    blocks, _ = shown(row("firms", 80.0), row("none", None, assessed=False))
    assert note not in [run["text"] for run in blocks[0]["runs"]]
    assert cells(blocks)[1][2:] == ["–", "60 (40–80)", "72 (44–88)", "–", "no target"]


def test_the_colour_is_that_of_the_scenario_s_verdict(shown: Shown) -> None:
    blocks, _ = shown(row("firms", 80.0), row("more", 60.0, scenario=band(70.0, 72.0, 80.0, 0.95)))
    (found,) = (block for block in blocks if block["kind"] == "table")
    assert [line[6] for line in found["rows"]] == [
        {"text": cells(blocks)[0][6], "tone": "bad"}, {"text": "very likely", "tone": "good"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("direction", "target", "median", "size", "share"),
    [
        ("reach", 80.0, 72.0, 8.0, 0.1), ("below", 10.0, 12.0, 2.0, 0.2), ("reach", -10.0, -12.0, 2.0, 0.2),
        ("reach", 0.0, -3.0, 3.0, math.inf), ("reach", 80.0, 80.0, None, None),
        ("reach", 80.0, 81.0, None, None),
        ("below", 10.0, 10.0, None, None), ("below", 10.0, 9.0, None, None),
        ("reach", 80.0, 79.5, 0.5, 0.00625),
    ],
)  # fmt: skip
def test_by_how_much_a_median_misses(
    direction: str, target: float, median: float, size: float | None, share: float | None
) -> None:
    one = row("x", target, direction=direction, baseline=band(0.0, median, 0.0, None))
    miss = median_miss(one, "baseline")
    if size is None:
        assert miss is None
    else:
        assert miss is not None
        assert (miss.size, miss.share) == (pytest.approx(size), pytest.approx(share))


def test_a_chance_has_its_word_and_none_has_none() -> None:
    assert [chance_word(share, TEXT) for share in (0.7, 0.0, None)] == ["likely", "very unlikely", "–"]


def test_a_miss_in_words() -> None:
    """72 of 80 is short by 8, a tenth, and gets to nine tenths; 12 over a limit of 10 is over by a fifth."""
    short, over = row("firms", 80.0), limit("cost")
    firms = over | {"unit": FIRMS}
    misses = [median_miss(one, "scenario") for one in (short, over)]
    assert misses[0] is not None
    assert misses[1] is not None
    assert gap(short, misses[0], TEXT) == TEXT("indicators.missed_share", gap="8", share="10%")
    assert gap(short | {"unit": PERCENT}, misses[0], TEXT) == TEXT(
        "indicators.missed", gap=TEXT("indicators.points", value="8")
    )
    assert gap(over, misses[1], TEXT) == TEXT("indicators.over", gap=TEXT("indicators.points", value="2"))
    assert gap(firms, misses[1], TEXT) == TEXT("indicators.over_share", gap="2", share="20%")
    assert gap_share(short, misses[0], TEXT) == TEXT("summary.worst", name="Firms", year=2030, share="90%")
    assert gap_share(over, misses[1], TEXT) == TEXT("summary.worst_over", name="Cost", year=2030, share="20%")
    # Money is shown in billions.
    assert gap(short | {"unit": MONEY}, misses[0], TEXT) == TEXT(
        "indicators.missed_share", gap="0.8", share="10%"
    )
