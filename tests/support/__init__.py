"""What several folders of tests share: the double of the engine, made places, the tiny region's files."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FIXTURES", "RECORD", "REGION"]

FIXTURES = Path(__file__).parents[1] / "fixtures"
REGION = FIXTURES / "region"
"""The files of a tiny region, which :class:`support.double.Double` runs."""
RECORD = FIXTURES / "record.json"
"""A run record with invented numbers; see fixtures/make_record.py."""
