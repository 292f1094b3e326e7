"""A cache that is refused: said once, shown by the doctor, and without effect on any result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.users import posix

from sim.cache import EXECUTABLES, MODELS, POSTERIORS
from sim.folders import cache_folder

from .conftest import Sim

MODEL = """{UTF-8}
level = INTEG(level * rate, 100) ~ 1 ~ |
rate = 0.25 ~ 1/year ~ |
INITIAL TIME = 0 ~ year ~ |
FINAL TIME = 2 ~ year ~ |
TIME STEP = 1 ~ year ~ |
SAVEPER = 1 ~ year ~ |
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "small.mdl"
    path.write_text(MODEL, encoding="utf-8")
    return str(path)


def test_changed_files_are_said_once_and_made_again(sim: Sim, model: str) -> None:
    first = sim("simulate", model, "--json")
    assert (first.code, first.err) == (0, "")
    assert json.loads(first.out)
    for kind in (MODELS, EXECUTABLES):
        (path,) = kind.folder().iterdir()
        path.write_bytes(path.read_bytes().replace(b"0.25", b"0.75") + b"x")
    again = sim("simulate", model, "--json")
    assert (again.code, again.out) == (0, first.out)
    assert again.err.count("\n") == 1
    assert again.err.startswith("sim: What is cached is not used: ")
    assert "signature does not match" in again.err
    assert again.err.endswith("Results are the same, only slower. See sim doctor.\n")
    assert sim("simulate", model, "--json").err == ""


@posix
def test_folders_open_to_others_are_said_once_and_the_doctor_tells_what_to_do(
    sim: Sim, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sim("simulate", model, "--json")
    for kind in (MODELS, EXECUTABLES):
        kind.folder().chmod(0o755)
    again = sim("simulate", model, "--json")
    assert (again.code, again.out, again.err.count("\n")) == (0, first.out, 1)
    assert "chmod 700" in again.err
    monkeypatch.setattr("sim.cli.doctor._engine", lambda: "fine")
    doctor = sim("doctor", "--json")
    assert doctor.code == 1
    (cache,) = [check for check in json.loads(doctor.out) if check["name"] == "cache"]
    assert not cache["ok"]
    for kind in (MODELS, EXECUTABLES):
        assert f"chmod 700 {cache_folder() / kind.kind}" in cache["detail"]
        (cache_folder() / kind.kind).chmod(0o700)
    assert sim("doctor", "--json").code == 0


def test_the_doctor_finds_each_changed_file(sim: Sim, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.cli.doctor._engine", lambda: "fine")
    for at in range(5):
        MODELS.write(f"{at}" * 32, b"{}")
    assert sim("doctor").code == 0
    for at in range(4):
        MODELS.path(f"{at}" * 32).write_bytes(b"{}")
    checks = {check["name"]: check for check in json.loads(sim("doctor", "--json").out)}
    assert str(MODELS.path("0" * 32)) in checks["cache"]["detail"]
    assert "And 1 more." in checks["cache"]["detail"]
    assert checks["data"]["ok"]


def test_the_doctor_finds_a_changed_posterior(sim: Sim, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.cli.doctor._engine", lambda: "fine")
    POSTERIORS.keep("1" * 32, b"posterior")
    assert sim("doctor").code == 0
    POSTERIORS.path("1" * 32).write_bytes(b"another")
    checks = {check["name"]: check for check in json.loads(sim("doctor", "--json").out)}
    assert not checks["data"]["ok"]
    assert "calibrate again" in checks["data"]["detail"]
    assert checks["cache"]["ok"]


@posix
def test_a_calibration_that_could_not_be_kept_is_refused_before_it_begins(
    tiny: Sim, own_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.calibrate.calibrate", lambda *given: pytest.fail("it began"))
    own_data.mkdir()
    own_data.chmod(0o777)
    said = tiny("calibrate")
    assert said.code == 2
    assert "--output" in said.err
