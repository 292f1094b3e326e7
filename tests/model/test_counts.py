"""The shipped table of counts: complete, true to documents and model, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from sim.ensemble import Members, Paired, Project, Scenario, run_paired, run_scenario
from sim.ensemble.anchoring import value_at
from sim.ensemble.choosing import chosen_members
from sim.ensemble.lanes import arm_changes
from sim.ensemble.runner import series_of
from sim.spec.scenario import load_scenario

COUNTED = ("firms", "count")
"""Units of what comes in whole pieces, and few of them: visits and parcels are counted by the million."""

NO_STOCK = {"new-service-firms": "the mean of five years' increases, which need not be whole"}


@pytest.fixture(scope="module")
def place(project: Project) -> Project:
    return project


@pytest.fixture(scope="module")
def few(place: Project) -> Members:
    return chosen_members(place, 200, 1)


@pytest.fixture(scope="module")
def plan(place: Project) -> Scenario:
    return load_scenario(place.study.path("runs", "scenarios", "plan.toml"), place.levers)


@pytest.fixture(scope="module")
def drawn(place: Project, few: Members, plan: Scenario) -> Paired:
    return run_paired(place, few, Scenario(), plan)


@pytest.fixture(scope="module")
def means(place: Project, few: Members, plan: Scenario) -> Paired:
    return run_paired(replace(place, counts=()), few, Scenario(), plan)


def rows(place: Project, name: str) -> list[int]:
    return [at for at, kpi in enumerate(place.kpis) if kpi.id == name]


def test_every_indicator_that_counts_is_in_the_table(place: Project) -> None:
    pieces = {kpi.id for kpi in place.kpis if kpi.unit_en.split(" ")[0] in COUNTED}
    assert pieces - {count.id for count in place.counts} == set(NO_STOCK)
    assert len(place.counts) == 14


def test_the_model_stands_at_the_published_count(place: Project, few: Members) -> None:
    changes = arm_changes(place, few.constants(place), len(few), (Scenario(), Scenario()))
    result = place.model.run(changes, lanes=2 * len(few), outputs=place.outputs)
    values = {fact.id: fact.value for fact in place.facts}
    for count in place.counts:
        if count.year is not None:
            published = [values[name] for name in count.facts]
            kpi = place.kpis[rows(place, count.id)[0]]
            level = value_at(result.time, series_of(place.spec, result, kpi.variable), count.year)
            # Two documents may contradict each other, or one may leave out what the other counts.
            assert level.min() >= min(published) * (1 - 1e-4), count.id
            assert level.max() <= sum(published) * (1 + 1e-4), count.id
            if len(published) == 1:
                np.testing.assert_allclose(level, published[0], rtol=1e-4)


def test_whole_numbers_with_the_model_s_mean(place: Project, drawn: Paired, means: Paired) -> None:
    counted = [at for count in place.counts for at in rows(place, count.id)]
    numbers, model = (run.indicators[:, run.kept][..., counted] for run in (drawn, means))
    assert (numbers == np.round(numbers)).all()
    noise = numbers - model
    error = noise.std(axis=1) / np.sqrt(numbers.shape[1])
    # Over 52 means the largest of their distances is rarely above three and a half errors.
    assert (np.abs(noise.mean(axis=1)) < 4 * error).all()
    np.testing.assert_array_equal(drawn.series, means.series)


def test_parts_stay_inside_their_whole(place: Project, drawn: Paired) -> None:
    nested = [count for count in place.counts if count.part_of]
    assert [(count.id, count.part_of) for count in nested] == [
        ("high-tech-firms", "prefecture-high-tech-firms"),
        ("top-logistics-firms", "graded-logistics-firms"),
    ]
    for count in nested:
        for at in rows(place, count.id):
            year = place.kpis[at].year
            (whole,) = (row for row in rows(place, str(count.part_of)) if place.kpis[row].year == year)
            assert (drawn.indicators[..., at] <= drawn.indicators[..., whole]).all()


def test_what_only_grows_never_shrinks(place: Project, drawn: Paired, means: Paired) -> None:
    for count in place.counts:
        if count.exit is None:
            order = sorted(rows(place, count.id), key=lambda at: place.kpis[at].year)
            for first, second in pairwise(order):
                grows = means.indicators[..., second] >= means.indicators[..., first]
                assert (drawn.indicators[..., second] >= drawn.indicators[..., first])[grows].all(), count.id


def test_a_lever_that_adds_takes_from_nobody(place: Project, drawn: Paired, means: Paired) -> None:
    for at in rows(place, "high-tech-firms") + rows(place, "production-hubs"):
        assert (means.indicators[1, :, at] >= means.indicators[0, :, at]).all()
        assert (drawn.indicators[1, :, at] >= drawn.indicators[0, :, at]).all()


def test_a_hub_is_as_likely_as_half_a_hub_says(place: Project) -> None:
    run = run_scenario(Scenario(), members=1000, project=place)
    (at,) = rows(place, "production-hubs")
    hub = run.record["kpis"][at]
    # Half a hub on average in every member: at least one in four members of ten, not in none.
    assert (run.members_indicators[0, :, at] >= hub["target"]).mean() == pytest.approx(0.4, abs=0.06)
    assert (hub["baseline"]["p05"], hub["baseline"]["p95"]) == (0, 2)
