"""An explanation in two or three sentences that can be pasted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.cli.texts import Texts
from sim.words import number, numbers, percent, unit_of

__all__ = ["no_change", "sentences"]

CERTAIN = 2.0
"""A sampled interaction is spoken of if it is this many standard errors from nothing."""

VISIBLE = 0.001
"""An interaction is spoken of if it is at least this share of the change."""

NAMED = 4
"""As many levers are named where the strongest cannot be told from others."""

NOTHING = 1e-9


def no_change(result: Mapping[str, Any]) -> bool:
    """Tell whether the scenario leaves the indicator as it is."""
    effect = result["effect"]
    level = max(abs(effect[arm]["mean"]) for arm in ("baseline", "scenario"))
    return bool(max(abs(effect["change"][name]) for name in ("mean", "p05", "p95")) <= NOTHING * level)


def sentences(result: Mapping[str, Any], texts: Texts) -> list[str]:
    """Return the change, its largest part, lever and interactions, and its most important loop."""
    shared = {
        "scenario": texts.of(result["scenario"]["title"]),
        "indicator": texts.of(result["indicator"]),
        "year": result["indicator"]["year"],
    }
    if no_change(result):
        return [texts("explain.says_nothing", **shared)]
    shift = unit_of(result["indicator"]["unit"], texts.lang).shift
    said = [_change(result, shared, texts)]
    if result["parts"]:
        rows = result["parts"]["dimensions"][0]["rows"]
        said.append(_largest("explain.says_part", rows, shift, texts))
    levers = result["levers"]
    if len(levers["rows"]) > 1:
        said.append(_levers(levers, shift, texts))
        said += _pairs(levers, shift, texts)
    if result["loops"] and result["loops"]["rows"]:
        said.append(_loop(result["loops"], texts))
    return said


def _change(result: Mapping[str, Any], shared: Mapping[str, object], texts: Texts) -> str:
    unit, effect = unit_of(result["indicator"]["unit"], texts.lang), result["effect"]
    names = ("mean", "p05", "p50", "p95")
    written = numbers(*(effect["change"][name] for name in names), sign=True, shift=unit.shift)
    change = dict(zip(names, written, strict=True))
    before, after = numbers(*(effect[arm]["p50"] for arm in ("baseline", "scenario")), shift=unit.shift)
    return texts("explain.says_change", **shared, **change, unit=unit.name, before=before, after=after)


def _largest(key: str, rows: Sequence[Mapping[str, Any]], shift: int, texts: Texts, **more: object) -> str:
    row = max(rows, key=lambda one: abs(one["mean"]))
    return texts(key, name=texts.of(row), mean=_signed(row, shift), share=percent(row["share"]), **more)


def _levers(levers: Mapping[str, Any], shift: int, texts: Texts) -> str:
    """Name the strongest lever, or those of which it cannot be told which is the strongest."""
    rows, members = levers["rows"], levers["members"]
    tied = [row for row in rows if row["tied_first"]]
    if len(tied) < 2:
        return _largest("explain.says_lever", rows, shift, texts, members=members)
    named = [texts.of(row) for row in tied[:NAMED]]
    if len(tied) > NAMED:
        named.append(texts("explain.others", count=len(tied) - NAMED))
    means = numbers(*(row["mean"] for row in (tied[0], tied[-1])), sign=True, shift=shift)
    between = dict(zip(("most", "least"), means, strict=True))
    return texts("explain.says_levers", names=texts.joined(named), members=members, **between)


def _pairs(levers: Mapping[str, Any], shift: int, texts: Texts) -> list[str]:
    """Return the strongest interaction along the change and the strongest against it."""
    total = levers["change"]["mean"]
    seen = [row for row in levers["interactions"] if _visible(row, total)]
    said = []
    for key, sign in (("explain.says_help", 1.0), ("explain.says_hinder", -1.0)):
        rows = [row for row in seen if row["mean"] * total * sign > 0]
        if rows:
            row = max(rows, key=lambda one: abs(one["mean"]))
            said.append(texts(key, name=texts.of(row), mean=_signed(row, shift)))
    return said or [texts("explain.says_no_pair")]


def _signed(row: Mapping[str, Any], shift: int) -> str:
    return number(row["mean"], sign=True, shift=shift)


def _visible(row: Mapping[str, Any], total: float) -> bool:
    error = row["standard_error"] or 0.0
    return bool(abs(row["mean"]) > max(VISIBLE * abs(total), CERTAIN * error))


def _loop(loops: Mapping[str, Any], texts: Texts) -> str:
    row = max(loops["rows"], key=lambda one: abs(one["share"] or 0.0))
    share = row["share"] or 0.0
    key = "explain.lost_less" if share >= 0 else "explain.lost_more"
    lost = texts(key, share=percent(abs(share)))
    return texts("explain.says_loop", name=texts.of(row), lost=lost, members=loops["members"])
