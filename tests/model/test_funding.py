"""The shipped plan asks for more than the purses pay, and the record says by how much, purse by purse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.ensemble import LeverUse, Project, Scenario, run_scenario
from sim.ensemble.choosing import chosen_members
from sim.spec.scenario import load_scenario


@pytest.fixture(scope="module")
def funding(project: Project) -> dict[str, dict[str, Any]]:
    plan = load_scenario(project.study.path("runs", "scenarios", "plan.toml"), project.levers)
    rows = run_scenario(plan, members=200, project=project).record["funding"]
    return {row["id"]: row for row in rows}


def test_the_plan_asks_what_its_levers_cost(project: Project, funding: dict[str, dict[str, Any]]) -> None:
    members = chosen_members(project, 200, 1)
    cost = members.constants(project)["lever annual cost"]
    cities = np.array([lever.authority == "city" for lever in project.levers])
    elements = project.spec.dimensions["lever"].elements
    assert [lever.element for lever in project.levers] == list(elements)
    for name, own in (("city-purse", cities), ("prefecture-purse", ~cities)):
        asked = np.median(cost[:, own].sum(axis=1))
        # By the last year every lever has its full effort.
        assert funding[name]["asked"]["p50"][-1] == pytest.approx(asked, rel=1e-3)


def test_what_is_asked_is_paid_or_unpaid(funding: dict[str, dict[str, Any]]) -> None:
    for row in funding.values():
        assert row["years"] == list(range(2026, 2036))
        for at in range(len(row["years"])):
            asked, paid, unpaid = (row[name]["p50"][at] for name in ("asked", "paid", "unpaid"))
            assert 0 < paid < asked
            assert paid + unpaid == pytest.approx(asked, rel=0.05)
            assert row["share"]["p05"][at] <= row["share"]["p50"][at] <= row["share"]["p95"][at] < 1


def test_from_2028_on_the_city_pays_about_half(funding: dict[str, dict[str, Any]]) -> None:
    city = funding["city-purse"]
    shares = city["share"]["p50"][city["years"].index(2028) :]
    assert 0.45 < min(shares) < 0.6
    assert max(shares) < 0.7
    assert city["years"][0] <= 2028 <= city["worst"]


def test_one_lever_is_paid_in_full_and_asks_one_purse(project: Project) -> None:
    alone = Scenario("hq", "总部", "HQ", (LeverUse("headquarters"),))
    record = run_scenario(alone, members=200, project=project).record
    assert [row["id"] for row in record["funding"]] == ["city-purse"]
    assert record["funding"][0]["total"]["share"]["p50"] > 0.995
    assert "funding" not in run_scenario(Scenario(), members=200, project=project).record
