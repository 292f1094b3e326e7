"""Run the tests over mutants, several at a time, each in a copy of the repository."""

from __future__ import annotations

import multiprocessing
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path
from typing import NoReturn

from mutation.ledger import ROOT, Subject
from mutation.sites import Mutant

__all__ = ["Tried", "duration", "tried"]

SLOWER = 4.0
"""A mutant whose tests take this many times as long as the sound module's loops for ever: it is noticed."""
PATIENCE_S = 30.0
LIBRARIES = ("pytest", "hypothesis.strategies", "numpy", "scipy.stats", "matplotlib.figure", "pypdfium2")
"""What these tests import beside sim, which takes longer than running them."""


@dataclass(frozen=True)
class Tried:
    """A mutant and whether the tests noticed it."""

    subject: Subject
    mutant: Mutant
    killed: bool


def duration(subject: Subject, folder: Path) -> float:
    """Return the seconds that the tests take on the sound module; RuntimeError if they do not pass."""
    copy = _copied(folder / "sound")
    begin = time.monotonic()
    done = _run(subject, copy, None)
    if done:
        raise RuntimeError(f"The tests of {subject.module} fail without any mutant. Mend them first.")
    shutil.rmtree(copy)
    return time.monotonic() - begin


def tried(
    work: Sequence[tuple[Subject, Mutant, float]], folder: Path, workers: int, say: Callable[[str], None]
) -> Iterator[Tried]:
    """Yield the outcome of each mutant; the third item of ``work`` is the seconds its tests usually take."""
    copies: queue.Queue[Path] = queue.Queue()
    for number in range(workers):
        copies.put(_copied(folder / f"worker-{number}"))

    def one(subject: Subject, mutant: Mutant, usual: float) -> Tried:
        copy = copies.get()
        file = copy / subject.module
        sound = file.read_bytes()
        try:
            file.write_text(mutant.text, encoding="utf-8")
            killed = _run(subject, copy, SLOWER * usual + PATIENCE_S) != 0
            return Tried(subject, mutant, killed)
        finally:
            file.write_bytes(sound)
            copies.put(copy)

    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(one, *item) for item in work]
        for count, future in enumerate(as_completed(waiting), 1):
            if not count % 50:
                say(f"{count} of {len(work)} mutants tried")
            yield future.result()


def _copied(folder: Path) -> Path:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, encoding="utf-8",
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


def _run(subject: Subject, folder: Path, seconds: float | None) -> int:
    """Return pytest's exit status; an endless mutant counts as noticed."""
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        process = _processes().Process(target=_test, args=(subject.tests, folder, temporary))
        process.start()
        process.join(seconds)
        if process.is_alive():
            process.kill()
        process.join()
    return process.exitcode or 0


@cache
def _processes() -> SpawnContext | ForkServerContext:
    """Return how test runs start: where it can be, from a server that has the libraries but not sim."""
    if os.name == "nt":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LIBRARIES))
    return context


def _test(tests: tuple[str, ...], folder: Path, temporary: str) -> NoReturn:
    """Run pytest on a copy of the repository, in a process of its own, and exit with its status."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    os.environ |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""}
    os.environ |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary)
    tempfile.tempdir = None
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silent, stream)
    import pytest

    options = ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    sys.exit(int(pytest.main([*options, *tests])))
