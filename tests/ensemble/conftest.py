"""A tiny region with a double of the engine."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from sim.ensemble import Project, load_project

FIXTURES = Path(__file__).parents[1] / "fixtures"


def _double() -> Any:
    found = importlib.util.spec_from_file_location("double", FIXTURES / "double.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    # A dataclass looks up its own module while it is made.
    sys.modules["double"] = module
    found.loader.exec_module(module)
    return module.Double()


@pytest.fixture
def region() -> Path:
    """Return the folder of the tiny region's files."""
    return FIXTURES / "region"


@pytest.fixture
def project(region: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return the tiny region, run by the double, with an empty cache."""
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    return load_project(region, model=_double())
