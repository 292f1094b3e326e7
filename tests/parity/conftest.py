"""The same model through PySD, from a rewritten copy, loaded afresh for every case."""

from __future__ import annotations

import itertools
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from support.pysd import keep_delay_orders

from sim.engine import LoadedModel, load_model
from sim.engine.packing import table_points
from sim.spec.model import Variable, key
from sim.translate.scanning import equations_text

Changes: TypeAlias = Mapping[str, Any]

TOLERANCE = 1e-9
"""Of each variable's peak."""


@dataclass(frozen=True)
class Case:
    """What is run: whole-variable changes of one lane and time settings (None: as in the model)."""

    changes: Changes = field(default_factory=dict)
    time_step: float | None = None
    final_time: float | None = None
    save_every: float | None = None


@pytest.fixture
def case() -> type[Case]:
    """Return the class of cases; test modules cannot import each other."""
    return Case


@pytest.fixture
def compare(tmp_path: Path) -> Callable[..., None]:
    """Return a function that runs a case through both executors and compares every variable."""

    def compare(path: Path, case: Case | None = None, tolerance: float = TOLERANCE) -> None:
        chosen = case or Case()
        model = load_model(path)
        expected = run_reference(path, model, chosen, tmp_path)
        result = model.run(
            chosen.changes,
            time_step=chosen.time_step,
            final_time=chosen.final_time,
            save_every=chosen.save_every,
        )
        assert not result.failed
        assert_equal(model, result, expected, tolerance)

    return compare


def assert_equal(model: LoadedModel, result: Any, expected: Any, tolerance: float) -> None:
    """Compare every column of PySD's table with the engine's output, relative to the variable's peak."""
    wrong = []
    compared = 0
    for column in expected.columns:
        variable = model.spec.find(column)
        if variable.kind in ("lookup", "control"):
            continue
        ours = result[variable.name][0]
        theirs = np.stack([_ordered(model, variable, value) for value in expected[column]])
        allowed = tolerance * np.maximum(np.abs(theirs), np.abs(ours).max(initial=0.0))
        compared += 1
        difference = np.abs(ours - theirs)
        if not (difference <= allowed).all():
            place = np.unravel_index(np.nanargmax(difference), difference.shape)
            wrong.append(
                f"{column}{place[1:]} at {result.time[place[0]]:g}: {ours[place]}, PySD: {theirs[place]}"
            )
    assert not wrong, "\n".join(wrong[:20])
    assert compared >= len([v for v in model.variables.values() if v.kind in ("stock", "auxiliary")])


def _ordered(model: LoadedModel, variable: Variable, value: Any) -> Any:
    """Return PySD's value at one time with elements in the model's order."""
    if not variable.dimensions:
        return np.asarray(value, dtype=float)
    for axis, dimension in enumerate(variable.dimensions):
        theirs = [key(str(element)) for element in value.coords[value.dims[axis]].values]
        order = [theirs.index(key(element)) for element in model.spec.dimensions[dimension].elements]
        value = value.isel({value.dims[axis]: order})
    return value.values


@pytest.fixture
def compare_states(tmp_path: Path) -> Callable[..., None]:
    """Return a function that makes one time step from each of several states in both executors."""

    def compare(path: Path, states: list[dict[str, Any]], tolerance: float = TOLERANCE) -> None:
        import xarray as xr

        model = load_model(path)
        control = model.spec.control
        step = control.time_step
        times = {"time_step": step, "save_every": step, "final_time": control.initial_time + step}
        reference = load_reference(path, model, Case(changes=states[0], **times), tmp_path)
        for state in states:
            result = model.run(state, **times)
            assert not result.failed
            starts = {}
            for name, value in state.items():
                variable = model.variables[name]
                axes = {axis: list(model.spec.dimensions[axis].elements) for axis in variable.dimensions}
                starts[f"start of {name}"] = xr.DataArray(value, axes, list(axes)) if axes else float(value)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = reference.run(params=starts, flatten_output=False, reload=True)
            kept = expected[[column for column in expected.columns if not column.startswith("start of ")]]
            assert_equal(model, result, kept, tolerance)

    return compare


def run_reference(path: Path, model: LoadedModel, case: Case, folder: Path) -> Any:
    """Return PySD's table (times, variables) of a rewritten copy of the model."""
    reference = load_reference(path, model, case, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = reference.run(flatten_output=False)
        return table[[column for column in table.columns if not column.startswith("start of ")]]


def load_reference(path: Path, model: LoadedModel, case: Case, folder: Path) -> Any:
    """Return PySD's own model of a rewritten copy."""
    import pysd

    copy = folder / "reference.mdl"
    copy.write_text(rewritten(path.read_text(encoding="utf-8"), model, case), encoding="utf-8")
    keep_delay_orders()
    # PySD writes arrays into its module as NumPy prints them: to 8 digits unless told otherwise.
    exact = np.printoptions(precision=17, floatmode="unique", threshold=sys.maxsize)
    with exact, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pysd.read_vensim(str(copy))


def rewritten(text: str, model: LoadedModel, case: Case) -> str:
    """Return the model's text with changed constants, lookups, initial values and times written into it."""
    added: list[str] = []
    body = equations_text(text)
    for name, value in case.changes.items():
        variable = model.spec.find(name)
        array = np.asarray(value, dtype=float)
        if variable.kind == "stock":
            body = _replaced(body, variable.name, lambda entry, v=variable: _with_start(entry, v))
            added += _constants(model, f"start of {variable.name}", variable, array)
        elif variable.kind == "lookup":
            body = _replaced(body, variable.name, lambda _: "")
            added.append(_lookup(model, variable, array))
        else:
            body = _replaced(body, variable.name, lambda _: "")
            added += _constants(model, variable.name, variable, array)
    times = (("TIME STEP", case.time_step), ("FINAL TIME", case.final_time), ("SAVEPER", case.save_every))
    for name, time in times:
        if time is not None:
            body = _replaced(body, name, lambda _: "")
            added.append(f"{name} = {time!r} ~ ~ |")
    return "{UTF-8}\n" + body + "\n" + "\n".join(added) + "\n"


def _replaced(body: str, name: str, change: Callable[[str], str]) -> str:
    """Apply ``change`` to each entry that defines ``name``; an empty result removes the entry."""
    parts = body.split("|")
    kept = []
    for part in parts:
        left = re.match(r'\s*("[^"]*"|[^=\[(:<~]+)', part)
        if left and key(left.group(1)) == key(name) and "***" not in part:
            changed = change(part)
            if changed:
                kept.append(changed)
        else:
            kept.append(part)
    return "|".join(kept)


def _with_start(entry: str, variable: Variable) -> str:
    """Replace the second argument of INTEG by the constant that holds the new initial values."""
    opening = re.search(r"INTEG\s*\(", entry, re.IGNORECASE)
    assert opening
    depth, comma = 1, None
    place = opening.end()
    while depth:
        character = entry[place]
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if character == "," and depth == 1:
            comma = place
        place += 1
    assert comma is not None
    left = re.match(r"\s*[^=]*?(\[[^\]]*\])?\s*(:EXCEPT:.*?)?=", entry, re.DOTALL)
    subscripts = (left.group(1) or "") if left else ""
    return f"{entry[: comma + 1]} start of {variable.name}{subscripts}{entry[place - 1 :]}"


def _constants(model: LoadedModel, name: str, variable: Variable, array: Any) -> list[str]:
    """Write an array as constant equations, element by element in all dimensions but the last."""
    axes = [model.spec.dimensions[dimension].elements for dimension in variable.dimensions]
    whole = np.broadcast_to(array, [len(axis) for axis in axes])
    if not axes:
        return [f"{name} = {float(whole)!r} ~ ~ |"]
    lines = []
    for index in itertools.product(*(range(len(axis)) for axis in axes)):
        elements = ", ".join(axis[place] for axis, place in zip(axes, index, strict=True))
        lines.append(f"{name}[{elements}] = {float(whole[index])!r} ~ ~ |")
    return lines


def _lookup(model: LoadedModel, variable: Variable, heights: Any) -> str:
    points = table_points(variable, model.spec)
    assert points.ndim == 1
    pairs = ", ".join(f"({float(x)!r},{float(y)!r})" for x, y in zip(points, heights, strict=True))
    return f"{variable.name}({pairs}) ~ ~ |"
