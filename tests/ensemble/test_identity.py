"""What a posterior belongs to: what the shipped region computes and is fitted to, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from sim.ensemble import Project, load_project
from sim.ensemble.identity import differences, digests, named
from sim.ensemble.posterior import identity, read_posterior
from sim.errors import BadInput
from sim.folders import content

Change = tuple[str, str, str]


@pytest.fixture(scope="module")
def shipped() -> Project:
    return load_project()


@pytest.fixture(scope="module")
def changed(shipped: Project, tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[Change]], Project]:
    """Return the shipped region with texts of its files replaced: file, old, new (old "": at the end)."""

    def change(changes: list[Change]) -> Project:
        folder = tmp_path_factory.mktemp("region")
        for name in ("model", "calibration"):
            shutil.copytree(content(name), folder / name)
        for file, old, new in changes:
            path = folder / file
            text = path.read_bytes().decode("utf-8")
            assert not old or text.count(old) == 1, (old, text.count(old))
            path.write_bytes((text.replace(old, new) if old else text + new).encode("utf-8"))
        same_model = not any(file.endswith(".mdl") for file, _, _ in changes)
        return load_project(folder, model=shipped.model if same_model else None)

    return change


def row(file: str, start: str) -> str:
    """Return the line of a shipped file that begins so."""
    lines = content("calibration", file).read_bytes().decode("utf-8").splitlines(keepends=True)
    (found,) = (line for line in lines if line.startswith(start))
    return found


def test_what_changes_no_number_keeps_the_posterior(
    shipped: Project, changed: Callable[[list[Change]], Project]
) -> None:
    """A space in a comment, a unit's comment, a translated note, a fact that is not fitted, rows moved."""
    model = content("model", "changji.mdl").read_bytes().decode("utf-8")
    comment = next(one.doc for one in shipped.spec.variables.values() if model.count(one.doc) == 1)
    prior, later = (
        row("priors.csv", "talent loss rate[high end],"),
        row("priors.csv", "talent loss rate[skilled],"),
    )
    other = changed(
        [
            ("model/changji.mdl", comment, comment + " "),
            ("calibration/priors.csv", prior, ""),
            ("calibration/priors.csv", later, later + prior.rstrip("\r\n") + " 译注\r\n"),
            ("calibration/facts.csv", "", "F999,city,新事实,a new fact,2024,12,count,observed,S1,一,\n"),
            ("calibration/anchors.csv", "", "\n"),
        ]
    )
    assert other.spec.hash != shipped.spec.hash
    assert all(other.hashes[name] != shipped.hashes[name] for name in ("priors.csv", "facts.csv"))
    assert other.sampled != shipped.sampled
    assert identity(other) == identity(shipped)
    members = read_posterior(content("calibration", "posterior.npz"), other)
    own = read_posterior(content("calibration", "posterior.npz"), shipped)
    for name, values in own.constants(shipped, slice(0, 3)).items():
        assert (members.constants(other, slice(0, 3))[name] == values).all(), name


def test_what_changes_numbers_is_named(shipped: Project, changed: Callable[[list[Change]], Project]) -> None:
    figure = row("observations.csv", "city-growth,")
    prior = row("priors.csv", "talent loss rate[high end],")
    cells = prior.split(",")
    cells[4] = f"{float(cells[4]) * 1.5:g}"
    equation = "SUM(talent stock[region, talent type!])"
    other = changed(
        [
            ("model/changji.mdl", equation, f"{equation} * 1.01"),
            ("calibration/priors.csv", prior, ",".join(cells)),
            ("calibration/observations.csv", figure, figure.replace(",5.1,", ",5.2,")),
        ]
    )
    found = differences(digests(shipped.computed), other.computed)
    assert found == {
        "equations": ["talent"],
        "priors": ["talent loss rate[high end]"],
        "figures": ["city-growth"],
    }
    with pytest.raises(BadInput) as caught:
        read_posterior(content("calibration", "posterior.npz"), other)
    said = str(caught.value)
    assert "equation of talent, prior of talent loss rate[high end], fitted figure city-growth." in said
    assert "--other-model" in said


def test_three_are_named_and_the_rest_counted() -> None:
    found = {"equations": ["a", "b"], "priors": ["c", "d", "e"]}
    assert named(found) == "equation of a, prior of c, equation of b and 2 more"
    assert named({"anchors": ["a"]}) == "anchor of a"
