"""Identities: the ledger, conservation of people, firms and capital, non-negative stocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.ensemble import Members, Project

LEVERS = 37
PLAN = {"lever intensity": np.ones(LEVERS)}


@pytest.fixture(scope="module", params=["baseline", "plan"])
def everything(request: pytest.FixtureRequest, project: Project, members: Members) -> Any:
    changes = dict(members.constants(project, slice(0, 48)))
    if request.param == "plan":
        changes["lever intensity"] = np.ones((48, LEVERS))
    result = project.model.run(changes, lanes=48)
    assert not result.failed
    return result


def test_sectors_add_up_to_regional_gdp(everything: Any) -> None:
    total = everything["value added"].sum(axis=3)
    assert total == pytest.approx(everything["regional gdp constant"], rel=1e-12)


def test_groups_add_up_to_current_gdp(everything: Any) -> None:
    total = everything["group value added"].sum(axis=3)
    assert total == pytest.approx(everything["regional gdp current"], rel=1e-12)


def test_city_and_rest_are_the_prefecture(everything: Any) -> None:
    for price in ("constant", "current"):
        total = everything[f"regional gdp {price}"].sum(axis=2)
        assert total == pytest.approx(everything[f"prefecture gdp {price}"], rel=1e-12)


def test_no_stock_is_negative(everything: Any, project: Project) -> None:
    stocks = [variable.name for variable in project.spec.variables.values() if variable.kind == "stock"]
    assert len(stocks) > 25
    low = {name: float(everything[name].min()) for name in stocks}
    assert not {name: value for name, value in low.items() if value < -1e-9}


def test_shares_of_demand_add_up(everything: Any) -> None:
    weights = [
        f"{kind} demand weight" for kind in ("local", "intermediate", "investment", "government", "outside")
    ]
    assert sum(everything[name] for name in weights) == pytest.approx(1.0)
    assert everything["outside demand weight"].min() >= 0


def test_desired_employment_is_the_labour_supply(everything: Any) -> None:
    assert everything["desired employment"].sum(axis=3) == pytest.approx(
        everything["labour supply"], rel=1e-12
    )


def _closes(model_run: Any, stock: str, inflows: tuple[str, ...], outflows: tuple[str, ...]) -> None:
    """A stock's change over each step equals its flows times the step."""
    step = float(model_run.time[1] - model_run.time[0])
    net = sum(model_run[name] for name in inflows) - sum(model_run[name] for name in outflows)
    change = np.diff(model_run[stock], axis=1)
    assert change == pytest.approx(net[:, :-1] * step, rel=1e-9, abs=1e-9)


def test_firms_people_and_capital_are_conserved(project: Project, run_median: Callable[..., Any]) -> None:
    every_step = run_median(PLAN, save_every=project.spec.control.time_step)
    _closes(
        every_step,
        "titled firms",
        ("promotion",),
        ("leaving by promotion", "lapse", "titled exit"),
    )
    _closes(every_step, "small firm pool", ("births of small firms",), ("exits of small firms",))
    _closes(every_step, "population", ("natural increase", "net migration"), ())
    _closes(every_step, "talent stock", ("talent inflow",), ("talent outflow",))
    _closes(every_step, "capital under construction", ("investment starts",), ("completions",))
    _closes(every_step, "capital", ("completions",), ("depreciation",))
    _closes(every_step, "headquarters", ("headquarters arrivals",), ("headquarters departures",))


def test_promotion_out_of_a_title_is_promotion_into_the_next(run_median: Callable[..., Any]) -> None:
    run = run_median(PLAN)
    inflow, outflow = run["promotion"][0], run["leaving by promotion"][0]
    # Titles: technology SME, high tech, innovative SME, SRDI SME, little giant.
    assert np.array_equal(outflow[:, :, 0], inflow[:, :, 1])
    assert np.array_equal(outflow[:, :, 2], inflow[:, :, 3])
    assert np.array_equal(outflow[:, :, 3], inflow[:, :, 4])
    assert not outflow[:, :, [1, 4]].any()


def test_tables_that_must_add_to_one_do(project: Project) -> None:
    defaults = project.model.defaults()
    assert defaults["intermediate use"].sum(axis=1) == pytest.approx(np.ones(15))
    assert defaults["headquarters purchases share"].sum() == pytest.approx(1.0)
    assert (defaults["payer"].sum(axis=1) == 1).all()
