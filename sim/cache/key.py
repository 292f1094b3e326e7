"""The key that signs what a user keeps: made once, and never taken from where another user could put one.

It lies at the top of the folder that it signs for, the cache folder or the data folder. Where others could
swap the cache folder (SIM_CACHE may be shared), the key of the data folder signs for it too; where they could
swap that one as well, nothing is kept.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sim.cache.private import Refused, read_private, weakness
from sim.errors import BadInput
from sim.files import beside, create, sync_folder
from sim.folders import data_folder

__all__ = ["NAME", "key_place", "signing_key"]

NAME = "key"
_HEAD = b"sim key 1\n"
_LENGTH = 32


def signing_key(folder: Path) -> bytes:
    """Return the 32 bytes that sign what is kept in ``folder``; made if there is none.

    Raises:
        Refused: there is no safe place for a key, or the file there is not a key of this user's alone.
    """
    path = key_place(folder) / NAME
    try:
        with suppress(FileNotFoundError):
            return _read(path)
        _make(path)
        return _read(path)
    except OSError as error:
        raise Refused(f"No key can be made in {path.parent}: {error.strerror}.") from error


def key_place(folder: Path) -> Path:
    """Return the resolved folder where the key for ``folder`` lies; Refused if there is no safe one."""
    first = Path(os.path.realpath(folder))
    why = weakness(first)
    if why is None:
        return first
    try:
        other = Path(os.path.realpath(data_folder()))
    except BadInput as error:
        raise Refused(f"{why}. {error}") from error
    if other != first:
        also = weakness(other)
        if also is None:
            return other
        why += f", and {also}"
    raise Refused(f"{why}. Take away the right to write from others (chmod go-w), or choose another folder.")


def _read(path: Path) -> bytes:
    data = read_private(path, len(_HEAD) + _LENGTH, secret=True)
    if len(data) != len(_HEAD) + _LENGTH or not data.startswith(_HEAD):
        raise Refused(f"{path} is not a whole key. Remove it; a new one is made.")
    return data[len(_HEAD) :]


def _make(path: Path) -> None:
    """Make a key whole under another name and give it its own; of two processes, one is first and wins."""
    part = beside(path)
    try:
        create(part, _HEAD + os.urandom(_LENGTH), durable=True)
        with suppress(FileExistsError):
            # Neither ever replaces a file: on POSIX that is said of linking, on Windows of renaming.
            (os.rename if os.name == "nt" else os.link)(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)
