"""The derivative of every function of the engine: forward and in reverse, against differences in NumPy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sim.engine import mathematics
from sim.engine.drawing import _DISTRIBUTIONS, draw
from sim.engine.formulas import FUNCTIONS, OPERATORS, TIMED, reduced
from sim.engine.operations import NumpyOperations, Operations
from sim.engine.program import JaxOperations
from sim.engine.slopes import steepest
from sim.engine.tables import inline_value, reading
from sim.engine.vectors import ALONG, selected
from sim.spec import functions
from sim.spec.expressions import Lookup, LookupCall, Number, Random

Points = list[tuple[float, ...]]
_ANY: Points = [(2.5, 0.7), (-1.3, 2.2), (0.4, -3.1)]
_LOGIC: Points = [(1.0, 0.0), (0.3, 2.0), (0.0, 0.0)]
_NOW, _STEP = 3.3, 0.25

SMOOTH: dict[str, Points] = {
    "+": _ANY,
    "-": _ANY,
    "*": _ANY,
    "/": _ANY,
    "^": [(2.5, 0.7), (0.3, -2.2), (1e-3, 1.5), (4.0, 20.0), (1.0, 3.0)],
    "negative": [(2.5,), (-0.3,)],
    "=": [(2.5, 0.7), (0.7, 2.5)],
    "<>": [(2.5, 0.7), (0.7, 2.5)],
    "<": _ANY,
    "<=": _ANY,
    ">": _ANY,
    ">=": _ANY,
    "and": _LOGIC,
    "or": _LOGIC,
    "not": [(1.0,), (0.0,)],
    "abs": [(2.5,), (-0.3,)],
    "arccos": [(0.7,), (-0.99,)],
    "arcsin": [(0.7,), (-0.99,)],
    "arctan": [(0.0,), (0.3,), (-0.7,), (1.9,), (40.0,), (-1e9,)],
    "cos": [(0.7,), (-20.0,)],
    "cosh": [(0.7,), (-3.0,)],
    "exp": [(0.7,), (-30.0,), (5.0,)],
    "if_then_else": [(1.0, 2.5, 0.7), (0.0, 2.5, 0.7)],
    "floor": [(2.5,), (-1.3,)],
    "floor_modulo": [(7.3, 2.0), (-7.3, 2.0), (7.3, -2.0), (0.4, 1.7)],
    "integer": [(2.5,), (-1.3,)],
    "ln": [(2.5,), (1e-6,), (1.0,), (1e9,), (0.71,), (1.42,)],
    "log": [(2.5, 10.0), (1e-3, 2.0), (7.0, 0.3)],
    "max": _ANY,
    "min": _ANY,
    "modulo": [(7.3, 2.0), (-7.3, 2.0), (0.4, 1.7)],
    "pi": [()],
    "power": [(2.5, 0.7), (0.3, -2.2)],
    "quantum": [(7.3, 2.0), (-7.3, 2.0), (7.3, -1.0), (0.4, 1.7)],
    "sin": [(0.7,), (-20.0,)],
    "sinh": [(0.7,), (-3.0,)],
    "sqrt": [(2.5,), (1e-6,), (1e9,)],
    "tan": [(0.7,), (-1.4,)],
    "tanh": [(0.7,), (-3.0,)],
    "xidz": [(2.5, 0.7, 5.0), (2.5, -3.0, 5.0)],
    "zidz": [(2.5, 0.7), (2.5, -3.0)],
    "step": [(2.5, 1.0), (2.5, 5.0)],
    "ramp": [(2.5, 1.0, 2.0), (2.5, 1.0, 9.0), (2.5, 5.0, 9.0)],
    "pulse": [(3.0, 1.0), (5.0, 1.0)],
    "pulse_train": [(1.1, 2.0, 0.5, 9.0), (1.1, 0.0, 0.5, 9.0)],
    "xpulse": [(3.25, 2.0), (1.0, 2.0)],
    "xpulse_train": [(1.25, 2.0, 3.0), (1.0, 0.7, 3.0)],
    "xramp": [(2.5, 1.0), (2.5, 5.0)],
}
"""Where each function is smooth, by its name; those of time are at time 3.3 with a time step of 0.25."""

INFINITE = float("inf")
EDGES: list[tuple[str, tuple[float, ...], tuple[float, ...]]] = [
    # A power whose base is 0, and the exponents that change what it does there.
    ("^", (0.0, 2.0), (0.0, 0.0)),
    ("^", (0.0, 1.0), (1.0, 0.0)),
    ("^", (0.0, 0.5), (INFINITE, 0.0)),
    ("^", (2.5, 0.0), (0.0, np.log(2.5))),
    ("^", (0.0, 0.0), (0.0, -INFINITE)),
    # Of a negative base only whole powers exist: the exponent cannot move.
    ("^", (-2.0, 3.0), (12.0, 0.0)),
    ("^", (-2.0, 2.0), (-4.0, 0.0)),
    ("^", (-2.0, -1.0), (-0.25, 0.0)),
    ("power", (0.0, 3.0), (0.0, 0.0)),
    ("power_sign", (2.0,), (0.0,)),
    ("power_sign", (3.0,), (0.0,)),
    ("ln", (0.0,), (INFINITE,)),
    ("sqrt", (0.0,), (INFINITE,)),
    ("arcsin", (1.0,), (INFINITE,)),
    ("arcsin", (-1.0,), (INFINITE,)),
    ("arccos", (1.0,), (-INFINITE,)),
    ("arctan", (INFINITE,), (0.0,)),
    # At a kink, the mean of both sides.
    ("abs", (0.0,), (0.0,)),
    ("max", (2.0, 2.0), (0.5, 0.5)),
    ("min", (2.0, 2.0), (0.5, 0.5)),
    ("ramp", (2.0, 1.0, _NOW), (_NOW - 1.0, -2.0, 1.0)),  # Its finish counts until it is past.
    # The other branch is a division by 0, or the quotient is a number that only a smaller divisor changes.
    ("xidz", (2.0, 0.0, 5.0), (0.0, 0.0, 1.0)),
    ("xidz", (0.0, 0.0, 5.0), (0.0, 0.0, 1.0)),
    ("zidz", (2.0, 0.0), (0.0, 0.0)),
    ("zidz", (0.0, 0.0), (0.0, 0.0)),
    ("quantum", (7.3, 0.0), (1.0, 0.0)),
    ("modulo", (7.3, 0.0), (0.0, 0.0)),
    ("modulo", (7.3, 2.0), (1.0, -3.0)),
    ("quantum", (7.3, 2.0), (0.0, 3.0)),
    ("pulse_train", (1.0, 0.0, 0.5, 9.0), (0.0, 0.0, 0.0, 0.0)),
]
"""Name, arguments, and the slope by each argument."""


def _function(name: str) -> Callable[..., Any]:
    """Return a function of operations and arguments; those of time get theirs."""
    if name in TIMED:
        return lambda o, *a: TIMED[name](o, np.float64(_NOW), np.float64(_STEP), *a)
    return (OPERATORS | FUNCTIONS)[name]


def _jax(function: Callable[..., Any]) -> Callable[..., Any]:
    operations = JaxOperations("float64")
    return jax.jit(lambda *a: jnp.asarray(operations.number(function(operations, *a)), float))


def _numpy(function: Callable[..., Any], *arrays: Any) -> Any:
    operations = NumpyOperations()
    with np.errstate(all="ignore"):
        return np.asarray(operations.number(function(operations, *arrays)), float)


def _both(function: Callable[..., Any], arrays: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the slopes by each argument, forward and in reverse.

    Forward, those that do not move have a tangent of 0, and not none: as in a loop over time.
    """
    count = len(arrays)

    def whole(*at: Any) -> Any:
        moves = [[jnp.full_like(a, float(k == place)) for k, a in enumerate(at)] for place in range(count)]
        value, back = jax.vjp(_jax(function), *at)
        return [jax.jvp(_jax(function), at, tuple(m))[1] for m in moves], back(jnp.ones_like(value))

    forward, reverse = jax.jit(whole)(*arrays)
    return list(map(np.asarray, forward)), list(map(np.asarray, reverse))


def _differences(function: Callable[..., Any], arrays: list[Any]) -> list[Any]:
    """Return central differences, with what their error of second order tells taken off (Richardson)."""
    slopes = []
    for place, array in enumerate(arrays):
        step = 1e-4 * np.where(array == 0.0, 1.0, np.abs(array))

        def central(reach: Any, place: int = place, array: Any = array) -> Any:
            high, low = array + reach, array - reach
            ends = [_numpy(function, *arrays[:place], x, *arrays[place + 1 :]) for x in (high, low)]
            return (ends[0] - ends[1]) / (high - low)

        slopes.append((4.0 * central(step / 2.0) - central(step)) / 3.0)
    return slopes


def _close(found: Any, wanted: Any, value: Any) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-9 * (1.0 + np.max(np.abs(value))))


@pytest.fixture(autouse=True)
def _double() -> Any:
    with jax.enable_x64(True):
        yield


def test_every_function_of_the_engine_has_its_derivative_tested() -> None:
    assert set(SMOOTH) | {"power_sign"} == set(OPERATORS) | set(FUNCTIONS) | set(TIMED)
    assert functions.RANDOM.keys() == _DISTRIBUTIONS.keys() == DRAWN.keys()
    assert set(ALONG) == set(functions.ALONG_LAST) == {"vector_sort_order", "vector_rank", "vector_reorder"}
    whole = {"sum", "prod", "vmin", "vmax", "vector_select"}
    assert set(functions.REDUCTIONS) == whole
    assert set(functions.FUNCTIONS) <= set(SMOOTH) | whole | set(ALONG) | {"active_initial"}


@pytest.mark.parametrize("name", list(SMOOTH))
def test_a_function_has_the_slope_that_differences_tend_to(name: str) -> None:
    function = _function(name)
    arrays = [np.array(values) for values in zip(*SMOOTH[name], strict=True)]
    if not arrays:
        assert np.isfinite(_jax(function)())
        return
    wanted = _differences(function, arrays)
    value = _numpy(function, *arrays)
    for slopes in _both(function, arrays):
        for found, slope in zip(slopes, wanted, strict=True):
            _close(found, slope, value)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge[0]}{edge[1]}")
def test_at_an_edge_the_slope_is_as_worked_out(
    edge: tuple[str, tuple[float, ...], tuple[float, ...]],
) -> None:
    name, point, wanted = edge
    function, arrays = _function(name), [np.array([value]) for value in point]
    for slopes in _both(function, arrays):
        for found, slope in zip(slopes, wanted, strict=True):
            if np.isinf(slope):
                assert abs(found[0]) == pytest.approx(steepest("float64"))
                assert np.sign(found[0]) == np.sign(slope)
            else:
                assert found[0] == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("name", ["ln", "sqrt", "arcsin", "arccos", "^"])
def test_a_branch_that_is_not_taken_leaves_nothing_behind(name: str) -> None:
    """The usual guard: IF THEN ELSE(x > 0, SQRT(x), x) and the like, where the function has no slope."""
    at = {"ln": 0.0, "sqrt": 0.0, "arcsin": 1.0, "arccos": 1.0, "^": 0.0}[name]
    inner = _function(name)

    def guarded(o: Operations, x: Any) -> Any:
        value = inner(o, x, 0.5) if name == "^" else inner(o, x)
        return FUNCTIONS["if_then_else"](o, x == at, 3.0 * x, value)

    for slopes in _both(guarded, [np.array([at])]):
        assert slopes[0][0] == 3.0


@pytest.mark.parametrize("name", ["powers", "fast_arctan", "sqrt", "arcsin", "arccos", "absolute"])
def test_a_rule_leaves_the_program_of_a_run_as_it_is(name: str) -> None:
    ruled = getattr(mathematics, name)
    x = np.linspace(0.1, 0.9, 64)
    given = [(x, x, x), (x, x, x)] if name == "powers" else x
    texts = [
        jax.jit(f).lower(given).compile().as_text() for f in (lambda a: ruled(a), lambda a: ruled.fun(a))
    ]
    assert _bare(texts[0]) == _bare(texts[1])


def _bare(text: str) -> list[str]:
    """Return the instructions without where in the source they come from."""
    lines = re.sub(r", metadata=\{[^}]*\}|stack_frame_id=\d+", "", text).splitlines()
    return [line for line in lines if re.match(r"\s*(ROOT )?%|ENTRY", line)]


def test_a_product_of_powers_moves_with_each_factor() -> None:
    def product(o: Operations, *a: Any) -> Any:
        signs = [o.power_sign(y) for y in a[1::2]]
        return o.powers(list(zip(a[::2], a[1::2], signs, strict=True)))

    arrays = [np.array(v) for v in ([1.5, 0.2, 3.0], [0.7, -1.5, 2.0], [2.0, 0.9, 1.1], [0.3, 3.0, -0.4])]
    wanted = _differences(product, arrays)
    for slopes in _both(product, arrays):
        for found, slope in zip(slopes, wanted, strict=True):
            _close(found, slope, 1.0)
    signed = [np.array([v]) for v in (-2.0, 3.0, 0.0, 1.0)]
    for slopes in _both(product, signed):
        assert [float(slope[0]) for slope in slopes] == [0.0, 0.0, pytest.approx(-8.0), 0.0]


@pytest.mark.parametrize("name", ["sum", "prod", "vmin", "vmax"])
def test_a_reduction(name: str) -> None:
    array = np.random.default_rng(1).uniform(-2.0, 2.0, (3, 4))
    array[1, 2] = 0.0
    direction = np.random.default_rng(2).uniform(-1.0, 1.0, (3, 4))
    _along(lambda o, x: reduced(o, name, x, (0,)), [array], [direction])


@pytest.mark.parametrize("action", range(11))
def test_vector_select(action: int) -> None:
    random = np.random.default_rng(3)
    choice = np.array([[1.0, 0.0], [0.0, 0.0], [2.0, 1.0], [1.0, 1.0]])
    values, missing = random.uniform(0.5, 2.0, (4, 2)), np.array([9.0, 8.0])
    _along(
        lambda o, v, m: selected(o, (0,), choice, v, m, action, 0),
        [values, missing],
        [random.uniform(-1.0, 1.0, (4, 2)), np.array([0.3, -0.4])],
    )


@pytest.mark.parametrize("name", list(ALONG))
def test_a_function_of_a_whole_vector(name: str) -> None:
    random = np.random.default_rng(4)
    vector = random.uniform(-2.0, 2.0, (4, 3))
    order = np.array([[2.0], [0.0], [3.0], [1.0]]) * np.ones((1, 3)) if name == "vector_reorder" else 1.0
    _along(lambda o, x: ALONG[name](o, 0, x, order), [vector], [random.uniform(-1.0, 1.0, (4, 3))])


DRAWN: dict[str, tuple[float, ...]] = {
    "random_0_1": (),
    "random_uniform": (1.0, 3.0, 0.0),
    "random_normal": (-1.0, 4.0, 1.5, 0.8, 0.0),
    "random_exponential": (0.0, 5.0, 0.5, 1.2, 0.0),
    "random_triangular": (0.0, 5.0, 0.5, 1.2, 4.0, 0.0),
    "random_weibull": (0.1, 5.0, 1.7, 0.3, 1.2, 0.0),
}


@pytest.mark.parametrize("name", list(DRAWN))
def test_a_random_number_moves_with_its_distribution(name: str) -> None:
    node = Random(name, tuple(map(Number, DRAWN[name])), 3)
    state = np.arange(4.0)[:, None] * np.ones((1, 16))
    state[1] = np.arange(16.0)

    def drawn(o: Operations, *arguments: Any) -> Any:
        whole = [*arguments, np.zeros(16)] if arguments else []
        return draw(o, node, whole, o.xp.asarray(state), 2, ())

    arrays = [np.full(16, value) for value in DRAWN[name][:-1]]
    if not arrays:
        assert _jax(drawn)().shape == (16,)
        return
    wanted = _differences(drawn, arrays)
    for slopes in _both(drawn, arrays):
        for found, slope in zip(slopes, wanted, strict=True):
            np.testing.assert_allclose(found, slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("manner", get_args(get_type_hints(LookupCall)["manner"]))
@pytest.mark.parametrize("count", [5, 30])
def test_a_lookup(manner: str, count: int) -> None:
    xs = np.linspace(0.0, 4.0, count)
    table = Lookup(tuple(xs), tuple(np.sin(xs) * 3.0), extrapolate=count == 5)
    way = reading(table, LookupCall(table, Number(0.0), manner), xs)  # type: ignore[arg-type]
    x = np.array([-1.0, 0.3, 1.7, 3.9, 5.0])
    _along(lambda o, v: inline_value(o, table, v, way), [x], [np.array([1.0, -2.0, 0.5, 1.0, 3.0])])


def test_at_a_point_of_a_lookup_the_slope_is_the_mean_of_both_sides() -> None:
    table = Lookup((0.0, 1.0, 3.0), (0.0, 2.0, 3.0))
    way = reading(table, LookupCall(table, Number(0.0)), np.array(table.x))
    slopes, _ = _both(lambda o, x: inline_value(o, table, x, way), [np.array([0.0, 1.0, 3.0, -1.0, 4.0])])
    np.testing.assert_allclose(slopes[0], [1.0, 1.25, 0.25, 0.0, 0.0])


def _along(function: Callable[..., Any], arrays: list[Any], directions: list[Any]) -> None:
    """Compare the derivative along a direction, forward and (as a product with any weights) in reverse."""
    step = 1e-5
    ends = [
        _numpy(function, *(a + reach * d for a, d in zip(arrays, directions, strict=True)))
        for reach in (step, -step)
    ]
    wanted = (ends[0] - ends[1]) / (2.0 * step)
    value, found = jax.jit(lambda at, moves: jax.jvp(_jax(function), at, moves))(arrays, directions)
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-8)
    weights = np.random.default_rng(9).uniform(0.5, 1.5, value.shape)
    slopes = jax.jit(lambda at: jax.vjp(_jax(function), *at)[1](jnp.asarray(weights)))(arrays)
    total = sum(float((slope * d).sum()) for slope, d in zip(slopes, directions, strict=True))
    assert total == pytest.approx(float((weights * wanted).sum()), rel=1e-6, abs=1e-7)
