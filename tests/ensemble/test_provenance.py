"""Provenance names every file that a run's record is made from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from support import REGION

from sim.ensemble import LeverUse, Project, Scenario, load_project, run_scenario
from sim.folders import Study

RUN = Scenario("s", "s", "s", (LeverUse("headquarters", 1.0, None),), {})
NO_DATA = {"changji.mdl", "posterior.npz", "evidence.json", "glossary.csv"}
"""Model and posterior have hashes of their own; what evidence and glossary say is in the record itself."""


def provenance(folder: Path, project: Project) -> dict[str, Any]:
    run = run_scenario(RUN, members=5, project=load_project(folder, model=project.model))
    found: dict[str, Any] = run.record["provenance"]
    return found


def test_every_file_that_is_looked_for_has_a_fingerprint(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(REGION, folder)
    seen: set[str] = set()
    find = Study.find

    def watched(self: Study, *parts: str) -> Path | None:
        path = find(self, *parts)
        if path is not None:
            seen.add(parts[-1])
        return path

    monkeypatch.setattr(Study, "find", watched)
    monkeypatch.setattr(Study, "path", lambda self, *parts: watched(self, *parts))
    before = provenance(folder, project)
    files = sorted(seen - NO_DATA)
    assert len(files) > 8
    for name in files:
        (path,) = folder.rglob(name) if (found := list(folder.rglob(name))) else [None]
        if path is None:
            assert not found
            continue  # A shipped file, which this place does not have of its own.
        kept = path.read_bytes()
        path.write_bytes(kept + b"\n")
        after = provenance(folder, project)
        differs = {key for key in before if before[key] != after[key]}
        assert len(differs) == 1, (name, differs)
        assert differs.pop().endswith("_hash")
        path.write_bytes(kept)


def test_a_scenario_and_a_seed_are_told_apart(project: Project) -> None:
    def of(scenario: Scenario, seed: int) -> dict[str, Any]:
        found: dict[str, Any] = run_scenario(scenario, members=5, seed=seed, project=project).record[
            "provenance"
        ]
        return found

    other = Scenario("s", "s", "s", (LeverUse("headquarters", 0.9, None),), {})
    one = of(RUN, 1)
    assert of(RUN, 1) == one
    assert {key for key, value in of(other, 1).items() if one[key] != value} == {"scenario_hash"}
    assert {key for key, value in of(RUN, 2).items() if one[key] != value} == {"members_hash"}


def test_what_the_model_computes_is_apart_from_its_file(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(REGION, folder)
    before = provenance(folder, project)
    path = folder / "calibration" / "priors.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",0.03,0.05,", ",0.02,0.05,"), encoding="utf-8")
    after = provenance(folder, project)
    assert {key for key in before if before[key] != after[key]} == {
        "priors_hash", "computed_hash", "members_hash",
    }  # fmt: skip
