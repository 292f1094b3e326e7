"""Where things lie: shipped content, a place's own data, and the user's cache and data folders.

Nothing is ever written into the package folder or beside a user's model.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sim.errors import BadInput

__all__ = ["MODEL", "MODEL_FILES", "Study", "cache_folder", "content", "data_folder", "database_path"]

OWN_FOLDER = "runs"
OWN_FILES = frozenset((
    "study.toml", "levers.toml", "kpis.csv", "counts.csv", "charts.csv", "facts.csv", "sources.csv",
    "observations.csv", "unused_facts.csv", "priors.csv", "anchors.csv", "reported.csv", "statistics.csv",
    "naive.csv", "double_uses.csv", "posterior.npz", "evidence.json",
))  # fmt: skip
"""What says something of one place alone, and is never taken from another place."""

MODEL = "changji.mdl"
MODEL_FILES = frozenset((
    "funding.csv", "loops.csv", "parts.csv", "shares.csv", "flows.csv", "extremes.csv",
    "lever_indicators.csv", "glossary.csv",
))  # fmt: skip
"""What names the variables of the model, and so goes with the model file."""


@dataclass(frozen=True)
class Study:
    """The data of one place: in ``folder`` (model/, calibration/, runs/), or the shipped place's (None)."""

    folder: Path | None = None

    def path(self, *parts: str) -> Path:
        """Return the file that a run of this place reads, such as ``path("calibration", "facts.csv")``.

        What a study folder lacks is the shipped file, but never where it is the place's own, or where it
        belongs to the model and the folder has a model of its own.

        Raises:
            BadInput: there is no such file.
        """
        found = self.find(*parts)
        if found is not None:
            return found
        if self.folder is None:
            return content(*parts)
        needs = "which every place needs of its own" if _is_own(parts) else "which goes with its model"
        raise BadInput(
            f"{self.folder} has no {'/'.join(parts)}, {needs}. "
            "Write it; sim new FOLDER gives an example of each file."
        )

    def find(self, *parts: str) -> Path | None:
        """Return what :meth:`path` returns, or None where there is no such file."""
        if self.folder is not None:
            own = self.folder.joinpath(*parts)
            if own.exists():
                return own
            if _is_own(parts) or (parts[-1] in MODEL_FILES and self.folder.joinpath("model", MODEL).exists()):
                return None
        shipped = _root().joinpath(*parts)
        return shipped if shipped.exists() else None


def content(*parts: str) -> Path:
    """Return the path of shipped content, such as ``content("model", "changji.mdl")``.

    A wheel carries the content folders as ``sim/content``; a checkout has them beside ``sim``.
    """
    root = _root()
    path = root.joinpath(*parts)
    if not path.exists():
        raise BadInput(f"{'/'.join(parts)} is not among the shipped content in {root}. Reinstall sim.")
    return path


def cache_folder() -> Path:
    """Return the folder for what can be made again (``SIM_CACHE`` or the system's cache folder)."""
    chosen = os.environ.get("SIM_CACHE")
    return _made(Path(chosen) if chosen else platformdirs.user_cache_path("sim", appauthor=False))


def data_folder() -> Path:
    """Return the folder for what must be kept (``SIM_DATA`` or the system's data folder)."""
    chosen = os.environ.get("SIM_DATA")
    return _made(Path(chosen) if chosen else platformdirs.user_data_path("sim", appauthor=False))


def database_path(chosen: str | os.PathLike[str] | None = None) -> Path:
    """Return where runs are stored: ``chosen`` (--db), else ``SIM_DB``, else the data folder."""
    wanted = chosen or os.environ.get("SIM_DB")
    return Path(wanted) if wanted else data_folder() / "runs.db"


def _root() -> Path:
    package = Path(__file__).resolve().parent
    shipped = package / "content"
    return shipped if shipped.is_dir() else package.parent


def _is_own(parts: tuple[str, ...]) -> bool:
    return parts[0] == OWN_FOLDER or parts[-1] in OWN_FILES


def _made(folder: Path) -> Path:
    try:
        for part in (*reversed(folder.parents), folder):
            if not part.is_dir():
                # Private, whatever the umask: what others may write to is not trusted with the user's key.
                part.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BadInput(f"The folder {folder} cannot be made: {error.strerror}.") from error
    return folder
