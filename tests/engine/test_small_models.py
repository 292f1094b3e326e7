"""Small models for every family of functions, with values worked out by hand or by PySD (noted in the files).

The models of a family run as one, so that it compiles once; each is judged by itself.
"""

from __future__ import annotations

import functools
import sys
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.pysd import keep_delay_orders

from sim.engine import load_model

HERE = Path(__file__).parent / "small_models"
FAMILIES = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.toml"))
}
MODELS = [(family, model) for family, table in FAMILIES.items() for model in table["model"]]
TIMES = "INITIAL TIME = 0 ~ ~ |\nFINAL TIME = 4 ~ ~ |\nTIME STEP = 0.5 ~ ~ |\nSAVEPER = 1 ~ ~ |\n"
TRANSCENDENTAL = {"functions"}


def _text(family: str, reference: bool) -> str:
    table = FAMILIES[family]
    models = [m["text"] for m in table["model"] if not reference or m.get("pysd", True)]
    shared = [table.get("shared", ""), "" if reference else table.get("ours", "")]
    return "\n".join(["{UTF-8}", *shared, *(f"{text.strip()} ~ ~ |" for text in models), TIMES])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that gives the engine's result of a family, run once."""

    @functools.cache
    def run(family: str) -> Any:
        path = tmp_path_factory.mktemp("small") / f"{family}.mdl"
        path.write_text(_text(family, reference=False), encoding="utf-8")
        return load_model(path).run()

    return run


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that gives PySD's table of a family, run once."""

    @functools.cache
    def run(family: str) -> Any:
        import pysd

        path = tmp_path_factory.mktemp("reference") / f"{family}.mdl"
        path.write_text(_text(family, reference=True), encoding="utf-8")
        # PySD writes arrays into its module as NumPy prints them: to 8 digits unless told otherwise.
        exact = np.printoptions(precision=17, floatmode="unique", threshold=sys.maxsize)
        keep_delay_orders()
        with exact, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = pysd.read_vensim(str(path)).run(flatten_output=False)
        return {" ".join(str(name).lower().split()): table[name] for name in table.columns}

    return run


def _close(family: str, found: Any, wanted: Any) -> None:
    tolerance = 1e-9 if family in TRANSCENDENTAL else 1e-12
    wanted = np.asarray(wanted, dtype=float)
    if wanted.ndim == 0:
        wanted = np.broadcast_to(wanted, found.shape)
    assert found.shape == wanted.shape
    assert (np.abs(found - wanted) <= tolerance * np.abs(wanted).max(initial=1.0)).all(), (found, wanted)


@pytest.mark.parametrize(("family", "model"), MODELS, ids=[f"{f}-{m['name']}" for f, m in MODELS])
def test_stated_values(family: str, model: dict[str, Any], run: Any) -> None:
    result = run(family)
    assert not result.failed
    for name, wanted in model["expect"].items():
        _close(family, result[name][0], wanted)


@pytest.mark.parametrize(
    "family", [f for f, t in FAMILIES.items() if any(m.get("pysd", True) for m in t["model"])]
)
def test_values_by_pysd(family: str, run: Any, reference: Any) -> None:
    result, expected = run(family), reference(family)
    compared = 0
    for model in FAMILIES[family]["model"]:
        for name in model["expect"] if model.get("pysd", True) else ():
            column = expected[" ".join(name.lower().replace('"', "").split())]
            wanted = np.array([np.asarray(getattr(value, "values", value), float) for value in column])
            _close(family, result[name][0], wanted)
            compared += 1
    assert compared


def test_there_are_enough() -> None:
    assert len(MODELS) >= 120
    names = [f"{family} {model['name']}" for family, model in MODELS]
    assert len(set(names)) == len(names)
