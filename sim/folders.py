"""Where things lie: shipped content, and the user's own cache and data folders.

Nothing is ever written into the package folder or beside a user's model.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from sim.errors import BadInput

__all__ = ["cache_folder", "content", "data_folder", "database_path"]


def content(*parts: str) -> Path:
    """Return the path of shipped content, such as ``content("model", "changji.mdl")``.

    A wheel carries the content folders as ``sim/content``; a checkout has them beside ``sim``.
    """
    package = Path(__file__).resolve().parent
    shipped = package / "content"
    root = shipped if shipped.is_dir() else package.parent
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


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"The folder {folder} cannot be made: {error.strerror}.") from error
    return folder
