"""Good files: what the loaders make of the shipped facts and of the tiny region."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import REGION

from sim.errors import BadInput
from sim.spec.anchors import load_anchors
from sim.spec.charts import ChartPoint, load_charts
from sim.spec.facts import Fact, Source, load_facts, load_sources
from sim.spec.kpis import load_kpis
from sim.spec.levers import Lever, find_lever, load_levers
from sim.spec.priors import load_priors
from sim.spec.references import Reference, parse_reference
from sim.spec.tables import read_table


@pytest.fixture(scope="module")
def sources() -> tuple[Source, ...]:
    return load_sources(REGION / "calibration" / "sources.csv")


@pytest.fixture(scope="module")
def facts(sources: tuple[Source, ...]) -> tuple[Fact, ...]:
    return load_facts(REGION / "calibration" / "facts.csv", sources)


@pytest.fixture(scope="module")
def levers(sources: tuple[Source, ...]) -> tuple[Lever, ...]:
    return load_levers(REGION / "model" / "levers.toml", sources)


def test_shipped_facts_and_sources_load() -> None:
    facts = {fact.id: fact for fact in load_facts()}
    assert len(facts) == 293
    assert (facts["F001"].value, facts["F001"].unit, facts["F001"].year) == (705.11, "1e8 CNY", 2024)
    assert [source.id for source in load_sources()] == ["S1", "S2", "S3", "S4", "S5"]


def test_a_fact_knows_its_year_and_whether_it_is_a_target(facts: tuple[Fact, ...]) -> None:
    assert [fact.year for fact in facts] == [2024, 2030, 2035, 2024, None]
    assert [fact.is_target for fact in facts] == [False, True, True, False, False]
    assert facts[3].note == "prefecture, less the city"


def test_priors(facts: tuple[Fact, ...]) -> None:
    priors = load_priors(REGION / "calibration" / "priors.csv", facts)
    assert [str(prior.constant) for prior in priors][:2] == ["growth rate", "drag[region]"]
    assert [prior.sampled for prior in priors] == [True] * 5 + [False]
    assert priors[0].line == 2


def test_anchors(tmp_path: Path) -> None:
    path = tmp_path / "anchors.csv"
    path.write_text(
        "constant,variable,target,year,source,note\n"
        "initial output,output,known output,2024,F001,\n"
        '"x[city, a]","y[city, a]",12.5,2024,F001,a number\n',
        encoding="utf-8",
    )
    first, second = load_anchors(path)
    assert first.target == Reference("known output")
    assert (second.constant, second.target) == (Reference("x", ("city", "a")), 12.5)


def test_kpis(facts: tuple[Fact, ...]) -> None:
    kpis = load_kpis(REGION / "model" / "kpis.csv", facts)
    assert [(kpi.id, kpi.year, kpi.target) for kpi in kpis] == [
        ("city-gdp", 2030, 850),
        ("city-gdp", 2035, 1000),
        ("city-gdp-current", 2035, None),
        ("rest-gdp", 2035, 3),
    ]
    assert kpis[0].variable == Reference("output", ("city",))


def test_charts_draw_facts_in_the_chart_s_unit(facts: tuple[Fact, ...]) -> None:
    city, rest = load_charts(REGION / "model" / "charts.csv", facts)
    assert city.points == (
        ChartPoint(2024, 705, "observed", "F001"),
        ChartPoint(2035, 1000, "target", "F003"),
    )
    assert rest.points == (ChartPoint(2024, 1.8, "observed", "F004"),)


def test_levers(levers: tuple[Lever, ...]) -> None:
    assert [lever.id for lever in levers] == ["headquarters", "tourism"]
    assert find_lever(levers, "tourism").note == "half the effect of the other"
    assert levers[0].moves == (Reference("lever effect", ("headquarters lever",)),)


def test_an_unknown_lever_gets_a_suggestion(levers: tuple[Lever, ...]) -> None:
    with pytest.raises(BadInput, match="Did you mean 'tourism'"):
        find_lever(levers, "turism")
    with pytest.raises(BadInput, match="Allowed: headquarters, tourism"):
        find_lever(levers, "xyz")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("growth rate", Reference("growth rate")),
        ("  x [ city , energy and chemicals ] ", Reference("x", ("city", "energy and chemicals"))),
    ],
)
def test_references(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected
    assert parse_reference(str(expected)) == expected


def test_references_compare_as_vensim_does() -> None:
    assert parse_reference("Growth_Rate[City]").key == parse_reference("growth  rate[ city ]").key


@pytest.mark.parametrize("text", ["", "x[", "x[]", "x[a", "x[a]]", "x[a[b]]", "[a]", "x[a,]", "x]", "x[a] y"])
def test_malformed_references_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not a model variable"):
        parse_reference(text)


def test_blank_lines_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    path.write_text("source,file,title\n\n S1 ,a.txt,one\n,,\n", encoding="utf-8-sig")
    assert load_sources(path) == (Source("S1", "a.txt", "one"),)


def test_a_row_number_counts_the_lines_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('id,note\nS1,"over\ntwo lines"\n,two\n', encoding="utf-8")
    rows = read_table(path, ("id", "note"))
    with pytest.raises(BadInput, match=r"table\.csv, row 4, column 'id': the cell is empty"):
        rows[1].text("id")


def test_facts_keep_their_print_and_may_name_any_source() -> None:
    shipped = {fact.id: fact for fact in load_facts()}
    assert (shipped["F048"].printed, shipped["F048"].value) == ("190.40", 190.4)
    assert shipped["F289"].kind == "forecast"
    assert load_facts(any_source=True) == load_facts()
