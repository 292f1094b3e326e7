"""The command line over the tiny region and a double of the engine, in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import REGION
from support.double import Double

from sim.cli.main import run_program


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Sim = Callable[..., Said]


@pytest.fixture
def sim(own_data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Sim:
    """Return ``sim(*arguments)``, with an empty data folder, English, 100 columns and no terminal."""
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = run_program(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def tiny(sim: Sim, double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sim:
    """Return ``sim`` over the tiny region, run by the double."""
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SIM_STUDY", str(REGION))
    monkeypatch.setattr("sim.ensemble.project._engine_model", lambda path: double)
    return sim
