from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

RECORD = Path(__file__).parent.parent / "fixtures" / "record.json"


@pytest.fixture
def record() -> dict[str, Any]:
    """A run record with invented numbers, fresh for each test."""
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found
