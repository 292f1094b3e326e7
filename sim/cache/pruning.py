"""How much is kept: what was used last, and nothing that a killed process left half-written."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["kept_files", "prune"]

_NAME = r"[0-9a-f]{32,64}(-\d+)?"
"""Only names that this package gives are ever touched, should a folder be another than it was."""
_PART = re.compile(rf"\.{_NAME}\.\w+\.[0-9a-f]+\.part")
_ABANDONED = 3600.0
"""Seconds after which a file still half-written is that of a killed process."""


def kept_files(folder: Path, suffix: str) -> Iterator[Path]:
    """Return the files that were kept in ``folder``."""
    for path in folder.iterdir():
        if path.suffix == suffix and re.fullmatch(_NAME, path.stem):
            yield path


def prune(folder: Path, suffix: str, files: int, total: int) -> None:
    """Keep the files used last, at most ``files`` of at most ``total`` bytes in all, and one in any case."""
    with suppress(OSError):  # Another process may be doing the same.
        for part in folder.iterdir():
            if _PART.fullmatch(part.name) and time.time() - part.lstat().st_mtime > _ABANDONED:
                part.unlink(missing_ok=True)
        found = sorted((path.lstat().st_mtime_ns, path) for path in kept_files(folder, suffix))
        size = 0
        for place, (_, path) in enumerate(reversed(found)):
            size += path.lstat().st_size
            if place and (place >= files or size > total):
                path.unlink(missing_ok=True)
