"""The engine: typed models run over lanes of inputs at once."""

from sim.engine.loaded import LoadedModel, load_model
from sim.engine.results import Result

__all__ = ["LoadedModel", "Result", "load_model"]
