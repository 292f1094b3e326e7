"""Shapley values and interactions against games worked out by hand, and the axioms that define them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.analyse.shapley import (
    all_coalitions,
    interaction_coalitions,
    interactions_exact,
    interactions_sampled,
    joining_coalitions,
    joining_orders,
    shapley_exact,
    shapley_sampled,
)

Floats = NDArray[np.float64]


def game(coalitions: NDArray[np.bool_]) -> Floats:
    """Return the value of coalitions (..., 6): pairs help and hinder, 4 gives a fixed sum, 5 nothing."""
    x = coalitions.astype(float)
    alone = 3 * x[..., 0] + 2 * x[..., 1] + 2 * x[..., 2] + x[..., 3] + 0.5 * x[..., 4]
    pairs = 4 * x[..., 0] * x[..., 3] - 1.5 * x[..., 1] * x[..., 2]
    return np.asarray(10 + alone + pairs + 6 * x[..., 0] * x[..., 1] * x[..., 2])


def test_coalitions_are_counted_in_binary() -> None:
    assert all_coalitions(2).tolist() == [[False, False], [True, False], [False, True], [True, True]]


def test_gloves_by_hand() -> None:
    """One left glove (player 0) and two right ones: a pair is worth 1. The values are 4/6, 1/6 and 1/6."""
    inside = all_coalitions(3)
    worth = (inside[:, 0] & (inside[:, 1] | inside[:, 2])).astype(float)[None]
    assert shapley_exact(worth)[0] == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    joint = interactions_exact(worth)[0]
    # Left with a right one: 1 without the other right glove, 0 with it. The two right ones: 0 or -1.
    assert joint[0, 1] == joint[0, 2] == pytest.approx(0.5)
    assert joint[1, 2] == joint[2, 1] == pytest.approx(-0.5)
    assert np.diag(joint).tolist() == [0, 0, 0]


def test_airport_by_hand() -> None:
    """A runway for planes that need 1, 2 and 4: each shares every stretch with those that need it too."""
    need = np.array([1.0, 2.0, 4.0])
    cost = (all_coalitions(3) * need).max(axis=1)[None]
    assert shapley_exact(cost)[0] == pytest.approx([1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 2])


def test_efficiency_symmetry_dummy_and_additivity() -> None:
    values = game(all_coalitions(6))[None]
    each = shapley_exact(values)[0]
    assert each.sum() == pytest.approx(values[0, -1] - values[0, 0])
    assert each[1] == pytest.approx(each[2])
    assert each[4] == pytest.approx(0.5)
    assert each[5] == pytest.approx(0.0)
    other = np.random.default_rng(3).normal(size=(1, 64))
    assert shapley_exact(values + other) == pytest.approx(shapley_exact(values) + shapley_exact(other))


def test_one_player_takes_all() -> None:
    assert shapley_exact(np.array([[2.0, 5.0], [1.0, 0.0]])).tolist() == [[3.0], [-1.0]]
    assert interactions_exact(np.array([[2.0, 5.0]])).tolist() == [[[0.0]]]


def test_members_are_apart() -> None:
    values = np.random.default_rng(1).normal(size=(5, 16))
    alone = np.concatenate([shapley_exact(values[at : at + 1]) for at in range(5)])
    assert shapley_exact(values) == pytest.approx(alone)


def test_orders_are_permutations_with_their_reverse_and_own_to_each_member() -> None:
    orders = joining_orders(7, 20, 3, np.random.default_rng(1))
    assert orders.shape == (20, 3, 2, 7)
    assert (np.sort(orders, axis=-1) == np.arange(7)).all()
    assert (orders[:, :, 1] == orders[:, :, 0, ::-1]).all()
    assert len({tuple(order) for order in orders[:, 0, 0].tolist()}) > 10
    again = joining_orders(7, 20, 3, np.random.default_rng(1))
    assert (orders == again).all()


def test_players_join_one_by_one() -> None:
    steps = joining_coalitions(np.array([2, 0, 1]))
    assert steps.astype(int).tolist() == [[0, 0, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1]]


def test_sampled_values_sum_exactly_and_lie_within_their_error() -> None:
    exact = shapley_exact(game(all_coalitions(6))[None])[0]
    misses = []
    for seed in range(40):
        orders = joining_orders(6, 50, 4, np.random.default_rng(seed))
        each, error = shapley_sampled(orders, game(joining_coalitions(orders)))
        assert each.sum(axis=1) == pytest.approx(exact.sum())
        # An order and its reverse share out a pair's gain exactly: only the three of a kind are noisy.
        assert error[3:] == pytest.approx([0.0, 0.0, 0.0])
        assert each[:, 3:] == pytest.approx(np.tile(exact[3:], (50, 1)))
        misses.append((each.mean(axis=0)[:3] - exact[:3]) / error[:3])
    within = np.abs(np.array(misses))
    assert within.max() < 5
    # A normal error exceeds twice its standard deviation in 4.6 % of cases.
    assert (within > 2).mean() < 0.1
    assert np.mean(np.square(misses)) == pytest.approx(1.0, abs=0.3)


def test_more_orders_give_a_smaller_error() -> None:
    errors = []
    for pairs in (2, 32):
        orders = joining_orders(6, 100, pairs, np.random.default_rng(1))
        errors.append(shapley_sampled(orders, game(joining_coalitions(orders)))[1][0])
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.2)


def test_one_pair_of_orders_has_no_error_estimate() -> None:
    orders = joining_orders(6, 10, 1, np.random.default_rng(1))
    assert np.isnan(shapley_sampled(orders, game(joining_coalitions(orders)))[1]).all()


def test_sampled_interactions_agree_with_the_exact_ones() -> None:
    exact = interactions_exact(game(all_coalitions(6))[None])[0]
    for seed, pair in enumerate([(0, 3), (1, 2), (0, 1), (3, 4)]):
        chosen = interaction_coalitions(6, pair, 400, 4, np.random.default_rng(seed))
        joint, error = interactions_sampled(game(chosen))
        assert joint.mean() == pytest.approx(exact[pair], abs=max(4 * error, 1e-9))
