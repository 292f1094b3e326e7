"""Random numbers for lanes: each depends on seed, lane, time step, call and element alone.

So they are the same in any block, on any number of threads and in both executors. The bits come from
Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw 2011). They cannot equal those of Vensim or PySD.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.engine.operations import Operations
from sim.errors import BadInput
from sim.spec.expressions import Random

__all__ = ["NOISE", "NOISE_ROWS", "Noise", "checked_seed", "draw", "threefry"]

NOISE = "\0random numbers"
"""The name of the input that holds lane and seed; no variable can have it."""
NOISE_ROWS = 4
_HALF = 65536
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


@dataclass(frozen=True, slots=True)
class Noise:
    """Where the input of random numbers stands in the rows; ``seed`` of the run, ``first`` lane of all."""

    row: int
    seed: int
    first: int

    def fill(self, block: npt.NDArray[Any], start: int) -> None:
        """Write lane numbers from ``start`` on, and the seed, in halves that single precision can hold."""
        lanes = np.arange(block.shape[1]) + self.first + start
        values = [lanes // _HALF, lanes % _HALF, self.seed // _HALF, self.seed % _HALF]
        for place, value in enumerate(values):
            block[self.row + place] = value


def checked_seed(seed: object) -> int:
    """Return a seed that can be used; BadInput otherwise."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise BadInput(f"seed must be a whole number from 0 to {2**32 - 1}; {seed!r} given.")
    return int(seed)


def draw(
    o: Operations, node: Random, arguments: list[Any], state: Any, step: Any, sizes: tuple[int, ...]
) -> Any:
    """Return new numbers, (*sizes, lanes); ``state`` is (4, lanes), the last argument the call's own seed."""
    whole = state.astype("uint32")
    lane, seed = whole[0] * _HALF + whole[1], whole[2] * _HALF + whole[3]
    shape = (*sizes, lane.shape[-1])
    element = np.arange(int(np.prod(sizes, dtype=int)), dtype=np.uint32).reshape((*sizes, 1))
    own = o.xp.abs(arguments[-1]).astype("uint32") if arguments else o.xp.zeros(shape, "uint32")
    ones = o.xp.ones(shape, "uint32")
    first = threefry(o.xp, (ones * seed, ones * np.uint32(node.site)), (ones * element, own))
    now = ones * o.xp.asarray(step).astype("uint32")
    bits = threefry(o.xp, first, (ones * lane, now))
    return _DISTRIBUTIONS[node.function](o, _uniform(o, *bits), *arguments[:-1])


def threefry(xp: Any, key: tuple[Any, Any], counter: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return 64 random bits as two arrays of uint32, from arrays of uint32."""
    keys = (key[0], key[1], key[0] ^ key[1] ^ np.uint32(_PARITY))
    x, y = counter[0] + keys[0], counter[1] + keys[1]
    for group in range(5):
        for turn in _ROTATIONS[group % 2]:
            x = x + y
            y = ((y << np.uint32(turn)) | (y >> np.uint32(32 - turn))) ^ x
        x = x + keys[(group + 1) % 3]
        y = y + keys[(group + 2) % 3] + np.uint32(group + 1)
    return x, y


def _uniform(o: Operations, high: Any, low: Any) -> Any:
    """Return numbers in the open interval from 0 to 1."""
    large = (high >> np.uint32(5)).astype("float64") * 67108864.0 + (low >> np.uint32(6)).astype("float64")
    number = ((large + 0.5) / 9007199254740992.0).astype(o.dtype)
    return o.xp.minimum(number, 1.0 - (2.0**-53 if o.dtype == np.float64 else 2.0**-24))


def _between(o: Operations, low: Any, high: Any, x: Any) -> Any:
    return o.xp.minimum(o.xp.maximum(x, low), high)


def _uniform_between(o: Operations, u: Any, low: Any, high: Any) -> Any:
    return low + (high - low) * u


def _normal(o: Operations, u: Any, low: Any, high: Any, mean: Any, spread: Any) -> Any:
    safe = o.xp.where(spread > 0.0, spread, 1.0)
    below, above = o.normal_share((low - mean) / safe), o.normal_share((high - mean) / safe)
    value = mean + o.xp.where(spread > 0.0, safe * o.normal_point(below + u * (above - below)), 0.0)
    return _between(o, low, high, value)


def _exponential(o: Operations, u: Any, low: Any, high: Any, shift: Any, stretch: Any) -> Any:
    first = o.xp.maximum(low, shift)
    share = 1.0 - o.xp.exp((first - high) / stretch)
    return first - stretch * o.log(1.0 - u * share)


def _triangular(o: Operations, u: Any, low: Any, high: Any, start: Any, peak: Any, stop: Any) -> Any:
    xp = o.xp
    width, rise = stop - start, peak - start
    turn = rise / width

    def share(x: Any) -> Any:
        inside = _between(o, start, stop, x)
        up = (inside - start) ** 2 / (width * xp.where(rise > 0.0, rise, 1.0))
        down = 1.0 - (stop - inside) ** 2 / (width * xp.where(stop > peak, stop - peak, 1.0))
        return xp.where(inside < peak, up, down)

    p = share(low) + u * (share(high) - share(low))
    up = start + o.sqrt(p * width * rise)
    down = stop - o.sqrt((1.0 - p) * width * (stop - peak))
    return _between(o, low, high, xp.where(p < turn, up, down))


def _weibull(o: Operations, u: Any, low: Any, high: Any, shape: Any, shift: Any, stretch: Any) -> Any:
    def share(x: Any) -> Any:
        over = o.xp.maximum(x - shift, 0.0) / stretch
        return 1.0 - o.xp.exp(-o.power(over, shape))

    p = share(low) + u * (share(high) - share(low))
    return _between(o, low, high, shift + stretch * o.power(-o.log(1.0 - p), 1.0 / shape))


_DISTRIBUTIONS: dict[str, Callable[..., Any]] = {
    "random_0_1": lambda o, u: u,
    "random_uniform": _uniform_between,
    "random_normal": _normal,
    "random_exponential": _exponential,
    "random_triangular": _triangular,
    "random_weibull": _weibull,
}
