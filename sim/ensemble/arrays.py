"""Arrays as the bytes of an .npz file and back, with a bound."""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from sim.limits import Limit

__all__ = ["arrays_in", "npz"]


def npz(**arrays: NDArray[np.generic]) -> bytes:
    """Return the bytes of an .npz file of arrays."""
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def arrays_in(data: bytes, limit: Limit) -> dict[str, NDArray[Any]]:
    """Return the arrays of the bytes of an .npz file, which unpacked make at most ``limit`` bytes.

    Raises:
        ValueError: the bytes are no .npz file, are damaged, hold something else than numbers and texts, or
            unpack to more than ``limit``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > limit.most:
                raise ValueError("too large")
            # Other packings than NumPy's may ask for much memory of their own.
            if not {entry.compress_type for entry in entries} <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise ValueError("packed in another way")
            return {e.filename.removesuffix(".npy"): _array(archive.read(e)) for e in entries}
    except Exception as error:  # Damaged bytes make zipfile and NumPy raise whatever comes up.
        raise ValueError(f"no whole .npz file: {error}") from error


def _array(data: bytes) -> NDArray[Any]:
    """Return the array of an .npy file's bytes; its size is checked before NumPy makes room for it."""
    file = io.BytesIO(data)
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError("another version of .npy")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise ValueError("not as long as its header says")
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)
