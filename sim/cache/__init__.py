"""What is kept between processes: private, signed by its user, and verified before anything decodes it."""

from __future__ import annotations

from sim.cache.code import code_digest
from sim.cache.entries import Cache, Refused
from sim.cache.key import key_place, signing_key
from sim.cache.kinds import BANKS, EXECUTABLES, KEPT, MEMBERS, MODELS, POSTERIORS

__all__ = [
    "BANKS",
    "EXECUTABLES",
    "KEPT",
    "MEMBERS",
    "MODELS",
    "POSTERIORS",
    "Cache",
    "Refused",
    "code_digest",
    "key_place",
    "signing_key",
]
