"""Files: read with a bound, and never from anything but a regular one; written in one step."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from sim.errors import BadInput
from sim.limits import Limit

__all__ = [
    "beside",
    "create",
    "inside",
    "open_regular",
    "read_bytes",
    "read_text",
    "sync_folder",
    "write_whole",
]

_CHUNK = 1 << 20
_EXTRA = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""Without O_NONBLOCK the opening of a pipe waits for a writer. Windows has neither."""
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_bytes(path: Path, limit: Limit) -> bytes:
    """Return the bytes of a file of at most ``limit`` bytes; so many are read at most, whatever its size.

    Raises:
        BadInput: as :func:`open_regular`, or the file is too large.
    """
    with open_regular(path) as file:
        data = _bounded(file, limit.most)
    if len(data) > limit.most:
        raise BadInput(f"{path} is larger than {limit}, the most that is read of {limit.of}.")
    return data


def read_text(path: Path, limit: Limit) -> str:
    """Return the text of a UTF-8 file of at most ``limit`` bytes.

    Raises:
        BadInput: as :func:`read_bytes`, or the file is not UTF-8.
    """
    try:
        return read_bytes(path, limit).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading; what fails while it is read is told in the same way.

    Raises:
        BadInput: the file is missing or unreadable, or a folder, pipe, socket or device.
    """
    try:
        # Looked at before it is opened too, since opening alone can set a device going.
        _check_regular(path, _mode(path))
        with open(path, "rb", opener=_opened) as file:
            _check_regular(path, os.fstat(file.fileno()).st_mode)
            yield file
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}. Check the path.") from error


def inside(folder: Path, name: str) -> Path:
    """Return where a file that another file names lies: below ``folder``, whatever links lead to.

    ``name`` may have folders, parted by ``/`` or ``\\``.

    Raises:
        BadInput: the name is absolute, has a drive, a server, a protocol or ``..``, or leads outside.
    """
    # A Windows path splits at both slashes; drives, servers and protocols are its anchor or hold a colon.
    parts = PureWindowsPath(name)
    if not parts.anchor and ".." not in parts.parts and ":" not in name and name.isprintable():
        path = folder.joinpath(*parts.parts)
        try:
            if path.resolve().is_relative_to(folder.resolve()):
                return path
        except (OSError, RuntimeError):  # A link that leads to itself.
            pass
    raise BadInput(
        f"{name!r} is not inside the model's folder. A model reads files from its own folder only: "
        "put the file there and give its name alone, such as 'data.csv'."
    )


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except ValueError as error:
        raise BadInput(f"{str(path)!r} cannot be read: {error}. Check the path.") from error


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | _EXTRA)


def _check_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for test, name in _KINDS if test(mode)), "something else")
        raise BadInput(f"{path} cannot be read: that is {kind}, not a regular file. Check the path.")


def _bounded(file: BinaryIO, most: int) -> bytes:
    """Return the bytes of a file, at most one more than ``most``; a size told beforehand may be untrue."""
    parts: list[bytes] = []
    left = most + 1
    while left and (part := file.read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def write_whole(path: Path, data: bytes, *, mode: int = 0o600, durable: bool = False) -> None:
    """Write beside ``path`` and rename; ``durable`` waits until the disk has it.

    Raises:
        OSError: it cannot be written; an older file stays as it was.
    """
    part = beside(path)
    try:
        create(part, data, mode=mode, durable=durable)
        part.replace(path)
    except BaseException:  # Ctrl-C, too, leaves nothing half-written.
        part.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def beside(path: Path) -> Path:
    """Return a new name in the same folder for what is not yet whole."""
    # Names may have 255 bytes, and a Chinese character has three.
    name = path.name.encode("utf-8", "surrogateescape")[:200].decode("utf-8", "ignore")
    return path.with_name(f".{name}.{os.urandom(6).hex()}.part")


def create(path: Path, data: bytes, *, mode: int = 0o600, durable: bool = False) -> None:
    """Write a file that must not be there yet; FileExistsError if it is."""
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # Not every file system can, and the files themselves are written.
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
