"""The engine: typed models run over lanes of inputs at once."""

from sim.engine.gradient import Gradient
from sim.engine.loaded import LoadedModel, load_model
from sim.engine.replacing import Held, TimeSeries
from sim.engine.results import Failures, Result

__all__ = ["Failures", "Gradient", "Held", "LoadedModel", "Result", "TimeSeries", "load_model"]
