"""The posterior as a file: calibrated members of one model with one set of facts."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.cache import POSTERIORS, Refused
from sim.ensemble.anchoring import solve_anchors
from sim.ensemble.arrays import arrays_in
from sim.ensemble.members import Members, drawn_constants, median_start
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats
from sim.errors import BadInput
from sim.files import read_bytes, write_whole
from sim.limits import POSTERIOR_FILE

__all__ = [
    "FORMAT",
    "Posterior",
    "check_own_posterior",
    "identity",
    "keep_posterior",
    "own_posterior",
    "read_posterior",
    "write_posterior",
]

FORMAT = 1
MODEL_KEYS = ("model", "priors.csv", "anchors.csv")
"""What a posterior must share with the model that runs it; the facts behind it are the other keys."""


@dataclass(frozen=True)
class Posterior:
    """Calibrated members: ``draws`` (members, sampled priors) in prior units, ``logs`` (members, cells).

    ``constants`` names the columns of draws, ``made_for`` is the identity of model and data.
    """

    seed: int
    constants: tuple[str, ...]
    draws: NDArray[np.float32]
    logs: Floats
    made_for: dict[str, str]

    def __len__(self) -> int:
        return len(self.draws)


def identity(project: Project) -> dict[str, str]:
    """Return what a posterior belongs to: hashes of the model and of each file that calibration reads."""
    return {"model": project.spec.hash} | dict(sorted(project.hashes.items()))


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
        "constants": posterior.constants,
        "made_for": posterior.made_for,
    }
    file = io.BytesIO()
    np.savez_compressed(file, head=np.array(json.dumps(head)), draws=posterior.draws, logs=posterior.logs)
    return file.getvalue()


def read_posterior(
    path: Path, project: Project, *, other_model: bool = False, signed: bool = False
) -> Members:
    """Return the members of a posterior file.

    ``signed`` asks for one as :func:`keep_posterior` left it; a file that the user names is plain data.
    With ``other_model`` a posterior of another model or other data is taken too: constants are matched by
    name, those it lacks keep their value, and the anchors are solved again.

    Raises:
        BadInput: the file is missing, damaged or truncated, changed if ``signed``, or made for another model
            or other data.
    """
    posterior = _posterior(path, _kept(path) if signed else _named(path))
    differs = [key for key, value in identity(project).items() if posterior.made_for.get(key) != value]
    if not differs:
        return _members(posterior.seed, posterior.draws, posterior.logs)
    if not other_model:
        what = "another model" if set(differs) & set(MODEL_KEYS) else "other facts"
        raise BadInput(
            f"The posterior {path.name} was calibrated for {what} (different: {', '.join(differs)}). "
            "Calibrate again with sim calibrate, run with --ensemble=prior, or take it all the same with "
            "--other-model."
        )
    return _adapted(posterior, project)


def _members(seed: int, draws: NDArray[np.float32], logs: Floats) -> Members:
    return Members(seed, draws.astype(np.float64), logs, np.ones(len(draws), dtype=bool), "posterior")


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
        head: dict[str, Any] = json.loads(str(arrays["head"]))
        draws, logs = arrays["draws"], arrays["logs"]
        posterior = Posterior(int(head["seed"]), tuple(head["constants"]), draws, logs, {**head["made_for"]})
        sound = draws.ndim == logs.ndim == 2 and len(draws) == len(logs) > 0
        sound = sound and draws.shape[1] == len(posterior.constants) and logs.dtype == np.float64
        if head["format"] != FORMAT or not sound or not np.isfinite(draws).all():
            raise ValueError("not as written")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadInput(
            f"{path} is not a whole posterior of this version of sim: truncated, damaged or something else. "
            "Make it again with sim calibrate, or run with --ensemble=prior."
        ) from error
    return posterior


def _adapted(posterior: Posterior, project: Project) -> Members:
    column = {name: at for at, name in enumerate(posterior.constants)}
    draws = np.empty((len(posterior), len(project.sampled)))
    for at, prior in enumerate(project.sampled):
        known = column.get(str(prior.constant))
        draws[:, at] = prior.value if known is None else posterior.draws[:, known]
    solved = solve_anchors(project, drawn_constants(project, draws), len(draws), median_start(project))
    return Members(posterior.seed, draws, solved.logs, solved.hit, "posterior")
