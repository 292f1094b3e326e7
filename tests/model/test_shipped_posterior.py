"""The posterior that comes with sim: of this model and these data, anchored, agreeing with the figures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from sim.calibrate.lever_evidence import plan_scenario
from sim.ensemble import Members, Project
from sim.ensemble.evidence import belongs
from sim.ensemble.observing import predictions
from sim.ensemble.posterior import identity, posterior_digest, read_posterior
from sim.folders import content

MUST_MEET = (
    "city-gdp-2024", "city-primary-share", "city-secondary-share", "city-tertiary-share",
    "prefecture-gdp-2020", "prefecture-gdp-2024", "tertiary-2020", "finance-2020", "visits-2024",
    "revenue-2024", "high-tech-city", "high-tech-zone", "high-tech-prefecture", "technology-sme-city",
    "innovative-sme-city", "srdi-city", "little-giants-city",
)  # fmt: skip


@pytest.fixture(scope="module")
def members(shipped: Project) -> Members:
    return read_posterior(content("calibration", "posterior.npz"), shipped)


@pytest.fixture(scope="module")
def evidence() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(content("calibration", "evidence.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def figures(shipped: Project, members: Members) -> Any:
    result = shipped.model.run(
        members.constants(shipped), lanes=len(members), outputs=shipped.outputs, final_time=2024
    )
    return predictions(shipped, result)


def test_model_posterior_and_evidence_belong_together(
    shipped: Project, members: Members, evidence: dict[str, Any]
) -> None:
    assert len(members) == 1000
    assert evidence["made_for"] == identity(shipped)
    assert belongs(evidence, shipped, posterior_digest(content("calibration", "posterior.npz")))
    plan = plan_scenario(shipped)
    told = evidence["levers"]["plan"]
    assert (told["name"], told["zh"], told["en"]) == (plan.name, plan.zh, plan.en)
    calibration = evidence["calibration"]
    assert calibration["effective"] >= 500 * calibration["particles"] / 2000
    assert calibration["implausible"] == []
    assert calibration["samples"] == 2**17


def test_members_agree_with_what_they_were_fitted_to(shipped: Project, figures: Any) -> None:
    for at, one in enumerate(shipped.observations):
        gap = (float(np.median(figures[:, at])) - one.value) / one.deviation
        worst = max(0.0, -gap) if one.side == "at_least" else abs(gap)
        assert worst < 2, one.id


def test_evidence_repeats_what_the_members_say(
    shipped: Project, figures: Any, evidence: dict[str, Any]
) -> None:
    stated = {row["id"]: row for row in evidence["anchors"]["figures"] if row["fitted"]}
    for at, one in enumerate(shipped.observations):
        assert stated[one.id]["posterior"]["p50"] == pytest.approx(np.median(figures[:, at]), rel=2e-3)


@pytest.mark.parametrize("name", MUST_MEET)
def test_reported_figure_is_met(evidence: dict[str, Any], name: str) -> None:
    (row,) = (row for row in evidence["anchors"]["figures"] if row["id"] == name)
    assert row["met"], row


@pytest.mark.parametrize("name", ["city-growth", "prefecture-growth"])
def test_stated_growth_is_in_the_predictive_band(evidence: dict[str, Any], name: str) -> None:
    (row,) = (row for row in evidence["anchors"]["figures"] if row["id"] == name)
    assert row["predictive"]["p05"] <= row["value"] <= row["predictive"]["p95"]


def test_no_lever_is_called_known(evidence: dict[str, Any], shipped: Project) -> None:
    levers = evidence["levers"]["levers"]
    assert {lever["id"] for lever in levers} == {lever.id for lever in shipped.levers}
    assert not any(lever["identified"] for lever in levers)
