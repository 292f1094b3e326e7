"""Where a run's members come from: two posteriors told apart, evidence that is theirs, members taken over."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import REGION

from sim.words import sampling_error

OBSERVATIONS = """\
id,zh,en,facts,variable,operator,of,year,scale,value,unit,error,discrepancy,side,group,note
growth,增速,growth,F001,output[city],growth,,2024,100,4.2,%,0.2,0.2,both,growth,
city-2020,市产值,city output,F001,output[city],level,,2020,1,598,1e8 CNY,3,4,both,city,
"""
MEMBERS = 300
RUN = ("run", "--lever=headquarters", f"--members={MEMBERS}", "--lang=en")
CITY = "growth rate,1/year,0.04,0.03,0.05"


@pytest.fixture
def study(tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the tiny region with observations and a posterior of its own, which the environment names."""
    folder = tmp_path / "region"
    shutil.copytree(REGION, folder)
    (folder / "calibration" / "observations.csv").write_text(OBSERVATIONS, encoding="utf-8")
    monkeypatch.setenv("SIM_STUDY", str(folder))
    calibrated(tiny, folder / "calibration" / "posterior.npz", 1)
    return folder


def calibrated(tiny: Callable[..., Any], path: Path, seed: int) -> Path:
    said = tiny(
        "calibrate", "--samples=1024", f"--particles={MEMBERS}", f"--members={MEMBERS}", f"--seed={seed}",
        "--output", str(path), "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    return path


def stored(tiny: Callable[..., Any]) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(tiny("runs", "show", "@last", "--json").out)
    return record


def change(study: Path, old: str, new: str) -> None:
    path = study / "calibration" / "priors.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_two_posteriors_are_told_apart(tiny: Callable[..., Any], study: Path, tmp_path: Path) -> None:
    other = calibrated(tiny, tmp_path / "other.npz", 2)
    first, second, again = (
        json.loads(tiny(*RUN, *more, "--json").out)["provenance"]
        for more in ((), ("--posterior", str(other)), ())
    )
    assert first == again
    differs = {name for name in first if first[name] != second[name]}
    assert differs == {"posterior_hash", "members_hash"}
    part = json.loads(tiny("run", "--lever=headquarters", "--members=50", "--json").out)["provenance"]
    assert {name for name in first if first[name] != part[name]} == {"members_hash"}
    less = json.loads(tiny("run", "--lever=headquarters=0.5", f"--members={MEMBERS}", "--json").out)
    assert {name for name in first if first[name] != less["provenance"][name]} == {"scenario_hash"}
    prior = json.loads(tiny(*RUN, "--ensemble=prior", "--json").out)["provenance"]
    assert "posterior_hash" not in prior
    assert prior["members_hash"] != first["members_hash"]
    said = tiny("runs", "show", "@last", "--lang=en").out
    for word in ("members_hash", "scenario_hash", "indicators_hash", "observations_hash", "scipy", "jaxlib"):
        assert word in said


def test_evidence_is_that_of_the_posterior_used(
    tiny: Callable[..., Any], study: Path, tmp_path: Path
) -> None:
    tiny(*RUN)
    own = stored(tiny)
    assert own["evidence"]["levers"]["chances"]
    assert "no_evidence" not in own
    other = calibrated(tiny, tmp_path / "other.npz", 2)
    tiny(*RUN, "--posterior", str(other))
    assert stored(tiny)["evidence"] != own["evidence"]

    beside = other.with_suffix(".json")
    for text, reason, words in (
        (
            (study / "calibration" / "evidence.json").read_text(encoding="utf-8"),
            "other",
            "not of these members",
        ),
        ("{", "unread", "cannot be read"),
        (None, "none", "No evidence lies beside"),
    ):
        beside.unlink()
        if text is not None:
            beside.write_text(text, encoding="utf-8")
        page = tiny(*RUN, "--posterior", str(other)).out
        record = stored(tiny)
        assert "evidence" not in record
        assert record["no_evidence"] == reason
        assert words in " ".join(page.split())
        assert "From the calibration" not in page
        beside.touch()
    data = tiny(*RUN, "--posterior", str(other), "--csv")
    assert "cannot be read" in " ".join(data.err.split())


def test_evidence_of_another_posterior_is_said(tiny: Callable[..., Any], study: Path) -> None:
    assert tiny("evidence", "--lang=en").err == ""
    folder = study / "calibration"
    kept = (folder / "evidence.json").read_bytes()
    calibrated(tiny, folder / "posterior.npz", 2)
    assert tiny("evidence", "--lang=en").err == ""
    (folder / "evidence.json").write_bytes(kept)
    assert tiny("evidence", "--lang=en").err != ""


def test_evidence_of_another_goal_is_not_repeated(tiny: Callable[..., Any], study: Path) -> None:
    path = study / "model" / "kpis.csv"
    text = path.read_text(encoding="utf-8")
    assert ",1000," in text
    path.write_text(text.replace(",1000,", ",1001,"), encoding="utf-8")
    tiny(*RUN)
    assert stored(tiny)["no_evidence"] == "other"


def test_members_taken_over_are_never_passed_over(tiny: Callable[..., Any], study: Path) -> None:
    before = json.loads(tiny(*RUN, "--json").out)
    change(study, CITY, "growth rate,1/year,0.043,0.035,0.051")
    refused = tiny(*RUN)
    assert refused.code == 2
    assert "prior of growth rate" in refused.err
    said = tiny(*RUN, "--other-model")
    words = " ".join(said.out.split())
    assert "different: priors" in words
    assert "Priors have changed (growth rate): the 300 members were reweighted" in words
    record = stored(tiny)
    found = record["adapted"]
    assert 200 <= found["effective"] < 0.99 * MEMBERS
    assert found["distinct"] < MEMBERS
    assert (found["changed"], found["unfitted"]) == (["growth rate"], False)
    assert record["provenance"]["other_model"] is True
    assert record["provenance"]["effective"] == found["effective"]
    assert record["goal"] != before["goal"]
    # The sampling error is that of the members that the weights leave, not of the rows that ran.
    for name in ("baseline", "scenario"):
        share = record["goal"][name]["probability_constant"]
        error = sampling_error(share, found["effective"])
        assert record["goal"][name]["sampling_error_constant"] == pytest.approx(error, rel=1e-5)
    assert record["no_evidence"] == "other"
    assert "evidence" not in record
    data = tiny(*RUN, "--other-model", "--json")
    assert json.loads(data.out)["adapted"] == found
    assert "reweighted" in data.err
    shown = tiny("runs", "show", "@last", "--lang=zh")
    assert "有效样本量" in shown.out


def test_too_few_effective_members_are_refused(tiny: Callable[..., Any], study: Path) -> None:
    change(study, CITY, "growth rate,1/year,0.06,0.05,0.07")
    said = tiny(*RUN, "--other-model")
    assert said.code == 2
    assert "fewer than the 200 that are needed" in said.err
    assert "growth rate" in said.err


def test_added_and_lost_constants_are_named(tiny: Callable[..., Any], study: Path) -> None:
    change(
        study, "drag[region],dmnl,0.1,0.05,0.2,lognormal,published,R002,",
        "drag[city],dmnl,0.1,0.05,0.2,lognormal,published,R002,",
    )  # fmt: skip
    words = " ".join(tiny(*RUN, "--other-model").out.split())
    assert "Not in the posterior, drawn from their priors: drag[city]." in words
    assert "In the posterior, sampled no more: drag[region]." in words
    figures = study / "calibration" / "observations.csv"
    figures.write_text(OBSERVATIONS.replace(",4.2,", ",4.4,"), encoding="utf-8")
    words = " ".join(tiny(*RUN, "--other-model").out.split())
    assert "More than priors changed (fitted figures: growth)" in words
    assert "Calibrate again" in words


def test_a_run_with_another_posterior_is_not_explained_in_silence(
    tiny: Callable[..., Any], study: Path, tmp_path: Path
) -> None:
    tiny(*RUN)
    assert "other members" not in tiny("explain", "city-gdp", "--run=@last", "--lang=en").err
    other = calibrated(tiny, tmp_path / "other.npz", 2)
    tiny(*RUN, "--posterior", str(other))
    assert "that run had other members" in tiny("explain", "city-gdp", "--run=@last", "--lang=en").err
