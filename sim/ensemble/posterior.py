"""The posterior as a file: calibrated members of one model with one set of facts."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.cache import POSTERIORS, Refused
from sim.ensemble.adapting import adapt
from sim.ensemble.arrays import arrays_in
from sim.ensemble.distributions import Range, range_of
from sim.ensemble.identity import Computed, differences, digests, hashes, named, spelled
from sim.ensemble.members import Members, Origin
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, cells
from sim.errors import BadInput
from sim.files import read_bytes, write_whole
from sim.limits import POSTERIOR_FILE

__all__ = [
    "FORMAT",
    "Posterior",
    "anchored_cells",
    "check_own_posterior",
    "identity",
    "keep_posterior",
    "make_posterior",
    "own_posterior",
    "posterior_digest",
    "read_posterior",
    "write_posterior",
]

FORMAT = 2


@dataclass(frozen=True)
class Posterior:
    """Calibrated members: ``draws`` (members, sampled priors) in prior units, ``logs`` (members, cells).

    ``priors`` are those that the members were calibrated under, one for each column of draws: constant →
    (distribution, low, value, high). ``anchors`` names the columns of logs: constant → how many cells.
    ``made_for`` is the identity of model and data, ``made_from`` their digests by part and name.
    """

    seed: int
    priors: Mapping[str, Range]
    anchors: Mapping[str, int]
    draws: NDArray[np.float32]
    logs: Floats
    made_for: Mapping[str, str]
    made_from: Computed

    def __len__(self) -> int:
        return len(self.draws)

    @property
    def digest(self) -> str:
        """SHA-256 of the members themselves: what evidence was made from."""
        found = hashlib.sha256(json.dumps([list(self.priors), list(self.anchors)]).encode())
        found.update(np.ascontiguousarray(self.draws, dtype="<f4").tobytes())
        found.update(np.ascontiguousarray(self.logs, dtype="<f8").tobytes())
        return found.hexdigest()


def make_posterior(project: Project, seed: int, draws: NDArray[np.float32], logs: Floats) -> Posterior:
    """Return members of a project, columns in its order, with all that they belong to."""
    priors = {spelled(one.constant): range_of(one) for one in project.sampled}
    made_from = digests(project.computed)
    return Posterior(seed, priors, anchored_cells(project), draws, logs, identity(project), made_from)


def identity(project: Project) -> dict[str, str]:
    """Return what a posterior belongs to: a hash of each part of what is computed and fitted."""
    return hashes(project.computed)


def anchored_cells(project: Project) -> dict[str, int]:
    """Return how many columns of logs each anchored constant has, in order."""
    return {spelled(one.constant): cells(project.spec, one.constant).size for one in project.anchors}


def own_posterior(project: Project) -> Path:
    """Return where ``sim calibrate`` keeps the user's posterior of exactly this model and these data."""
    return POSTERIORS.path(_name(project))


def check_own_posterior() -> None:
    """Raise BadInput unless a posterior can be kept: to be asked before the work, not after it."""
    try:
        POSTERIORS.check()
    except Refused as error:
        raise BadInput(f"No posterior can be kept: {error} Or name another file with --output.") from error


def keep_posterior(project: Project, posterior: Posterior) -> Path:
    """Keep a posterior, signed, where runs of this model and these data find it; return where.

    Raises:
        BadInput: it cannot be written, or the folder or the key there is not the user's alone.
    """
    path = own_posterior(project)
    try:
        POSTERIORS.keep(path.stem, _bytes(posterior))
    except Refused as error:
        raise BadInput(
            f"The posterior cannot be kept: {error} Or name another file with --output."
        ) from error
    except OSError as error:
        raise BadInput(f"The posterior {path} cannot be written: {error.strerror}.") from error
    return path


def write_posterior(path: Path, posterior: Posterior) -> None:
    """Write a posterior as a file of the user's own choice: whole or not at all, and not signed.

    Raises:
        BadInput: the file cannot be written.
    """
    try:
        # A file of one's own making, unlike a kept one, may be read by others who install it.
        write_whole(path, _bytes(posterior), mode=0o666, durable=True)
    except OSError as error:
        raise BadInput(f"The posterior {path} cannot be written: {error.strerror}.") from error


def _name(project: Project) -> str:
    return hashlib.sha256(json.dumps(identity(project)).encode()).hexdigest()[:32]


def _bytes(posterior: Posterior) -> bytes:
    head = {
        "format": FORMAT,
        "seed": posterior.seed,
        "priors": posterior.priors,
        "anchors": posterior.anchors,
        "made_for": posterior.made_for,
        "made_from": posterior.made_from,
    }
    file = io.BytesIO()
    np.savez_compressed(file, head=np.array(json.dumps(head)), draws=posterior.draws, logs=posterior.logs)
    return file.getvalue()


def read_posterior(
    path: Path, project: Project, *, other_model: bool = False, signed: bool = False
) -> Members:
    """Return the members of a posterior file.

    ``signed`` asks for one as :func:`keep_posterior` left it; a file that the user names is plain data.
    With ``other_model`` a posterior of another model or other data is taken too, reweighted to the priors of
    now (see :mod:`sim.ensemble.adapting`); the members' ``origin`` says how.

    Raises:
        BadInput: the file is missing, damaged or truncated, changed if ``signed``, or made for another model
            or other data; what differs is named. With ``other_model``: too few effective members are left.
    """
    data = _kept(path) if signed else _named(path)
    posterior = _posterior(path, data)
    origin = Origin(path, hashlib.sha256(data).hexdigest(), posterior.digest, len(posterior))
    if posterior.made_for == identity(project):
        return replace(_members(posterior, project), origin=origin)
    if not other_model:
        raise BadInput(
            f"The posterior {path.name} was calibrated for another model or other data. Different: "
            f"{named(differences(posterior.made_from, project.computed))}. Calibrate again with "
            "sim calibrate, run with --ensemble=prior, or take it all the same with --other-model."
        )
    draws = posterior.draws.astype(np.float64)
    members, adapted = adapt(project, posterior.priors, draws, posterior.made_from, posterior.seed)
    return replace(members, origin=replace(origin, adapted=adapted))


def posterior_digest(path: Path, *, signed: bool = False) -> str:
    """Return the digest of the members in a posterior file (see :attr:`Posterior.digest`).

    Raises:
        BadInput: the file is missing or damaged, or changed if ``signed``.
    """
    return _posterior(path, _kept(path) if signed else _named(path)).digest


def _members(posterior: Posterior, project: Project) -> Members:
    """Return the members as they are, their columns in the order of this project's files."""
    draws = posterior.draws[
        :, _places(list(posterior.priors), [spelled(one.constant) for one in project.sampled])
    ]
    counts = list(posterior.anchors.values())
    blocks = np.split(np.arange(posterior.logs.shape[1]), np.cumsum(counts)[:-1])
    order = [blocks[at] for at in _places(list(posterior.anchors), list(anchored_cells(project)))]
    logs = posterior.logs[:, np.concatenate([np.empty(0, dtype=np.intp), *order])]
    return Members(
        posterior.seed, draws.astype(np.float64), logs, np.ones(len(draws), dtype=bool), "posterior",
        rows=np.arange(len(draws)),
    )  # fmt: skip


def _places(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    at = {name: place for place, name in enumerate(names)}
    return [at[name] for name in wanted]


def _named(path: Path) -> bytes:
    if not path.exists():
        raise BadInput(f"There is no posterior {path}. Make one with sim calibrate.")
    return read_bytes(path, POSTERIOR_FILE)


def _kept(path: Path) -> bytes:
    try:
        return POSTERIORS.fetch(path.stem)
    except (Refused, OSError) as error:
        raise BadInput(
            f"Your own posterior is not used: {error} Calibrate again with sim calibrate, run with "
            f"--ensemble=prior, or, if you trust the file, name it with --posterior={path}"
        ) from error


def _posterior(path: Path, data: bytes) -> Posterior:
    try:
        arrays = arrays_in(data, POSTERIOR_FILE)
        return _read(json.loads(str(arrays["head"])), arrays["draws"], arrays["logs"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadInput(
            f"{path} is not a whole posterior of this version of sim: truncated, damaged or something else. "
            "Make it again with sim calibrate, or run with --ensemble=prior."
        ) from error


def _read(head: dict[str, Any], draws: NDArray[np.float32], logs: Floats) -> Posterior:
    if head["format"] != FORMAT:
        raise ValueError("another format")
    priors = {
        name: (str(kind), float(low), float(value), float(high))
        for name, (kind, low, value, high) in head["priors"].items()
    }
    anchors = {name: int(count) for name, count in head["anchors"].items()}
    sound = draws.ndim == logs.ndim == 2 and len(draws) == len(logs) > 0 and logs.dtype == np.float64
    sound = sound and draws.shape[1] == len(priors) and logs.shape[1] == sum(anchors.values())
    if not sound or not np.isfinite(draws).all() or not np.isfinite(logs).all():
        raise ValueError("not as written")
    made_from = {part: dict(items) for part, items in head["made_from"].items()}
    return Posterior(int(head["seed"]), priors, anchors, draws, logs, dict(head["made_for"]), made_from)
