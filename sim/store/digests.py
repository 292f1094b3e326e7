"""Digests: SHA-256 over what is stored, so that a byte that changed on the disk is found when it is read."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["array_digest", "differing", "row_digest"]


def row_digest(rows: Iterable[Mapping[str, Any]], without: Sequence[str] = ()) -> str:
    """Return the digest of rows as they come from the database: names, kinds and values, in order.

    An empty cell counts as none, so that a column which a later migration adds changes no digest.
    """
    digest = hashlib.sha256()
    for row in rows:
        digest.update(b"row")
        for name, value in sorted(row.items()):
            if name not in without and value is not None:
                digest.update(_canonical(name) + _canonical(value))
    return digest.hexdigest()


def array_digest(start: int, cells: NDArray[np.float64]) -> str:
    """Return the digest of a block of numbers (rows, columns), the same before and after SQLite.

    SQLite keeps no sign of zero and stores NaN as NULL, so that both have one form here.
    """
    plain = np.ascontiguousarray(np.where(np.isnan(cells), np.nan, cells) + 0.0, dtype="<f8")
    head = f"{start} {plain.shape}".encode()
    return hashlib.sha256(head + plain.tobytes()).hexdigest()


def differing(stored: object, found: Mapping[str, str]) -> list[str]:
    """Return the names of the parts whose digest is not the ``stored`` one (JSON of part to digest)."""
    try:
        known = json.loads(str(stored))
    except ValueError:
        known = None
    if not isinstance(known, dict):
        return ["digests"]
    return [part for part, digest in found.items() if known.get(part) != digest]


def _canonical(value: object) -> bytes:
    if isinstance(value, int):
        return b"i%d;" % value
    if isinstance(value, float):
        return b"f" + struct.pack("<d", value)
    data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
    return (b"b" if isinstance(value, bytes) else b"s") + b"%d;" % len(data) + data
