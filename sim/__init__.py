"""System-dynamics planning models of a regional economy, run in batches.

``sim.load_model(path)`` reads a Vensim model and returns one that runs many lanes at once::

    model = sim.load_model("epidemic.mdl")
    result = model.run({"infectivity": [0.02, 0.03, 0.04]}, outputs=["infected"])
    result["infected"]  # (3 lanes, times, *subscripts), in model.variables["infected"].units
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes longer than all the rest here
if TYPE_CHECKING:
    from typing import Any

    from sim.engine import Failures, Gradient, Held, LoadedModel, Result, TimeSeries, load_model

__all__ = ["Failures", "Gradient", "Held", "LoadedModel", "Result", "TimeSeries", "__version__", "load_model"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what is public when it is first asked for, so that ``import sim`` stays quick (PEP 562)."""
    if name in __all__:
        from sim import engine

        return getattr(engine, name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
