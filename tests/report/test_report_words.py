"""What a report says about a record, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from sim.ensemble.project import DATA_FILES
from sim.ensemble.provenance import NAMES
from sim.errors import BadInput, SimError
from sim.figures import font_files, load_text
from sim.report import make_report
from sim.report.document import build_document
from sim.report.glyphs import check_glyphs, escaped, strings_in, words_in_svg
from sim.report.sections import main_assumptions
from sim.report.targets import chance_word, gap, median_miss

MARKUP = r'#let x = 1 $a^2$ *b* _c_ <d> "e" \n @f [g] {h} // `i` &amp; %s ~ = -- **j**'


def said(record: dict[str, Any], lang: str = "zh") -> str:
    """Return all words of the report; figures are not drawn, which takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.report.blocks.figure_bytes", lambda *_: b"")
        return "\n".join(strings_in(build_document(record, load_text(lang)).data))


def first_page(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        words = document[0].get_textpage()
        found: str = words.get_text_range()
        words.close()
    return found


def test_markup_in_a_title_is_shown_as_it_is(record: dict[str, Any], tmp_path: Path) -> None:
    record["scenario"]["title"] = {"zh": MARKUP, "en": MARKUP}
    record["scenario"]["inputs"] = {"#panic()": 1.0, "a*b": 0.5}
    record["series"][0]["zh"] = '<b>"$x$&'
    make_report(record, tmp_path / "r.pdf", "zh")
    page = "".join(first_page(tmp_path / "r.pdf").split())
    assert "".join(MARKUP.split()) in page


@pytest.mark.parametrize("title", ["无空格的很长标题" * 30, "w" * 300, "many words " * 40])
def test_long_titles_and_lever_names_stay_on_the_page(
    record: dict[str, Any], tmp_path: Path, title: str
) -> None:
    lever = record["scenario"]["levers"][0]
    record["scenario"]["title"] = {"zh": title, "en": title}
    record["scenario"]["levers"] = [
        lever | {"id": f"l{n}", "zh": title[:120], "en": title[:120]} for n in range(30)
    ]
    make_report(record, tmp_path / "r.pdf", "zh")
    with pypdfium2.PdfDocument(tmp_path / "r.pdf") as document:
        for number in range(len(document)):
            page = document[number]
            words = page.get_textpage()
            right = max(words.get_rect(n)[2] for n in range(words.count_rects()))
            words.close()
            assert right < page.get_width() - 50


def test_a_character_without_a_glyph_is_named(record: dict[str, Any], tmp_path: Path) -> None:
    record["scenario"]["title"]["zh"] = "堃的情景"
    with pytest.raises(SimError, match=r"U\+5803.*堃的情景"):
        make_report(record, tmp_path / "r.pdf", "zh")
    assert list(tmp_path.iterdir()) == []


def test_control_characters_are_refused_not_passed_on(record: dict[str, Any], tmp_path: Path) -> None:
    record["scenario"]["title"]["zh"] = "bell\x07"
    with pytest.raises(SimError, match=r"U\+0007"):
        make_report(record, tmp_path / "r.pdf", "zh")


def test_a_command_nobody_can_reword_is_escaped(record: dict[str, Any]) -> None:
    record["command"] = ["sim", "run", "--scenario", "資料堃.toml"]
    assert r"\u5803.toml" in said(record)
    assert escaped("a堃", font_files()) == r"a\u5803"


def test_lines_in_a_title_are_joined(record: dict[str, Any]) -> None:
    record["scenario"]["title"]["zh"] = "第一行\n第二行"
    assert "第一行 第二行" in said(record)


def test_the_words_of_a_figure_are_found() -> None:
    svg = b'<svg><text x="1">a &lt; b</text><text><tspan y="2">c</tspan></text></svg>'
    assert "a < b" in words_in_svg(svg)
    assert "c" in words_in_svg(svg)


def test_all_of_gb2312_is_covered() -> None:
    rows = (bytes([r, c]).decode("gb2312", "ignore") for r in range(0xB0, 0xF8) for c in range(0xA1, 0xFF))
    check_glyphs(["".join(rows), "≥ ≤ – — · ‰ ² ₂ ✓ ✗ − × ± ° “”‘’…"], font_files())


def test_without_a_lever_nothing_is_claimed(record: dict[str, Any]) -> None:
    record["scenario"] = {"name": "baseline", "title": {}, "levers": [], "inputs": {}}
    record["goal"]["effect"] = {"p05": 0.0, "p50": 0.0, "p95": 0.0}
    zh = said(record)
    assert "情景与基线完全相同" in zh
    assert "不采取任何举措" in zh
    assert "No measure was taken" in said(record, "en")


def test_changed_inputs_are_named_on_page_one(record: dict[str, Any]) -> None:
    record["scenario"]["inputs"] = {"national growth 2025 to 2030": 0.033}
    record["scenario"]["levers"] = []
    zh, en = said(record), said(record, "en")
    assert "改动1项模型参数：national growth 2025 to 2030 = 0.033。其余条件在两种走法中相同。" in zh
    assert "changes model inputs (1): national growth 2025 to 2030 = 0.033" in en
    assert "没有改动" not in zh


def test_many_levers_are_counted_not_listed(record: dict[str, Any]) -> None:
    lever = record["scenario"]["levers"][0]
    record["scenario"]["levers"] = [lever | {"zh": f"举措{n}"} for n in range(7)]
    first = build_document(record, load_text("zh")).data["summary"]
    words = "".join(strings_in(first))
    assert "举措4" in words
    assert "举措5" not in words
    assert "等7项" in words


def test_a_lever_summary_is_shown_if_the_record_has_one(record: dict[str, Any]) -> None:
    record["scenario"]["levers"][0]["summary"] = {"zh": "建设高等级写字楼", "en": "prime offices"}
    assert "建设高等级写字楼" in said(record)


def test_a_goal_never_reached_is_said(record: dict[str, Any]) -> None:
    for arm in ("baseline", "scenario"):
        record["goal"][arm] |= {
            "year_reached": dict.fromkeys(("p05", "p50", "p95")),
            "probability_constant": 0.02,
        }
    assert "不到5%的成员" in said(record)
    record["goal"]["scenario"]["year_reached"]["p05"] = 2034.2
    assert "fewer than half" in said(record, "en")


def test_the_summary_says_whether_the_goal_gets_another_word(record: dict[str, Any]) -> None:
    for before, after, sentence in ((0.6, 0.64, "目标仍为“难以判断”"), (0.852, 0.947, "变为“很可能”")):
        record["goal"]["baseline"]["probability_constant"] = before
        record["goal"]["scenario"]["probability_constant"] = after
        assert sentence in said(record)
        assert "改变结论" not in said(record)


def test_a_negative_effect_keeps_its_sign(record: dict[str, Any]) -> None:
    record["goal"]["effect"] = {"p05": -20.0, "p50": -11.5, "p95": -2.0}
    assert "−11.5亿元" in said(record)
    assert "+−" not in said(record)


def targets(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in record["kpis"] if row["target"] is not None]


def test_misses_say_by_how_much(record: dict[str, Any]) -> None:
    text = load_text("en")
    misses = {(row["id"], row["year"]): (row, median_miss(row, "scenario")) for row in targets(record)}
    rows = {key: miss and gap(row, miss, text) for key, (row, miss) in misses.items()}
    assert rows["city-gdp", 2035] is None
    assert rows["srdi-firms", 2035] == "short by 23.9 (40%)"
    cost, none = misses["logistics-cost", 2030]
    before = median_miss(cost, "baseline")
    assert none is None
    assert before is not None
    assert gap(cost, before, text) == "over by 0.16 points"
    assert ("tourist-visits", 2035) not in rows


def test_a_limit_is_met_from_below(record: dict[str, Any]) -> None:
    row = next(row for row in record["kpis"] if row["direction"] == "below")
    row["scenario"]["p50"] = row["target"]
    assert median_miss(row, "scenario") is None


def test_targets_of_past_years_are_marked(record: dict[str, Any]) -> None:
    assert "※" not in said(record)
    record["kpis"][0]["year"] = 2025
    assert "2025※" in said(record)
    assert "8项尚未到期" in said(record)


def test_indicators_without_a_finite_value_are_left_open(record: dict[str, Any]) -> None:
    for arm in ("baseline", "scenario"):
        record["kpis"][0][arm] = {"p05": None, "p50": None, "p95": None, "probability_met": None}
    assert said(record)


@pytest.mark.parametrize(
    ("chance", "word"),
    [
        (0.95, "very likely"),
        (0.7, "likely"),
        (0.5, "open"),
        (0.2, "unlikely"),
        (0.0, "very unlikely"),
        (None, "–"),
    ],
)
def test_chances_have_the_words_that_the_report_defines(chance: float | None, word: str) -> None:
    assert chance_word(chance, load_text("en")) == word


def test_main_assumptions_are_those_that_go_with_the_goal(record: dict[str, Any]) -> None:
    found, why = main_assumptions(record)
    assert why == "effect"
    assert [row["goal_correlation"] for row in found] == [0.62, 0.41, 0.31, -0.28, 0.14]
    assert found[0]["constant"] == "tfp growth"
    # A wide range alone is no effect: the widest of all goes with nothing.
    assert "headquarters spill-over" not in {row["constant"] for row in found}
    assert "与2035年地区生产总值相关最强的5个变量" in said(record)


def test_widest_assumptions_are_called_that_where_the_effect_is_not_known(record: dict[str, Any]) -> None:
    record["members"] = 20  # among so few any correlation may be chance
    assert main_assumptions(record)[1] == "noise"
    for row in record["assumptions"]:
        del row["goal_correlation"]
    found, why = main_assumptions(record)
    assert why == "wide"
    assert found[0]["constant"] == "headquarters spill-over"
    assert "final time" not in {row["constant"] for row in found}
    for lang, words in (("zh", "范围相对最宽的假设"), ("en", "Assumptions with the widest relative range")):
        assert words in said(record, lang)
        assert load_text(lang)("assumptions.caption") not in said(record, lang)


def test_a_target_without_a_starting_figure_gets_no_verdict(record: dict[str, Any]) -> None:
    for lang, words in (
        ("zh", "无法评估：文件没有起始数据"),
        ("en", "cannot be assessed: no starting figure"),
    ):
        rows = target_rows(record, lang)
        lacking = [row for row in rows if row[-1]["text"] == words]
        assert len(lacking) == record["targets"]["not_assessed"]
        assert all(row[-2]["text"] == "–" and row[-1]["tone"] == "open" for row in lacking)
        assert all("(" in row[4]["text"] for row in lacking)  # the band is shown
    assert "另有8项指标无法评估" in said(record)


def target_rows(record: dict[str, Any], lang: str) -> list[list[dict[str, Any]]]:
    """Return the cells of the table of targets."""
    text = load_text(lang)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.report.blocks.figure_bytes", lambda *_: b"")
        document = build_document(record, text)
    blocks = [block for part in document.data["sections"] for block in part["blocks"]]
    found = next(block for block in blocks if block.get("caption") == text("indicators.caption"))
    rows: list[list[dict[str, Any]]] = found["rows"]
    return rows


def test_what_is_even_is_neither_green_nor_red(record: dict[str, Any]) -> None:
    tones = {0.51: "open", 0.66: "good", 0.95: "good", 0.33: "bad", 0.02: "bad"}
    row = record["kpis"][0]
    for share, tone in tones.items():
        row["scenario"]["probability_met"] = share
        assert target_rows(record, "en")[0][-1]["tone"] == tone


def test_an_old_record_is_still_reported(record: dict[str, Any]) -> None:
    """Records of before errors, starting figures and correlations were kept lack these keys."""
    del record["targets"], record["goal"]["change"]
    for arm in ("baseline", "scenario"):
        goal = record["goal"][arm]
        record["goal"][arm] = {key: one for key, one in goal.items() if not key.startswith("sampling")}
        record["goal"][arm]["year_reached"] = {"p05": 2031.2, "p50": 2031.96, "p95": None}
    for row in record["kpis"]:
        del row["start"], row["assessed"]
    for row in record["assumptions"]:
        del row["goal_correlation"]
    words = said(record, "en")
    assert "2032 (2032–not by 2035)" in words
    assert "cannot be assessed" not in words.replace("cannot be assessed:", "")


def test_the_kind_of_band_is_said(record: dict[str, Any]) -> None:
    assert "尚未用历史数据校准" in said(record)
    record["ensemble"] = "posterior"
    assert "尚未用历史数据校准" not in said(record)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_provenance_is_complete(record: dict[str, Any], lang: str) -> None:
    words = said(record, lang)
    for value in (
        record["run_id"],
        record["provenance"]["model_hash"],
        "sim run --lever=headquarters",
        "0.125",
    ):
        assert value in words


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_members_taken_over_are_said(record: dict[str, Any], lang: str) -> None:
    before = said(record, lang)
    record["provenance"] |= {
        "posterior_hash": "ab" * 32, "members_hash": "cd" * 32,
        "other_model": True, "effective": 4321.5, "distinct": 8765,
    }  # fmt: skip
    record |= {
        "no_evidence": "other",
        "adapted": {
            "differs": {"priors": ["growth rate"], "equations": ["talent"]}, "changed": ["growth rate"],
            "added": [], "lost": [], "unfitted": True, "members": 9999, "effective": 4321.5, "distinct": 8765,
        },
    }  # fmt: skip
    words = said(record, lang)
    for value in (
        "4322",
        "8765",
        "ab" * 32,
        "cd" * 32,
        "9999",
        {"zh": "先验、方程", "en": "priors, equations"}[lang],
    ):
        assert value in words
        assert value not in before
    for sentence in ("no_evidence", "unfitted"):
        told = load_text(lang).entry(f"caveats.{sentence}")
        assert told in words
        assert told not in before


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_fact_of_the_provenance_has_words(lang: str) -> None:
    names = load_text(lang).entry("words.provenance")
    files = {NAMES.get(Path(name).stem, Path(name).stem) for _, name in DATA_FILES}
    wanted = {f"{name}_hash" for name in files | {"model", "computed", "posterior", "members", "scenario"}}
    assert wanted | {"other_model", "effective", "distinct", "scipy", "jaxlib", "pysd"} <= set(names)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status": "interrupted"}, "is interrupted"),
        ({"goal": None}, "lacks goal"),
        ({"series": []}, "no series"),
        ({"created": "yesterday"}, "not ISO 8601"),
    ],
)
def test_a_record_without_results_is_refused(
    record: dict[str, Any], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SimError, match=message):
        make_report(record | changes, tmp_path / "r.pdf", "zh")


def test_a_run_in_which_every_member_failed_is_refused(record: dict[str, Any], tmp_path: Path) -> None:
    record["goal"]["effect"] = {"p05": None, "p50": None, "p95": None}
    with pytest.raises(SimError, match="no member"):
        make_report(record, tmp_path / "r.pdf", "zh")


def test_bad_places_and_languages_are_bad_input(record: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        make_report(record, tmp_path / "no" / "r.pdf", "zh")
    with pytest.raises(BadInput, match="is a folder"):
        make_report(record, tmp_path, "zh")
    with pytest.raises(BadInput, match="Unknown language"):
        make_report(record, tmp_path / "r.pdf", "fr")
