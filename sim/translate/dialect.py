"""Names and functions that XMILE has and Vensim writes otherwise."""

from __future__ import annotations

import math

from sim.spec.expressions import Call, Expression, FixedDelay, LookupCall, Number, Reference
from sim.spec.model import key

__all__ = ["translated"]

_NAMES = {"dt": "TIME STEP", "starttime": "INITIAL TIME", "stoptime": "FINAL TIME"}
_SEED = Number(0.0)


def translated(node: Call | Reference, names: dict[str, str]) -> Expression:
    """Return a call or reference of XMILE as the typed model writes it; ``names`` are the model's own."""
    if isinstance(node, Reference):
        if key(node.name) in names:
            return node
        if key(node.name) in ("pi", "inf"):
            return Number(math.pi if key(node.name) == "pi" else math.inf)
        return Reference(_NAMES.get(key(node.name), node.name), node.subscripts)
    return _call(node.function, node.arguments) or node


def _call(name: str, arguments: tuple[Expression, ...]) -> Expression | None:
    count = len(arguments)
    if name == "log10" and count == 1:
        return Call("log", (*arguments, Number(10.0)))
    if name == "integer" and count == 1:
        return Call("floor", arguments)  # INT of XMILE goes down, below zero too.
    if name == "previous" and count == 2:
        return FixedDelay(arguments[0], Reference("TIME STEP"), arguments[1])
    if name == "table_lookup" and count == 2 and isinstance(arguments[0], Reference):
        return LookupCall(arguments[0], arguments[1])
    if name in ("vmax_xmile", "vmin_xmile"):
        return Call(name.removesuffix("_xmile"), arguments)
    if name == "exprnd" and 1 <= count <= 2:
        above = (Number(0.0), Number(math.inf), Number(0.0))
        return _drawn("random_exponential", (*above, arguments[0]), arguments[1:])
    if name == "normal" and 2 <= count <= 3:
        everywhere = (Number(-math.inf), Number(math.inf))
        return _drawn("random_normal", (*everywhere, *arguments[:2]), arguments[2:])
    if name in ("random", "uniform") and 2 <= count <= 3:
        return _drawn("random_uniform", arguments[:2], arguments[2:])
    return None


def _drawn(name: str, arguments: tuple[Expression, ...], seed: tuple[Expression, ...]) -> Call:
    return Call(name, (*arguments, *(seed or (_SEED,))))
