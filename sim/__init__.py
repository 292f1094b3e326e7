"""System-dynamics planning models of a regional economy, run in batches.

``sim.load_model(path)`` reads a Vensim model and returns one that runs many lanes at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.engine import LoadedModel, load_model

__all__ = ["LoadedModel", "__version__", "load_model"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what is public when it is first asked for, so that ``import sim`` stays quick (PEP 562)."""
    if name in ("LoadedModel", "load_model"):
        from sim import engine

        return getattr(engine, name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
