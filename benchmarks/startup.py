"""What a user waits for: ``sim --help``, and ``sim run`` with empty and with filled caches."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

__all__ = ["measured"]

RUN = ("run", "--lever=headquarters", "--members", "1000")


def measured() -> dict[str, float]:
    """Return seconds of whole processes: one cold run, the best of five warm runs and of ten helps."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "SIM_CACHE": f"{folder}/cache", "SIM_DATA": f"{folder}/data"}
        env.pop("SIM_DB", None)
        cold = _seconds(RUN, env)
        warm = min(_seconds(RUN, env) for _ in range(5))
        helped = min(_seconds(("--help",), env) for _ in range(10))
    return {"help": helped, "cold": cold, "warm": warm}


def _seconds(arguments: tuple[str, ...], env: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "sim", *arguments], env=env, check=True, capture_output=True)
    return time.perf_counter() - start
