"""Run all benchmarks in one go and write RESULTS.md: ``python -m benchmarks [--quick]``.

Every case runs in a process of its own, one after the other. A case that fails is reported as such
and the others go on. ``--quick`` leaves out the largest cases, prints, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.ablation import VARIANTS
from benchmarks.plots import draw
from benchmarks.startup import measured
from benchmarks.subjects import ROOT, SUBJECTS
from benchmarks.writing import Findings, Row, text_of

HERE = Path(__file__).resolve().parent
_LIMIT = 400
"""Seconds after which a case is given up."""
_LANES = (1, 100, 10_000, 100_000)


@dataclass
class Bench:
    """What is measured so far, and how."""

    quick: bool
    env: dict[str, str]
    found: Findings = field(default_factory=lambda: Findings(command="make bench", load=[os.getloadavg()[0]]))

    def case(self, **case: Any) -> dict[str, Any] | None:
        """Run one case in a process; None, with a line on the screen, if it fails."""
        start = time.perf_counter()
        line = " ".join(str(value) for value in case.values())
        try:
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.worker", json.dumps(case)],
                env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT, check=True,
            )  # fmt: skip
            result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        except subprocess.TimeoutExpired:
            print(f"{line}: given up after {_LIMIT} s", flush=True)
            return None
        except (subprocess.CalledProcessError, ValueError, IndexError) as error:
            why = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1:]
            print(f"{line}: failed: {' '.join(why)}", flush=True)
            return None
        shown = f", best of runs {min(result['seconds']):.3f} s" if "seconds" in result else ""
        print(f"{line}: {time.perf_counter() - start:.0f} s{shown}", flush=True)
        return result

    def everything(self) -> None:
        """Run all cases, the quick ones or all."""
        for subject in SUBJECTS:
            self.ours(subject)
            self.numpy(subject)
            self.pysimlin(subject)
            self.pysd(subject)
        self.found.startup = self._startup()
        if not self.quick:
            self.million()
            for subject in SUBJECTS:
                self.profile(subject)
        self.found.load.append(os.getloadavg()[0])

    def add(self, subject: str, engine: str, lanes: int, seconds: float, **more: Any) -> None:
        """Keep one row of the table."""
        self.found.rows.append(Row(subject, engine, lanes, seconds, **more))

    def ours(self, subject: str) -> None:
        """Our engine in both precisions at every number of lanes; the first case compiles."""
        for dtype in ("float64", "float32"):
            for lanes in _LANES[:3] if self.quick else _LANES:
                got = self.case(engine="ours", subject=subject, lanes=lanes, dtype=dtype)
                if got is None:
                    continue
                spread = max(got["seconds"]) / min(got["seconds"])
                self.add(
                    subject, f"sim {dtype}", lanes, min(got["seconds"]), peak=got["peak_mb"], spread=spread
                )
                self.found.ready.setdefault((subject, f"sim {dtype}"), []).append(got["ready"])
                self.found.values[subject, f"sim {dtype}"] = [*chain(*got["values"].values())]

        got = self.case(engine="ours", subject=subject, lanes=_LANES[2], dtype="float64", threads=1)
        if got:
            name = "sim float64, one thread"
            self.add(subject, name, _LANES[2], min(got["seconds"]), peak=got["peak_mb"])

    def numpy(self, subject: str) -> None:
        """NumPy in blocks of at most a thousand lanes: more lanes are more of the same blocks."""
        got, last, best = None, 0, 0.0
        for lanes in (1, 100) if self.quick else (1, 100, 1000):
            got = self.case(engine="numpy", subject=subject, lanes=lanes)
            if got is None:
                return
            last, best = lanes, min(got["seconds"])
            if lanes in _LANES:
                self.add(subject, "NumPy", lanes, best, peak=got["peak_mb"])
        assert got is not None
        self.found.values[subject, "NumPy"] = [*chain(*got["values"].values())]
        for lanes in _LANES[2:]:
            self.add(subject, "NumPy", lanes, best / last * lanes, peak=got["peak_mb"], scaled=last)

    def pysimlin(self, subject: str) -> None:
        """One process, and one on each core at the same time."""
        one = self.case(engine="pysimlin", subject=subject, lanes=1)
        if one is None:
            self.found.failures[subject, "pysimlin"] = "does not run this model"
            return
        self.add(subject, "pysimlin", 1, min(one["seconds"]), peak=one["peak_mb"])
        self.found.values[subject, "pysimlin"] = one["flat"]
        lanes = max(10, min(2000, int(3.0 / min(one["seconds"]))))
        got = self.case(engine="pysimlin", subject=subject, lanes=lanes)
        with ThreadPoolExecutor(self.found.cores) as pool:
            jobs = [
                pool.submit(self.case, engine="pysimlin", subject=subject, lanes=lanes)
                for _ in range(self.found.cores)
            ]
            all_cores = [result for job in jobs if (result := job.result())]
        if got is None or len(all_cores) < self.found.cores:
            return
        rate = sum(lanes / min(result["seconds"]) for result in all_cores)
        for count in _LANES[1:]:
            self.add(
                subject, "pysimlin", count, min(got["seconds"]) / lanes * count,
                peak=got["peak_mb"], scaled=0 if count == lanes else lanes,
            )  # fmt: skip
            memory = sum(result["peak_mb"] for result in all_cores)
            self.add(subject, "pysimlin, all cores", count, count / rate, peak=memory, scaled=lanes)

    def pysd(self, subject: str) -> None:
        """A few steps; the whole horizon and more runs are counted from them."""
        got = self.case(engine="pysd", subject=subject, steps=4 if subject == "changji" else 40)
        if got is None:
            self.found.failures[subject, "PySD"] = "failed"
            return
        for lanes in _LANES:
            self.add(
                subject, "PySD", lanes, got["seconds"][0] * lanes, peak=got["peak_mb"], scaled=1,
                part=f"{3 * got['steps']} of {got['whole']} steps",
            )  # fmt: skip

    def million(self) -> None:
        """A million lanes in a stream, and a tenth of them for the memory."""
        for subject in SUBJECTS:
            rate = self.found.rate(subject, "sim float64", 100_000)
            lanes = 1_000_000 if rate and 1_000_000 / rate < 0.8 * _LIMIT else 300_000
            got = self.case(engine="blocks", subject=subject, lanes=lanes, dtype="float64")
            if got:
                self.add(subject, "sim float64, stream", lanes, got["seconds"][0], peak=got["peak_mb"])
                self.found.streams[subject] = {**got, "lanes": lanes}

    def profile(self, subject: str) -> None:
        """The loop with kinds of work left out, and with few lanes, where only starting kernels counts."""
        for variant in VARIANTS:
            got = self.case(engine="ablation", subject=subject, variant=variant)
            if got:
                self.found.ablations.setdefault(subject, {})[variant] = got
        again = self.case(engine="ablation", subject=subject, variant="whole")
        if again:
            self.found.ablations.setdefault(subject, {})["whole again"] = again
        few = self.case(engine="ablation", subject=subject, variant="all", width=8)
        if few:
            self.found.ablations.setdefault(subject, {})["few lanes"] = few

    def _startup(self) -> dict[str, float]:
        try:
            return measured()
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"start-up: failed: {error}", flush=True)
            return {}


def main() -> None:
    """Measure, print the results, and write them with their plots unless ``--quick``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the largest cases and write nothing")
    parser.add_argument("--output", type=Path, help="write here instead of benchmarks/")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(given.quick, {**os.environ, "SIM_CACHE": f"{folder}/cache"})
        start = time.perf_counter()
        bench.everything()
        bench.found.took = time.perf_counter() - start
    text = text_of(bench.found)
    print("\n" + text)
    target = given.output or (None if given.quick else HERE)
    if target:
        target.mkdir(parents=True, exist_ok=True)
        draw(bench.found, target)
        (target / "RESULTS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
