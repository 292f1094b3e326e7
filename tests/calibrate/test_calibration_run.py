"""The whole calibration of a tiny region: bank, resumption, members, bad input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.cache import BANKS
from sim.calibrate import Asked, Settings, calibrate
from sim.calibrate.bank import fill_bank
from sim.calibrate.forward import make_forward
from sim.calibrate.screening import screen
from sim.ensemble import Project
from sim.ensemble.arrays import arrays_in, npz
from sim.ensemble.posterior import identity
from sim.errors import BadInput, CacheWarning

SMALL = Asked(samples=1024, settings=Settings(200, 1, 3), members=100, seed=4)


def test_members_agree_with_the_observations(observed: Project) -> None:
    found = calibrate(observed, SMALL)
    assert not found.implausible
    assert found.sample.effective > 100
    middle = np.median(found.members.figures, axis=0)
    far = np.abs(found.likelihood.distances(middle[None]))[0]
    assert far.max() < 2
    before = found.learning.figures.std(axis=0)
    assert (found.members.figures.std(axis=0) < before).all()


def test_the_same_seed_gives_the_same_posterior(observed: Project) -> None:
    first, again = calibrate(observed, SMALL).posterior, calibrate(observed, SMALL).posterior
    np.testing.assert_array_equal(first.draws, again.draws)
    np.testing.assert_array_equal(first.logs, again.logs)
    other = calibrate(observed, replace(SMALL, seed=5)).posterior
    assert not np.array_equal(first.draws, other.draws)


def test_members_meet_their_anchors(observed: Project) -> None:
    posterior = calibrate(observed, SMALL).posterior
    assert posterior.made_for == identity(observed)
    assert list(posterior.priors) == [str(prior.constant) for prior in observed.sampled]
    assert posterior.draws.dtype == np.float32
    assert len(posterior) == 100


def test_an_interrupted_bank_goes_on_where_it_stopped(
    observed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.calibrate.bank.BLOCK", 256)
    whole, _ = fill_bank(make_forward(observed), 1024, 3)

    class StoppedError(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        if done == 512:
            raise StoppedError

    with pytest.raises(StoppedError):
        fill_bank(make_forward(observed), 1024, 9, stop)
    runs = observed.model.runs  # type: ignore[attr-defined]
    forward = make_forward(observed)
    runs.clear()
    fill_bank(forward, 1024, 9)
    rest = sum(one["lanes"] for one in runs)
    runs.clear()
    fill_bank(make_forward(observed), 1024, 11)
    assert rest < 0.7 * sum(one["lanes"] for one in runs)
    again, _ = fill_bank(make_forward(observed), 1024, 3)
    np.testing.assert_array_equal(whole.figures, again.figures)


def test_a_damaged_block_is_run_again(
    observed: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = fill_bank(make_forward(observed), 1024, 3)
    blocks = sorted((tmp_path / "cache" / BANKS.kind).glob("*.npz"))
    assert blocks
    blocks[0].write_bytes(blocks[0].read_bytes()[:100])
    with pytest.warns(CacheWarning, match="signature"):
        again, _ = fill_bank(make_forward(observed), 1024, 3)
    np.testing.assert_array_equal(whole.figures, again.figures)
    assert not BANKS.problems()  # The damaged block was kept anew.


def test_a_finished_calibration_leaves_no_blocks(observed: Project, tmp_path: Path) -> None:
    calibrate(observed, SMALL)
    assert not list((tmp_path / "cache" / BANKS.kind).glob("*.npz"))


def test_chosen_points_have_the_coordinates_that_gave_their_figures(observed: Project) -> None:
    forward = make_forward(observed)
    bank, _ = fill_bank(forward, 1024, 3)
    chosen = bank.cloud(np.arange(1024) % 100 == 7)
    np.testing.assert_allclose(forward(chosen.z).figures, chosen.figures, rtol=2e-3)


def test_screening_tells_what_moves_an_observation(observed: Project) -> None:
    found = calibrate(observed, SMALL)
    effects = screen(found.forward, found.likelihood, 1)
    names = [str(prior.constant) for prior in observed.sampled]
    assert effects[names.index("growth rate")].max() > 1
    assert effects[names.index("lever effect[headquarters lever]")].max() < 1e-2
    assert effects[names.index("price rise"), 2] > 1
    assert effects[names.index("price rise"), 1] < 1e-2


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (replace(SMALL, samples=1000), "1000 prior samples.*power of two"),
        (replace(SMALL, settings=Settings(10, 1, 1), members=5), "10 particles.*50 to 20,000"),
        (replace(SMALL, members=500), "500 members are to be kept of 200 particles"),
    ],
)
def test_numbers_out_of_range_are_refused(observed: Project, asked: Asked, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        calibrate(observed, asked)


def test_without_observations_there_is_nothing_to_do(observed: Project) -> None:
    with pytest.raises(BadInput, match="nothing to calibrate to"):
        calibrate(replace(observed, observations=()), SMALL)


def test_one_changed_number_in_a_block_changes_no_result(observed: Project) -> None:
    whole, _ = fill_bank(make_forward(observed), 1024, 3)
    (block,) = BANKS.folder().iterdir()
    data = block.read_bytes()
    arrays = arrays_in(data, BANKS.largest)
    block.write_bytes(npz(logs=arrays["logs"], figures=arrays["figures"] * 1.001) + data[-32:])
    with pytest.warns(CacheWarning, match="signature"):
        again, _ = fill_bank(make_forward(observed), 1024, 3)
    np.testing.assert_array_equal(whole.figures, again.figures)
