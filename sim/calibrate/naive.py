"""Comparison with naive forecasts: the last known figure goes on, or the last known growth does.

What earlier facts there are stands in ``calibration/naive.csv``. The contest is not quite even:
naive forecasts know the past alone, the model also the other figures of its years and the anchored levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.calibrate.naming import number
from sim.spec.facts import Fact
from sim.spec.tables import Row, read_table

__all__ = ["Naive", "compare_with_naive", "load_naive"]

COLUMNS = ("observation", "rule", "how", "facts", "scale", "years", "zh", "en")
RULES = ("random_walk", "growth")
HOW = {"last": 1, "grown": 2, "yearly": 2}
"""How a forecast is made, and from how many facts."""


@dataclass(frozen=True)
class Naive:
    """A naive forecast of an observation.

    ``how``: ``last`` is the first fact times ``scale``; ``grown`` lets that grow by the second fact (in per
    cent) for ``years``; ``yearly`` is the growth in per cent a year from that to the second fact over
    ``years``. A fact may be a quotient of two.
    """

    observation: str
    rule: str
    how: str
    facts: tuple[tuple[str, ...], ...]
    scale: float
    years: float
    zh: str
    en: str

    def forecast(self, facts: Mapping[str, Fact]) -> float:
        """Return the forecast in the observation's unit."""
        values = [_quotient([facts[name].value for name in names]) for names in self.facts]
        first = values[0] * self.scale
        if self.how == "last":
            return first
        if self.how == "grown":
            return float(first * (1 + values[1] / 100) ** self.years)
        return float(100 * ((values[1] / first) ** (1 / self.years) - 1))


def load_naive(path: Path, observations: Sequence[str], facts: Sequence[Fact]) -> tuple[Naive, ...]:
    """Load the naive forecasts.

    Raises:
        BadInput: names the file, row and column of the first mistake; a target is refused.
    """
    known = {fact.id: fact for fact in facts}
    return tuple(_naive(row, observations, known) for row in read_table(path, COLUMNS))


def compare_with_naive(
    naives: Sequence[Naive], facts: Sequence[Fact], held_out: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Compare the errors of naive forecasts with those of predictions without the group.

    Args:
        naives: from :func:`load_naive`.
        facts: the figures of the documents.
        held_out: the rows of :func:`leave_groups_out`.

    Returns:
        ``rows`` (``id``, ``zh``, ``en``, ``unit``, ``value``, ``model`` and ``naive`` forecasts,
        ``model_error``, ``naive_error`` (absolute, in the unit), ``rule`` random_walk or growth, ``basis``
        {zh, en}: what the naive one is made from, ``winner`` model or naive), ``rules`` (rule →
        ``compared``, ``model_wins``, ``ratio``: geometric mean of the model's over the naive errors),
        ``model_wins`` and ``compared`` over observations, against the better of their naive forecasts,
        ``winner`` of that (model, naive or even).
    """
    by_id = {fact.id: fact for fact in facts}
    predicted = {str(row["id"]): row for row in held_out}
    rows = [_row(one, one.forecast(by_id), predicted[one.observation]) for one in naives]
    best: dict[str, float] = {}
    for row in rows:
        best[row["id"]] = min(best.get(row["id"], float("inf")), row["naive_error"])
    errors = {row["id"]: row["model_error"] for row in rows}
    wins = sum(errors[name] < naive for name, naive in best.items())
    rules = {rule: _rule([row for row in rows if row["rule"] == rule]) for rule in RULES}
    return {
        "rows": rows,
        "rules": {rule: found for rule, found in rules.items() if found["compared"]},
        "compared": len(best),
        "model_wins": wins,
        "winner": "even" if 2 * wins == len(best) else "model" if 2 * wins > len(best) else "naive",
    }


def _row(one: Naive, forecast: float, held: Mapping[str, Any]) -> dict[str, Any]:
    model_error, naive_error = abs(held["p50"] - held["value"]), abs(forecast - held["value"])
    named = {name: held[name] for name in ("id", "zh", "en", "year", "unit", "value")}
    return named | {
        "model": held["p50"],
        "naive": number(forecast),
        "model_error": number(model_error),
        "naive_error": number(naive_error),
        "rule": one.rule,
        "basis": {"zh": one.zh, "en": one.en},
        "winner": "model" if model_error < naive_error else "naive",
    }


def _rule(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    import numpy as np

    # An error of nothing would make the mean nothing: errors count as at least a thousandth of the figure.
    ratios = [
        max(row["model_error"], 1e-3 * abs(row["value"])) / max(row["naive_error"], 1e-3 * abs(row["value"]))
        for row in rows
    ]
    ratio = number(float(np.exp(np.mean(np.log(ratios))))) if ratios else None
    wins = sum(row["winner"] == "model" for row in rows)
    return {"compared": len(rows), "model_wins": wins, "ratio": ratio}


def _quotient(values: Sequence[float]) -> float:
    return values[0] / values[1] if len(values) == 2 else values[0]


def _naive(row: Row, observations: Sequence[str], known: Mapping[str, Fact]) -> Naive:
    how = row.choice("how", HOW)
    parts = tuple(tuple(name.strip() for name in part.split("/")) for part in row.several("facts"))
    if len(parts) != HOW[how] or any(len(part) > 2 for part in parts):
        raise row.problem(
            "facts", f"'{how}' needs {HOW[how]}, each a fact or a quotient of two such as F039/F043."
        )
    for name in (name for part in parts for name in part):
        if name not in known:
            raise row.problem("facts", f"'{name}' is not in facts.csv. Give the id of a fact there.")
        if known[name].is_target or known[name].kind == "forecast":
            raise row.problem(
                "facts", f"{name} is a target or a forecast, which nobody has known yet. Remove it."
            )
        if known[name].value <= 0:
            raise row.problem("facts", f"{name} is not above 0, as it must be to grow. Give another fact.")
    return Naive(
        row.choice("observation", observations), row.choice("rule", RULES), how, parts,
        _positive(row, "scale"), _positive(row, "years"), row.text("zh"), row.text("en"),
    )  # fmt: skip


def _positive(row: Row, column: str) -> float:
    value = row.optional_number(column)
    if value is not None and value <= 0:
        raise row.problem(column, f"{row.text(column)} is not above 0, as it must be.")
    return 1.0 if value is None else value
