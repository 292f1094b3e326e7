"""What is kept, and how much of each."""

from __future__ import annotations

from sim.cache.entries import Cache
from sim.folders import data_folder
from sim.limits import POSTERIOR_FILE, Limit

__all__ = ["BANKS", "EXECUTABLES", "KEPT", "MEMBERS", "MODELS", "POSTERIORS"]

_MB = 10**6

EXECUTABLES = Cache(
    "executables-2",
    ".bin",
    Limit("compiled code in the cache", 256 * _MB, "bytes"),
    files=64,
    total=1000 * _MB,
)
"""Machine code. JAX reads it with pickle: it must never be decoded before it is verified."""
MODELS = Cache(
    "models-2",
    ".json",
    Limit("a translated model in the cache", 256 * _MB, "bytes"),
    files=256,
    total=500 * _MB,
)
MEMBERS = Cache(
    "members-2", ".npz", Limit("drawn members in the cache", 1000 * _MB, "bytes"), files=32, total=2000 * _MB
)
"""Draws from the priors, anchored."""
BANKS = Cache(
    "banks-2", ".npz", Limit("a block of prior runs in the cache", 256 * _MB, "bytes"), files=1024,
    total=4000 * _MB,
)  # fmt: skip
"""What an interrupted calibration goes on from."""
POSTERIORS = Cache(
    "posteriors", ".npz", POSTERIOR_FILE, files=1000, total=10_000 * _MB, home=data_folder, durable=True
)
"""The user's own calibrations: kept in the data folder, since they take an hour and are not made by a run."""

KEPT = (EXECUTABLES, MODELS, MEMBERS, BANKS)
"""What lies in the cache folder and can be made again."""
