"""How deep an equation may be, and room for the functions that walk down it by calling themselves."""

from __future__ import annotations

import sys
import threading
from contextlib import ContextDecorator
from types import TracebackType

from sim.errors import BadInput
from sim.limits import TREE_DEPTH
from sim.spec.expressions import Expression, children

__all__ = ["DEEP", "check_depth", "too_deep"]

_FRAMES = 12_000
"""Calls inside each other: the parser takes some forty for a level of brackets, no walker over five."""


def check_depth(expression: Expression) -> None:
    """Raise BadInput if operators and calls lie too deep inside each other."""
    level: list[Expression] = [expression]
    for _ in range(TREE_DEPTH.most):
        level = [part for node in level for part in children(node)]
        if not level:
            return
    raise BadInput(too_deep())


def too_deep() -> str:
    """Return what is said of an equation that is too deep."""
    return f"operators and calls lie more than {TREE_DEPTH} deep inside each other; split the equation."


class _Room(ContextDecorator):
    """Room to recurse, from the first thread that enters to the last that leaves; it may be entered again.

    The limit is the whole interpreter's, so it must not fall while another thread is deep down, and not stay:
    where stacks are small, it keeps what parses other files from crashing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self._before, _FRAMES))
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.setrecursionlimit(self._before)


DEEP = _Room()
"""``@DEEP`` before a function, or ``with DEEP:`` round what walks down equations or parses them."""
