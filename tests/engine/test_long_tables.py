"""Lookups of many points are one array, and read as short ones are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.engine import load_model
from sim.engine.operations import MANY

TIMES = "INITIAL TIME = -3 ~~|\nFINAL TIME = 306 ~~|\nTIME STEP = 1.5 ~~|\nSAVEPER = 1.5 ~~|\n"
POINTS = 300
READ = ("own", "LOOKUP EXTRAPOLATE", "LOOKUP BACKWARD", "LOOKUP FORWARD")


def table(shift: float, *, jump: bool = False) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(7)
    x = [float(place) for place in range(POINTS)]
    if jump:
        x[150] = x[151]
    return x, [round(float(y), 3) + shift for y in rng.normal(size=POINTS)]


def written(x: list[float], y: list[float]) -> str:
    return "(" + ",".join(f"({a!r},{b!r})" for a, b in zip(x, y, strict=True)) + ")"


def wanted(x: list[float], y: list[float], at: np.ndarray, way: str) -> list[float]:
    xs, ys = np.array(x), np.array(y)
    if way == "LOOKUP BACKWARD":
        return ys[np.clip(np.searchsorted(xs, at, side="right") - 1, 0, None)].tolist()
    if way == "LOOKUP FORWARD":
        return ys[np.clip(np.searchsorted(xs, at), None, len(xs) - 1)].tolist()
    found = np.interp(at, xs, ys)
    if way == "LOOKUP EXTRAPOLATE":
        found = np.where(at < xs[0], ys[0] + (at - xs[0]) * (ys[1] - ys[0]) / (xs[1] - xs[0]), found)
        slope = (ys[-1] - ys[-2]) / (xs[-1] - xs[-2])
        found = np.where(at > xs[-1], ys[-1] + (at - xs[-1]) * slope, found)
    return found.tolist()


def test_each_way_of_reading(tmp_path: Path) -> None:
    assert POINTS > MANY
    (x, y), (jx, jy) = table(0.0), table(0.0, jump=True)
    calls = "".join(
        f"a{k} = {'t(Time)' if way == 'own' else f'{way}(t, Time)'} ~~|\n" for k, way in enumerate(READ)
    )
    ranges = "d: p, q ~~|\n" + "".join(
        f"u[{element}]{written(*table(shift))} ~~|\n" for element, shift in (("p", 0.0), ("q", 5.0))
    )
    path = tmp_path / "long.mdl"
    path.write_text(
        f"{{UTF-8}}\nt{written(x, y)} ~~|\nj{written(jx, jy)} ~~|\n{calls}b = j(Time) ~~|\n{ranges}"
        f"c[d] = u[d](Time) ~~|\nstill[d] = u[d](10.25) ~~|\none = u[q](Time) ~~|\n"
        f"S = INTEG(c[p], 0) ~~|\n{TIMES}",
        encoding="utf-8",
    )
    model = load_model(path)
    result = model.run({"t": np.array([y, [2 * value for value in y]])})
    for k, way in enumerate(READ):
        expected = np.array(wanted(x, y, result.time, way))
        np.testing.assert_allclose(
            result[f"a{k}"], [expected, 2 * expected], rtol=1e-9, atol=1e-9, err_msg=way
        )
    apart = np.abs(result.time - jx[151]) > 1
    jumping = np.interp(result.time, jx, jy)
    np.testing.assert_allclose(result["b"][0][apart], jumping[apart], rtol=1e-9, atol=1e-9)
    assert result["b"][0][result.time == 151.5].tolist() == pytest.approx([(jy[151] + jy[152]) / 2], rel=1e-9)
    plain = np.array(wanted(x, y, result.time, "own"))
    np.testing.assert_allclose(result["c"][0], np.stack([plain, plain + 5], axis=1), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(result["one"][0], plain + 5, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        result["still"][0, -1], np.interp(10.25, x, y) + np.array([0.0, 5.0]), rtol=1e-9
    )
