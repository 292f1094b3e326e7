"""Which process wrote a row, and whether that very process still lives.

A number alone does not name a process: after some time, or a restart of the computer, another one has it.
So the time of its start and the boot are compared as well, where the system tells them (Linux).
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

__all__ = ["Process", "token"]

PROC = Path("/proc")


def token() -> str:
    """Return a random word that no other process has; a forked child has one of its own."""
    return _token(os.getpid())


@cache
def _token(pid: int) -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Process:
    """A process: its number, computer, boot with its space of process numbers, and start ("" if unknown)."""

    pid: int
    host: str
    boot: str = ""
    start: str = ""

    @classmethod
    def this(cls) -> Process:
        """Return the process that asks."""
        return cls(os.getpid(), socket.gethostname(), _boot(), _start(os.getpid()))

    def state(self) -> Literal["here", "gone", "unknown"]:
        """Tell whether it lives on this computer, is gone from it, or cannot be told from here."""
        here = self.host == socket.gethostname() and self.boot in ("", _boot())
        # On Windows, os.kill(pid, 0) would end the process.
        if not here or self.pid <= 0 or os.name == "nt":
            return "unknown"
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return "gone"
        except (OSError, OverflowError):
            return "unknown"
        start = _start(self.pid)
        if not self.start or not start:
            return "unknown"  # the number is in use, but perhaps by another program
        return "here" if start == self.start else "gone"


def _boot() -> str:
    """Return the boot and the space of process numbers (a container has its own), "" where unknown."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {(PROC / 'self/ns/pid').readlink()}"
    except (OSError, ValueError):
        return ""


def _start(pid: int) -> str:
    """Return when a process began, in ticks since the boot; "dead" if it has ended but is still listed."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    # The second field, the name in brackets, may hold anything; state is the third, start the 22nd.
    fields = text.rpartition(")")[2].split()
    if len(fields) < 20:
        return ""
    return "dead" if fields[0] in "ZX" else fields[19]
