"""What is kept between time steps: content at the start, rates, and what it shows at a moment.

Stocks, smooths and delays flow: an integrator adds their rates. DELAY FIXED, SAMPLE IF TRUE and random
numbers step: they have a next content, once for each whole time step. States are arrays over the axes of
their equation and lanes; the stages of a smooth or delay, and the past inputs of DELAY FIXED, come first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.engine.drawing import NOISE, draw
from sim.engine.selecting import taken
from sim.engine.timing import Timing, timing
from sim.errors import BadInput
from sim.spec.expressions import (
    Delay,
    Expression,
    FixedDelay,
    HeldNode,
    Initial,
    Random,
    Sample,
    Smooth,
    Stock,
    walk,
)
from sim.spec.model import Model

if TYPE_CHECKING:
    from sim.engine.evaluating import Evaluator
    from sim.engine.planning import Held

__all__ = ["advanced", "flow", "room", "shown", "started"]

_MOST_REMEMBERED = 131_072
_SMALL = 1e-6
_STEPS, _BEFORE, _PAST = 0, 1, 2
"""Rows of a fixed delay: how many time steps it takes, the value before, then the input of each step."""

Read = Callable[[Expression], Any]
"""Gives the value of an expression over the axes of a state and the lanes."""


def room(model: Model, times: Timing) -> int:
    """Return how many time steps DELAY FIXED must remember, as a power of 2; 0 if the model has none."""
    equations = (c.expression for v in model.variables.values() for c in v.components)
    if not any(isinstance(node, FixedDelay) for equation in equations for node in walk(equation)):
        return 0
    usual = timing(model.control, None, None, None)
    steps = max(usual.saves * usual.steps, times.saves * times.steps) + 1
    if steps > _MOST_REMEMBERED:
        raise BadInput(
            f"DELAY FIXED remembers every time step: {steps} are too many, at most {_MOST_REMEMBERED} are "
            "allowed. Choose a larger time step or an earlier final time."
        )
    return 1 << (steps - 1).bit_length()


def flow(evaluator: Evaluator, held: Held, read: Read) -> Any:
    """Return how fast the content changes, shaped like it."""
    node = held.node
    if isinstance(node, Stock):
        return read(node.flow)
    assert isinstance(node, Smooth | Delay)
    state = evaluator.held[(held.piece, node)]
    span, entering = read(node.time), read(node.input)
    xp = evaluator.operations.xp
    stages = float(node.order) if node.stages is None else xp.trunc(read(node.stages))[None]
    leaving = state if isinstance(node, Smooth) else state / span[None]
    flows = xp.concatenate([entering[None], leaving[:-1]], axis=0)
    moved = (flows - leaving) * stages
    return moved / span[None] if isinstance(node, Smooth) else moved


def started(evaluator: Evaluator, held: Held, read: Read) -> Any:
    """Return the content at the initial time."""
    node, xp = held.node, evaluator.operations.xp
    if isinstance(node, Stock):
        return _stock_started(evaluator, held, read(node.initial))
    if isinstance(node, Initial):
        return read(node.expression)
    if isinstance(node, Random):
        return evaluator.inputs[NOISE]
    value = read(node.initial)
    if isinstance(node, FixedDelay):
        return _pipe_started(evaluator, value, read(node.time))
    if isinstance(node, Sample):
        return value
    if isinstance(node, Delay):
        value = value * read(node.time)
    return xp.stack([value] * node.order)


def advanced(evaluator: Evaluator, held: Held, read: Read) -> Any:
    """Return the content that a stepping state has at the next time step."""
    node = held.node
    state = evaluator.held[(held.piece, node)]
    if isinstance(node, FixedDelay):
        place = _PAST + evaluator.clock.settings["place"]
        return evaluator.operations.place(state, read(node.input)[None], (place, *[0] * (state.ndim - 1)))
    if isinstance(node, Sample):
        return shown(evaluator, node, state, read, ())
    return state


def shown(evaluator: Evaluator, node: HeldNode, state: Any, read: Read, sizes: tuple[int, ...]) -> Any:
    """Return the value of a node at this moment, given its content; ``sizes`` are those of its axes."""
    operations, xp = evaluator.operations, evaluator.operations.xp
    if isinstance(node, Smooth):
        return _last_stage(evaluator, node, state, read)
    if isinstance(node, Delay):
        return _last_stage(evaluator, node, state, read) / read(node.time)
    if isinstance(node, FixedDelay):
        return _pipe_end(evaluator, state)
    if isinstance(node, Sample):
        return xp.where(operations.truth(read(node.condition)), read(node.input), state)
    if isinstance(node, Random):
        arguments = [read(argument) for argument in node.arguments]
        return draw(operations, node, arguments, state, evaluator.clock.settings["place"], sizes)
    return state


def _last_stage(evaluator: Evaluator, node: Smooth | Delay, state: Any, read: Read) -> Any:
    """Return the content of the last stage; NaN in lanes that ask for fewer than 1 or more than there are."""
    if node.stages is None:
        return state[-1]
    xp = evaluator.operations.xp
    wanted = xp.trunc(read(node.stages))
    found = xp.full_like(state[0], float("nan"))
    for place in range(node.order):
        found = xp.where(wanted == place + 1.0, state[place], found)
    return found


def _pipe_started(evaluator: Evaluator, before: Any, time: Any) -> Any:
    xp = evaluator.operations.xp
    steps = xp.round(xp.maximum(time / evaluator.clock.step, 1.0) + _SMALL)
    past = xp.broadcast_to(before, (evaluator.clock.settings["room"], *before.shape))
    return xp.concatenate([steps[None], before[None], past], axis=0)


def _pipe_end(evaluator: Evaluator, state: Any) -> Any:
    xp = evaluator.operations.xp
    since = evaluator.clock.settings["place"] - state[_STEPS].astype("int32")
    row = xp.where(since >= 0, since + _PAST, _BEFORE)
    return xp.take_along_axis(state, row[None], axis=0)[0]


def _stock_started(evaluator: Evaluator, held: Held, computed: Any) -> Any:
    """An input that is not NaN replaces the equation's initial value, cell by cell."""
    name, plan, xp = held.piece[0], evaluator.plan, evaluator.operations.xp
    if name not in plan.overridden:
        return computed
    variable = plan.model.variables[name]
    component = variable.components[held.piece[1]]
    positions = plan.model.select(variable, component.subscripts)
    keep = [subscript in plan.model.dimensions for subscript in component.subscripts]
    given = taken(evaluator.inputs[name], positions, keep, xp)
    return xp.where(xp.isnan(given), computed, given)
