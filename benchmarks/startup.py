"""Measure what a user waits for: ``sim --help``, and ``sim run`` with empty and with filled caches.

Prints the best of a few runs in seconds, beside its target. Run by ``make bench``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

RUN = ("run", "--lever=headquarters", "--members", "1000")


def seconds(arguments: tuple[str, ...], env: dict[str, str]) -> float:
    """Return the wall time of one ``sim`` process, start to end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "sim", *arguments], env=env, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print a line for each measurement."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "SIM_CACHE": f"{folder}/cache", "SIM_DATA": f"{folder}/data"}
        env.pop("SIM_DB", None)
        cold = seconds(RUN, env)
        warm = min(seconds(RUN, env) for _ in range(5))
        helped = min(seconds(("--help",), env) for _ in range(10))
    for name, value, target in (
        ("sim --help", helped, 0.2),
        ("sim run, empty caches", cold, 8.0),
        ("sim run, filled caches", warm, 1.5),
    ):
        print(f"{name:24}{value:7.2f} s   target {target} s")


if __name__ == "__main__":
    main()
