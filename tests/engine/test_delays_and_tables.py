"""Properties of delays, smooths, stocks and lookups, over lanes of random inputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine import LoadedModel, load_model
from sim.engine.operations import NumpyOperations
from sim.engine.tables import inline_value, interpolated, reading, table_rises
from sim.errors import SimError
from sim.spec.expressions import Lookup, LookupCall, Number

Build = Callable[..., LoadedModel]
LONG = "INITIAL TIME = 0 ~ ~ |\nFINAL TIME = 60 ~ ~ |\nTIME STEP = 0.25 ~ ~ |\nSAVEPER = 0.25 ~ ~ |\n"
PIPES = """
height = 5 ~ ~ |
length = 3 ~ ~ |
stages = 3 ~ ~ |
in = height * PULSE(1, 4) ~ ~ |
d1 = DELAY1I(in, length, 0) ~ ~ |
d3 = DELAY3I(in, length, 0) ~ ~ |
dn = DELAY N(in, length, 0, stages) ~ ~ |
df = DELAY FIXED(in, length, 0) ~ ~ |
sn = SMOOTH N(in, length, 0, stages) ~ ~ |
s3 = SMOOTH3(in, length) ~ ~ |
sum in = INTEG(in, 0) ~ ~ |
sum d1 = INTEG(d1, 0) ~ ~ |
sum d3 = INTEG(d3, 0) ~ ~ |
sum dn = INTEG(dn, 0) ~ ~ |
sum df = INTEG(df, 0) ~ ~ |
pipe = INTEG(in - d3, 0) ~ ~ |
a = INTEG(-flow, 8) ~ ~ |
b = INTEG(flow - out, 1) ~ ~ |
c = INTEG(out, 2) ~ ~ |
flow = a / length ~ ~ |
out = b * a / height ~ ~ |
"""


@pytest.fixture
def pipes(build: Build) -> Any:
    random = np.random.default_rng(8)
    model = build(PIPES, LONG, "pipes")
    lanes = 40
    length = random.integers(8, 13, lanes) * 0.25
    changes = {
        "height": random.uniform(1, 9, lanes),
        "length": length,
        "stages": random.integers(1, 6, lanes),
    }
    return model, changes, model.run(changes)


def test_what_goes_in_comes_out(pipes: Any) -> None:
    _, _, result = pipes
    for name in ("sum d1", "sum d3", "sum dn", "sum df"):
        np.testing.assert_allclose(result[name][:, -1], result["sum in"][:, -1], rtol=1e-6)
    np.testing.assert_allclose(result["pipe"], result["sum in"] - result["sum d3"], atol=1e-9)


def test_smooths_stay_within_their_input(pipes: Any) -> None:
    _, changes, result = pipes
    for name in ("sn", "s3"):
        assert (result[name] >= -1e-12).all()
        assert (result[name] <= changes["height"][:, None] + 1e-12).all()


def test_stocks_only_exchange(pipes: Any) -> None:
    _, _, result = pipes
    np.testing.assert_allclose(result["a"] + result["b"] + result["c"], 11.0, rtol=1e-12)


def test_fixed_delay_is_the_input_of_before(pipes: Any) -> None:
    _, changes, result = pipes
    for lane, length in enumerate(changes["length"]):
        steps = round(length / 0.25)
        assert np.array_equal(result["df"][lane, steps:], result["in"][lane, :-steps])
        assert (result["df"][lane, :steps] == 0).all()


def test_order_by_lane_equals_an_order_of_its_own(pipes: Any, build: Build) -> None:
    model, changes, result = pipes
    lane = int(np.argmax(changes["stages"] == 3))
    one = {name: value[lane] for name, value in changes.items()}
    for name in result:
        assert np.array_equal(result[name][lane], model.run(one)[name][0]), name
    assert np.allclose(result["dn"][changes["stages"] == 3], result["d3"][changes["stages"] == 3], rtol=1e-12)
    # There is room for 12 stages, and 13 fit into the longer delay alone: the other is lowered to 12.
    failed = model.run({"stages": [3, 0, 13, 13], "length": [3, 3, 3, 3.25]}).failed
    assert list(failed) == [1, 3]


points = st.lists(
    st.tuples(st.floats(-50, 50).map(lambda x: round(x, 3)), st.floats(-50, 50)), min_size=2, max_size=40
).map(lambda pairs: sorted(pairs, key=lambda pair: pair[0]))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(points)
def test_tables_are_lines_between_their_points(pairs: list[tuple[float, float]]) -> None:
    lookup = Lookup(tuple(x for x, _ in pairs), tuple(y for _, y in pairs))
    xs = np.array(lookup.x)
    at = np.concatenate([np.linspace(-60, 60, 101), xs])
    way = reading(lookup, LookupCall(lookup, Number(0.0)), xs)
    values = inline_value(NumpyOperations(), lookup, at, way)
    low, high = min(lookup.y), max(lookup.y)
    assert (values >= low - 1e-6).all()
    assert (values <= high + 1e-6).all()
    assert np.allclose(values[at < xs[0]], lookup.y[0])
    assert np.allclose(values[at >= xs[-1]], lookup.y[-1], atol=1e-6)
    if len(set(lookup.x)) == len(lookup.x) and np.diff(xs).min() > 1e-3:
        assert np.allclose(values, np.interp(at, xs, lookup.y), atol=1e-6)
        heights = np.array(lookup.y)[:, None]
        named = interpolated(NumpyOperations(), xs[:, None], table_rises(heights, xs), at, way)
        assert np.allclose(named, values, atol=1e-9)


def test_what_is_kept_between_steps_must_fit(tmp_path: Path) -> None:
    path = tmp_path / "long.mdl"
    path.write_text(
        "{UTF-8}\nd: (x1-x10000) ~~|\na[d] = DELAY FIXED(Time, 5, 0) ~~|\nINITIAL TIME = 0 ~~|\n"
        "FINAL TIME = 120000 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 10000 ~~|\n",
        encoding="utf-8",
    )
    with pytest.raises(SimError, match=r"keeps 2684\.4 GB between time steps"):
        load_model(path).run(lanes=1, outputs=["a"])
