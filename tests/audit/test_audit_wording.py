"""Words of facts that the shipped documents do not have: sums, plain rates, other units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sim.audit import Settings, findings_for_record, load_wording
from sim.audit.pairings import Sum
from sim.spec.facts import Fact

Make = Callable[..., Fact]


def test_sums_and_plain_rates_have_words(fact: Make, bare: Settings) -> None:
    facts = (
        fact("a", "2024", "50.0", unit="%"), fact("b", "2024", "40.0", unit="%"),
        fact("firms", "2023", "100", unit="count"), fact("firms", "2024", "150", unit="count"),
        fact("firms growth", "2024", "10.0", unit="%", kind="stated_rate"),
    )  # fmt: skip
    said = findings_for_record(facts, replace(bare, sums=(Sum(("a", "b"), total=100),)))
    assert {one["rule"]: one["arithmetic"] for one in said} == {
        "sums": "50.0 + 40.0 = 90 ≠ 100",
        "stated_rates": "100 × 1.1^1 = 110 ≠ 150; (150/100)^(1/1) - 1 = 50%",
    }
    assert all("price" not in one["en"]["text"] for one in said)


@pytest.mark.parametrize(
    ("unit", "kind", "zh", "en"),
    [
        ("1e8 CNY", "observed", "5亿元", "0.5 billion yuan"),
        ("%", "lower_bound", "超过5%", "more than 5%"),
        ("minutes", "target_max", "不超过5分钟", "at most 5 minutes"),
        ("1e4 t/yr", "observed", "5万吨/年", "5 × 10 thousand t a year"),
        ("count", "observed", "5个", "5"),
        ("1e6 t", "observed", "5×1e6吨", "5 × 1e6 t"),
        ("parsec", "observed", "5parsec", "5 parsec"),
    ],
)
def test_values_with_their_units(fact: Make, unit: str, kind: str, zh: str, en: str) -> None:
    one = fact("x", "2024", "5", unit=unit, kind=kind)
    assert load_wording("en").fact(one).said == en
    assert load_wording("zh").fact(one).said == zh


def test_periods_and_scopes(fact: Make) -> None:
    one = fact("x", "2024Q1-Q3", "5", scope="elsewhere", section="")
    assert load_wording("zh").fact(one).period == "2024年前三季度"
    assert load_wording("en").fact(one).scope == "elsewhere"
    assert load_wording("zh").fact(one).at == "S1"
