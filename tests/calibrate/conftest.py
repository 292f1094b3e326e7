"""A tiny region with observations, run by a double of the engine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import REGION
from support.double import Double

from sim.ensemble import Project, load_project

OBSERVATIONS = """\
id,zh,en,facts,variable,operator,of,year,scale,value,unit,error,discrepancy,side,group,note
growth,增速,growth,F001,output[city],growth,,2024,100,4.2,%,0.2,0.2,both,growth,
city-2020,市产值,city output,F001,output[city],level,,2020,1,598,1e8 CNY,3,4,both,city,
price,现价产值,output at current prices,F001,output current[city],level,,2020,1,555,1e8 CNY,5,5,both,price,
"""


@pytest.fixture
def region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a tiny region with observations; caches and data go to a folder of the test."""
    for name in ("cache", "data"):
        monkeypatch.setenv(f"SIM_{name.upper()}", str(tmp_path / name))
    folder = tmp_path / "region"
    shutil.copytree(REGION, folder)
    (folder / "calibration" / "observations.csv").write_text(OBSERVATIONS, encoding="utf-8")
    return folder


@pytest.fixture
def observed(region: Path) -> Project:
    """Return the tiny region."""
    return load_project(region, model=Double())
