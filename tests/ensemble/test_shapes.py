"""Plain JSON data are compared with the shape that they must have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.ensemble.evidence import REPEATED
from sim.ensemble.shapes import NUMBER, TEXT, TRUTH, Shape, fits, maybe
from sim.folders import content


@pytest.mark.parametrize(
    ("value", "shape", "right"),
    [
        (1, NUMBER, True), (1.5, NUMBER, True), (True, NUMBER, False), ("1", NUMBER, False),
        (float("nan"), NUMBER, False), (10**400, NUMBER, False), ("a", TEXT, True), (None, TEXT, False),
        (False, TRUTH, True), (0, TRUTH, False), (None, maybe(NUMBER), True), ("a", maybe(NUMBER), False),
        ([1, 2], [NUMBER], True), ([1, None], [NUMBER], False), ({}, [NUMBER], False),
        ({"a": 1, "b": None}, {"a": NUMBER}, True), ({"b": 1}, {"a": NUMBER}, False), ([], {}, False),
    ],
)  # fmt: skip
def test_what_fits(value: object, shape: Shape, right: bool) -> None:
    assert fits(value, shape) is right


def test_the_shipped_evidence_fits() -> None:
    found: dict[str, Any] = json.loads(content("calibration", "evidence.json").read_text(encoding="utf-8"))
    assert fits(found, REPEATED)
    found["levers"]["chances"][0]["plan"]["current"] = None
    assert not fits(found, REPEATED)
