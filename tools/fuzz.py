"""Damaged files through every reader, and models through the engine as well.

From the repository root, in the environment of the tests::

    python tools/fuzz.py --files 50000 --runs 500

Each file must be read, or refused with one message, within bounds of time and memory. What fails is kept in
``out/fuzz``, and the exit code is 1. A batch can be had again alone: ``--only mdl:17``.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from fuzzing.harness import Batch, Found, campaign
from fuzzing.mutants import KINDS

SIZE, RUN_SIZE = 250, 25
SHARES = {"mdl": 0.5, "xmile": 0.2, "toml": 0.1, "csv": 0.15, "npz": 0.05}


def batches(files: int, runs: int) -> list[Batch]:
    """Return the batches of so many files to read, and of models of which at least so many should run."""
    jobs = []
    for kind in KINDS:
        count = round(files * SHARES[kind])
        jobs += [Batch(kind, seed, min(SIZE, count - SIZE * seed)) for seed in range(-(-count // SIZE))]
    # About one in five has an equation for every name and so can run.
    for seed in range(-(-6 * runs // RUN_SIZE)):
        jobs.append(Batch("xmile" if seed % 4 == 3 else "mdl", 10_000 + seed, RUN_SIZE, "run"))
    return jobs


def main() -> int:
    """Read the arguments, work through the batches and say what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", metavar="KIND:SEED")
    given = parser.parse_args()
    jobs = batches(given.files, given.runs)
    if given.only:
        given.runs = 0
        jobs = [job for job in jobs if f"{job.kind}:{job.seed}" == given.only]
    begun, found = time.monotonic(), {}
    files, good = Counter(), Counter()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SIM_CACHE"] = os.environ["SIM_DATA"] = folder
        for item in campaign(jobs, min(given.processes, len(jobs)), Path(folder)):
            if isinstance(item, Found):
                if item.what not in found:
                    found[item.what] = _kept(item)
                    place = f"{item.batch.kind}:{item.batch.seed} ({item.batch.task})"
                    print(f"{place} {item.what} → {found[item.what]}\n{item.detail}", flush=True)
            else:
                files[item.task] += item.files
                good[item.task] += item.good
    spent = time.monotonic() - begun
    print(
        f"{files['read']} files read, {good['read']} without an error; {files['run']} models tried, "
        f"{good['run']} ran; {len(found)} faults; {spent:.0f} s"
    )
    return 1 if found or good["run"] < given.runs else 0


def _kept(item: Found) -> str:
    folder = Path("out") / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    mark = re.sub(r"\W+", "-", item.what)
    path = folder / f"{mark} {item.name or 'nothing'}"
    path.write_bytes(item.data)
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
