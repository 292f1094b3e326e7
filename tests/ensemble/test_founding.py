"""A new study folder holds every file of a place, and runs as that place does."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sim.ensemble import Project, Scenario, draw_members, load_project, run_paired
from sim.ensemble.founding import found_study
from sim.errors import BadInput
from sim.files import create


@pytest.fixture
def folder(shipped: Project, tmp_path: Path) -> Path:
    found_study(shipped, tmp_path / "new")
    return tmp_path / "new"


def test_the_files(shipped: Project, tmp_path: Path) -> None:
    count = found_study(shipped, tmp_path / "new")
    files = {path.relative_to(tmp_path / "new").as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(files) == count
    assert files >= {
        "README.md", "model/study.toml", "model/levers.toml", "model/kpis.csv", "model/counts.csv",
        "model/charts.csv",
        "calibration/sources.csv", "calibration/facts.csv", "calibration/priors.csv",
        "calibration/anchors.csv", "runs/scenarios/plan.toml",
    }  # fmt: skip
    # What is calibrated, and the model, are not the new place's.
    assert not [name for name in files if name.endswith((".npz", ".mdl"))]


def test_the_readme_names_each_step_in_order(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    steps = [
        "facts.csv",
        "observations.csv",
        "priors.csv",
        "anchors.csv",
        "levers.toml",
        "kpis.csv",
        "runs/scenarios",
    ]
    for half in text.split("# 另一个地区的研究"):
        numbered = [line for line in half.splitlines() if line[:1].isdigit()]
        assert len(numbered) == 8
        places = [half.index(step) for step in steps]
        assert places == sorted(places)
    assert "Changji City" in text
    assert "昌吉市" in text
    assert "{" not in text


def test_every_level_has_a_row_of_its_own(shipped: Project, folder: Path) -> None:
    with (folder / "calibration" / "priors.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["constant"]: row for row in csv.DictReader(file)}
    assert len(rows) > len(shipped.priors)
    assert rows["city GDP in 2024"]["value"] == "705.11"
    assert rows["city GDP in 2024"]["source"] == "F001"
    assert rows["group share in 2024[city, primary group]"]["distribution"] == "fixed"
    assert rows["initial cold stores"]["note"].startswith("start of the search")
    # Conventions and what scenarios set are the same everywhere.
    assert not {"base year", "budget factor", "hours of a year", "lever intensity"} & {
        name.partition("[")[0] for name in rows
    }


def test_it_runs_as_the_place_it_was_written_from(shipped: Project, folder: Path) -> None:
    copy = load_project(folder)
    assert copy.exchanged == ()
    found = [
        run_paired(one, draw_members(one, 8, 1), Scenario(), Scenario()).indicators for one in (shipped, copy)
    ]
    np.testing.assert_array_equal(*found)


def test_a_study_can_be_written_from_a_study(folder: Path, tmp_path: Path) -> None:
    found_study(load_project(folder), tmp_path / "again")
    for name in ("calibration/priors.csv", "model/kpis.csv", "README.md"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_model_of_its_own_comes_along(project: Project, region: Path, tmp_path: Path) -> None:
    found_study(project, tmp_path / "tiny")
    for name in ("changji.mdl", "parts.csv"):
        assert (tmp_path / "tiny" / "model" / name).read_bytes() == (region / "model" / name).read_bytes()
    assert load_project(tmp_path / "tiny", model=project.model).levers == project.levers


def test_nothing_is_overwritten(shipped: Project, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(BadInput, match="is not empty, and nothing in it is overwritten"):
        found_study(shipped, tmp_path)
    with pytest.raises(BadInput, match=r"mine\.txt is a file"):
        found_study(shipped, tmp_path / "mine.txt")
    with pytest.raises(BadInput, match="in a file cannot be written: Not a directory"):
        found_study(shipped, tmp_path / "mine.txt" / "in a file")
    with pytest.raises(BadInput, match=r"red: the text holds the control character U\+001B"):
        found_study(shipped, tmp_path / "\x1b[31mred")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(shipped: Project, tmp_path: Path) -> None:
    assert found_study(shipped, tmp_path) > 40


def test_a_study_is_there_whole_or_not_at_all(
    shipped: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def full(path: Path, data: bytes, *, mode: int) -> None:
        if len(written) == 5:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        create(path, data, mode=mode)

    (tmp_path / "empty").mkdir()
    monkeypatch.setattr("sim.ensemble.founding.create", full)
    for name in ("new", "empty"):
        written.clear()
        with pytest.raises(BadInput, match="No space left"):
            found_study(shipped, tmp_path / name)
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path / "empty")
    assert found_study(shipped, Path()) == len([path for path in Path().rglob("*") if path.is_file()])
    assert sorted(path.name for path in Path().iterdir()) == ["README.md", "calibration", "model", "runs"]
