"""What only this user can change, told from owners and modes.

Windows has neither; there the folders lie in the user's profile, whose access list they inherit.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["Refused", "check_private", "read_private", "weakness"]

_EXTRA = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""No link is followed, and the opening of a pipe does not wait for a writer."""


class Refused(Exception):
    """Something kept is not to be trusted; the message says what, why and what to do."""


def weakness(folder: Path) -> str | None:
    """Return why others could put another folder in the place of ``folder``, or None.

    Looked at from the root down: what lies in a folder that others cannot change stays as it was seen, so
    nothing can be swapped behind this check. ``folder`` must be resolved (no links).
    """
    if os.name != "posix":
        return None
    for place in (*reversed(folder.parents), folder):
        try:
            status = place.lstat()
        except OSError as error:
            return f"{place} cannot be looked at: {error.strerror}"
        if not stat.S_ISDIR(status.st_mode):
            return f"{place} is not a folder"
        if status.st_uid != os.geteuid() and (status.st_uid or place == folder):
            return f"{place} belongs to another user"
        sticky = bool(status.st_mode & stat.S_ISVTX) and place != folder
        if _others_write(status) and not sticky:
            return f"other users can write to {place} (mode {stat.S_IMODE(status.st_mode):o})"
    return None


def check_private(folder: Path) -> None:
    """Raise Refused unless ``folder`` is a folder of this user that nobody else can enter."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise Refused(f"{folder} is not a folder (a link is none). Remove it.")
    if os.name != "posix":
        return
    if status.st_uid != os.geteuid():
        raise Refused(f"{folder} belongs to another user. Choose one of your own (SIM_CACHE, SIM_DATA).")
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise Refused(f"Other users can open {folder} (mode {mode:o}). Make it private: chmod 700 {folder}")


def read_private(path: Path, most: int, *, secret: bool = False) -> bytes:
    """Return the bytes of a file of this user, read once, by one descriptor, at most ``most`` bytes.

    Raises:
        FileNotFoundError: there is no such file.
        Refused: it is a link, a pipe or the like, another user's, too large or unreadable, or, if ``secret``,
            others may read or write it.
    """
    try:
        with open(path, "rb", opener=_opened) as file:
            status = os.fstat(file.fileno())
            fault = _fault(status, most, secret)
            if fault:
                raise Refused(f"{path} {fault}. Remove it.")
            # Not ``most + 1``, for which Python would make room at once.
            return file.read(status.st_size + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        what = "is a link" if path.is_symlink() else f"cannot be read ({error.strerror})"
        raise Refused(f"{path} {what}. Remove it.") from error


def _opened(path: str, flags: int) -> int:
    if not hasattr(os, "O_NOFOLLOW") and Path(path).is_symlink():
        raise OSError(f"{path} is a link")
    return os.open(path, flags | _EXTRA)


def _fault(status: os.stat_result, most: int, secret: bool) -> str | None:
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    if os.name == "posix" and status.st_uid != os.geteuid():
        return "belongs to another user"
    if os.name == "posix" and secret and status.st_mode & 0o077:
        return f"can be opened by other users (mode {stat.S_IMODE(status.st_mode):o})"
    return f"is larger than the {most} bytes allowed" if status.st_size > most else None


def _others_write(status: os.stat_result) -> bool:
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _own_group(status.st_gid)


def _own_group(number: int) -> bool:
    """Tell whether a group is the user's own, with nobody else in it, as many Linux systems make one."""
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(number)
    except KeyError:
        return False
    return user.pw_gid == number and group.gr_name == user.pw_name and {*group.gr_mem} <= {user.pw_name}
