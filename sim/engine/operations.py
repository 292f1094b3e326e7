"""Array operations that the evaluator needs, for JAX and for NumPy.

Arrays have the loop axes of an equation first and the lanes last.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

__all__ = ["MANY", "NumpyOperations", "Operations"]

MANY = 64
"""From so many on, what could be written out is one array."""


class Operations:
    """What differs between array libraries; ``xp`` is the module with NumPy's interface."""

    def __init__(self, xp: Any, dtype: Any) -> None:
        self.xp = xp
        self.dtype = dtype

    def log(self, x: Any) -> Any:
        """Natural logarithm."""
        raise NotImplementedError

    def power(self, x: Any, y: Any) -> Any:
        """``x`` to the power ``y``."""
        raise NotImplementedError

    def powers(self, factors: Sequence[tuple[Any, Any, Any]]) -> Any:
        """Product of ``x`` to the power ``y`` over (x, y, ``power_sign(y)``), all of one shape."""
        raise NotImplementedError

    def power_sign(self, y: Any) -> Any:
        """What a negative number to the power ``y`` is multiplied by."""
        raise NotImplementedError

    def absolute(self, x: Any) -> Any:
        """Absolute value."""
        raise NotImplementedError

    def arccos(self, x: Any) -> Any:
        """Arc cosine."""
        raise NotImplementedError

    def arcsin(self, x: Any) -> Any:
        """Arc sine."""
        raise NotImplementedError

    def arctan(self, x: Any) -> Any:
        """Arc tangent."""
        raise NotImplementedError

    def sqrt(self, x: Any) -> Any:
        """Square root."""
        raise NotImplementedError

    def normal_share(self, x: Any) -> Any:
        """Share of the standard normal distribution below ``x``."""
        raise NotImplementedError

    def normal_point(self, share: Any) -> Any:
        """Point of the standard normal distribution that has ``share`` below it."""
        raise NotImplementedError

    def place(self, whole: Any, part: Any, starts: Sequence[int]) -> Any:
        """Return ``whole`` with ``part`` written at ``starts``."""
        raise NotImplementedError

    def total(self, x: Any, axes: tuple[int, ...]) -> Any:
        """Sum over axes, in index order."""
        raise NotImplementedError

    def plus(self, terms: Sequence[Any]) -> Any:
        """Sum of terms from left to right, by runs of ``MANY``: compilers fail on chains of thousands."""
        while len(terms) > 1:
            runs = [terms[place : place + MANY] for place in range(0, len(terms), MANY)]
            terms = [functools.reduce(operator.add, run) for run in runs]
        return terms[0]

    def number(self, x: Any) -> Any:
        """Return truth values as 0 and 1, numbers as they are."""
        if isinstance(x, bool | np.bool_):
            return float(x)
        if getattr(x, "dtype", None) == np.bool_:
            return x.astype(self.dtype)
        return x

    def truth(self, x: Any) -> Any:
        """Return numbers as truth values."""
        if isinstance(x, float):
            return x != 0.0
        return x if getattr(x, "dtype", np.bool_) == np.bool_ else x != 0


class NumpyOperations(Operations):
    """NumPy, for values known before compiling and for finding where a lane went wrong."""

    def __init__(self) -> None:
        super().__init__(np, np.dtype(np.float64))

    def log(self, x: Any) -> Any:
        """Natural logarithm."""
        return np.log(x)

    def power(self, x: Any, y: Any) -> Any:
        """``x`` to the power ``y``."""
        return np.power(x, y)

    def powers(self, factors: Sequence[tuple[Any, Any, Any]]) -> Any:
        """Product of ``x`` to the power ``y``; NumPy sees to the signs itself."""
        return functools.reduce(operator.mul, [np.power(x, y) for x, y, _ in factors])

    def power_sign(self, y: Any) -> Any:
        """1, −1, or NaN where a negative number cannot be raised to ``y``; also for exponents in the text."""
        parity = np.mod(y, 2.0)
        return np.where(parity == 0.0, 1.0, np.where(parity == 1.0, -1.0, np.nan))

    def absolute(self, x: Any) -> Any:
        """Absolute value."""
        return np.abs(x)

    def arccos(self, x: Any) -> Any:
        """Arc cosine."""
        return np.arccos(x)

    def arcsin(self, x: Any) -> Any:
        """Arc sine."""
        return np.arcsin(x)

    def arctan(self, x: Any) -> Any:
        """Arc tangent."""
        return np.arctan(x)

    def sqrt(self, x: Any) -> Any:
        """Square root."""
        return np.sqrt(x)

    def normal_share(self, x: Any) -> Any:
        """Share of the standard normal distribution below ``x``."""
        return np.vectorize(NormalDist().cdf, otypes=[np.float64])(x)

    def normal_point(self, share: Any) -> Any:
        """Point of the standard normal distribution that has ``share`` below it; NaN where there is none."""
        good = (share > 0.0) & (share < 1.0)
        points = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])(np.where(good, share, 0.5))
        return np.where(good, points, np.where(share == 0.0, -np.inf, np.where(share == 1.0, np.inf, np.nan)))

    def place(self, whole: Any, part: Any, starts: Sequence[int]) -> Any:
        """Return a copy of ``whole`` with ``part`` written at ``starts``."""
        result = np.array(whole)
        index = tuple(slice(start, start + size) for start, size in zip(starts, part.shape, strict=True))
        result[index] = part
        return result

    def total(self, x: Any, axes: tuple[int, ...]) -> Any:
        """Sum over axes."""
        return np.sum(x, axis=axes)
