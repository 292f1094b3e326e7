"""Mutants that may live, with their written reasons; and which modules are mutated, from setup.cfg."""

from __future__ import annotations

import configparser
import csv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LEDGER", "ROOT", "Excuse", "Subject", "excuses", "subjects"]

ROOT = Path(__file__).resolve().parents[2]
LEDGER = ROOT / "tests" / "mutants.csv"


@dataclass(frozen=True)
class Subject:
    """A module and the tests that must notice its mutants, both as paths from the root."""

    module: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Excuse:
    """Why a mutant lives: ``kind`` is ``equivalent`` (nothing a user sees changes) or ``survivor``."""

    module: str
    function: str
    line: str
    what: str
    kind: str
    reason: str


def subjects() -> list[Subject]:
    """Return the modules of section [mutants] in setup.cfg."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    rows = [row.split() for row in config["mutants"]["modules"].split("\n") if row.strip()]
    return [Subject(module, tuple(tests)) for module, *tests in rows]


def excuses() -> list[Excuse]:
    """Return the rows of tests/mutants.csv."""
    with LEDGER.open(encoding="utf-8", newline="") as file:
        return [Excuse(**row) for row in csv.DictReader(file)]
