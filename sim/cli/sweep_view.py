"""A finished sweep as a page for people: the inputs by their strength."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from sim.cli.run_view import new_table
from sim.cli.texts import Texts
from sim.spec.places import load_place
from sim.store import StoredSweep
from sim.words import given, numbers, unit_of

__all__ = ["goal_words", "sweep_page"]

YI = "100 million yuan"


def goal_words(sweep: StoredSweep, texts: Texts) -> dict[str, Any]:
    """Return what the goal is called: the place and the year of a sweep."""
    place = sweep.settings.get("place") or load_place().plain()
    return {"city": texts.of(place["city"]), "year": sweep.settings.get("goal_year", 2035)}


def sweep_page(
    sweep: StoredSweep, rows: Sequence[Mapping[str, Any]], least: int, place: str, texts: Texts
) -> Iterator[RenderableType]:
    """Yield the parts of the page; fewer than ``least`` samples cannot be ranked; ``place`` tells where."""
    title = texts("sweep.title", done=sweep.done, samples=sweep.samples, **goal_words(sweep, texts))
    yield Text(title, style="bold")
    if not rows:
        yield texts("sweep.few", least=least)
        yield place
        yield texts("sweep.next_more")
        return
    table = new_table()
    table.add_column(texts("sweep.input"), overflow="fold", ratio=1)
    for name in ("range", "strength", "interval", "mean_low", "mean_high"):
        table.add_column(texts(f"sweep.{name}"), justify="right")
    table.expand = True
    for row in rows:
        table.add_row(
            row["name"], f"{given(row['low'])}–{given(row['high'])}", f"{row['strength']:+.2f}",
            f"{row['strength_low']:+.2f} / {row['strength_high']:+.2f}",
            *numbers(row["mean_low"], row["mean_high"], shift=unit_of(YI, texts.lang).shift),
        )  # fmt: skip
    yield table
    yield ""
    yield Text(texts("sweep.meaning"), style="dim")
    yield place
    yield texts("sweep.next_levers")
