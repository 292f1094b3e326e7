"""By lever: Shapley values and pairwise interactions of a scenario's effect, member by member."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from sim.analyse.coalitions import Player, coalition_values
from sim.analyse.effects import Effect, rounded, row_of, summary
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
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Progress
from sim.errors import SimError

__all__ = ["MOST_EXACT", "by_lever"]

MOST_EXACT = 8
"""With more levers than this the coalitions are sampled."""

MOST_LANES = 16_384
FEWEST_MEMBERS = 64
FEWEST_PAIRS, MOST_PAIRS = 2, 8
TOP = 4
"""Interactions are sampled among this many of the strongest levers."""

PAIR_DRAWS = 2
TELLING = 2.0
"""A lever is told from the first if it is this many standard errors of their difference behind."""


def by_lever(
    project: Project,
    players: tuple[Player, ...],
    effect: Effect,
    seed: int,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return each lever's Shapley value and the pairwise interactions."""
    exact = len(players) <= MOST_EXACT
    wanted = MOST_LANES // 2 ** len(players) if exact else 0
    used = min(effect.kept, max(FEWEST_MEMBERS, wanted))
    part = _Part(project, players, effect, used, progress)
    return _exact(part) if exact else _sampled(part, np.random.default_rng(seed))


class _Part:
    """The members of an effect over which coalitions are run, and the running of them."""

    def __init__(
        self,
        project: Project,
        players: tuple[Player, ...],
        effect: Effect,
        used: int,
        progress: Progress | None,
    ) -> None:
        self.players = players
        self.used = used
        self.total = effect.change[:used]
        self._ends = effect.values[0, :used], effect.values[1, :used]
        self._constants = {name: value[:used] for name, value in effect.constants.items()}
        self._run = project, effect.measure, progress
        self.lanes = 0

    def values(self, active: Any) -> Floats:
        """Return (members, …) values of coalitions (members, …, players)."""
        project, measure, progress = self._run
        shape = active.shape[:-1]
        flat = active.reshape(self.used, -1, active.shape[-1])
        self.lanes += flat.shape[0] * flat.shape[1]
        found = coalition_values(project, self._constants, self.players, flat, self._ends, measure, progress)
        return found.reshape(shape)


def _exact(part: _Part) -> dict[str, Any]:
    players = len(part.players)
    everyone = np.broadcast_to(all_coalitions(players), (part.used, 2**players, players))
    values = part.values(everyone)
    ran = np.isfinite(values).all(axis=1)
    each, joint = shapley_exact(_some(values, ran)), interactions_exact(values[ran])
    pairs = [(one, two, joint[:, one, two], None) for one, two in combinations(range(players), 2)]
    return _table(part, "exact", 0, part.total[ran], each, None, pairs)


def _sampled(part: _Part, rng: np.random.Generator) -> dict[str, Any]:
    players = len(part.players)
    most = MOST_LANES // (2 * part.used * (players - 1))
    orders = joining_orders(players, part.used, min(max(most, FEWEST_PAIRS), MOST_PAIRS), rng)
    values = part.values(joining_coalitions(orders))
    ran = np.isfinite(values).all(axis=(1, 2, 3))
    each, error = shapley_sampled(orders[ran], _some(values, ran))
    strongest = sorted(np.argsort(-np.abs(each.mean(axis=0)))[:TOP].tolist())
    pairs = []
    for pair in combinations(strongest, 2):
        found = part.values(interaction_coalitions(players, pair, part.used, PAIR_DRAWS, rng))
        whole = np.isfinite(found).all(axis=(1, 2, 3))
        joint, off = interactions_sampled(_some(found, whole))
        pairs.append((*pair, joint, off))
    return _table(part, "permutations", 2 * orders.shape[1], part.total[ran], each, error, pairs)


def _some(values: Floats, ran: Any) -> Floats:
    if not ran.any():
        raise SimError("No member ran through with every choice of levers. Try fewer levers.")
    return np.asarray(values[ran])


def _table(
    part: _Part,
    method: str,
    permutations: int,
    total: Floats,
    each: Floats,
    error: Floats | None,
    pairs: Sequence[tuple[int, int, Floats, float | None]],
) -> dict[str, Any]:
    names = [player.id for player in part.players]
    tied = _tied(each)
    rows = [
        {"id": name}
        | row_of(each[:, at], total)
        | _error(None if error is None else float(error[at]))
        | {"tied_first": bool(tied[at])}
        for at, name in enumerate(names)
    ]
    joint = [
        {"first": names[one], "second": names[two]} | summary(values) | _error(off)
        for one, two, values, off in pairs
    ]
    return {
        "method": method,
        "members": len(total),
        "permutations_per_member": permutations,
        "coalition_runs": part.lanes,
        "change": summary(total),
        "rows": sorted(rows, key=lambda row: -abs(row["mean"])),
        "interactions": sorted(joint, key=lambda row: -abs(row["mean"])),
    }


def _tied(each: Floats) -> Any:
    """Return which of the values (members, levers) cannot be told from the one that is largest on average.

    Members are compared one by one, since what makes one lever strong often makes the others strong too.
    """
    size = each * np.sign(each.mean(axis=0))
    first = size.mean(axis=0).argmax()
    behind = size[:, [first]] - size
    error = behind.std(axis=0, ddof=1) / np.sqrt(len(each)) if len(each) > 1 else np.inf
    return behind.mean(axis=0) <= TELLING * error


def _error(value: float | None) -> dict[str, Any]:
    return {"standard_error": None if value is None or np.isnan(value) else rounded(value)}
