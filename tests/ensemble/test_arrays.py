"""An .npz file is read with a bound on what it unpacks to, and damage is told as one kind of error."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from sim.ensemble.arrays import arrays_in
from sim.limits import Limit

SMALL = Limit("arrays of this test", 10_000, "bytes")


def packed(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def archive(data: bytes, name: str = "a.npy", packing: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as made:
        made.writestr(name, data)
    return file.getvalue()


def npy(header: str) -> bytes:
    text = header.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def test_numbers_and_texts_come_back() -> None:
    found = arrays_in(packed(a=np.arange(6.0).reshape(2, 3), head=np.array("text")), SMALL)
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert str(found["head"]) == "text"


@pytest.mark.parametrize(
    "data",
    [
        packed(a=np.zeros(2000)),  # 16 kB that pack to 200 bytes
        b"",
        packed(a=np.arange(9.0))[:-30],
        packed(a=np.array([{}], dtype=object)),
        archive(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }")),
        archive(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }")),
        archive(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "(" * 60)),
        archive(b"\x93NUMPY\x03\x00" + b"\xff" * 8),
        archive(b"not an array"),
        archive(packed(a=np.zeros(2)), packing=zipfile.ZIP_LZMA),
    ],
)
def test_what_is_no_such_file_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="no whole"):
        arrays_in(data, SMALL)
