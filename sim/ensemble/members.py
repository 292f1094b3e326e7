"""Members: draws from the priors, anchored at the known levels, kept in the cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.cache import MEMBERS, code_digest
from sim.ensemble.anchoring import (
    TOLERANCE,
    Anchored,
    Start,
    anchor_labels,
    apply_multipliers,
    find_start,
    solve_anchors,
)
from sim.ensemble.arrays import arrays_in, npz
from sim.ensemble.identity import hashes
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Progress, cells
from sim.ensemble.sampling import check_count, check_seed, prior_draws, uniforms
from sim.errors import SimError

__all__ = ["Adapted", "Members", "Origin", "anchor_draws", "draw_members", "drawn_constants", "median_start"]

BLOCK = 1024
MOST_LOST = 0.05
"""Share of members that may miss their anchors before the whole draw is refused."""


@dataclass(frozen=True)
class Adapted:
    """How a posterior of another model or other data was taken over.

    ``differs`` names what differs, by part (see :data:`sim.ensemble.identity.PARTS`). Of the constants
    ``changed`` have another prior, ``added`` are drawn from their prior as the posterior lacks them, and
    ``lost`` are sampled no more. ``effective`` is what the members are worth after reweighting.
    """

    differs: Mapping[str, Sequence[str]]
    changed: Sequence[str]
    added: Sequence[str]
    lost: Sequence[str]
    effective: float

    @property
    def unfitted(self) -> bool:
        """Whether more than priors differ, so that the figures are not fitted any more."""
        return any(part != "priors" for part in self.differs)


@dataclass(frozen=True)
class Origin:
    """A posterior's file: ``hash`` is the SHA-256 of its bytes, ``digest`` that of the members in it."""

    path: Path
    hash: str
    digest: str
    size: int
    adapted: Adapted | None = None


@dataclass(frozen=True)
class Members:
    """An ensemble's members.

    ``draws`` is (members, sampled priors) in the priors' units, ``logs`` (members, anchored
    cells) the logs of the anchoring multipliers, ``anchored`` (members,) whether a member meets
    its anchors; those that do not are left out of every result and counted. ``ensemble`` says
    where they come from, "prior" or "posterior". Where they are a part of others, ``places`` is (members,)
    the place of each among those and ``source_seed`` their seed, so that a member keeps what is drawn for it.
    ``origin`` is the posterior that they come from, and ``rows`` (members,) the row of each in it.
    """

    seed: int
    draws: Floats
    logs: Floats
    anchored: NDArray[np.bool_]
    ensemble: str = "prior"
    places: NDArray[np.intp] | None = None
    source_seed: int | None = None
    origin: Origin | None = None
    rows: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.draws)

    def part(self, which: NDArray[np.intp], seed: int) -> Members:
        """Return some of the members, chosen with ``seed``; each keeps what is drawn for it."""
        whole = which if self.places is None else self.places[which]
        return replace(
            self, seed=seed, draws=self.draws[which], logs=self.logs[which], anchored=self.anchored[which],
            places=whole, source_seed=self.seed if self.source_seed is None else self.source_seed,
            rows=None if self.rows is None else self.rows[which],
        )  # fmt: skip

    @property
    def hash(self) -> str:
        """SHA-256 of what the members are: draws, multipliers, and which are anchored."""
        found = hashlib.sha256(repr((self.draws.shape, self.logs.shape)).encode())
        for values, form in ((self.draws, "<f8"), (self.logs, "<f8"), (self.anchored, "|b1")):
            found.update(np.ascontiguousarray(values, dtype=form).tobytes())
        return found.hexdigest()

    def uniform(self, name: str, part: slice = slice(None)) -> Floats:
        """Return (members,) random numbers in (0, 1) that belong to some of the members and to ``name``."""
        first, last, _ = part.indices(len(self))
        places = np.arange(first, last) if self.places is None else self.places[part]
        if not places.size:
            return np.empty(0)
        seed = self.seed if self.source_seed is None else self.source_seed
        begin, end = int(places.min()), int(places.max()) + 1
        return uniforms(name, seed, end - begin, begin)[places - begin]

    def constants(self, project: Project, part: slice = slice(None)) -> dict[str, Floats]:
        """Return the constants of some members: name → (members, *subscripts), anchored."""
        return apply_multipliers(project, drawn_constants(project, self.draws[part]), self.logs[part])


def draw_members(project: Project, members: int, seed: int, progress: Progress | None = None) -> Members:
    """Draw members from the priors and anchor them, or read them from the cache.

    Raises:
        BadInput: members is not from 1 to a million, or the seed is negative.
        SimError: more than 5 % of the members cannot meet the anchors.
    """
    check_count(members)
    check_seed(seed)
    name = _name(project, members, seed)
    found = _read(name, project, members, seed)
    if found is None:
        found = _drawn_and_anchored(project, members, seed, progress)
        MEMBERS.write(name, npz(draws=found.draws, logs=found.logs, anchored=found.anchored))
    _check_lost(project, found)
    return found


def median_start(project: Project) -> Start:
    """Return the anchored model's own constants: ``start.logs`` (cells,) and their slopes.

    Raises:
        SimError: the model's own constants cannot meet the anchors.
    """
    start = find_start(project)
    if not start.hit:
        worst = _worst(project, Anchored(start.logs[None], start.miss[None]))
        raise SimError(f"The model's own constants cannot be anchored: {worst}.")
    return start


def _drawn_and_anchored(project: Project, members: int, seed: int, progress: Progress | None) -> Members:
    draws = prior_draws(project.sampled, members, seed)
    solved = anchor_draws(project, draws, find_start(project), progress)
    return Members(seed, draws, solved.logs, solved.hit)


def anchor_draws(project: Project, draws: Floats, start: Start, progress: Progress | None = None) -> Anchored:
    """Anchor draws (members, sampled priors) block by block.

    Raises:
        SimError: more than 5 % of them cannot meet the anchors.
    """
    parts: list[Anchored] = []
    for begin in range(0, len(draws), BLOCK):
        if progress:
            progress("members", begin, len(draws))
        block = draws[begin : begin + BLOCK]
        parts.append(solve_anchors(project, drawn_constants(project, block), len(block), start))
    if progress:
        progress("members", len(draws), len(draws))
    solved = Anchored(
        np.concatenate([part.logs for part in parts]), np.concatenate([part.miss for part in parts])
    )
    _check_hits(project, solved)
    return solved


def drawn_constants(project: Project, draws: Floats) -> dict[str, Floats]:
    """Return the constants of draws (members, sampled priors): name → (members, *subscripts)."""
    constants: dict[str, Floats] = {}
    for column, prior in enumerate(project.sampled):
        name = project.constant(prior.constant.name)
        default = project.defaults[name]
        if name not in constants:
            constants[name] = np.tile(default, (len(draws), *([1] * default.ndim)))
        where = cells(project.spec, prior.constant)
        # One draw for all cells of a row: a subrange moves as one.
        constants[name].reshape(len(draws), -1)[:, where] = draws[:, column, None]
    return constants


def _check_hits(project: Project, solved: Anchored) -> None:
    lost = int((~solved.hit).sum())
    if lost > MOST_LOST * len(solved.hit):
        raise SimError(
            f"{lost} of {len(solved.hit)} members cannot meet the anchors: {_worst(project, solved)}. "
            "Narrow the priors or check calibration/anchors.csv."
        )


def _check_lost(project: Project, members: Members) -> None:
    if not members.anchored.any():
        raise SimError("No member meets the anchors. Check calibration/anchors.csv and priors.csv.")


def _worst(project: Project, solved: Anchored) -> str:
    missed = np.abs(np.where(np.isfinite(solved.miss), solved.miss, 0.0)) > TOLERANCE
    if not missed.any():
        return "the model does not run to the anchors' year (a value turns NaN or infinite)"
    column = int(np.argmax(missed.sum(axis=0)))
    off = float(np.median(np.abs(np.expm1(solved.miss[missed[:, column], column]))))
    return f"the worst is {anchor_labels(project)[column]}, off by {off:.2%} in the median of those"


def _name(project: Project, members: int, seed: int) -> str:
    """Return the name of kept members: a digest of what they are drawn from and anchored with."""
    made_for = hashes(project.computed) | {"figures": ""}
    made_by = code_digest("ensemble", "engine", "translate", "spec")
    parts = [made_by, made_for, project.columns, members, seed]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _read(name: str, project: Project, members: int, seed: int) -> Members | None:
    """Return kept members, or None if there are none or they are not as they should be."""
    data = MEMBERS.read(name)
    if data is None:
        return None
    try:
        arrays = arrays_in(data, MEMBERS.largest)
        draws, logs, anchored = arrays["draws"], arrays["logs"], arrays["anchored"]
    except (ValueError, KeyError):
        return None
    shapes = (members, len(project.sampled)), (members, len(anchor_labels(project)))
    sound = (draws.shape, logs.shape) == shapes and anchored.shape == (members,)
    typed = draws.dtype == logs.dtype == np.float64 and anchored.dtype == np.bool_
    return Members(seed, draws, logs, anchored) if sound and typed else None
