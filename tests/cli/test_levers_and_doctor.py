"""``sim levers`` and ``sim doctor``."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest

from sim.errors import SimError


def test_levers_are_listed(tiny: Any) -> None:
    said = tiny("levers")
    assert said.code == 0
    assert "headquarters" in said.out
    assert "Brings visitors." in said.out
    assert said.out.splitlines()[-1] == "Next: sim levers show headquarters"
    assert "多来游客。" in tiny("levers", "--lang", "zh").out


def test_levers_as_data(tiny: Any) -> None:
    value = json.loads(tiny("levers", "--json").out)
    assert [lever["id"] for lever in value] == ["headquarters", "tourism"]
    assert value[1]["moves"] == ["lever effect[tourism lever]"]
    assert len(list(csv.DictReader(StringIO(tiny("levers", "--csv").out)))) == 2


def test_a_lever_shows_its_constants_with_range_and_evidence(tiny: Any) -> None:
    said = tiny("levers", "show", "tourism")
    for words in ("lever effect[tourism lever]", "0–0.02", "assumption", "prefecture", "half the effect"):
        assert words in said.out
    assert "headquarters" not in said.out
    value = json.loads(tiny("levers", "show", "tourism", "--json").out)
    assert [row["constant"] for row in value["constants"]] == ["lever effect[tourism lever]"]
    assert tiny("levers", "show", "tourism", "--csv").out.startswith("constant,unit,value,")


def test_the_doctor_lists_every_check(sim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.cli.doctor._engine", lambda: "fine")
    monkeypatch.setattr("sim.cli.doctor._content", lambda: "all there")
    said = sim("doctor", "--json")
    assert said.code == 0
    names = [check["name"] for check in json.loads(said.out)]
    assert names == [
        "sim", "computer", "packages", "content", "place", "fonts", "cache", "data", "database", "engine",
    ]  # fmt: skip
    assert "Everything is in order." in sim("doctor").out
    assert "一切正常。" in sim("doctor", "--lang", "zh").out
    assert sim("doctor", "--csv").out.startswith("name,ok,detail\n")


def test_the_doctor_reports_what_is_wrong_and_goes_on(sim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise SimError("The engine computed 1 where 2 is right.")

    monkeypatch.setattr("sim.cli.doctor._engine", broken)
    monkeypatch.setattr("sim.cli.doctor._content", lambda: "all there")
    said = sim("doctor")
    assert said.code == 1
    assert "where 2 is right" in said.out
    assert "1 problem(s)" in said.out


def test_the_doctor_runs_a_tiny_model() -> None:
    done = subprocess.run([sys.executable, "-m", "sim", "doctor", "--json"], capture_output=True, check=False)
    engine = next(check for check in json.loads(done.stdout) if check["name"] == "engine")
    assert engine["ok"], engine["detail"]
    assert float(engine["detail"]) == pytest.approx(100 * 0.975**8, abs=1e-6)
