"""Members: what a draw changes, and its cache."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from sim.cache import MEMBERS, code_digest
from sim.ensemble import Project, draw_members, median_start
from sim.ensemble.anchoring import TOLERANCE, Anchored, Start, anchor_labels
from sim.ensemble.arrays import arrays_in, npz
from sim.ensemble.members import Adapted, anchor_draws, drawn_constants
from sim.ensemble.sampling import uniforms
from sim.errors import BadInput, CacheWarning, SimError
from sim.spec.references import Reference


def cached_file() -> Path:
    (path,) = MEMBERS.folder().glob("*")
    return path


def kept() -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    data = MEMBERS.read(cached_file().stem)
    assert data is not None
    return arrays_in(data, MEMBERS.largest)


def test_a_subrange_moves_as_one_and_fixed_rows_stay(project: Project) -> None:
    constants = draw_members(project, 50, 1).constants(project)
    drag = constants["drag"]
    np.testing.assert_array_equal(drag[:, 0], drag[:, 1])
    assert np.unique(drag[:, 0]).size == 50
    assert not np.array_equal(constants["lever effect"][:, 0], constants["lever effect"][:, 1])
    assert "lever annual cost" not in constants
    assert constants["growth rate"].shape == (50,)


def test_drawn_cells_are_the_draws_and_all_others_the_model_s_own_values(project: Project) -> None:
    sampled = ("lever effect[tourism lever]", "drag[region]", "growth rate")
    priors = tuple(
        dataclasses.replace(prior, constant=Reference("drag", ("city",)))
        if prior.constant.name == "drag"
        else prior
        for prior in project.priors
        if str(prior.constant) in sampled
    )
    some = dataclasses.replace(project, priors=priors)
    assert [str(prior.constant) for prior in some.sampled] == [
        "growth rate", "drag[city]", "lever effect[tourism lever]",
    ]  # fmt: skip
    draws = np.array([[0.031, 0.07, 0.004], [0.042, 0.11, 0.002]])
    constants = drawn_constants(some, draws)
    assert {name: values.tolist() for name, values in constants.items()} == {
        "growth rate": [0.031, 0.042],
        "drag": [[0.07, 0.1], [0.11, 0.1]],
        "lever effect": [[0.01, 0.004], [0.01, 0.002]],
    }


def test_members_of_a_part_keep_the_random_numbers_of_their_places(project: Project) -> None:
    whole = draw_members(project, 9, 5)
    numbers = uniforms("hubs", 5, 9)
    np.testing.assert_array_equal(whole.uniform("hubs"), numbers)
    np.testing.assert_array_equal(whole.uniform("hubs", slice(2, 6)), numbers[2:6])
    assert whole.uniform("hubs", slice(4, 4)).size == 0
    which = np.array([7, 2, 2, 5])
    part = whole.part(which, 99)
    np.testing.assert_array_equal(part.uniform("hubs"), numbers[which])
    np.testing.assert_array_equal(part.uniform("hubs", slice(1, 3)), numbers[[2, 2]])
    # A part of a part has the places of the whole.
    np.testing.assert_array_equal(part.part(np.array([3, 0]), 7).uniform("hubs"), numbers[[5, 7]])
    alone = dataclasses.replace(part, source_seed=None)
    np.testing.assert_array_equal(alone.uniform("hubs"), uniforms("hubs", 99, 9)[which])


def test_a_part_has_its_members_draws_and_rows(project: Project) -> None:
    drawn = draw_members(project, 9, 5)
    assert (drawn.ensemble, drawn.seed, len(drawn), drawn.rows) == ("prior", 5, 9, None)
    which = np.array([7, 2, 5])
    plain = drawn.part(which, 99)
    assert (plain.ensemble, plain.seed, plain.source_seed, plain.rows) == ("prior", 99, 5, None)
    for name in ("draws", "logs", "anchored"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(drawn, name)[which])
    part = dataclasses.replace(drawn, rows=np.arange(20, 29)).part(which, 99).part(np.array([2, 0]), 7)
    assert part.rows is not None
    assert part.places is not None
    assert (part.rows.tolist(), part.places.tolist(), part.source_seed) == ([25, 27], [5, 7], 5)


@pytest.mark.parametrize(
    ("differs", "unfitted"),
    [
        ({}, False),
        ({"priors": ["a"]}, False),
        ({"values": ["b"]}, True),
        ({"priors": ["a"], "values": ["b"]}, True),
    ],
)
def test_figures_are_fitted_no_more_where_more_than_priors_differ(
    differs: dict[str, list[str]], unfitted: bool
) -> None:
    assert Adapted(differs, (), (), (), 500.0).unfitted == unfitted


def test_up_to_a_twentieth_of_the_members_may_miss(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more miss, the cell that most of them miss is named, with the median of how far they are off."""
    miss = np.zeros((100, 2))
    miss[:2, 0] = 0.5
    miss[:5, 1] = np.log([1.1, 1.2, 1.3, 0.6, 1.05])
    # Off by just what is allowed: these are no misses, and in no median.
    miss[6:12, 1] = TOLERANCE
    monkeypatch.setattr("sim.ensemble.members.solve_anchors", lambda *_: Anchored(np.zeros((100, 2)), miss))
    start = median_start(project)
    assert anchor_draws(project, np.zeros((100, 5)), start).hit.sum() == 95
    miss[5, 1] = np.log(1.2)
    rest = anchor_labels(project)[1]
    with pytest.raises(SimError) as caught:
        anchor_draws(project, np.zeros((100, 5)), start)
    # Off by 5, 10, 20, 20, 30 and 40 %: the median is 20 %.
    assert f"6 of 100 members cannot meet the anchors: the worst is {rest}, off by 20.00%" in str(
        caught.value
    )
    miss[:] = np.nan
    with pytest.raises(SimError, match=r"100 of 100 .*a value turns NaN or infinite"):
        anchor_draws(project, np.zeros((100, 5)), start)


def test_the_model_s_own_constants_must_meet_the_anchors(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert median_start(project).hit
    off = Start(np.zeros(2), np.eye(2), np.array([0.0, np.log(1.25)]))
    monkeypatch.setattr("sim.ensemble.members.find_start", lambda _: off)
    with pytest.raises(SimError, match=r"own constants cannot be anchored: the worst is .*, off by 25\.00%"):
        median_start(project)


@pytest.mark.parametrize("package", ["ensemble", "engine", "translate", "spec"])
def test_code_that_draws_and_anchors_makes_members_anew(
    project: Project, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    draw_members(project, 10, 1)
    old = code_digest

    def changed(*packages: str) -> str:
        return old(*packages) + ("changed" if package in packages else "")

    monkeypatch.setattr("sim.ensemble.members.code_digest", changed)
    draw_members(project, 10, 1)
    assert len(list(MEMBERS.folder().iterdir())) == 2


def test_figures_that_members_are_not_drawn_from_make_none_anew(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_members(project, 10, 1)
    for part, files in (("figures", 1), ("values", 2)):
        computed = {**project.computed, part: {"city-growth": "another"}}
        monkeypatch.setattr(type(project), "computed", computed)
        # A project of its own: the first one keeps what it has computed.
        draw_members(dataclasses.replace(project), 10, 1)
        assert len(list(MEMBERS.folder().iterdir())) == files


def test_a_part_of_the_members_is_a_slice_of_the_whole(project: Project) -> None:
    members = draw_members(project, 20, 1)
    whole, part = members.constants(project), members.constants(project, slice(5, 9))
    for name in whole:
        np.testing.assert_array_equal(whole[name][5:9], part[name])


def test_the_second_draw_comes_from_the_cache(project: Project) -> None:
    first = draw_members(project, 30, 2)
    runs = len(project.model.runs)  # type: ignore[attr-defined]
    second = draw_members(project, 30, 2)
    assert len(project.model.runs) == runs  # type: ignore[attr-defined]
    np.testing.assert_array_equal(first.draws, second.draws)
    np.testing.assert_array_equal(first.logs, second.logs)
    np.testing.assert_array_equal(first.anchored, second.anchored)
    if os.name == "posix":
        assert cached_file().parent.stat().st_mode & 0o777 == 0o700


def test_another_seed_count_prior_or_model_is_drawn_anew(project: Project) -> None:
    draw_members(project, 10, 1)
    draw_members(project, 10, 2)
    draw_members(project, 11, 1)
    wider = dataclasses.replace(project.priors[0], high=0.06)
    draw_members(dataclasses.replace(project, priors=(wider, *project.priors[1:])), 10, 1)
    noted = dataclasses.replace(project.priors[0], note="translated", source="R1", line=9)
    draw_members(dataclasses.replace(project, priors=(noted, *project.priors[1:])), 10, 1)
    assert len(list(MEMBERS.folder().glob("*.npz"))) == 4


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", b"\x80\x04\x95"])
def test_a_damaged_cache_file_is_made_again(project: Project, damage: bytes) -> None:
    first = draw_members(project, 10, 1)
    cached_file().write_bytes(damage)
    with pytest.warns(CacheWarning, match="signature"):
        np.testing.assert_array_equal(draw_members(project, 10, 1).logs, first.logs)
    np.testing.assert_array_equal(kept()["logs"], first.logs)


@pytest.mark.parametrize(
    "wrong", [np.zeros((10, 5), dtype=np.float32), np.zeros((9, 5)), np.array([{}] * 10)]
)
def test_a_cache_file_of_another_shape_or_type_is_made_again(project: Project, wrong: np.ndarray) -> None:  # type: ignore[type-arg]
    first = draw_members(project, 10, 1)
    MEMBERS.write(cached_file().stem, npz(draws=wrong, logs=first.logs, anchored=first.anchored))
    np.testing.assert_array_equal(draw_members(project, 10, 1).draws, first.draws)


def test_a_cache_that_cannot_be_written_is_done_without(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / MEMBERS.kind).write_text("a file in the way")
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "other"))
    with pytest.warns(CacheWarning, match="cannot be used"):
        assert draw_members(project, 10, 1).anchored.all()


def test_no_part_file_is_left(project: Project) -> None:
    draw_members(project, 10, 1)
    assert cached_file().suffix == ".npz"


def test_progress_is_reported(project: Project) -> None:
    seen: list[tuple[str, int, int]] = []
    draw_members(project, 10, 1, lambda *what: seen.append(what))
    assert seen == [("members", 0, 10), ("members", 10, 10)]


def test_a_few_members_that_cannot_be_anchored_are_set_aside(project: Project) -> None:
    """Where output shrinks by more than all of it in a year, no start value leads to the known output."""
    priors = (dataclasses.replace(project.priors[0], value=-0.16, low=-0.42, high=0.1), *project.priors[1:])
    members = draw_members(dataclasses.replace(project, priors=priors), 512, 1)
    assert 0 < (~members.anchored).sum() <= 0.05 * 512
    assert (members.draws[~members.anchored, 0] < -0.4).all()


def test_members_out_of_range_are_refused(project: Project) -> None:
    with pytest.raises(BadInput, match="0 members given"):
        draw_members(project, 0, 1)


def test_an_unknown_constant_is_refused(project: Project) -> None:
    priors = (dataclasses.replace(project.priors[0], constant=Reference("grwth rate")),)
    with pytest.raises(BadInput, match="Did you mean 'growth rate'"):
        draw_members(dataclasses.replace(project, priors=priors), 2, 1)


def test_one_changed_number_in_kept_members_changes_no_result(project: Project) -> None:
    first = draw_members(project, 10, 1)
    path = cached_file()
    wrong = {**kept(), "draws": first.draws * 1.001}
    path.write_bytes(npz(**wrong) + path.read_bytes()[-32:])
    assert not np.array_equal(arrays_in(path.read_bytes(), MEMBERS.largest)["draws"], first.draws)
    with pytest.warns(CacheWarning, match="signature"):
        np.testing.assert_array_equal(draw_members(project, 10, 1).draws, first.draws)


def test_other_code_draws_its_own_members(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_members(project, 10, 1)
    monkeypatch.setattr("sim.ensemble.members.code_digest", lambda *packages: "another engine")
    draw_members(project, 10, 1)
    assert len(list(MEMBERS.folder().iterdir())) == 2
