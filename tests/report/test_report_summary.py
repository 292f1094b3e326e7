"""Page one, number by number, of a record small enough to work out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.figure import Figure

from sim.figures import load_text
from sim.report.blocks import Document
from sim.report.record import place_names
from sim.report.summary import page_one

MONEY = {"zh": "亿元", "en": "100 million CNY"}
YEARS = [2024, 2030, 2035]


def band(low: float, middle: float, high: float, **more: Any) -> dict[str, Any]:
    return {"p05": low, "p50": middle, "p95": high, **more}


def kpi(name: str, target: float | None, chances: tuple[float, float], median: float, **changes: Any) -> Any:
    before, after = chances
    row = {
        "id": name, "zh": name, "en": name, "year": 2030, "target": target, "direction": "reach",
        "unit": {"zh": "家", "en": "firms"}, "start": ["F1"], "assessed": True,
        "baseline": band(1.0, 2.0, 3.0, probability_met=before),
        "scenario": band(1.0, median, 3.0, probability_met=after),
    }  # fmt: skip
    return row | changes


def series(name: str, base: float, chart: str = "gdp-city", more: float = 0.0) -> dict[str, Any]:
    ends = ("p05", "p25", "p50", "p75", "p95")
    arms = {
        arm: {end: [base, 800.0 + level + 10 * at, 900.0 + level + 10 * at] for at, end in enumerate(ends)}
        for arm, level in (("baseline", more), ("scenario", more + 5.0))
    }
    points = [
        {"year": 2023, "value": 650, "kind": "observed"},
        {"year": 2024, "value": base, "kind": "observed"},
    ]
    return {"chart": chart, "series": name, "zh": name, "en": name, "unit": MONEY, "time": YEARS,
            "points": points, **arms}  # fmt: skip


@pytest.fixture
def made() -> dict[str, Any]:
    """100 members of which 10 failed; the goal is 1000 (亿元) in 2035."""
    arms = {
        "baseline": {"probability_constant": 0.5, "probability_current": 0.8,
                     "year_reached": {"p05": 2031, "p50": 2035, "p95": None}},
        "scenario": {"probability_constant": 0.7, "probability_current": 0.9,
                     "year_reached": {"p05": 2030, "p50": 2030, "p95": 2030}},
    }  # fmt: skip
    change = {"sampling_error_constant": 0.021, "sampling_error_current": 0.017}
    gdp = kpi("city-gdp", 1000.0, (0.5, 0.7), 1020.0, year=2035, unit=MONEY)
    gdp["baseline"] |= band(900.0, 1000.0, 1200.0)
    gdp["scenario"] |= band(910.0, 1020.0, 1230.0)
    return {
        "run_id": "r", "created": "2026-03-01T08:00:00+00:00", "members": 100, "failed_members": 10,
        "goal": {"target": 1000.0, "year": 2035, **arms, "effect": band(8.0, 20.0, 40.0), "change": change},
        "kpis": [gdp, kpi("hubs", 10.0, (0.3, 0.7), 12.0), kpi("parks", 10.0, (0.9, 0.2), 6.0)],
        "series": [series("current-gdp", 705.0), series("city", 705.11)],
        "scenario": {"title": {"zh": "试", "en": "Trial"}, "inputs": {}, "levers": [lever("hq", 1.0, 2026)]},
    }  # fmt: skip


def lever(name: str, intensity: float, start: float) -> dict[str, Any]:
    return {"id": name, "zh": name, "en": name, "intensity": intensity, "start": start}


class Page:
    """Page one of a record in a language, with figures caught instead of drawn."""

    def __init__(self, record: dict[str, Any], lang: str = "en", *, charts: bool = False) -> None:
        self.text = load_text(lang).about(place_names(record))
        self.document = Document({})
        self.figures: list[Figure] = []
        with pytest.MonkeyPatch.context() as patch:
            if not charts:
                patch.setattr("sim.report.summary.goal_chart", lambda *_: Figure())
            patch.setattr(
                "sim.report.blocks.figure_bytes", lambda figure, _: self.figures.append(figure) or b""
            )
            self.data = page_one(record, self.text, self.document)
        self.blocks = [block for block in self.data["blocks"] if block]

    def said(self, key: str, **values: object) -> str:
        """Return the sentence at a key, without its stars."""
        return self.text(key, **values).replace("**", "")

    def head(self, key: str) -> str:
        """Return what the paragraph under a heading says."""
        (found,) = (block for block in self.blocks if block.get("head") == self.text(key))
        return words(found["runs"])

    @property
    def rows(self) -> list[list[str]]:
        """The cells of the table."""
        (found,) = (block for block in self.blocks if block["kind"] == "table")
        return [[cell["text"] for cell in row] for row in found["rows"]]


def words(runs: list[dict[str, Any]]) -> str:
    return "".join(run["text"] for run in runs).strip()


def test_the_lead_gives_the_chances_at_constant_prices(made: dict[str, Any]) -> None:
    page = Page(made)
    values = {"year": 2035, "target_words": "100 billion yuan"}
    assert (
        words(page.data["lead"])
        == page.said(
            "summary.lead", scenario="Trial", baseline_chance="50%", scenario_chance="70%", **values
        ).strip()
    )
    assert page.data["heading"] == page.text("summary.heading", scenario="Trial")
    made["scenario"]["levers"] = []
    page = Page(made)
    assert words(page.data["lead"]) == page.said("summary.lead_same", baseline_chance="50%", **values).strip()
    made["scenario"]["inputs"] = {"growth": 0.03}
    assert "70%" in words(Page(made).data["lead"])


def test_the_question_has_the_last_observed_level_and_what_is_added(made: dict[str, Any]) -> None:
    def asked(adds: str, rest: str, **given: Any) -> None:
        page = Page(made | {"scenario": made["scenario"] | given})
        base = page.text("summary.base", base_year=2024, base_words="70.511 billion yuan")
        assert page.head("summary.question_head") == page.said(
            "summary.question", year=2035, target_words="100 billion yuan", base=base, adds=adds,
            rest=page.text(f"summary.{rest}"),
        )  # fmt: skip

    text = load_text("en")
    one = text("summary.lever", name="hq", intensity="100%", start="2026")
    asked(text("summary.adds_levers", list=one), "rest_same")
    half = text("summary.lever", name="rail", intensity="50%", start="2027.5")
    levers = [lever("hq", 1.0, 2026), lever("rail", 0.5, 2027.5)]
    both = text("summary.adds_levers", list=one + text("summary.item") + half)
    asked(both, "rest_same", levers=levers)
    inputs = text("summary.adds_inputs", count=1, list=text("summary.input", name="growth", value="0.0325"))
    asked(inputs, "rest_other", levers=[], inputs={"growth": 0.0325})
    asked(both + text("summary.and") + inputs, "rest_other", levers=levers, inputs={"growth": 0.0325})
    asked(text("summary.adds_nothing"), "rest_same", levers=[])


@pytest.mark.parametrize(("count", "more"), [(5, False), (6, True)])
def test_five_levers_are_named_and_more_are_counted(made: dict[str, Any], count: int, more: bool) -> None:
    made["scenario"]["levers"] = [lever(f"lever{at}", 1.0, 2026) for at in range(count)]
    page = Page(made)
    said = page.head("summary.question_head")
    assert [f"lever{at} " in said for at in range(6)] == [True] * 5 + [False]
    assert said.count(page.text("words.and_more", count=count)) == more


def test_of_several_observed_levels_at_constant_prices_the_last_is_given(made: dict[str, Any]) -> None:
    current, constant = made["series"]
    constant["points"].append({"year": 2026, "value": 720.5, "kind": "observed"})
    page = Page(made)
    base = page.text("summary.base", base_year=2026, base_words="72.05 billion yuan")
    assert base in page.head("summary.question_head")
    constant["points"] = []
    assert current["points"]
    page = Page(made)
    assert page.text("summary.base", base_year=2024, base_words="70.5 billion yuan") not in page.head(
        "summary.question_head"
    )


def test_without_an_observed_level_none_is_given(made: dict[str, Any]) -> None:
    for one in made["series"]:
        one["points"] = [{"year": 2035, "value": 1000, "kind": "target"}]
    page = Page(made)
    asked = page.text(
        "summary.question", year=2035, target_words="100 billion yuan", base="", adds="|", rest=""
    )
    assert page.head("summary.question_head").startswith(asked.replace("**", "").split("|")[0])


def test_the_table_by_hand(made: dict[str, Any]) -> None:
    page = Page(made)
    # √(0.5 · 0.5 / 90) is 5.3 points, √(0.7 · 0.3 / 90) 4.8, √(0.8 · 0.2 / 90) 4.2, √(0.9 · 0.1 / 90) 3.2.
    assert page.rows == [
        [
            page.text("summary.row_constant"),
            "50% ±5",
            "70% ±5",
            page.text("summary.points", value="+20.0 ±2.1"),
        ],
        [
            page.text("summary.row_current"),
            "80% ±4",
            "90% ±3",
            page.text("summary.points", value="+10.0 ±1.7"),
        ],
        [
            page.text("summary.row_gdp", year=2035),
            "100.0 (90.0–120.0)",
            "102.0 (91.0–123.0)",
            "+2.0 (0.8–4.0)",
        ],
        [page.text("summary.row_year"), "2035 (2031–not by 2035)", "2030", "–"],
        [page.text("summary.row_met"), "1 of 3", "2 of 3", "+1"],
    ]
    assert Page(made, "zh").rows[2][1:] == ["1000 (900–1200)", "1020 (910–1230)", "+20 (8–40)"]


def test_each_column_of_the_table_has_a_width_and_an_alignment(made: dict[str, Any]) -> None:
    (found,) = (block for block in Page(made).blocks if block["kind"] == "table")
    assert len(found["columns"]) == len(found["widths"]) == len(found["align"]) == len(found["rows"][0]) == 4
    assert {one for one in found["widths"] if isinstance(one, str)} == {"auto"}
    assert set(found["align"]) <= set("lcr")


@pytest.mark.parametrize(
    ("chances", "change"), [((0.9, 0.2), "−1"), ((0.9, 0.9), "0"), ((0.65, 0.66), "+1"), ((0.66, 0.65), "−1")]
)
def test_the_change_in_likely_targets_has_its_sign(
    made: dict[str, Any], chances: tuple[float, float], change: str
) -> None:
    made["kpis"] = [kpi("hubs", 10.0, chances, 12.0)]
    assert Page(made).rows[-1][-1] == change


def test_without_a_target_ahead_there_is_no_count(made: dict[str, Any]) -> None:
    made["kpis"] = [kpi("hubs", None, (0.5, 0.5), 12.0, direction="none")]
    page = Page(made)
    assert page.text("summary.row_met") not in [row[0] for row in page.rows]
    assert page.text("summary.targets_head") not in [block.get("head") for block in page.blocks]


def test_a_chance_that_is_not_known_has_no_change(made: dict[str, Any]) -> None:
    made["goal"]["baseline"]["probability_current"] = None
    assert Page(made).rows[1][1:] == ["–", "90% ±3", "–"]
    del made["goal"]["change"]
    assert Page(made).rows[0][3] == Page(made).text("summary.points", value="+20.0")


def test_gdp_comes_from_the_series_where_it_is_no_indicator(made: dict[str, Any]) -> None:
    made["kpis"] = made["kpis"][1:]
    made["series"][0] = series("current-gdp", 705.0, more=100.0)
    # The series at constant prices comes first, though it is stored second; in 2035 its ends are 900 and 940.
    assert Page(made).rows[2][1:] == ["92.0 (90.0–94.0)", "92.5 (90.5–94.5)", "+2.0 (0.8–4.0)"]
    made["series"] = [series("x", 1.0, "other")]
    page = Page(made)
    assert [row[0] for row in page.rows][2] == page.text("summary.row_year")
    assert page.figures == []


def test_the_effect_beside_the_baseline_and_its_width(made: dict[str, Any]) -> None:
    page = Page(made)
    said = page.head("summary.effect_head")
    # 20 亿元 of 1000 are 2 %; the baseline's band is 300 wide.
    assert page.said("summary.effect", year=2035, middle="+2.0", low="0.8", high="4.0", share="2%") in said
    assert page.said("summary.effect_width", width="30.0") in said
    assert (
        page.said("summary.effect_moves", before="50%", after="70%", before_word="open", after_word="likely")
        in said
    )
    made["goal"]["scenario"]["probability_constant"] = 0.6
    assert page.said(
        "summary.effect_stays", before="50%", after="60%", before_word="open", after_word="open"
    ) in Page(made).head("summary.effect_head")
    made["goal"]["scenario"]["probability_constant"] = None
    assert "2024 prices" not in Page(made).head("summary.effect_head")


@pytest.mark.parametrize(
    ("middle", "written", "share"),
    [(0.0, "0.00", "0%"), (-5.0, "−0.50", "−0.50%"), (0.5, "+0.05", "0.0500%")],
)
def test_an_effect_has_a_plus_only_above_nothing(
    made: dict[str, Any], middle: float, written: str, share: str
) -> None:
    made["goal"]["effect"] = band(-10.5, middle, 20.5)
    page = Page(made)
    assert page.said(
        "summary.effect", year=2035, middle=written, low="−1.05", high="2.05", share=share
    ) in page.head("summary.effect_head")


def test_without_a_baseline_figure_the_effect_has_no_share(made: dict[str, Any]) -> None:
    made["kpis"][0]["baseline"] |= band(0.0, 0.0, 0.0)
    page = Page(made)
    said = page.head("summary.effect_head")
    assert page.said("summary.effect", year=2035, middle="+2.0", low="0.8", high="4.0", share="–") in said
    assert page.text("summary.effect_width", width="|").split("|")[0] not in said


def test_a_run_that_changes_nothing_says_so(made: dict[str, Any]) -> None:
    made["scenario"]["levers"] = []
    page = Page(made)
    assert page.head("summary.effect_head") == page.said("summary.effect_none")


def test_targets_are_counted_and_the_worst_three_are_named(made: dict[str, Any]) -> None:
    medians = {"a": 9.0, "b": 2.0, "c": 6.0, "d": 4.0, "met": 10.0}
    made["kpis"] = [kpi(name, 10.0, (0.1, 0.2), median) for name, median in medians.items()]
    made["kpis"][4] |= {"scenario": band(9.0, 10.0, 11.0, probability_met=0.7)}
    made["kpis"].append(
        kpi("gone", 10.0, (0.1, 0.1), 1.0) | {"scenario": {"p50": None, "probability_met": 0.1}}
    )
    for lang, joint in (("en", "; "), ("zh", "；")):
        page = Page(made, lang)
        said = page.head("summary.targets_head")
        assert page.said("summary.targets", all=6, met=1, met_baseline=0) in said
        worst = [
            page.text("summary.worst", name=name, year=2030, share=share)
            for name, share in (("B", "20%"), ("D", "40%"), ("C", "60%"))
        ]
        assert page.said("summary.targets_worst", list=joint.join(worst)) in said
    del made["kpis"][:4], made["kpis"][1]
    page = Page(made)
    assert page.said("summary.targets_none") in page.head("summary.targets_head")


def test_targets_ahead_that_cannot_be_assessed_are_counted(made: dict[str, Any]) -> None:
    lacking = kpi("x", 10.0, (0.1, 0.1), 1.0, assessed=False)
    made["kpis"] += [lacking, lacking | {"id": "y"}, lacking | {"year": 2025}, lacking | {"target": None}]
    page = Page(made)
    assert page.said("summary.targets_unassessed", rest=2) in page.head("summary.targets_head")
    made["kpis"] = made["kpis"][:3]
    start = page.text("summary.targets_unassessed", rest=0)[2:]
    assert start not in Page(made).head("summary.targets_head")


def test_what_to_take_care_of_depends_on_where_members_come_from(made: dict[str, Any]) -> None:
    for ensemble, kind in ((None, "care_prior"), ("prior", "care_prior"), ("posterior", "care_posterior")):
        page = Page(made | ({"ensemble": ensemble} if ensemble else {}))
        (points,) = (block["items"] for block in page.blocks if block["kind"] == "list")
        keys = (kind, "care_sampling", "care_basis", "care_levers")
        assert [words(one) for one in points] == [page.said(f"summary.{key}") for key in keys]
        head = page.text("summary.care_head")
        (before,) = (block for block in page.blocks if block.get("head") == head)
        assert words(before["runs"]) == ""


def test_the_chart_has_two_panels_however_many_readings_there_are(made: dict[str, Any]) -> None:
    made["series"].append(series("another", 705.0))
    (figure,) = Page(made, charts=True).figures
    assert len(figure.axes) == 2


def test_the_answer_with_the_whole_plan_is_given_where_a_calibration_knows_it(made: dict[str, Any]) -> None:
    shares = {"baseline": {"constant": 0.5, "current": 0.8}, "plan": {"constant": 0.7, "current": 0.9}}
    made["evidence"] = {"levers": {"chances": [{"factor": 1, **shares}]}}
    page = Page(made)
    assert page.head("evidence.head") == page.text(
        "evidence.answer", year=2035, target_words="100 billion yuan", baseline_constant="50%",
        baseline_current="80%", plan_constant="70%", plan_current="90%",
    )  # fmt: skip


@pytest.mark.parametrize(("lang", "joint"), [("en", " "), ("zh", "")])
def test_what_purses_pay_stands_between_the_effect_and_its_width(
    made: dict[str, Any], lang: str, joint: str
) -> None:
    """English sentences are parted by a space, Chinese ones by nothing."""
    made["funding"] = [{"zh": "市级", "en": "City", "total": {"share": band(0.5, 0.5, 0.5)}}]
    page = Page(made, lang)
    name = {"zh": "市级", "en": "City"}[lang]
    funded = page.text("funding.sentence", list=page.text("funding.part", name=name, share="50%"))
    width = page.said("summary.effect_width", width={"zh": "300", "en": "30.0"}[lang])
    assert page.head("summary.effect_head").endswith(funded + joint + width.strip())


def test_the_chart_says_each_price_basis_own_chances(made: dict[str, Any]) -> None:
    page = Page(made, charts=True)
    (figure,) = page.figures
    panels = [axes.texts[0].get_text() for axes in figure.axes]
    assert panels == [
        page.text("figures.chance", year=2035, baseline=before, scenario=after)
        for before, after in (("50%", "70%"), ("80%", "90%"))
    ]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["City", "Current-gdp"]
    (block,) = (block for block in page.blocks if block["kind"] == "figure")
    assert block["file"] == "goal.svg"
    assert block["caption"] == page.text("goal.caption", target_words="100 billion yuan")
    assert block["note"] == page.text("goal.note")
    scenario = page.text("figures.scenario")
    assert block["alt"].endswith(
        f"{scenario} 2035: City: 92.5 (90.5–94.5) billion yuan Current-gdp: 92.5 (90.5–94.5) billion yuan."
    )
