from __future__ import annotations

import json
from typing import Any

import pytest
from support import RECORD


@pytest.fixture
def record() -> dict[str, Any]:
    """A run record with invented numbers, fresh for each test."""
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found
