"""Content that does not fit the model is refused with the file and row."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim.ensemble import Project, load_project
from sim.errors import BadInput

CHANGES = [
    ("calibration/priors.csv", "price rise,1/year", "prise rise,1/year", r"priors\.csv, row 6.*Did you mean"),
    ("calibration/priors.csv", "price rise,1/year", "price rise,%/year", r"row 6, column 'unit'"),
    ("calibration/priors.csv", "price rise,1/year", "output,YiCNY", r"'output' is a stock; only constants"),
    ("calibration/priors.csv", "[tourism lever]", "[lever]", r"row 5.*shares a cell with .*in row 4"),
    ("calibration/priors.csv", "drag[region]", "drag[regions]", r"row 3.*regions"),
    ("calibration/anchors.csv", "initial output,", "output,", r"anchors\.csv, row 2, column 'constant'"),
    ("calibration/anchors.csv", ",output,", ",outputs,", r"anchors\.csv, row 2, column 'variable'"),
    ("calibration/anchors.csv", "known output", "known outputs", r"anchors\.csv, row 2, column 'target'"),
    ("model/kpis.csv", "output[rest]", "output", r"kpis\.csv, row 5.*has 2 cells"),
    ("model/kpis.csv", "output[rest]", "output[west]", r"kpis\.csv, row 5.*Did you mean 'rest'"),
    ("model/charts.csv", "output[rest]", "outputs[rest]", r"charts\.csv, row 3"),
    ("model/levers.toml", '"tourism lever"', '"turism lever"', r"levers\.tourism\.element"),
    ("model/levers.toml", "effect[headquarters", "effects[headquarters", r"levers\.headquarters\.moves"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "before", "after", "message"), CHANGES)
def test_content_that_does_not_fit_the_model(
    project: Project, region: Path, tmp_path: Path, file: str, before: str, after: str, message: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(region, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        load_project(folder, model=project.model)


@pytest.mark.parametrize(
    ("exit_rate", "message"),
    [
        ("growth rates", r"counts\.csv, row 2, column 'exit'.*Did you mean 'growth rate'"),
        ("output", r"counts\.csv, row 2, column 'exit'.*only constants"),
        ("drag", r"counts\.csv, row 2, column 'exit': 'drag' has 2 cells"),
    ],
)
def test_counts_name_one_constant(
    project: Project, region: Path, tmp_path: Path, exit_rate: str, message: str
) -> None:
    shutil.copytree(region, tmp_path / "copy")
    rows = f"id,part_of,year,facts,exit,renewal,review,note\ncity-gdp,,2024,F001,{exit_rate},,,\n"
    (tmp_path / "copy" / "model" / "counts.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        load_project(tmp_path / "copy", model=project.model)


@pytest.mark.parametrize(
    ("paid", "message"),
    [
        ("outputs[city]", r"funding\.csv, row 2, column 'paid'.*Did you mean 'output'"),
        ("output", r"funding\.csv, row 2, column 'paid': 'output' has 2 cells"),
    ],
)
def test_purses_name_one_cell_of_the_model(
    project: Project, region: Path, tmp_path: Path, paid: str, message: str
) -> None:
    shutil.copytree(region, tmp_path / "copy")
    rows = f"id,zh,en,asked,paid,scale,unit_zh,unit_en,note\ncity,市,City,output[city],{paid},1,亿元,CNY,\n"
    (tmp_path / "copy" / "model" / "funding.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        load_project(tmp_path / "copy", model=project.model)


def test_a_missing_file_is_named(project: Project, region: Path, tmp_path: Path) -> None:
    shutil.copytree(region, tmp_path / "copy")
    (tmp_path / "copy" / "calibration" / "anchors.csv").unlink()
    with pytest.raises(BadInput, match=r"copy has no calibration/anchors\.csv, which every place needs"):
        load_project(tmp_path / "copy", model=project.model)


def test_hashes_follow_the_files(project: Project, region: Path, tmp_path: Path) -> None:
    shutil.copytree(region, tmp_path / "copy")
    path = tmp_path / "copy" / "calibration" / "priors.csv"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    other = load_project(tmp_path / "copy", model=project.model)
    same = {name for name in project.hashes if project.hashes[name] == other.hashes[name]}
    assert set(project.hashes) - same == {"priors.csv"}
    assert {"facts.csv", "anchors.csv", "kpis.csv", "levers.toml", "charts.csv", "study.toml"} <= same
