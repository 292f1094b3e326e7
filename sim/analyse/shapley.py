"""Shapley values and interactions: who of several players made a total, each member on its own.

A coalition is a row of booleans, one for each player. A game gives each member the value of each
coalition. The exact forms need all 2^n coalitions; the sampled ones a few orders in which the
players join, each with its reverse (antithetic), drawn anew for each member, so that the noise of
a mean over members falls with the members as well as with the orders.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "all_coalitions",
    "interaction_coalitions",
    "interactions_exact",
    "interactions_sampled",
    "joining_coalitions",
    "joining_orders",
    "shapley_exact",
    "shapley_sampled",
]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Orders = NDArray[np.intp]


def all_coalitions(players: int) -> Bools:
    """Return (2^players, players); in row r a player p takes part if bit p of r is set."""
    rows = np.arange(2**players)
    return np.asarray((rows[:, None] >> np.arange(players)) & 1, dtype=np.bool_)


def shapley_exact(values: Floats) -> Floats:
    """Return (members, players) Shapley values of (members, 2^players) coalition values.

    The coalitions are in the order of :func:`all_coalitions`. A member's values sum to the value of
    all players less that of none.
    """
    players = _players(values)
    inside = all_coalitions(players)
    size = inside.sum(axis=1)
    weight = np.array(
        [factorial(k) * factorial(players - k - 1) / factorial(players) for k in range(players)]
    )
    # A coalition with the player counts with the weight of the one it joined, one without it against.
    joined = weight[np.maximum(size - 1, 0)]
    left = weight[np.minimum(size, players - 1)]
    signed = np.where(inside, joined[:, None], -left[:, None])
    return np.asarray(values @ signed)


def interactions_exact(values: Floats) -> Floats:
    """Return (members, players, players), the Shapley interaction index of each pair, 0 on the diagonal.

    It is the mean, over coalitions of the others, of what two players add together beyond what
    each adds alone: above 0 they help each other, below 0 they are in each other's way.
    """
    players = _players(values)
    result = np.zeros((len(values), players, players))
    inside = all_coalitions(players)
    size = inside.sum(axis=1)
    for first in range(players):
        for second in range(first + 1, players):
            others = np.flatnonzero(~inside[:, first] & ~inside[:, second])
            weight = np.array(
                [
                    factorial(k) * factorial(players - k - 2) / factorial(players - 1)
                    for k in size[others].tolist()
                ]
            )
            one, two = 1 << first, 1 << second
            beyond = values[:, others + one + two] + values[:, others]
            beyond = beyond - values[:, others + one] - values[:, others + two]
            result[:, first, second] = result[:, second, first] = beyond @ weight
    return result


def joining_orders(players: int, members: int, pairs: int, rng: np.random.Generator) -> Orders:
    """Return (members, pairs, 2, players): random orders of the players, each with its reverse."""
    drawn = np.tile(np.arange(players), (members, pairs, 1))
    forward = rng.permuted(drawn, axis=-1)
    return np.stack([forward, forward[..., ::-1]], axis=2)


def joining_coalitions(orders: Orders) -> Bools:
    """Return (..., players + 1, players): who takes part before the first joins … after the last."""
    place = np.argsort(orders, axis=-1)
    steps = np.arange(orders.shape[-1] + 1)
    return np.asarray(place[..., None, :] < steps[:, None])


def shapley_sampled(orders: Orders, values: Floats) -> tuple[Floats, Floats]:
    """Return (members, players) estimates, and (players,) the standard error of their mean over members.

    Args:
        orders: from :func:`joining_orders`.
        values: (members, pairs, 2, players + 1), of the coalitions of :func:`joining_coalitions`.

    A member's estimates sum exactly to the value of all players less that of none, whatever the
    orders. The standard error is that of the sampling of orders alone, the members being given;
    it is NaN with a single pair of orders for each member.
    """
    added = np.empty(orders.shape)
    np.put_along_axis(added, orders, np.diff(values, axis=-1), axis=-1)
    by_pair = added.mean(axis=2)
    return by_pair.mean(axis=1), _error_of_mean(by_pair)


def interaction_coalitions(
    players: int, pair: tuple[int, int], members: int, draws: int, rng: np.random.Generator
) -> Bools:
    """Return (members, draws, 2, 4, players): coalitions to estimate the interaction of a pair.

    Along the axis of 2 stand a random coalition of the others and its complement; along the axis of
    4 that coalition alone, with the first, with the second, with both.
    """
    others = np.setdiff1d(np.arange(players), pair)
    order = rng.permuted(np.tile(np.arange(len(others)), (members, draws, 1)), axis=-1)
    # Every size of coalition is as likely as any other: the index's own weights.
    size = rng.integers(0, len(others) + 1, (members, draws, 1))
    chosen = order < size
    result = np.zeros((members, draws, 2, 4, players), dtype=np.bool_)
    result[..., others] = np.stack([chosen, ~chosen], axis=2)[:, :, :, None]
    result[..., [1, 3], pair[0]] = True
    result[..., [2, 3], pair[1]] = True
    return result


def interactions_sampled(values: Floats) -> tuple[Floats, float]:
    """Return (members,) estimates of a pair's interaction, and the standard error of their mean.

    ``values`` (members, draws, 2, 4) are those of :func:`interaction_coalitions`.
    """
    beyond = values[..., 3] - values[..., 1] - values[..., 2] + values[..., 0]
    by_draw = beyond.mean(axis=2)
    return by_draw.mean(axis=1), float(_error_of_mean(by_draw[..., None])[0])


def _error_of_mean(by_draw: Floats) -> Floats:
    """Return (players,) from (members, draws, players) independent estimates."""
    members, draws = by_draw.shape[:2]
    if draws < 2:
        return np.full(by_draw.shape[-1], np.nan)
    within = by_draw.var(axis=1, ddof=1) / draws
    return np.asarray(np.sqrt(within.sum(axis=0)) / members)


def _players(values: Floats) -> int:
    return int(values.shape[-1]).bit_length() - 1
