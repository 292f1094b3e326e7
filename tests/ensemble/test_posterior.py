"""Posterior files: written, read, refused; and which members a run takes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.users import posix

from sim.ensemble import Project, draw_members
from sim.ensemble.choosing import Choice, chosen_members
from sim.ensemble.posterior import (
    Posterior,
    check_own_posterior,
    keep_posterior,
    make_posterior,
    read_posterior,
    write_posterior,
)
from sim.ensemble.sampling import prior_draws
from sim.errors import BadInput


@pytest.fixture
def posterior(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Posterior:
    """Return twenty members as a posterior of the tiny region."""
    monkeypatch.setenv("SIM_DATA", str(tmp_path / "data"))
    members = draw_members(project, 20, 1)
    return make_posterior(project, 7, members.draws.astype(np.float32), members.logs)


def test_what_is_written_is_read(project: Project, posterior: Posterior, tmp_path: Path) -> None:
    path = tmp_path / "posterior.npz"
    write_posterior(path, posterior)
    members = read_posterior(path, project)
    assert (members.seed, members.ensemble, len(members)) == (7, "posterior", 20)
    np.testing.assert_array_equal(members.draws, posterior.draws.astype(np.float64))
    np.testing.assert_array_equal(members.logs, posterior.logs)


@pytest.mark.parametrize("length", [0, 10, 400, -3])
def test_a_truncated_file_is_refused(
    project: Project, posterior: Posterior, tmp_path: Path, length: int
) -> None:
    path = tmp_path / "posterior.npz"
    write_posterior(path, posterior)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(BadInput, match=r"not a whole posterior.*sim calibrate"):
        read_posterior(path, project)


def test_something_else_is_refused(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "posterior.npz"
    np.savez(path, head=np.array("{}"), draws=np.zeros((2, 2)), logs=np.zeros((2, 2)))
    with pytest.raises(BadInput, match="not a whole posterior"):
        read_posterior(path, project)
    with pytest.raises(BadInput, match="There is no posterior"):
        read_posterior(tmp_path / "none.npz", project)


def test_a_posterior_of_another_model_is_refused_unless_told(
    project: Project, posterior: Posterior, tmp_path: Path
) -> None:
    path = tmp_path / "posterior.npz"
    write_posterior(path, posterior)
    step = replace(project.spec, control=replace(project.spec.control, time_step=0.5))
    other = replace(project, model=replace(project.model, spec=step))  # type: ignore[type-var]
    with pytest.raises(BadInput, match=r"Different: time setting time step\. Calibrate again"):
        read_posterior(path, other)
    told = read_posterior(path, other, other_model=True)
    assert told.anchored.all()
    np.testing.assert_allclose(told.logs, posterior.logs, atol=1e-3)


def test_constants_of_another_model_are_matched_by_name(
    project: Project, posterior: Posterior, tmp_path: Path
) -> None:
    path = tmp_path / "posterior.npz"
    names = ("something gone", *list(posterior.priors)[1:])
    priors = dict(zip(names, posterior.priors.values(), strict=True))
    write_posterior(path, replace(posterior, priors=priors, made_for={"equations": "other"}))
    told = read_posterior(path, project, other_model=True)
    np.testing.assert_array_equal(told.draws[:, 1:], posterior.draws[:, 1:].astype(np.float64))
    drawn = prior_draws(project.sampled, 20, posterior.seed)
    np.testing.assert_array_equal(told.draws[:, 0], drawn[:, 0])
    assert told.origin is not None
    assert told.origin.adapted is not None
    assert (told.origin.adapted.added, told.origin.adapted.lost) == (("growth rate",), ("something gone",))


def test_rows_in_another_order_are_the_same_posterior(
    project: Project, posterior: Posterior, tmp_path: Path
) -> None:
    path = tmp_path / "posterior.npz"
    write_posterior(path, posterior)
    turned = replace(project, priors=project.priors[::-1])
    members = read_posterior(path, turned)
    np.testing.assert_array_equal(members.draws, posterior.draws[:, ::-1].astype(np.float64))
    for name, values in read_posterior(path, project).constants(project).items():
        np.testing.assert_array_equal(members.constants(turned)[name], values)


def test_runs_take_the_users_posterior_where_there_is_one(project: Project, posterior: Posterior) -> None:
    assert chosen_members(project, 8, 1).ensemble == "prior"
    keep_posterior(project, posterior)
    assert chosen_members(project, 8, 1).ensemble == "posterior"
    assert chosen_members(project, 8, 1, Choice("prior")).ensemble == "prior"


def test_fewer_members_are_picked_by_the_seed(project: Project, posterior: Posterior) -> None:
    keep_posterior(project, posterior)
    first, again, other = (chosen_members(project, 8, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.draws, again.draws)
    assert not np.array_equal(first.draws, other.draws)
    np.testing.assert_array_equal(chosen_members(project, 20, 5).draws, posterior.draws.astype(np.float64))


def test_more_members_than_there_are_is_said(project: Project, posterior: Posterior) -> None:
    keep_posterior(project, posterior)
    with pytest.raises(BadInput, match="holds 20 members and 21 are asked for"):
        chosen_members(project, 21, 1)


def test_a_posterior_that_is_not_there_is_said(
    project: Project, posterior: Posterior, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="This place has no posterior"):
        chosen_members(project, 5, 1, Choice("posterior"))
    with pytest.raises(BadInput, match="There is no posterior"):
        chosen_members(project, 5, 1, Choice(file=tmp_path / "none.npz"))
    with pytest.raises(BadInput, match="'both' is not known"):
        chosen_members(project, 5, 1, Choice("both"))


def test_the_users_own_posterior_is_not_used_once_changed(project: Project, posterior: Posterior) -> None:
    path = keep_posterior(project, posterior)
    whole = path.read_bytes()
    other = path.with_name("other.npz")
    write_posterior(other, replace(posterior, draws=posterior.draws * np.float32(1.001)))
    for changed in (other.read_bytes() + whole[-32:], other.read_bytes(), whole[:-32], whole[:100], b""):
        path.write_bytes(changed)
        with pytest.raises(BadInput, match=r"signature.*sim calibrate.*--ensemble=prior.*--posterior="):
            chosen_members(project, 8, 1)
    assert chosen_members(project, 8, 1, Choice("prior")).ensemble == "prior"


def test_a_kept_posterior_named_by_the_user_is_plain_data(project: Project, posterior: Posterior) -> None:
    """The signature stands after the .npz, which stays one: it can be named, copied and installed."""
    path = keep_posterior(project, posterior)
    with np.load(path, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["draws"], posterior.draws)
    path.write_bytes(path.read_bytes()[:-32])
    named = chosen_members(project, 20, 1, Choice(file=path))
    np.testing.assert_array_equal(named.draws, posterior.draws.astype(np.float64))


@posix
def test_where_no_posterior_can_be_kept_is_said_before_the_work(
    project: Project, posterior: Posterior, tmp_path: Path
) -> None:
    check_own_posterior()
    (tmp_path / "data").chmod(0o777)
    with pytest.raises(BadInput, match=r"can write to .*--output"):
        check_own_posterior()
    with pytest.raises(BadInput, match=r"can write to .*--output"):
        keep_posterior(project, posterior)
    assert chosen_members(project, 8, 1).ensemble == "prior"


@posix
def test_a_posterior_as_a_file_has_the_rights_of_any_file(posterior: Posterior, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_posterior(tmp_path / "posterior.npz", posterior)
    finally:
        os.umask(before)
    assert (tmp_path / "posterior.npz").stat().st_mode & 0o777 == 0o644
