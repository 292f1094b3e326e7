"""The main findings of each section of the evidence, in a sentence or two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rich.console import RenderableType
from rich.text import Text

from sim.cli.evidence_cells import Row, ends, spread, whole_percent
from sim.cli.evidence_skill_view import skill_line
from sim.cli.texts import Texts
from sim.words import chance, given, percent, unit_of

__all__ = [
    "anchors_line", "contraction_line", "correlations_line", "evidence_overview", "levers_line",
    "predictive_line", "profiles_line", "value_line",
]  # fmt: skip


def evidence_overview(found: Row, texts: Texts) -> Iterator[RenderableType]:
    """Yield the main findings of all sections that there are."""
    yield Text(texts("data.title"), style="bold")
    yield texts("data.basis", members=found["members"], effective=f"{found['effective']:.0f}")
    for section, line in LINES.items():
        if section not in found:
            continue
        yield ""
        head = Text(texts(f"data.{section}"), style="bold")
        yield head.append(f"  sim evidence {section}", style="not bold dim")
        yield line(found[section], texts)
    yield ""
    yield texts("data.next")


def anchors_line(part: Row, texts: Texts) -> str:
    """Return how many reported figures the posterior meets."""
    return texts("data.anchors_line", stated=part["stated"], met=part["met"], inside=part["inside"])


def contraction_line(part: Row, texts: Texts) -> str:
    """Return how many constants the data narrowed."""
    return texts("data.contraction_line", threshold=percent(part["threshold"]), **_counts(part))


def _counts(part: Row) -> dict[str, int]:
    return {name: part[name] for name in ("sampled", "above", "untouched")}


def correlations_line(part: Row, texts: Texts) -> str:
    """Return how many pairs of constants go together."""
    return texts("data.correlations_line", above=part["above"], threshold=given(part["threshold"]))


def profiles_line(part: Row, texts: Texts) -> str:
    """Return how many of the main constants the data bound."""
    states = [row["state"] for row in part["profiles"]]
    half = sum(state in ("open_above", "open_below") for state in states)
    return texts(
        "data.profiles_line", profiles=len(states), closed=states.count("closed"), half=half,
        open=states.count("open"), flat=len(part["flat"]), year=part["goal"],
    )  # fmt: skip


def predictive_line(part: Row, texts: Texts) -> str:
    """Return how far the data narrowed the goal."""
    if not part["goals"]:
        return texts("data.predictive_none", observations=len(part["observations"]))
    last = max(row["year"] for row in part["goals"])
    row = next(row for row in part["goals"] if row["year"] == last)
    unit = unit_of(row["unit"], texts.lang)
    return texts(
        "data.predictive_line", name=texts.of(row), year=row["year"], unit=unit.name,
        prior=ends(row["prior"], unit.shift), posterior=ends(row["posterior"], unit.shift),
        spread=whole_percent(row["narrowed"]),
    )  # fmt: skip


def value_line(part: Row, texts: Texts) -> str:
    """Return which statistic would tell most."""
    if not part["statistics"]:
        return texts("data.value_none")
    best = part["statistics"][0]
    sentence = texts(
        "data.value_line", name=texts.of(best), year=best["year"], goal=part["goal"],
        now=spread(part["sd"]["constant"]), then=spread(best["sd"]["constant"]),
    )  # fmt: skip
    together = texts("data.value_together", then=spread(part["together"]["sd"]["constant"]))
    return sentence + ("" if texts.lang == "zh" else " ") + together


def levers_line(part: Row, texts: Texts) -> str:
    """Return how many levers' effects are known, and the goal's chance."""
    chances = [chance(row["plan"]["constant"]) for row in part["chances"]]
    base = next(row["baseline"]["constant"] for row in part["chances"] if row["factor"] == 1)
    return texts(
        "data.levers_line", levers=len(part["levers"]), base=chance(base),
        identified=sum(bool(row["identified"]) for row in part["levers"]),
        factors=" / ".join(given(row["factor"]) for row in part["chances"]), chances=" / ".join(chances),
    )  # fmt: skip


LINES: Mapping[str, Callable[[Row, Texts], RenderableType]] = {
    "anchors": anchors_line,
    "contraction": contraction_line,
    "correlations": correlations_line,
    "profiles": profiles_line,
    "predictive": predictive_line,
    "value": value_line,
    "levers": levers_line,
    "skill": skill_line,
}
