"""How much memory a run may take, asked before it is taken."""

from __future__ import annotations

import os
from pathlib import Path

from sim.errors import SimError

__all__ = ["BLOCK_BYTES", "block_of", "check_room", "check_states", "free_memory"]

BLOCK_BYTES = 256 * 1024 * 1024
"""What the outputs of one block take when the user names no block size."""
_SMALL = 64 * 1024 * 1024
_WORK = 1.2
"""What a run takes beside its outputs, as a factor."""
_LARGEST_BLOCK = 65_536


def block_of(lane_bytes: int, room: float, width: int) -> int:
    """Return how many lanes of ``lane_bytes`` outputs fit in ``room`` bytes: whole widths, at least one."""
    fitting = int(min(room / max(lane_bytes, 1), _LARGEST_BLOCK))
    return max(fitting // width, 1) * width


def check_room(lanes: int, lane_bytes: int, width: int) -> None:
    """Raise SimError naming a block size if the outputs of ``lanes`` do not fit in the free memory."""
    needed = lanes * lane_bytes * _WORK
    if needed < _SMALL:
        return
    free = free_memory()
    if free is not None and needed > free:
        raise SimError(too_large(lanes, lane_bytes, width, free))


def check_states(size: int) -> None:
    """Raise SimError if what a block keeps between steps, ``size`` bytes, does not fit in the free memory.

    Each of two threads has a block, and makes the next content beside the last.
    """
    needed = 4 * size
    free = free_memory() if needed > _SMALL else None
    if free is not None and needed > free:
        raise SimError(
            f"A block of lanes keeps {_size(size)} between time steps and needs {_size(needed)}, and "
            f"{_size(free)} are free. Use fewer elements, and with DELAY FIXED a larger time step or an "
            "earlier final time."
        )


def too_large(lanes: int, lane_bytes: int, width: int, free: int | None) -> str:
    """Return the message for a run whose outputs do not fit."""
    room = BLOCK_BYTES if free is None else min(BLOCK_BYTES, free / 2 / _WORK)
    known = "" if free is None else f", and {_size(free)} are free"
    return (
        f"The outputs of {lanes} lanes need {_size(lanes * lane_bytes * _WORK)}{known}. Ask for fewer "
        f"outputs, or run in blocks: run_blocks(…, lanes={lanes}, block={block_of(lane_bytes, room, width)})."
    )


def free_memory() -> int | None:
    """Return the bytes that can be taken without swapping, or None where the system does not tell."""
    known = [size for size in (_available(), _allowed()) if size is not None]
    return min(known, default=None)


def _available() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _allowed() -> int | None:
    """What a container may still take (cgroup v2); its file cache can be dropped and counts as free."""
    folder = Path("/sys/fs/cgroup")
    try:
        most = int((folder / "memory.max").read_text())
        used = int((folder / "memory.current").read_text())
        rows = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
        cached = next((int(row[1]) for row in rows if row[0] == "inactive_file"), 0)
    except (OSError, ValueError):
        return None
    return max(most - used + cached, 0)


def _size(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
