"""What bounds the loop: the same program with one kind of work replaced by something cheap, and timed again.

The numbers that such a program computes are meaningless; only its time is used.
"""

from __future__ import annotations

import functools
import operator
import time
from collections.abc import Callable
from typing import Any

from benchmarks.subjects import Subject

__all__ = ["VARIANTS", "measure"]

VARIANTS = {
    "whole": "everything",
    "powers": "powers as products",
    "exponentials": "powers as products, exp as a sum",
    "lookups": "lookups as one straight line",
    "outputs": "no outputs stored or computed for storing",
    "all": "all of these together",
}
_ROUNDS = 40


def measure(subject: Subject, variant: str = "whole", width: int = 0, **_: Any) -> dict[str, Any]:
    """Return microseconds for each lane of the loop alone, one thread, and kernels started in a step."""
    import jax
    import numpy as np

    import sim.engine.program as program
    from sim import load_model
    from sim.engine.compiling import _LOOP_OPTIONS
    from sim.engine.loaded import WIDTH
    from sim.engine.packing import default_rows, layout
    from sim.engine.planning import make_plan
    from sim.engine.timing import timing

    _cheapen(variant)
    width = width or WIDTH
    spec = load_model(subject.path).spec
    plan = make_plan(spec, subject.outputs)
    times = timing(spec.control, None, None, None)
    made = program.Program(plan, width, times.saves + 1, "euler", "float64")
    rows = np.repeat(default_rows(spec, layout(plan))[:, None], width, axis=1)
    settings, counts = times.values(np.float64), times.counts()
    with jax.enable_x64(True):
        given, states = jax.jit(made.start)(rows, settings)[1:]
        arguments = jax.device_put((given, states, settings, counts))
        code = jax.jit(made.loop).lower(*arguments).compile(compiler_options=dict(_LOOP_OPTIONS))
        taken = []
        for _round in range(_ROUNDS):
            start = time.perf_counter()
            jax.block_until_ready(code(*arguments))  # type: ignore[no-untyped-call]
            taken.append(time.perf_counter() - start)
    steps = times.saves * times.steps + 1
    given_kb = sum(array.nbytes for array in given) / 1024
    return {"us_per_lane": min(taken) / width * 1e6, "us_per_step": min(taken) / steps * 1e6,
            "width": width, "kernels": _kernels(code.as_text() or ""), "given_kb": given_kb,
            "states_kb": sum(array.nbytes for array in states) / 1024}  # fmt: skip


def _kernels(text: str) -> int:
    """Count the fusions and copies in the largest computation that is no fusion: the body of the loop."""
    parts = [part for part in text.split("\n\n") if not part.lstrip().startswith("%fused")]
    return max(part.count(" fusion(") + part.count(" copy(") for part in parts)


def _cheapen(variant: str) -> None:
    steps: dict[str, tuple[Callable[[], None], ...]] = {
        "whole": (),
        "powers": (_powers,),
        "exponentials": (_powers, _exponentials),
        "lookups": (_lookups,),
        "outputs": (_outputs,),
        "all": (_powers, _exponentials, _lookups, _outputs),
    }
    for step in steps[variant]:
        step()


def _powers() -> None:
    from sim.engine.program import JaxOperations

    JaxOperations.powers = lambda self, factors: functools.reduce(  # type: ignore[method-assign]
        operator.mul, [x * y for x, y, _ in factors]
    )
    JaxOperations.power = lambda self, x, y: x * y  # type: ignore[method-assign]


def _exponentials() -> None:
    from sim.engine.formulas import FUNCTIONS

    FUNCTIONS["exp"] = lambda o, a: o.number(a) + 1.0


def _lookups() -> None:
    import sim.engine.evaluating as evaluating

    def line(o: object, xs: Any, rises: Any, x: Any, way: object) -> Any:
        return rises[0] + rises[1] * (x - xs[0])

    def inline_line(o: object, table: Any, x: Any, way: object) -> Any:
        return float(table.y[0]) + 0.5 * (x - float(table.x[0]))

    for name, cheap in (("interpolated", line), ("inline_value", inline_line)):
        assert hasattr(evaluating, name)
        setattr(evaluating, name, cheap)


def _outputs() -> None:
    from sim.engine.program import Program

    Program._store = lambda self, saved, *_: saved  # type: ignore[method-assign]
