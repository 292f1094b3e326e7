"""A run computes all that its outputs need: whatever holds a value, and however deep it sits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from sim.engine import Held, LoadedModel
from sim.engine.drawing import NOISE, NOISE_ROWS
from sim.engine.holding import advanced, flow, room, shown, started
from sim.engine.operations import NumpyOperations
from sim.engine.packing import default_rows, layout
from sim.engine.planning import Held as PlannedHeld
from sim.engine.planning import Plan, make_plan
from sim.engine.program import Program, shape
from sim.engine.stepping import moments
from sim.engine.timing import timing
from sim.spec.expressions import (
    HELD,
    Delay,
    Expression,
    FixedDelay,
    HeldNode,
    Initial,
    Random,
    Reference,
    Sample,
    Smooth,
    Stock,
)
from sim.spec.structure import evaluated, moved_by

Build = Callable[..., LoadedModel]
KINDS = {
    "stock": "INTEG({x}, {a})",
    "smooth": "2 * SMOOTHI({x}, {a}, {b})",
    "delay": "DELAY3I({x}, {a}, {b}) + 1",
    "delay n": "DELAY N({x}, three, {b}, three)",
    "fixed": "DELAY FIXED({x}, {a}, {b})",
    "sample": "SAMPLE IF TRUE({a} > 2.5, {x}, {b})",
    "initial": "INITIAL({x} + {a})",
    "active": "ACTIVE INITIAL({x}, {a} * {b})",
    "trend": "TREND({x}, {a}, {b} / 10)",
}
"""What keeps a value; x, a and b are what it reads, each a variable that nothing else reads."""


SHORT = "INITIAL TIME = 0 ~~|\nFINAL TIME = 2 ~~|\nTIME STEP = 0.5 ~~|\nSAVEPER = 0.5 ~~|\n"


def _nested() -> str:
    lines = ["three = 3 ~~|"]
    for outer, inner in product(KINDS, KINDS):
        name = f"{outer} of {inner}"
        reads = [f"{name} {part}" for part in "uvwyz"]
        inside = KINDS[inner].format(x=reads[0], a=reads[1], b=reads[2])
        lines += [f"{read} = {place + 1} + Time * {place % 3} / 4 ~~|" for place, read in enumerate(reads)]
        lines.append(f"{name} = {KINDS[outer].format(x=inside, a=reads[3], b=reads[4])} ~~|")
    return "\n".join(lines) + "\n"


def _values(plan: Plan) -> dict[str, list[float]]:
    """Return every output at every step, by the equations one by one in NumPy."""
    times = timing(plan.model.control, None, None, None)
    steps = [
        evaluator for _, evaluator in moments(plan, times, default_rows(plan.model, layout(plan))[:, None])
    ]
    return {name: [float(np.ravel(step.variable(name))[0]) for step in steps[1:]] for name in plan.outputs}


def _trace(plan: Plan) -> None:
    """Write the program out without compiling it: what it lacks shows here."""
    times = timing(plan.model.control, None, None, None)
    program = Program(plan, 1, times.saves + 1, "euler", "float64", room(plan.model, times))
    with jax.enable_x64(True):
        rows, five = program.start_arguments()
        _, given, states = jax.eval_shape(program.start, rows, five)
        jax.eval_shape(program.loop, given, states, five, shape((2,), np.int32))


def test_each_output_alone_is_what_it_is_among_all(build: Build) -> None:
    model = build(_nested(), SHORT, "nested").spec
    names = [f"{outer} of {inner}" for outer, inner in product(KINDS, KINDS)]
    whole = _values(make_plan(model, names))
    for name in names:
        alone = make_plan(model, [name])
        _trace(alone)
        assert _values(alone) == {name: whole[name]}, name
    assert sum(len(set(values)) > 1 for values in whole.values()) > 50


NODES: list[HeldNode] = [
    Stock(*map(Reference, "ab")),
    Smooth(*map(Reference, "abc"), 3),
    Smooth(*map(Reference, "abc"), 3, Reference("d")),
    Delay(*map(Reference, "abc"), 3),
    Delay(*map(Reference, "abc"), 3, Reference("d")),
    FixedDelay(*map(Reference, "abc")),
    Sample(*map(Reference, "abc")),
    Random("random_uniform", tuple(map(Reference, "abc")), 1),
    Initial(Reference("a")),
]


@pytest.mark.parametrize("node", NODES, ids=[f"{type(n).__name__}{i}" for i, n in enumerate(NODES)])
def test_what_the_engine_reads_is_what_planning_knows(node: HeldNode) -> None:
    """Planning sees to what ``evaluated`` and ``moved_by`` name; nothing else may be read."""
    assert {type(one) for one in NODES} == set(HELD)
    piece, found = ("v", 0), set()

    def read(part: Expression) -> Any:
        found.add(part)
        return np.ones(1)

    def reads(function: Callable[..., Any], *given: Any) -> set[Expression]:
        found.clear()
        function(*given)
        return set(found)

    settings = {"room": 8, "place": 0}
    evaluator: Any = SimpleNamespace(
        operations=NumpyOperations(),
        plan=SimpleNamespace(overridden=()),
        clock=SimpleNamespace(step=0.5, settings=settings),
        inputs={NOISE: np.zeros((NOISE_ROWS, 1))},
        held={},
    )
    held = PlannedHeld(piece, node, (), ())
    assert reads(started, evaluator, held, read) <= set(evaluated(node, "initial"))
    state = evaluator.held[(piece, node)] = started(evaluator, held, read)
    assert reads(shown, evaluator, node, state, read, ()) <= set(evaluated(node, "run"))
    if not isinstance(node, Initial):
        moves = advanced if held.steps else flow
        assert reads(moves, evaluator, held, read) <= set(moved_by(node))


def test_a_sample_of_what_nothing_else_needs(build: Build) -> None:
    model = build("a = SAMPLE IF TRUE(Time > 2, b, 0) ~~|\nb = Time * 2 ~~|\n", name="sample")
    assert model.run(outputs=["a"])["a"][0].tolist() == [0, 0, 0, 0, 0, 5, 6, 7, 8]


def test_what_only_a_held_value_needs(build: Build) -> None:
    """A pipe as long as a variable that nothing else reads, filled by what only it reads."""
    text = (
        "s = INTEG(DELAY FIXED(INITIAL(p) + q, w, z), 2) ~~|\n"
        "p = 1 + Time ~~|\nq = Time ~~|\nw = 0.5 ~~|\nz = 4 + Time ~~|\n"
    )
    # The pipe gives 4 for two steps of a quarter, then p at the start and the time half a year before.
    inflows = [4.0, 4.0, *(1.0 + 0.25 * step for step in range(14))]
    wanted = 2.0 + 0.25 * np.concatenate([[0.0], np.cumsum(inflows)])
    model = build(text, name="pipe")
    assert model.run(outputs=["s"])["s"][0].tolist() == wanted[::2].tolist()


def test_a_stock_without_a_flow_and_constants_written_as_sums_stay(build: Build) -> None:
    text = "s = INTEG(0, k) ~~|\nk = 1 / 4 ~~|\nd: a, b ~~|\nc[a] = 1 / 3 ~~|\nc[b] = -2 ~~|\n"
    model = build(text, name="still")
    assert (model.run(outputs=["s"])["s"] == 0.25).all()
    held = model.run({"s": Held(), "k": Held(), "c": Held()}, outputs=["s", "k", "c"])
    assert (held["s"] == 0.25).all()
    assert (held["k"] == 0.25).all()
    assert held["c"][0, -1].tolist() == [1 / 3, -2.0]
    assert (model.run({"s": [3.0, 4.0]}, outputs=["s"])["s"] == [[3.0], [4.0]]).all()


def test_initial_of_numbers_and_times(build: Build) -> None:
    text = (
        "a = INTEG(2 * INITIAL(Time + 1), 0) ~~|\n"
        "b = Time * INITIAL(TIME STEP) ~~|\nc = Time + INITIAL(5) ~~|\n"
    )
    result = build(text, SHORT, "initial").run()
    assert result["a"][0].tolist() == [0, 1, 2, 3, 4]
    assert result["b"][0].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert result["c"][0].tolist() == [5, 5.5, 6, 6.5, 7]
