"""Arrays kept in the cache, written so that a killed process leaves no half file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["keep_arrays"]


def keep_arrays(path: Path, **arrays: NDArray[np.generic]) -> None:
    """Write a cache file atomically; a cache that cannot be written is done without."""
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            temporary = file.name
            np.savez(file, **arrays)  # type: ignore[arg-type]
        Path(temporary).replace(path)
    except OSError:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
