"""An empty store, and the record that is put into it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support import RECORD

from sim.store import Store, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "运行 runs.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(path) as opened:
        yield opened


@pytest.fixture
def record() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return whole


@pytest.fixture
def blob(record: dict[str, Any]) -> NDArray[np.float32]:
    values = np.random.default_rng(1).normal(size=(2, record["members"], len(record["kpis"])))
    values[:, 3] = np.nan  # a member that failed
    return values.astype(np.float32)
