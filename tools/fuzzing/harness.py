"""Batches of damaged files in processes of their own, each file with a bound on its time and memory."""

from __future__ import annotations

import multiprocessing
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase

from fuzzing.mutants import Mutant, mutants
from fuzzing.readers import read, run
from sim.errors import SimError

__all__ = ["Batch", "Count", "Found", "batch", "campaign"]

SECONDS = {"read": 20.0, "run": 60.0}
"""Of processor time for one file; reading takes some ten milliseconds."""
SILENCE_S = 300.0
"""After so long without a word from a process, which may share its processor, it hangs."""
MEGABYTES = 1500
"""What the reading or running of one file may add to the largest memory so far."""


@dataclass(frozen=True, slots=True)
class Batch:
    """So many files of a kind, drawn with a seed; to be read, or those without fault to be run."""

    kind: str
    seed: int
    count: int
    task: str = "read"


@dataclass(frozen=True, slots=True)
class Count:
    """How many files a batch had, and how many of them were read or run without an error."""

    task: str
    files: int
    good: int


@dataclass(frozen=True, slots=True)
class Found:
    """What went wrong with a file: where, in one line, and the file itself."""

    batch: Batch
    what: str
    detail: str
    name: str
    data: bytes


def batch(job: Batch, folder: Path, tell: Callable[[Found | Mutant | Count], None]) -> None:
    """Read or run the files of a batch.

    ``tell`` is given each file first, what was found with it, and at last the counts.
    """
    files = good = 0

    @hypothesis.seed(job.seed)
    @hypothesis.settings(
        max_examples=job.count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(mutants(job.kind))
    def one(mutant: Mutant) -> None:
        nonlocal files, good
        tell(mutant)
        found = _tried(job, folder, mutant)
        files, good = files + 1, good + (found is True)
        if isinstance(found, Found):
            tell(found)

    one()
    tell(Count(job.task, files, good))


def _tried(job: Batch, folder: Path, mutant: Mutant) -> Found | bool:
    """Return what went wrong; else whether the file was read or run without an error."""
    name, data = mutant
    path = folder / name
    path.write_bytes(data)
    begun, memory = time.process_time(), _memory()
    problem, good = "", True
    try:
        (read if job.task == "read" else run)(path)
    except SimError as error:
        problem, good = "" if str(error).strip() else "an error without a message", False
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/sim/" in frame.filename]
        where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "outside of sim"
        problem = f"{type(error).__name__} at {where}"
        return Found(job, problem, traceback.format_exc(), name, data)
    if time.process_time() - begun > SECONDS[job.task]:
        problem = f"{time.process_time() - begun:.0f} s"
    if _memory() - memory > MEGABYTES:
        problem = f"{_memory() - memory:.0f} MB"
    return Found(job, problem, "", name, data) if problem else good


def _memory() -> float:
    """Return the largest memory so far in MB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / (1e6 if sys.platform == "darwin" else 1e3)


def _worker(jobs: list[Batch], folder: str, pipe: Connection) -> None:
    for job in jobs:
        pipe.send(job)
        batch(job, Path(folder), pipe.send)
    pipe.send(None)


@dataclass
class _Process:
    """A process with the batches left to it; after a crash or hang another takes over those."""

    jobs: list[Batch]
    folder: Path

    def __post_init__(self) -> None:
        self.job: Batch | None = None
        self.mutant: Mutant = ("", b"")
        self.start()

    def start(self) -> None:
        self.pipe, theirs = multiprocessing.Pipe(duplex=False)
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=_worker, args=(self.jobs, str(self.folder), theirs))
        self.process.start()
        theirs.close()
        self.heard = time.monotonic()

    def lost(self, what: str) -> Found:
        """End the process and return what it was at."""
        self.process.kill()
        self.process.join()
        job = self.job or self.jobs[0]
        self.jobs = self.jobs[self.jobs.index(job) + 1 :]
        return Found(job, what, "", *self.mutant)


def campaign(jobs: list[Batch], processes: int, folder: Path) -> Iterator[Found | Count]:
    """Work through the batches and yield what is found, and the counts of each batch."""
    workers = []
    for place in range(processes):
        own = folder / str(place)
        own.mkdir(parents=True, exist_ok=True)
        workers.append(_Process(jobs[place::processes], own))
    while workers:
        wait([worker.pipe for worker in workers], timeout=5)
        for worker in list(workers):
            yield from _heard(worker, workers)


def _heard(worker: _Process, workers: list[_Process]) -> Iterator[Found | Count]:
    try:
        while worker.pipe.poll():
            word = worker.pipe.recv()
            worker.heard = time.monotonic()
            if word is None:
                worker.process.join()
                workers.remove(worker)
                return
            if isinstance(word, Batch):
                worker.job = word
            elif isinstance(word, tuple):
                worker.mutant = word
            else:
                yield word
    except EOFError:
        worker.process.join()
        yield worker.lost(f"the process ended with {worker.process.exitcode}")
        worker.start()
    if time.monotonic() - worker.heard > SILENCE_S:
        yield worker.lost(f"no word for {SILENCE_S:.0f} s")
        worker.start()
