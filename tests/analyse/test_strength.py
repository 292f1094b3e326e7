"""The strongest inputs of known functions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.analyse import strongest_inputs
from sim.errors import SimError

NAMES = ("a", "b", "c")


def design(samples: int = 2000) -> NDArray[np.float64]:
    return np.random.default_rng(5).random((samples, 3))


def test_a_linear_function_gives_its_standardised_coefficients() -> None:
    """For 3a − 4b the standardised coefficients are 0.6, −0.8 and 0, and ranks change them little."""
    inputs = design()
    found = strongest_inputs(NAMES, inputs, inputs @ [3.0, -4.0, 0.0])
    assert [one.name for one in found] == ["b", "a", "c"]
    assert [one.strength for one in found] == pytest.approx([-0.8, 0.6, 0.0], abs=0.04)
    for one in found:
        assert one.regression == one.strength
        assert one.spearman == pytest.approx(one.strength, abs=0.06)
        assert one.low < one.strength < one.high
        assert one.high - one.low < 0.06


def test_the_interval_holds_90_percent() -> None:
    """A correlation of n independent pairs spreads by 1/√n, so that 90 % lie within 1.645/√n on each side."""
    rng = np.random.default_rng(8)
    for regress, count in ((True, 400), (False, 60)):
        inputs = rng.random((count, 30))
        found = strongest_inputs([str(at) for at in range(30)], inputs, rng.random(count), resamples=400)
        assert all((one.regression is not None) == regress for one in found)
        for gaps in ([one.high - one.strength for one in found], [one.strength - one.low for one in found]):
            assert np.mean(gaps) == pytest.approx(1.645 / np.sqrt(count), rel=0.09)


def test_the_tails_are_the_ends_of_a_tornado() -> None:
    """The lowest fifth of a uniform input has mean 0.1, the highest 0.9."""
    inputs = design(20_000)
    (first, *_) = strongest_inputs(NAMES, inputs, 100 + 10 * inputs[:, 0], resamples=5)
    assert (first.name, first.mean_low, first.mean_high) == (
        "a", pytest.approx(101, abs=0.05), pytest.approx(109, abs=0.05),
    )  # fmt: skip


def test_a_curved_but_rising_function_has_full_rank_strength() -> None:
    inputs = design()
    (first, *_) = strongest_inputs(NAMES, inputs, np.exp(20 * inputs[:, 1]))
    assert (first.name, first.strength) == ("b", pytest.approx(1.0))
    assert first.low == pytest.approx(1.0)


def test_regression_tells_correlated_inputs_apart() -> None:
    inputs = design()
    inputs[:, 1] = 0.9 * inputs[:, 0] + 0.1 * inputs[:, 1]
    found = {one.name: one for one in strongest_inputs(NAMES, inputs, inputs[:, 0])}
    assert found["b"].spearman > 0.9
    assert abs(found["b"].strength) < 0.05


def test_with_few_samples_the_correlation_stands_alone() -> None:
    inputs = design(11)
    found = strongest_inputs(NAMES, inputs, inputs[:, 2])
    assert found[0].name == "c"
    assert found[0].regression is None
    assert found[0].strength == pytest.approx(1.0)


def test_a_regression_takes_three_samples_for_each_input_and_the_constant() -> None:
    for count, regressed in ((11, False), (12, True)):
        inputs = design(count)
        assert all(
            (one.regression is not None) == regressed for one in strongest_inputs(NAMES, inputs, inputs[:, 0])
        )


def test_ten_results_are_enough() -> None:
    inputs = design(10)
    first = strongest_inputs(NAMES, inputs, 10 * inputs[:, 0])[0]
    # Two of the ten are the lowest fifth.
    assert first.mean_low == pytest.approx(10 * np.sort(inputs[:, 0])[:2].mean())
    assert first.mean_high == pytest.approx(10 * np.sort(inputs[:, 0])[-2:].mean())


def test_200_resamples_of_one_seed_are_usual() -> None:
    inputs = design(40)
    usual = strongest_inputs(NAMES, inputs, inputs[:, 0] + inputs[:, 1])
    assert usual == strongest_inputs(NAMES, inputs, inputs[:, 0] + inputs[:, 1], resamples=200, seed=1)


def test_samples_without_a_result_are_left_out() -> None:
    inputs = design(200)
    outcome = inputs[:, 0].copy()
    full = strongest_inputs(NAMES, inputs[20:], outcome[20:])
    outcome[:20] = np.nan
    assert strongest_inputs(NAMES, inputs, outcome) == full


def test_an_outcome_that_never_changes_has_no_strong_input() -> None:
    found = strongest_inputs(NAMES, design(100), np.ones(100))
    assert all(one.strength == 0 for one in found)


def test_rounding_in_many_samples_is_no_spread() -> None:
    """Mean ranks of 40 000 equal values are 20 000.5, which weights of 1/40 000 only nearly add up to."""
    inputs = np.stack([np.arange(40_000.0), np.ones(40_000)], axis=1)
    found = strongest_inputs(NAMES[:2], inputs, np.ones(40_000), resamples=2)
    assert all((one.strength, one.spearman) == (0, 0) for one in found)


def test_each_sample_is_drawn_into_some_resamples() -> None:
    """One sample alone differs: a resample without it (0.9¹⁰, a third of them) has no spread, others all."""
    for at in (0, 9):
        alone = np.zeros(10)
        alone[at] = 1.0
        (found,) = strongest_inputs(("a",), np.stack([alone, alone], axis=1)[:, :1], alone)
        assert (found.low, found.high) == (0.0, pytest.approx(1.0))


def test_too_few_results_are_refused() -> None:
    with pytest.raises(SimError, match="Only 9 samples have a result"):
        strongest_inputs(NAMES, design(9), np.arange(9.0))


def test_the_interval_is_repeatable() -> None:
    inputs = design(100)
    assert strongest_inputs(NAMES, inputs, inputs[:, 0]) == strongest_inputs(NAMES, inputs, inputs[:, 0])
