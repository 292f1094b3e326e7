"""How numbers, shares, years and units are written, with the edges where two rules could disagree."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as some

from sim import words


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1007.77, "1008"), (705.11, "705"), (45.44, "45.4"), (9.996, "10.0"), (1.234, "1.23"),
        (0.0123, "0.0123"), (60.0, "60"), (0.0, "0"), (-3.14159, "−3.14"), (12345.6, "12,346"),
        (2.5e7, "2.50e+7"), (3.2e-6, "3.20e−6"), (None, "–"), (float("nan"), "–"), (float("inf"), "–"),
    ],
)  # fmt: skip
def test_numbers_have_about_three_digits(value: float | None, written: str) -> None:
    assert words.number(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (99.949, "99.9"), (99.95, "100"), (120.5, "121"), (9.994, "9.99"), (9.995, "10.0"), (12.34, "12.3"),
        (0.0995, "0.10"), (0.0994, "0.0994"), (0.12, "0.12"), (0.00095, "0.0010"), (0.00094, "0.000940"),
        (0.0012, "0.0012"), (0.0001, "0.000100"), (0.00012, "0.000120"), (0.00009, "9.00e−5"),
        (9_999_999.0, "9,999,999"), (1e7, "1.00e+7"), (1.2e7, "1.20e+7"), (9999.0, "9999"),
        (10_000.0, "10,000"),
    ],
)  # fmt: skip
def test_where_one_more_decimal_begins(value: float, written: str) -> None:
    assert words.number(value) == written


def test_powers_of_ten_have_the_signs_of_other_numbers() -> None:
    assert words.numbers(2.5e7, None, float("nan"), 0.0) == ["2.50e+7", "–", "–", "0"]
    assert words.numbers(2.5e7, 1.0, 0.0, -3e7, sign=True) == ["+2.50e+7", "+1.00e+0", "0", "−3.00e+7"]
    assert words.number(2.5e7, shift=-1) == "2.50e+6"


def test_a_number_of_given_places_has_no_sign_and_no_shift_unless_asked_for() -> None:
    assert (words.fixed(3.14159, 2), words.fixed(314.159, 1, shift=-1, sign=True)) == ("3.14", "+31.42")


def test_a_sign_is_shown_where_asked_for_and_never_before_nothing() -> None:
    assert [words.number(one, sign=True) for one in (3.1, -3.1, 0.0)] == ["+3.10", "−3.10", "0"]
    assert words.numbers(-0.0004, 12.3, sign=True) == ["0.0", "+12.3"]


def test_a_band_has_equal_decimals() -> None:
    assert words.band(3.1, 11.4, 24.8) == "11.4 (3.1–24.8)"
    assert words.band(-0.02, 1.5, 3.25, sign=True) == "+1.50 (−0.02 – 3.25)"
    assert words.band(1.0, None, 2.0) == "–"
    assert words.band(0.0, 1.5, 2.0) == "1.50 (0.00–2.00)"
    assert words.band(0.5, 1.5, 2.0) == "1.50 (0.50–2.00)"
    assert words.band(0.1, 0.5, 0.9, sign=True) == "+0.50 (0.10–0.90)"
    assert words.band(-1.0, 0.0, 1.0, sign=True) == "0 (−1 – 1)"
    assert words.band(1.7118, 4.8649, 11.572, sign=True) == "+4.9 (1.7–11.6)"


@drawn(some.lists(some.floats(-2e5, 2e5), min_size=3, max_size=3))
def test_billions_have_the_digits_of_the_chinese_unit(values: list[float]) -> None:
    for yi, billion in zip(words.numbers(*values), words.numbers(*values, shift=-1), strict=True):
        plain = [text.replace(",", "").replace("−", "-") for text in (yi, billion)]
        assert Decimal(plain[1]) == Decimal(plain[0]).scaleb(-1)


def test_nothing_is_nothing_in_every_unit() -> None:
    assert words.numbers(0.0, 0.0, shift=-1) == ["0", "0"]


def test_what_someone_stated_keeps_all_its_digits() -> None:
    assert [words.given(one) for one in (850.0, 13.5, 1000, 705.11, 10_000, None)] == [
        "850", "13.5", "1000", "705.11", "10,000", "–",
    ]  # fmt: skip
    assert words.given(705.11, shift=-1) == "70.511"


def test_money_is_yi_yuan_in_chinese_and_billions_in_english() -> None:
    assert (words.money(1000, "zh"), words.money(1000, "en")) == ("1000亿元", "100 billion yuan")
    for stored in ({"zh": "亿元", "en": "100 million yuan"}, {"zh": "亿元", "en": "1e8 CNY"}, "1e8 CNY"):
        assert words.unit_of(stored, "zh") == words.Unit("亿元")
        assert words.unit_of(stored, "en") == words.Unit("billion yuan", -1)
    assert words.unit_of({"zh": "家", "en": "firms"}, "en") == words.Unit("firms")


def test_units_that_no_table_has_are_as_data_name_them() -> None:
    assert words.unit_of({"zh": "家", "en": "firms"}, "zh") == words.Unit("家")
    assert words.unit_of({"zh": "", "en": "firms"}, "zh") == words.Unit("firms")
    assert words.unit_of("firms", "zh") == words.Unit("firms")
    # In Chinese a unit of the table keeps the data's own name, where they have one.
    assert words.unit_of({"zh": "亿元（现价）", "en": "1e8 CNY"}, "zh") == words.Unit("亿元（现价）")
    assert words.unit_of({"zh": "", "en": "1e8 CNY"}, "zh") == words.Unit("亿元")


def test_an_axis_takes_values_in_the_shown_unit() -> None:
    assert words.Unit("billion yuan", -1).drawn(705.0) == pytest.approx(70.5)
    assert words.Unit("thousands", 2).drawn(3.0) == 300.0
    assert words.Unit("firms").drawn(705.0) == 705.0


def test_there_is_chinese_and_english_chinese_first() -> None:
    assert words.LANGUAGES == ("zh", "en")


@pytest.mark.parametrize(
    ("share", "written"),
    [(0.0, "<1%"), (0.004, "<1%"), (0.0099, "<1%"), (0.01, "1%"), (0.574, "57%"), (0.845, "85%"),
     (0.99, "99%"), (0.9901, ">99%"), (1.0, ">99%"), (None, "–")],
)  # fmt: skip
def test_a_chance_is_never_zero_or_one(share: float | None, written: str) -> None:
    assert words.chance(share) == written


def test_a_counted_share_may_be_nothing_or_all() -> None:
    assert [words.percent(one) for one in (0, 0.004, 0.5, 0.996, 1, -0.2, None)] == [
        "0%", "<1%", "50%", ">99%", "100%", "−20%", "–",
    ]  # fmt: skip


def test_one_percent_and_99_are_printed_as_that() -> None:
    assert [words.percent(one) for one in (0.01, 0.012, 0.99, 0.991)] == ["1%", "1%", "99%", ">99%"]


def test_an_error_of_a_point_or_more_is_whole_and_a_smaller_one_never_nothing() -> None:
    """√(1/4 / n) is 2.491 points for 403 members, 1.2 for 1736, 0.9 for 3086."""
    found = [words.chance(0.5, members) for members in (403, 1736, 3086)]
    assert found == ["50% ±2", "50% ±1", "50% ±0.9"]
    assert words.chance(1.0, 1_000_000) == ">99% ±0.1"
    assert words.points(0.5, 0.5) == "+50.0 ±50.0"
    # An error of 0.95 points exactly is one point, not 1.0.
    assert words.chance(0.5, 0.25 / 0.0095**2) == "50% ±1"


def test_where_all_or_none_meet_a_target_half_a_member_is_taken_off() -> None:
    assert words.sampling_error(1.0, 100) == pytest.approx((0.005 * 0.995 / 100) ** 0.5)
    assert words.sampling_error(0.0, 100) == pytest.approx(words.sampling_error(1.0, 100))


def test_the_scale_begins_at_100_and_ends_at_0() -> None:
    ends = [part.split("%")[0] for part in words.scale("en").split(", ")]
    assert ends == ["90–100", "66–89", "34–65", "11–33", "0–10"]


def test_a_chance_has_its_sampling_error() -> None:
    assert words.chance(0.5, 1000) == "50% ±2"
    assert words.chance(0.95, 1000) == "95% ±0.7"
    assert words.chance(1.0, 2) == ">99% ±31"
    assert words.sampling_error(0.2, 400) == pytest.approx(0.02)
    assert words.points(0.0951, 0.0044) == "+9.5 ±0.4"
    assert [words.points(one) for one in (-0.02, 0.0, None)] == ["−2.0", "0.0", "–"]


@pytest.mark.parametrize(
    ("share", "word"),
    [(0.898, "very_likely"), (0.895, "very_likely"), (0.894, "likely"), (0.655, "likely"), (0.654, "even"),
     (0.336, "even"), (0.334, "unlikely"), (0.106, "unlikely"), (0.104, "very_unlikely"),
     (0.0, "very_unlikely")],
)  # fmt: skip
def test_the_word_is_that_of_the_printed_percentage(share: float, word: str) -> None:
    assert words.likelihood(share) == word


@drawn(some.floats(0, 1))
def test_the_printed_scale_holds_for_every_printed_percentage(share: float) -> None:
    printed = words.whole_percent(share)
    parts = words.scale("en").split(", ")
    for part in parts:
        ends, _, name = part.partition("% ")
        low, high = (int(end) for end in ends.split("–"))
        if low <= printed <= high:
            assert name == words.word("en", words.likelihood(share))
            return
    raise AssertionError(f"{printed}% is nowhere on {parts}")


def test_a_year_is_the_first_whose_annual_figure_is_enough() -> None:
    assert [words.year(one, 2035, "en") for one in (2031.96, 2031.04, 2034.0, 2034, None)] == [
        "2032", "2032", "2034", "2034", "not by 2035",
    ]  # fmt: skip
    assert words.year(None, 2035, "zh") == "至2035年未达到"


def test_who_meets_the_goal_has_reached_it() -> None:
    goal = {
        "year": 2035,
        "scenario": {"probability_constant": 0.947, "year_reached": {"p50": 2032, "p95": None}},
    }
    assert words.reached(goal, "scenario", "p95") == 2035
    goal["scenario"]["probability_constant"] = 0.944  # type: ignore[index]
    assert words.reached(goal, "scenario", "p95") is None


def test_the_vocabulary_fits_a_gbk_console() -> None:
    from sim.words.vocabulary import _table

    for pair in _table()["words"].values():
        assert set(pair) == {"zh", "en"}
        for text in pair.values():
            text.encode("gbk")
