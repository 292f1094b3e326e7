"""``sim calibrate`` over the tiny region: what it writes, prints and refuses, and that runs use it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import REGION

from sim.store import open_store

SMALL = ("--samples", "1024", "--particles", "200", "--members", "100")
OBSERVATIONS = """\
id,zh,en,facts,variable,operator,of,year,scale,value,unit,error,discrepancy,side,group,note
growth,增速,growth,F001,output[city],growth,,2024,100,4.2,%,0.2,0.2,both,growth,
city-2020,市产值,city output,F001,output[city],level,,2020,1,598,1e8 CNY,3,4,both,city,
"""
FAR = "far,远,far,F001,output[city],level,,2020,1,900,1e8 CNY,20,0,both,far,\n"


@pytest.fixture
def observed(tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the tiny region with observations, which the environment names as the study."""
    folder = tmp_path / "region"
    shutil.copytree(REGION, folder)
    (folder / "calibration" / "observations.csv").write_text(OBSERVATIONS, encoding="utf-8")
    monkeypatch.setenv("SIM_STUDY", str(folder))
    return folder


@pytest.mark.usefixtures("observed")
def test_a_calibration_is_printed_stored_and_used(tiny: Callable[..., Any]) -> None:
    said = tiny("calibrate", *SMALL)
    assert said.code == 0
    assert "2 observations" in said.out
    assert "city output" in said.out
    assert "sim run" in said.out.splitlines()[-1]
    with open_store(Path(os.environ["SIM_DATA"]) / "runs.db") as store:
        (kept,) = store.calibrations.summaries()
    assert kept["members"] == 100
    run = json.loads(tiny("run", "--lever=headquarters", "--members", "100", "--json").out)
    assert run["ensemble"] == "posterior"
    prior = json.loads(
        tiny("run", "--lever=headquarters", "--members", "100", "--ensemble=prior", "--json").out
    )
    assert prior["ensemble"] == "prior"
    assert tiny("evidence").code == 0


def test_output_goes_where_it_is_wanted(tiny: Callable[..., Any], observed: Path, tmp_path: Path) -> None:
    wanted = tmp_path / "mine.npz"
    first = json.loads(tiny("calibrate", *SMALL, "--output", str(wanted), "--json").out)
    assert first["posterior"] == str(wanted)
    assert wanted.is_file()
    assert (tmp_path / "mine.json").is_file()
    before = wanted.read_bytes()
    tiny("calibrate", *SMALL, "--output", str(wanted))
    assert wanted.read_bytes() == before
    run = json.loads(tiny("run", "--posterior", str(wanted), "--members", "50", "--json").out)
    assert run["ensemble"] == "posterior"


def test_check_says_what_is_implausible(tiny: Callable[..., Any], observed: Path) -> None:
    path = observed / "calibration" / "observations.csv"
    assert tiny("calibrate", *SMALL, "--check").code == 0
    path.write_text(OBSERVATIONS + FAR, encoding="utf-8")
    said = tiny("calibrate", *SMALL, "--check")
    assert said.code in (1, 3)
    assert "implausible" in said.err or "posterior was not reached" in said.err


def test_a_posterior_of_other_data_is_refused_unless_told(
    tiny: Callable[..., Any], observed: Path, tmp_path: Path
) -> None:
    wanted = observed / "calibration" / "posterior.npz"
    # As many that they are worth enough under other priors.
    many = ("--samples", "1024", "--particles", "400", "--members", "400")
    tiny("calibrate", *many, "--output", str(wanted))
    assert tiny("run", "--members", "50").code == 0
    path = observed / "calibration" / "priors.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("0.03,0.05", "0.02,0.06"), encoding="utf-8")
    said = tiny("run", "--members", "50")
    assert said.code == 2
    assert "Different: prior of growth rate. Calibrate again" in said.err
    assert tiny("run", "--members", "50", "--other-model").code == 0
    assert tiny("run", "--members", "50", "--ensemble=prior").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("calibrate", "--samples", "1000"), "power of two"),
        (("calibrate", "--output", "here.txt"), "must end in .npz"),
        (("run", "--ensemble=posterior"), "This place has no posterior"),
        (("run", "--ensemble=prior", "--other-model"), "--ensemble=prior takes no posterior"),
        (("run", "--posterior", "none.npz"), "There is no posterior none.npz"),
    ],
)
@pytest.mark.usefixtures("observed")
def test_bad_input_is_refused(tiny: Callable[..., Any], arguments: tuple[str, ...], message: str) -> None:
    said = tiny(*arguments)
    assert said.code == 2
    assert message in said.err


def test_without_observations_there_is_nothing_to_do(tiny: Callable[..., Any]) -> None:
    said = tiny("calibrate", *SMALL)
    assert said.code == 2
    assert "nothing to calibrate to" in said.err
