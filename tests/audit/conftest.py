"""Small made facts, and settings without pairings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.audit import Settings, audit, load_settings
from sim.spec.facts import Fact

Make = Callable[..., Fact]
Heard = Callable[..., list[tuple[str, tuple[str, ...]]]]


@pytest.fixture
def fact() -> Make:
    """Return ``fact(name, period, value)``: an observed figure of the prefecture, F1 and so on."""
    count = 0

    def make(name: str, period: str, value: str, **more: Any) -> Fact:
        nonlocal count
        count += 1
        given: dict[str, Any] = {
            "id": f"F{count}", "scope": "prefecture", "zh": name, "en": name, "period": period,
            "value": float(value), "unit": "1e8 CNY", "kind": "observed", "source": "S1", "section": "1",
            "note": "", "printed": value,
        }  # fmt: skip
        return Fact(**(given | more))

    return make


@pytest.fixture(scope="session")
def bare() -> Settings:
    """Return the shipped limits, names and scopes without any pairing."""
    shipped = load_settings()
    return Settings(shipped.limits, shipped.names, shipped.parents)


@pytest.fixture
def heard(bare: Settings) -> Heard:
    """Return ``heard(*facts, settings=…)``: the rules that spoke, with the facts' ids."""

    def run(*facts: Fact, settings: Settings = bare) -> list[tuple[str, tuple[str, ...]]]:
        return [(one.rule, one.ids) for one in audit(facts, settings)]

    return run
