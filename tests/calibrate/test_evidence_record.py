"""The whole record of the tiny region: every section, plain JSON, the same for a seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.calibrate.evidence import evidence, figures_asked
from sim.calibrate.forward import make_forward
from sim.calibrate.likelihood import make_likelihood
from sim.ensemble import Project
from sim.ensemble.evidence import write_evidence
from sim.ensemble.posterior import identity
from sim.errors import BadInput, SimError

REPORTED = """\
id,zh,en,facts,variable,operator,of,year,scale,value,unit,error,discrepancy,parts,side,note
city,市产值,city output,F001,output[city],level,,2024,1,705,1e8 CNY,1,0,,both,
start,期初,city output at first,F001,output[city],level,,2020,1,598,1e8 CNY,1,0,growth;city-2020,both,
rest,其他,rest,,output[rest],share,output[city],2024,1,,ratio,0.1,0,,both,not stated
"""
STATISTICS = """\
id,zh,en,variable,operator,of,year,scale,unit,error,discrepancy,note
next,首个数据,first figure,output[city],growth,,2025,100,%,0.1,0,
"""


def weighed(project: Project, points: int = 200) -> dict[str, Any]:
    forward, fit = make_forward(project), make_likelihood(project.observations)
    rng = np.random.default_rng(0)
    prior = forward(rng.standard_normal((200, 5)))[:points]
    members = forward(rng.standard_normal((120, 5)) * np.array([0.5, 1, 1, 1, 0.4]))
    return evidence(forward, fit, prior, members, 100.0, seed=1)


@pytest.fixture
def figures(region: Path) -> None:
    (region / "calibration" / "reported.csv").write_text(REPORTED, encoding="utf-8")
    (region / "calibration" / "statistics.csv").write_text(STATISTICS, encoding="utf-8")


@pytest.mark.usefixtures("figures")
def test_the_record_has_every_section_as_plain_json(observed: Project) -> None:
    found = weighed(observed)
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    assert text == json.dumps(weighed(observed))
    assert found["members"] == 120
    assert found["made_for"] == identity(observed)
    assert found["goal"] == {"year": 2035, "target": 1000}
    above = {row["constant"] for row in found["contraction"]["largest"] if row["contraction"] > 0.2}
    assert {"growth rate", "price rise"} <= above
    assert [row["id"] for row in found["anchors"]["figures"]] == [
        "city", "start", "rest", "growth", "city-2020", "price",
    ]  # fmt: skip
    city, start = found["anchors"]["figures"][:2]
    assert city["met"] is True
    assert city["posterior"]["p50"] == pytest.approx(705, rel=1e-3)
    # The relative errors of both parts together: 0.0673 and 0.00836 of 598.
    assert start["discrepancy"] == pytest.approx(598 * np.hypot(0.08**0.5 / 4.2, 5 / 598), rel=1e-4)
    assert found["value"]["statistics"][0]["id"] == "next"
    assert found["value"]["statistics"][0]["reduction"]["constant"] > 0.5
    assert [row["identified"] for row in found["levers"]["levers"]] == [False, False]
    assert {row["constant"] for row in found["profiles"]["profiles"]} >= {"growth rate", "drag[region]"}


def test_goals_before_the_data_do_not_hang_on_which_points_of_the_bank_come_first(observed: Project) -> None:
    many, few = weighed(observed), weighed(observed, 100)
    assert many["predictive"]["observations"] != few["predictive"]["observations"]
    bands = [[goal["prior"] for goal in found["predictive"]["goals"]] for found in (many, few)]
    assert bands[0] == bands[1]
    assert bands[0][0]["p05"] < bands[0][0]["p95"]


def test_a_place_without_figures_of_its_own_has_empty_tables(observed: Project) -> None:
    asked = figures_asked(observed)
    assert asked.statistics == ()
    assert asked.reported == ()


def test_a_statistic_of_what_the_model_lacks_is_bad_input(region: Path, observed: Project) -> None:
    wrong = STATISTICS.replace("output[city]", "harvest")
    (region / "calibration" / "statistics.csv").write_text(wrong, encoding="utf-8")
    with pytest.raises(BadInput, match="harvest"):
        weighed(observed)


def test_evidence_is_written_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "evidence.json"
    write_evidence(path, {"a": 1})
    before = path.read_bytes()

    def killed(self: Path, target: Path) -> None:
        assert path.read_bytes() == before  # a reader at this very moment
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            write_evidence(path, {"a": 2})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_evidence(path, {"a": float("nan")})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(SimError, match="cannot be written"):
        write_evidence(tmp_path / "none" / "evidence.json", {})
