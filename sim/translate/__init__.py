"""Model files to typed models, checked and kept between processes."""

from sim.translate.cache import load_spec

__all__ = ["load_spec"]
