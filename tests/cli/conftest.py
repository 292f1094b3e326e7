"""The command line over the tiny region and a double of the engine, in this process."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sim.cli.main import run_program

FIXTURES = Path(__file__).parents[1] / "fixtures"


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
def double() -> Any:
    """Return a double of the engine, which keeps the runs it was asked for."""
    spec = importlib.util.spec_from_file_location("double", FIXTURES / "double.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["double"] = module
    spec.loader.exec_module(module)
    return module.Double()


@pytest.fixture
def tiny(sim: Sim, double: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sim:
    """Return ``sim`` over the tiny region, run by the double."""
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SIM_STUDY", str(FIXTURES / "region"))
    monkeypatch.setattr("sim.ensemble.project._engine_model", lambda path: double)
    return sim
