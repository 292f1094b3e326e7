"""One measurement in a process of its own, so that its peak memory and its imports are its own.

``python -m benchmarks.worker '{"engine": …}'`` prints one line of JSON, with ``peak_mb`` added.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.subjects import SUBJECTS, Subject, changes_of

_LONGEST = 12.0
"""Repeats of a case stop after so many seconds; there are at least two and at most five."""


def repeated(run: Callable[[], object], longest: float = _LONGEST, most: int = 5) -> list[float]:
    """Return the seconds of several runs."""
    taken: list[float] = []
    while len(taken) < 2 or (len(taken) < most and sum(taken) < longest):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
        if taken[-1] > 2 * longest:
            break
    return taken


def ours(subject: Subject, lanes: int, dtype: Any, threads: int | None = None, **_: Any) -> dict[str, Any]:
    """Our engine through its public interface, on all cores unless ``threads`` says otherwise."""
    from sim import load_model

    start = time.perf_counter()
    model = load_model(subject.path)
    first = model.run(changes_of(subject, model.defaults(), 0, 1), outputs=subject.outputs, dtype=dtype)
    ready = time.perf_counter() - start
    changes = changes_of(subject, model.defaults(), 0, lanes)
    taken = repeated(lambda: model.run(changes, outputs=subject.outputs, dtype=dtype, threads=threads))
    return {"seconds": taken, "ready": ready, "values": values(subject, first)}


def values(subject: Subject, result: Any) -> dict[str, list[float]]:
    """Return each output of the first lane at the end, to compare engines by."""
    return {name: result[name][0, -1].ravel().astype(float).tolist() for name in subject.outputs}


def blocks(subject: Subject, lanes: int, dtype: Any, **_: Any) -> dict[str, Any]:
    """Many lanes as a stream of blocks, with the peak memory at a tenth of the way and at the end."""
    from sim import load_model

    model = load_model(subject.path)
    defaults = model.defaults()
    model.run(outputs=subject.outputs, dtype=dtype)
    start, early, total, block = time.perf_counter(), 0.0, 0.0, min(10_000, lanes // 10)
    stream = model.run_blocks(
        lambda part: changes_of(subject, defaults, part.start, part.stop),
        lanes=lanes,
        block=block,
        outputs=subject.outputs,
        dtype=dtype,
    )
    for place, result in enumerate(stream):
        total += float(result[subject.outputs[0]][:, -1].sum())
        if place == 0:
            early = peak()
    return {"seconds": [time.perf_counter() - start], "early_mb": early, "total": total, "block": block}


def numpy(subject: Subject, lanes: int, width: int = 0, **_: Any) -> dict[str, Any]:
    """The engine's own NumPy evaluator over blocks of lanes, one thread."""
    import numpy as np

    from sim import load_model
    from sim.engine.changing import read_changes
    from sim.engine.packing import layout
    from sim.engine.planning import make_plan
    from sim.engine.running import inputs_of
    from sim.engine.stepping import moments
    from sim.engine.timing import timing

    model = load_model(subject.path)
    plan = make_plan(model.spec, subject.outputs)
    times = timing(model.spec.control, None, None, None)
    changes = changes_of(subject, model.defaults(), 0, lanes)
    read, _count = read_changes(model.spec, changes, lanes)
    inputs = inputs_of(model.spec, layout(plan), read, 0, 0)
    last: dict[str, Any] = {}

    def run(first: int, stop: int) -> None:
        rows = inputs.block(first, stop, stop - first, np.float64)
        saved: list[dict[str, Any]] = []
        for step, (_time, evaluator) in enumerate(moments(plan, times, rows)):
            if step and (step - 1) % times.steps == 0:
                saved.append({name: np.array(evaluator.variable(name)) for name in subject.outputs})
        last.setdefault("values", {n: a[..., 0].ravel().tolist() for n, a in saved[-1].items()})

    def whole() -> None:
        size = width or lanes
        for first in range(0, lanes, size):
            run(first, min(first + size, lanes))

    with np.errstate(all="ignore"):
        return {"seconds": repeated(whole), **last}


def pysimlin(subject: Subject, lanes: int, **_: Any) -> dict[str, Any]:
    """A simulation of pysimlin, set and run again for each lane, one process."""
    import numpy as np
    import simlin

    from sim import load_model

    defaults = load_model(subject.path).defaults()
    changes = changes_of(subject, defaults, 0, lanes)
    names = [name.replace(" ", "_") for name in subject.varied]
    start = time.perf_counter()
    model = simlin.load(subject.path)
    simulation = model.simulate()
    ready = time.perf_counter() - start

    def run() -> Any:
        for lane in range(lanes):
            simulation.reset()
            for name, changed in zip(names, changes.values(), strict=True):
                simulation.set_value(name, float(changed[lane]))
            simulation.run_to_end()
            series = [simulation.get_series(cell) for cell in subject.cells]
            if lane == 0:
                found.append([float(one[-1]) for one in series])

    found: list[list[float]] = []
    taken = repeated(run)
    flat = [None if np.isnan(value) else value for value in found[0]]
    return {"seconds": taken, "ready": ready, "flat": flat}


def pysd(subject: Subject, steps: int, **_: Any) -> dict[str, Any]:
    """PySD's own executor over ``steps`` time steps and over twice as many; the difference is their cost."""
    import pysd as reference

    from sim.translate import load_spec

    control = load_spec(subject.path).control
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / subject.path.name
        shutil.copy(subject.path, copy)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            start = time.perf_counter()
            model = reference.read_vensim(str(copy), encoding="utf-8")
            ready = time.perf_counter() - start
            spans = [control.initial_time + count * control.time_step for count in (steps, 2 * steps)]
            taken = [_pysd_run(model, subject, span) for span in spans]
    whole = round((control.final_time - control.initial_time) / control.time_step)
    each = (taken[1] - taken[0]) / steps
    return {
        "seconds": [taken[0] - each * steps + each * whole],
        "ready": ready,
        "steps": steps,
        "whole": whole,
    }


def _pysd_run(model: Any, subject: Subject, final: float) -> float:
    start = time.perf_counter()
    model.run(final_time=final, return_columns=list(subject.outputs), flatten_output=False)
    return time.perf_counter() - start


def ablation(subject: Subject, **named: Any) -> dict[str, Any]:
    """See :mod:`benchmarks.ablation`."""
    from benchmarks.ablation import measure

    return measure(subject, **named)


def peak() -> float:
    """Return the largest memory that this process has had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    """Run the case given as JSON."""
    case = json.loads(sys.argv[1])
    measure = {f.__name__: f for f in (ours, blocks, numpy, pysimlin, pysd, ablation)}[case.pop("engine")]
    found = measure(SUBJECTS[case.pop("subject")], **case)
    print(json.dumps({**found, "peak_mb": peak()}))


if __name__ == "__main__":
    main()
