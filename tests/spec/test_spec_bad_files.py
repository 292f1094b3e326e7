"""One file per mistake: each is refused with one message that names the place and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import REGION

from sim.errors import BadInput
from sim.spec.anchors import load_anchors
from sim.spec.charts import load_charts
from sim.spec.counts import load_counts
from sim.spec.facts import load_facts, load_sources
from sim.spec.funding import load_purses
from sim.spec.kpis import load_kpis
from sim.spec.levers import load_levers
from sim.spec.places import load_place
from sim.spec.priors import load_priors
from sim.spec.scenario import load_scenario
from sim.spec.shares import load_shares

BAD = Path(__file__).parent / "bad"

MESSAGES = {
    "facts-value.csv": ("row 3", "'value'", "'five' is not a finite number"),
    "facts-infinite.csv": ("row 2", "'value'", "'inf' is not a finite number"),
    "facts-unit.csv": ("'unit'", "'1e8 RMB' is not known", "CNY"),
    "facts-kind.csv": ("'kind'", "Did you mean 'observed'", "target_max"),
    "facts-scope.csv": ("'scope'", "'town'", "prefecture"),
    "facts-source.csv": ("'source'", "'S9'", "S1, S2"),
    "facts-twice.csv": ("row 3", "'id'", "'F001' is there twice"),
    "facts-cells.csv": ("row 2", "12 cells where the header has 11", "quotes"),
    "facts-empty-id.csv": ("'id'", "the cell is empty"),
    "facts-column.csv": ("the column 'notes' is not known", "Did you mean 'note'"),
    "facts-no-column.csv": ("the column 'note' is missing",),
    "facts-column-twice.csv": ("column",),
    "facts-quote.csv": ("row", "quotes"),
    "facts-encoding.csv": ("is not UTF-8", "Save it as UTF-8"),
    "sources-twice.csv": ("row 3", "'S1' is there twice"),
    "priors-low-high.csv": ("row 2, column 'low'", "0.05 is above high 0.03", "Exchange them"),
    "priors-range.csv": ("'value'", "0.06 is not between low 0.03 and high 0.05"),
    "priors-equal.csv": ("'high'", "write fixed"),
    "priors-lognormal.csv": ("'low'", "not above 0"),
    "priors-nan.csv": ("'value'", "'nan' is not a finite number"),
    "priors-distribution.csv": ("'distribution'", "Did you mean 'normal'", "triangular"),
    "priors-evidence.csv": ("'evidence'", "'hearsay'", "judgement"),
    "priors-fact.csv": ("'source'", "'F999' is not known"),
    "priors-no-source.csv": ("'source'", "the cell is empty"),
    "priors-twice.csv": ("row 3", "'Growth_Rate' is there twice"),
    "priors-bracket.csv": ("'constant'", "name[element, element]"),
    "anchors-year.csv": ("'year'", "'20x4' is not a year"),
    "anchors-target.csv": ("'target'", "-5 is not above 0"),
    "anchors-twice.csv": ("row 3", "'initial output' is there twice"),
    "shares-total.csv": ("row 2, column 'total'", "0 is not above 0"),
    "shares-scaled.csv": ("'scaled'", "'maybe' is not known", "no, yes"),
    "shares-twice.csv": ("row 3", "'drag' is there twice"),
    "study-missing.toml": ("key 'within.zh'", "is missing or empty"),
    "study-key.toml": ("key 'witin'", "Did you mean 'within'", "prefecture"),
    "study-language.toml": ("key 'within.fr'", "Allowed: en, zh"),
    "study-text.toml": ("key 'within.en'", "3 is not a text"),
    "kpis-direction.csv": ("'direction'", "'up'", "below, none, reach"),
    "kpis-no-target.csv": ("'target'", "need a target"),
    "kpis-needless-target.csv": ("'target'", "none has no target"),
    "kpis-year.csv": ("'year'", "'2050' is not a year from 2020 to 2040"),
    "kpis-scale.csv": ("'scale'", "0"),
    "kpis-fact.csv": ("'fact'", "'F777' is not known"),
    "kpis-no-start.csv": ("'start'", "empty", "or write none"),
    "kpis-start.csv": ("'start'", "F002 is a target itself"),
    "kpis-id.csv": ("'id'", "'../gdp' is not an id"),
    "kpis-twice.csv": ("row 3", "'city-gdp' for 2030 is there twice"),
    "counts-id.csv": ("row 2, column 'id'", "'city-gpd' is not in kpis.csv", "Did you mean 'city-gdp'"),
    "counts-year.csv": ("'year'", "Give both or none"),
    "counts-fact.csv": ("'facts'", "'F777' is not known"),
    "counts-target.csv": ("'facts'", "F002", "hoped for, not counted"),
    "counts-exit.csv": ("'exit'", "without a published count"),
    "counts-review.csv": ("'renewal'", "go together"),
    "counts-parent.csv": ("row 2, column 'part_of'", "Did you mean 'rest-gdp'"),
    "counts-circle.csv": ("'part_of'", "part of itself"),
    "counts-twice.csv": ("row 3", "'city-gdp' is there twice"),
    "funding-scale.csv": ("row 2, column 'scale'", "0"),
    "funding-bracket.csv": ("row 2, column 'asked'", "name[element, element]"),
    "funding-twice.csv": ("row 3", "'city' is there twice"),
    "funding-name.csv": ("'en'", "the cell is empty"),
    "charts-fact.csv": ("'fact'", "'F777' is not known"),
    "charts-no-year.csv": ("'fact'", "no year ('unstated')"),
    "charts-factor.csv": ("'fact'", "'x' is not a factor"),
    "charts-twice.csv": ("row 3", "'city' is there twice in 'gdp'"),
    "levers-key.toml": ("'levers.headquarters.price'", "not known", "authority"),
    "levers-missing.toml": ("'levers.headquarters.en'", "missing"),
    "levers-authority.toml": ("'levers.headquarters.authority'", "Did you mean 'city'?", "prefecture"),
    "levers-evidence.toml": ("'levers.headquarters.evidence'", "'guess'", "judgement"),
    "levers-document.toml": ("'levers.headquarters.document'", "'S7'", "S1, S2"),
    "levers-moves.toml": ("'levers.headquarters.moves'", "list of texts"),
    "levers-move.toml": ("'levers.headquarters.moves'", "name[element, element]"),
    "levers-summary.toml": ("'levers.headquarters.summary.en'", "missing"),
    "levers-element.toml": ("'levers.other.element'", "already belongs to headquarters"),
    "levers-id.toml": ("'head quarters' is not an id",),
    "levers-top.toml": ("key 'lever'", "Did you mean 'levers'"),
    "levers-not-table.toml": ("key 'levers'", "is not a table"),
    "scenario-syntax.toml": ("is not valid TOML", "line 3"),
    "scenario-key.toml": ("key 'lever'", "Did you mean 'levers'", "inputs, levers, name, title"),
    "scenario-name.toml": ("key 'name'", "'my plan' is not an id"),
    "scenario-no-name.toml": ("key 'name'", "missing"),
    "scenario-title.toml": ("key 'title.en'", "missing"),
    "scenario-lever.toml": ("key 'levers.headquarter'", "Did you mean 'headquarters'?"),
    "scenario-lever-twice.toml": ("is not valid TOML", "line 5"),
    "scenario-lever-key.toml": ("key 'levers.headquarters.begin'", "intensity, start"),
    "scenario-intensity.toml": ("'levers.headquarters'", "1.5 is outside 0 to 1"),
    "scenario-intensity-text.toml": ("'levers.headquarters'", "'full' is not a finite number"),
    "scenario-intensity-true.toml": ("'levers.headquarters'", "True is not a finite number"),
    "scenario-year.toml": ("'levers.headquarters.start'", "2050 is outside 2024 to 2035"),
    "scenario-input-nan.toml": ("'inputs.growth rate'", "nan is not a finite number"),
    "scenario-input-text.toml": ("'inputs.growth rate'", "'high' is not a finite number"),
    "scenario-input-bracket.toml": ("'inputs.drag[city'", "name[element, element]"),
    "scenario-input-twice.toml": ("'inputs.Growth_Rate'", "the same constant as 'growth rate'"),
}


def load(path: Path) -> object:
    sources = load_sources(REGION / "calibration" / "sources.csv")
    facts = load_facts(REGION / "calibration" / "facts.csv", sources)
    match path.name.partition("-")[0]:
        case "facts":
            return load_facts(path, sources)
        case "sources":
            return load_sources(path)
        case "priors":
            return load_priors(path, facts)
        case "anchors":
            return load_anchors(path)
        case "kpis":
            return load_kpis(path, facts)
        case "counts":
            return load_counts(path, load_kpis(REGION / "model" / "kpis.csv", facts), facts)
        case "funding":
            return load_purses(path)
        case "charts":
            return load_charts(path, facts)
        case "levers":
            return load_levers(path, sources)
        case "shares":
            return load_shares(path)
        case "study":
            return load_place(path)
        case _:
            return load_scenario(path, load_levers(REGION / "model" / "levers.toml", sources))


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_bad_file_is_refused_with_a_clear_message(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        load(BAD / name)
    message = str(caught.value)
    assert name in message
    assert [part for part in MESSAGES[name] if part not in message] == [], message
    assert "\n" not in message


def test_every_bad_file_has_a_message() -> None:
    assert {path.name for path in BAD.iterdir()} == set(MESSAGES)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.csv cannot be read"):
        load_sources(tmp_path / "none.csv")


@pytest.mark.parametrize("name", ["scenario-large.toml", "levers-large.toml"])
def test_a_large_toml_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("# " + "x" * 64_000, encoding="utf-8")
    with pytest.raises(BadInput, match="larger than 64 kB"):
        load(path)


def test_a_deeply_nested_toml_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scenario-deep.toml"
    path.write_text("name = " + "[" * 30_000, encoding="utf-8")
    with pytest.raises(BadInput, match="is not valid TOML"):
        load(path)
