"""The code that made something kept, which is good for no other code."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path

__all__ = ["LIBRARIES", "code_digest"]

LIBRARIES = ("jax", "jaxlib", "numpy", "pysd", "scipy")
"""Libraries whose version shapes what is kept."""
_SIM = Path(__file__).resolve().parents[1]
_VERSIONS = ("version.py", "_version.py")


@functools.cache
def code_digest(*packages: str) -> str:
    """Return a digest of the sources of some of sim's packages, such as "engine", and of :data:`LIBRARIES`.

    Nothing is imported: the libraries take seconds.
    """
    digest = hashlib.sha256()
    for package in packages:
        for file in sorted((_SIM / package).rglob("*.py")):
            digest.update(file.read_bytes())
    for path in _version_files():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _version_files() -> list[Path]:
    found = [importlib.util.find_spec(name) for name in LIBRARIES]
    places = [Path(spec.origin).parent for spec in found if spec is not None and spec.origin is not None]
    return [place / name for place in places for name in _VERSIONS if (place / name).is_file()]
