"""The derivative of a program: the same loop over time, with a tangent beside every number (forward mode).

Each lane has its own point and its own direction. Values and their tangents go as one list, values first, so
that the two functions take and give what those of :class:`~sim.engine.program.Program` do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax

from sim.engine.program import Program, shape

__all__ = ["TangentProgram"]

_Arrays = tuple[Any, ...]


@dataclass(frozen=True)
class TangentProgram:
    """The two functions of ``program``, twice as wide.

    ``rows`` is (2 · packed inputs, lanes): the inputs, then how each moves. Outputs, what the loop takes as
    given, and states come first as values, then as tangents, in the same order and shapes.
    """

    program: Program

    def start_arguments(self) -> tuple[Any, Any]:
        """Return the shapes of the arguments of ``start``."""
        rows, times = self.program.start_arguments()
        return shape((2 * rows.shape[0], rows.shape[1]), rows.dtype), times

    def start(self, rows: Any, times: Any) -> tuple[_Arrays, _Arrays, _Arrays]:
        """Return outputs that stand still, what the loop takes as given, and initial states."""
        count = self.program.rows
        points, directions = (rows[:count],), (rows[count:],)
        both = jax.jvp(lambda inputs: self.program.start(inputs, times), points, directions)
        still, given, states = zip(*both, strict=True)
        return _joined(still), _joined(given), _joined(states)

    def loop(self, given: Any, states: Any, times: Any, counts: Any) -> tuple[_Arrays, _Arrays]:
        """Return moving outputs, (slots, *subscripts, lanes), and final states, with tangents."""
        points, directions = zip(_halves(given), _halves(states), strict=True)
        both = jax.jvp(lambda g, s: self.program.loop(g, s, times, counts), points, directions)
        moving, final = zip(*both, strict=True)
        return _joined(moving), _joined(final)


def _halves(arrays: Sequence[Any]) -> tuple[_Arrays, _Arrays]:
    count = len(arrays) // 2
    return tuple(arrays[:count]), tuple(arrays[count:])


def _joined(both: tuple[_Arrays, _Arrays]) -> _Arrays:
    return (*both[0], *both[1])
