"""Small models for the engine's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.engine import LoadedModel, load_model

TIMES = """
INITIAL TIME = 0 ~ year ~ |
FINAL TIME = 4 ~ year ~ |
TIME STEP = 0.25 ~ year ~ |
SAVEPER = 0.5 ~ year ~ |
"""

ECONOMY = """
region: city, rest ~ ~ |
sector: farm, mine, shop ~ ~ |
market: mine, shop ~ ~ |
capital[region, sector] = INTEG(saved[region, sector] - worn[sector] * capital[region, sector],
    start[region, sector]) ~ ~ |
start[region, sector] = 1, 2, 3; 4, 5, 6 ~ ~ |
worn[sector] = 0.1, 0.2, 0.3 ~ ~ |
share = 0.2 ~ ~ |
exponent = 0.7 ~ ~ |
saved[region, market] = share * capital[region, market] ^ exponent * boost(Time) ~ ~ |
saved[region, farm] = share * LN(1 + total[region]) ~ ~ |
total[region] = SUM(capital[region, sector!]) ~ ~ |
slow[region] = DELAY3(total[region], 2) + SMOOTH(total[region], 3) ~ ~ |
boost((0, 1), (2, 2), (4, 1.5)) ~ ~ |
fixed = share * 2 ~ ~ |
"""


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., LoadedModel]:
    """Return a function that loads a model from its equations."""

    def build(text: str, times: str = TIMES, name: str = "small") -> LoadedModel:
        path = tmp_path / f"{name}.mdl"
        path.write_text("{UTF-8}\n" + text + times, encoding="utf-8")
        return load_model(path)

    return build


@pytest.fixture
def economy(build: Callable[..., LoadedModel]) -> LoadedModel:
    """Return a subscripted model with a lookup, a delay and a smooth."""
    return build(ECONOMY, name="economy")
