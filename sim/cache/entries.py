"""One kind of kept files: signed when written; read once and verified before anything decodes them."""

from __future__ import annotations

import hmac
import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sim.cache.key import signing_key
from sim.cache.private import Refused, check_private, read_private
from sim.cache.pruning import kept_files, prune
from sim.errors import BadInput, CacheWarning
from sim.files import write_whole
from sim.folders import cache_folder
from sim.limits import Limit

__all__ = ["Cache", "Refused"]

_TAG = 32


@dataclass(frozen=True, slots=True)
class Cache:
    """The kept files of one kind, each signed with the user's key together with its kind and its name.

    A file is its content followed by the 32 bytes of its HMAC-SHA256, so that an .npz stays one.

    Attributes:
        kind: the name of the folder; a number in it rises with the format.
        suffix: of the files.
        largest: the most bytes of a file; a larger one is neither kept nor read.
        files: how many are kept, those used last.
        total: bytes that are kept, those used last.
        home: the folder above, the user's cache folder or data folder.
        durable: whether a file cannot be made again at little cost, so that the disk must have it.
    """

    kind: str
    suffix: str
    largest: Limit
    files: int
    total: int
    home: Callable[[], Path] = cache_folder
    durable: bool = False

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, or None if there is none or, with a CacheWarning, it is refused."""
        try:
            return self.fetch(name)
        except FileNotFoundError:
            return None
        except Refused as error:
            _say(error)
            return None

    def write(self, name: str, data: bytes) -> None:
        """Keep a file, if it is not too large, and drop what was not used for longest.

        A folder that is refused gives a CacheWarning; a full disk only costs time.
        """
        if len(data) > self.largest.most:
            return
        try:
            self.keep(name, data)
        except OSError:
            return
        except Refused as error:
            _say(error)

    def fetch(self, name: str) -> bytes:
        """Return the content of a file.

        Raises:
            FileNotFoundError: there is none.
            Refused: the folder, the key or the file is not to be trusted.
        """
        folder = self.folder()
        data = self._verified(folder, signing_key(folder.parent), name)
        with suppress(OSError):
            # What was used last is kept longest.
            follow = os.utime not in os.supports_follow_symlinks
            os.utime(folder / f"{name}{self.suffix}", follow_symlinks=follow)
        return data

    def keep(self, name: str, data: bytes) -> None:
        """Keep a file.

        Raises:
            OSError: it cannot be written.
            Refused: the folder or the key is not to be trusted, or the file is too large.
        """
        if len(data) > self.largest.most:
            raise Refused(
                f"{name} is larger than {self.largest}, the most that is kept of {self.largest.of}."
            )
        folder = self.folder()
        tag = self._tag(signing_key(folder.parent), name, data)
        write_whole(folder / f"{name}{self.suffix}", data + tag, durable=self.durable)
        prune(folder, self.suffix, self.files, self.total)

    def remove(self, start: str) -> None:
        """Remove the files whose names begin with ``start``."""
        with suppress(OSError, Refused):
            for path in kept_files(self.folder(), self.suffix):
                if path.name.startswith(start):
                    path.unlink(missing_ok=True)

    def path(self, name: str) -> Path:
        """Return where a file of this name is, or would be."""
        return self.home() / self.kind / f"{name}{self.suffix}"

    def folder(self) -> Path:
        """Return the folder of this kind, made if need be; Refused if it is not private."""
        try:
            folder = self.home() / self.kind
        except BadInput as error:
            raise Refused(str(error)) from error
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            check_private(folder)
        except OSError as error:
            raise Refused(f"The folder {folder} cannot be used: {error.strerror}.") from error
        return folder

    def check(self) -> None:
        """Raise Refused unless files of this kind can be kept: a private folder and a key of the user's."""
        signing_key(self.folder().parent)

    def problems(self) -> list[str]:
        """Return what is wrong with the folder, the key and each file, for ``sim doctor``."""
        try:
            folder = self.folder()
            key = signing_key(folder.parent)
        except Refused as error:
            return [str(error)]
        found: list[str] = []
        for path in sorted(kept_files(folder, self.suffix)):
            try:
                self._verified(folder, key, path.stem)
            except FileNotFoundError:  # Another process dropped it.
                continue
            except Refused as error:
                found.append(str(error))
        return found

    def _verified(self, folder: Path, key: bytes, name: str) -> bytes:
        path = folder / f"{name}{self.suffix}"
        whole = read_private(path, self.largest.most + _TAG)
        data = whole[:-_TAG]
        if not hmac.compare_digest(whole[-_TAG:], self._tag(key, name, data)):
            raise Refused(
                f"{path} was changed, or not written by your sim: its signature does not match. Remove it."
            )
        return data

    def _tag(self, key: bytes, name: str, data: bytes) -> bytes:
        mac = hmac.new(key, f"sim kept 1\0{self.kind}\0{name}\0".encode(), "sha256")
        mac.update(data)
        return mac.digest()


def _say(error: Refused) -> None:
    warnings.warn(
        f"What is cached is not used: {error} Results are the same, only slower. See sim doctor.",
        CacheWarning,
        stacklevel=3,
    )
