"""The functions that models may call: name, and how many arguments each takes."""

from __future__ import annotations

__all__ = ["ALONG_LAST", "CONTINUOUS", "FUNCTIONS", "RANDOM", "REDUCTIONS", "TIMED", "written"]

REDUCTIONS = frozenset({"sum", "prod", "vmin", "vmax", "vector_select"})
"""Functions that reduce the subscripts marked with ``!`` in their (first) arguments."""

ALONG_LAST = frozenset({"vector_sort_order", "vector_rank", "vector_reorder"})
"""Functions of whole vectors: along the last subscript of their first argument."""

TIMED = frozenset({"pulse", "pulse_train", "ramp", "step", "xpulse", "xpulse_train", "xramp"})
"""Functions of time beside their arguments; those with an x are the forms of XMILE."""

CONTINUOUS = frozenset({"xramp"})
"""Those that change within a time step; the others keep what they have at its beginning (Vensim's help)."""

RANDOM: dict[str, tuple[int, int]] = {
    "random_0_1": (0, 1),
    "random_uniform": (3, 3),
    "random_normal": (5, 5),
    "random_exponential": (5, 5),
    "random_triangular": (6, 6),
    "random_weibull": (6, 6),
}
"""Random functions. Arguments are as in Vensim, the seed of the call last."""

FUNCTIONS: dict[str, tuple[int, int]] = {
    "abs": (1, 1),
    "active_initial": (2, 2),
    "arccos": (1, 1),
    "arcsin": (1, 1),
    "arctan": (1, 1),
    "cos": (1, 1),
    "cosh": (1, 1),
    "exp": (1, 1),
    "floor": (1, 1),
    "floor_modulo": (2, 2),
    "if_then_else": (3, 3),
    "integer": (1, 1),
    "ln": (1, 1),
    "log": (2, 2),
    "max": (2, 2),
    "min": (2, 2),
    "modulo": (2, 2),
    "pi": (0, 0),
    "power": (2, 2),
    "prod": (1, 1),
    "pulse": (2, 2),
    "pulse_train": (4, 4),
    "quantum": (2, 2),
    "ramp": (3, 3),
    "sin": (1, 1),
    "sinh": (1, 1),
    "sqrt": (1, 1),
    "step": (2, 2),
    "sum": (1, 1),
    "tan": (1, 1),
    "tanh": (1, 1),
    "vector_rank": (2, 2),
    "vector_reorder": (2, 2),
    "vector_select": (5, 5),
    "vector_sort_order": (2, 2),
    "vmax": (1, 1),
    "vmin": (1, 1),
    "xidz": (3, 3),
    "xpulse": (2, 2),
    "xpulse_train": (3, 3),
    "xramp": (2, 2),
    "zidz": (2, 2),
}


def written(function: str) -> str:
    """Return the function's name as it is written in a model."""
    return function.replace("_", " ").upper()
