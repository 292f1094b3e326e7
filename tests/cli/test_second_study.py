"""A worked second study, from facts to report: a FICTIONAL county with synthetic facts and known truth."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from support import fictional

from sim.cli.main import run_program
from sim.ensemble import Project, Scenario, draw_members, load_project, run_paired
from sim.ensemble.posterior import read_posterior
from sim.ensemble.sampling import prior_draws

REAL = ("昌吉", "乌鲁木齐", "准东", "Changji")
"""Names of the shipped place, which must not come up in another's report."""

MEMBERS = 200
SAMPLES, PARTICLES = 2048, 200
"""A small budget for the calibration: enough to see whether the truth comes back, in seconds."""


@dataclass(frozen=True)
class County:
    """The county's study folder and what is true of it."""

    folder: Path
    truth: Any


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    folder = tmp_path_factory.mktemp("studies") / "heyuan"
    assert run_program(["new", str(folder)]) == 0
    return County(folder, fictional.fill_in(folder))


@pytest.fixture(scope="module")
def project(county: County) -> Project:
    return load_project(county.folder)


def words(pdf: Path) -> str:
    """Return the text of all pages."""
    found = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            text = page.get_textpage()
            found.append(text.get_text_range())
            text.close()
    return "\n".join(found)


def test_the_folder_says_that_it_is_fictional(county: County) -> None:
    place = (county.folder / "model" / "study.toml").read_text(encoding="utf-8")
    assert "FICTIONAL" in place
    for name in ("facts", "sources"):
        with (county.folder / "calibration" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows
        assert all("synthetic" in " ".join(row.values()) for row in rows)


def test_it_is_another_place(county: County, project: Project, shipped: Project) -> None:
    assert project.defaults["city GDP in 2024"] == pytest.approx(0.1 * 705.11, rel=1e-3)
    assert len(project.exchanged) > 50
    city = project.defaults["group share in 2024"][0].tolist()
    assert city == [18.2, 31.6, 50.2] != shipped.defaults["group share in 2024"][0].tolist()
    goal = next(kpi for kpi in project.kpis if (kpi.id, kpi.year) == ("city-gdp", 2035))
    assert goal.target == 100
    # The truth is none of the priors' middles.
    middles = np.array([prior.value for prior in project.sampled])
    assert np.mean(county.truth.draws != middles) > 0.99
    by_id = {fact.id: fact.value for fact in project.facts}
    assert by_id["F002"] == pytest.approx(county.truth.observed["city-growth"], abs=1.0)
    assert by_id["F002"] == float(f"{by_id['F002']:.4g}")


def test_from_facts_to_report(sim: Any, county: County, project: Project, tmp_path: Path) -> None:
    study = ("--study", str(county.folder))
    said = sim(*study, "run", "--lever=headquarters", "--members", str(MEMBERS), "--json")
    assert said.code == 0, said.err
    record = json.loads(said.out)
    assert (record["ensemble"], record["goal"]["target"], record["members"]) == ("prior", 100, MEMBERS)
    low, high = goal_band(record)
    assert low < county.truth.goal < high
    names = {
        "zh": ("虚构的禾原县", "虚构的禾原地区"),
        "en": ("Fictional Heyuan County", "Fictional Heyuan Area"),
    }
    for lang, (city, area) in names.items():
        # The report is made from the store alone, without --study.
        made = sim("report", "@last", "--output", str(tmp_path / f"{lang}.pdf"), "--lang", lang)
        assert made.code == 0, made.err
        text = words(tmp_path / f"{lang}.pdf").replace("\r\n", " " if lang == "en" else "")
        assert city in text
        assert area in " ".join(text.split())
        assert "synthetic" in text
        assert not [name for name in REAL if name in text]


def goal_band(record: dict[str, Any]) -> tuple[float, float]:
    """Return the 5 and 95 % points of the baseline's GDP in the goal's year."""
    row = next(kpi for kpi in record["kpis"] if (kpi["id"], kpi["year"]) == ("city-gdp", 2035))
    return row["baseline"]["p05"], row["baseline"]["p95"]


def test_the_truth_comes_back_from_the_facts(
    sim: Any, county: County, project: Project, tmp_path: Path
) -> None:
    """Calibrated on rounded figures, the posterior holds the true parameters and the true 2035."""
    file = tmp_path / "posterior.npz"
    study = ("--study", str(county.folder))
    made = sim(
        *study, "calibrate", "--samples", str(SAMPLES), "--particles", str(PARTICLES),
        "--members", str(PARTICLES), "--output", str(file), "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert json.loads(made.out)["implausible"] == []
    draws, truth = read_posterior(file, project).draws, county.truth.draws
    low, high = np.percentile(draws, (5, 95), axis=0)
    inside = (low <= truth) & (truth <= high)
    # Nine in ten would be exact; constants are correlated, and 200 members give their tails roughly.
    assert 0.8 < inside.mean() < 0.97
    first, last = np.percentile(draws, (1, 99), axis=0)
    assert ((first <= truth) & (truth <= last)).mean() > 0.92
    # That says something only where the facts did: there the posterior is clearly narrower than the prior.
    prior = prior_draws(project.sampled, 1024, 1)
    learnt = np.argsort(draws.var(axis=0) / prior.var(axis=0))[:10]
    assert (draws.var(axis=0) < 0.7 * prior.var(axis=0))[learnt[:3]].all()
    assert inside[learnt].sum() >= 8
    said = sim(*study, "run", "--posterior", str(file), "--members", str(PARTICLES), "--json")
    assert said.code == 0, said.err
    record = json.loads(said.out)
    assert record["ensemble"] == "posterior"
    below, above = goal_band(record)
    assert below < county.truth.goal < above


def test_a_place_of_an_eighth_of_the_size_has_an_eighth_of_everything(
    shipped: Project, tmp_path: Path
) -> None:
    """Each value of a study reaches the model, in members and in the start: only what has a size changes."""
    share = 0.125
    assert run_program(["new", str(tmp_path / "eighth")]) == 0
    fictional.rewrite(tmp_path / "eighth" / "calibration" / "priors.csv", lambda row: row.update({
        name: repr(share * float(row[name])) for name in ("value", "low", "high")
        if fictional.sized(row["unit"])
    }))  # fmt: skip
    # Whole numbers of things are no eighth of others; their means are.
    whole, small = (replace(one, counts=()) for one in (shipped, load_project(tmp_path / "eighth")))
    drawn = [draw_members(one, 8, 1) for one in (whole, small)]
    np.testing.assert_allclose(drawn[1].logs, drawn[0].logs, rtol=0, atol=1e-12)
    runs = [
        run_paired(one, members, Scenario(), Scenario()).indicators
        for one, members in zip((whole, small), drawn, strict=True)
    ]
    factors = [
        share if fictional.sized(whole.spec.find(kpi.variable.name).units) else 1.0 for kpi in whole.kpis
    ]
    np.testing.assert_allclose(runs[1], runs[0] * factors, rtol=1e-9)
