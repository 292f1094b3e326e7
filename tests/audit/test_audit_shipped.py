"""The audit of the shipped documents: what it finds, and that each pairing and text holds."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from sim.audit import CLASSES, IMPORTANCE, RULES, Finding, Settings, audit, findings_for_record, load_settings
from sim.audit.book import Book
from sim.audit.findings import gap, importance, number
from sim.audit.pairings import (
    Bounded,
    Drift,
    Exceeds,
    Excused,
    Forecast,
    Judged,
    Pace,
    Renamed,
    Same,
)
from sim.audit.wording import load_wording
from sim.errors import BadInput
from sim.spec.facts import Fact, load_facts

GOLDEN = """
text_table F252 F270
stated_rates_money F088 F089 F090
share_drift F091 F092 F090 F093
text_table F219 F271
part_over_whole F008 F206
text_table F250 F269
put_off F114 F242
implied_wholes F074 F076 F040 F046
two_sources F141 F184
share_of_level F074 F075 F040
renamed F074 F190
renamed F086 F208
one_quantity F133 F292 F291 F293
part_over_whole F170 F012
renamed F079 F205
one_quantity F147 F189
pace F272 F273 F134
whole_carried_back F274 F181 F182
two_dates F290 F215
missed_forecast F289 F189
steep F211 F263
too_fast F200 F113 F201
too_fast F198 F112 F199
whole_overtaken F117 F118 F001 F003
spending F113 F112 F200 F198
too_slow F001 F023 F002
whole_overtaken F105 F107 F001 F003
rows_apart F024 F025 F022 F023 F006
target_wholes F117 F118 F105 F107
target_rates F047 F115 F116
falling_ratio F026 F028 F027 F029
met_by_part F008 F114 F242
met_already F107 F046
met_already F216 F282
bounded F260 F227 F229
bounded F227 F287
"""
# Places where a rule looks and the documents agree: these must not be reported.
AGREEING = (
    ("F048", "F049"), ("F050", "F051"), ("F056", "F057"), ("F004", "F005"), ("F089", "F092"),
    ("F222", "F223"), ("F040", "F106"),
)  # fmt: skip
SELECTORS = {
    Same: ("facts", "context"), Renamed: ("start", "end"), Pace: ("start", "end", "rate"),
    Drift: ("start", "end", "part", "whole"), Bounded: ("numerator", "denominators"),
    Exceeds: ("part", "whole", "rate"), Forecast: ("forecast", "outcome"), Judged: ("fact",),
    Excused: ("fact",),
}  # fmt: skip


@pytest.fixture(scope="module")
def facts() -> tuple[Fact, ...]:
    return load_facts()


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings()


@pytest.fixture(scope="module")
def found(facts: tuple[Fact, ...], settings: Settings) -> tuple[Finding, ...]:
    return audit(facts, settings)


def test_the_findings(found: tuple[Finding, ...]) -> None:
    assert [f"{one.rule} {' '.join(one.ids)}" for one in found] == GOLDEN.split("\n")[1:-1]


def test_no_finding_where_the_documents_agree(found: tuple[Finding, ...]) -> None:
    assert [pair for pair in AGREEING for one in found if set(pair) <= set(one.ids)] == []


def test_order_is_by_class_and_then_by_size(found: tuple[Finding, ...]) -> None:
    keys = [(CLASSES.index(one.kind), -one.size) for one in found]
    assert keys == sorted(keys)
    assert {one.kind for one in found} == set(CLASSES)
    assert all(0 <= one.size <= 1 for one in found)


def test_every_selector_of_the_settings_is_a_fact(facts: tuple[Fact, ...], settings: Settings) -> None:
    book = Book(facts, settings.names)
    selectors: list[str] = []
    for field in fields(settings):
        rows = getattr(settings, field.name)
        for entry in rows if isinstance(rows, tuple) else ():
            for name in SELECTORS.get(type(entry), ()):
                given = getattr(entry, name)
                selectors += [given] if isinstance(given, str) else given
    assert len(selectors) > 30
    assert [one for one in selectors if book.pick(one) is None] == []


def test_every_judgement_and_excuse_is_used(facts: tuple[Fact, ...], settings: Settings) -> None:
    book = Book(facts, settings.names)
    raised = [one for rule in RULES for one in rule(book, settings)]
    for entry in (*settings.judged, *settings.excused):
        assert any(entry.rule == one.rule and book.pick(entry.fact) in one.facts for one in raised), entry


def test_plain_findings_have_all_words_in_both_languages(facts: tuple[Fact, ...]) -> None:
    plain = findings_for_record(facts)
    assert json.loads(json.dumps(plain)) == plain
    for one in plain:
        assert one["importance"] in IMPORTANCE
        assert one["arithmetic"]
        for lang in ("zh", "en"):
            words = "".join(one[lang].values())
            assert all(one[lang].values()), one["rule"]
            assert "{" not in words
            assert "None" not in words
            words.encode("gbk")
        one["arithmetic"].encode("gbk")
        assert {"id", "source", "section", "value", "unit", "kind"} <= set(one["facts"][0])


def test_the_arithmetic_is_that_of_the_documents(facts: tuple[Fact, ...]) -> None:
    said = {
        " ".join(fact["id"] for fact in one["facts"]): one["arithmetic"] for one in findings_for_record(facts)
    }
    assert said["F117 F118 F105 F107"] == "120 / 8% = 1500; 830 / 40% = 2075"
    assert said["F260 F227 F229"] == "250 / (2.1 + 2) = 61 km < 100 km"
    assert said["F088 F089 F090"].startswith("37.9 × 1.073^4 = 50.2 ≠ 85.41")
    assert said["F008 F206"] == "11 > 8"
    assert "= 10.8%" in said["F024 F025 F022 F023 F006"]


def test_every_class_and_rule_has_words(found: tuple[Finding, ...]) -> None:
    for lang in ("zh", "en"):
        wording = load_wording(lang)
        assert all(wording.kind_name(kind) for kind in CLASSES)
        assert all(wording.importance_name(level) for level in IMPORTANCE)
    with pytest.raises(BadInput, match="language 'fr'"):
        load_wording("fr")


def test_sizes_and_numbers() -> None:
    assert (gap(80, 100), gap(100, 80), gap(0, 0), gap(-1, 1)) == (0.2, 0.2, 0, 1)
    limits = (0.05, 0.25)
    assert [importance(size, limits) for size in (0.049, 0.05, 0.25)] == ["low", "medium", "high"]
    assert [number(value) for value in (1388.0, 22.53, 3.226, 0.04567, -0.0)] == [
        "1388", "22.5", "3.23", "0.046", "0",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [0.0, -1.0, -200.0, 1e18, 1e-18])
def test_no_value_makes_a_rule_fail(facts: tuple[Fact, ...], settings: Settings, value: float) -> None:
    used = {name for line in GOLDEN.split("\n") for name in line.split()[1:]}
    assert audit([replace(fact, value=value, printed=str(value)) for fact in facts], settings) is not None
    for at, fact in enumerate(facts):
        if fact.id in used:
            odd = replace(fact, value=value, printed=str(value))
            assert findings_for_record([*facts[:at], odd, *facts[at + 1 :]], settings)
