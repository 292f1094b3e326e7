"""How deep and large an equation may be, and room for functions that walk down it by calling themselves."""

from __future__ import annotations

import sys
import threading
from contextlib import ContextDecorator
from types import TracebackType

from sim.errors import BadInput
from sim.limits import EQUATION_PARTS, TREE_DEPTH, check
from sim.spec.expressions import Expression, children

__all__ = ["DEEP", "check_size", "too_deep"]

_FRAMES = 12_000
"""Calls inside each other: the parser takes some forty for a level of brackets, no walker over five."""


def check_size(expression: Expression) -> int:
    """Return how many parts an equation has; BadInput if there are too many or they lie too deep.

    A part that stands in several places counts in each: TREND uses its input five times, and ten of them
    inside each other five times as often each. Here each is looked at once, so that this ends.
    """
    parts = 0
    level: dict[int, tuple[Expression, int]] = {id(expression): (expression, 1)}
    for _ in range(TREE_DEPTH.most):
        parts += sum(times for _, times in level.values())
        check(EQUATION_PARTS, parts)
        below: dict[int, tuple[Expression, int]] = {}
        for node, times in level.values():
            for part in children(node):
                below[id(part)] = part, below.get(id(part), (part, 0))[1] + times
        if not below:
            return parts
        level = below
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
