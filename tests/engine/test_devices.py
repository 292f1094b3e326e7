"""The same program for an accelerator: nothing in it, in its options or in its cache is the processor's own.

No accelerator is needed: programs are lowered for one, and compiled here as they would be there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import sim.engine.compiling as compiling
from sim.cache import EXECUTABLES
from sim.engine import LoadedModel
from sim.engine.loaded import WIDTH
from sim.engine.planning import make_plan
from sim.engine.program import Program, shape


@pytest.mark.parametrize("integrator", ["euler", "rk4"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_program_lowers_for_cuda(economy: LoadedModel, integrator: Any, dtype: str) -> None:
    plan = make_plan(economy.spec, ("capital", "slow"), ())
    program = Program(plan, 64 * WIDTH, 9, integrator, dtype)
    with jax.enable_x64(True):
        rows, times = program.start_arguments()
        _, given, states = jax.eval_shape(program.start, rows, times)
        arguments = (given, states, times, shape((2,), np.int32))
        for function, given_to in ((program.start, (rows, times)), (program.loop, arguments)):
            traced = jax.jit(lambda *values, function=function: function(*values)).trace(*given_to)
            text = traced.lower(lowering_platforms=("cuda",)).as_text()
            assert "stablehlo" in text
            assert "custom_call" not in text


def test_an_accelerator_gets_its_own_executable_and_no_options_of_a_processor(
    economy: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_CACHE", str(tmp_path))
    built = compiling._built
    options: list[dict[str, Any]] = []

    def watching(lowered: Any, given: dict[str, Any]) -> Any:
        options.append(given)
        return built(lowered, given)

    monkeypatch.setattr(compiling, "_built", watching)
    changes = {"share": np.linspace(0.1, 0.3, 200)}
    here = LoadedModel(economy.spec).run(changes, outputs=["total"])
    assert len(options) == 2
    assert all(options)
    options.clear()
    compiling.processor.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(compiling.jax, "default_backend", lambda: "gpu")
        there = LoadedModel(economy.spec).run(changes, outputs=["total"])
        assert compiling.processor().startswith("gpu ")
        assert compiling.device_width(WIDTH) == 64 * WIDTH
    compiling.processor.cache_clear()
    assert options == [{}, {}]
    assert len(list(EXECUTABLES.folder().iterdir())) == 2
    np.testing.assert_allclose(there["total"], here["total"], rtol=1e-12)
