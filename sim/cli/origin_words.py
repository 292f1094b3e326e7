"""Sentences on where a run's members come from, where that is not simply the place's own calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sim.cli.texts import Texts
from sim.words import number

__all__ = ["origin_sentences"]

SHOWN = 3


def origin_sentences(record: Mapping[str, Any], texts: Texts) -> Iterator[str]:
    """Yield what must be said of a record's members: how they were taken over, and if evidence is missing."""
    adapted = record.get("adapted")
    if adapted:
        yield from _adapted(adapted, texts)
    if record.get("no_evidence"):
        yield texts(f"run.no_evidence_{record['no_evidence']}")


def _adapted(adapted: Mapping[str, Any], texts: Texts) -> Iterator[str]:
    others = {part: names for part, names in adapted["differs"].items() if part != "priors"}
    kinds = texts("run.list").join(texts(f"computed.{part}") for part in adapted["differs"])
    yield texts("run.adapted", kinds=kinds)
    if adapted["changed"]:
        yield texts(
            "run.reweighted", names=_names(adapted["changed"], texts), members=adapted["members"],
            effective=number(adapted["effective"]), distinct=adapted["distinct"],
        )  # fmt: skip
    for name in ("added", "lost"):
        if adapted[name]:
            yield texts(f"run.constants_{name}", names=_names(adapted[name], texts))
    if adapted["unfitted"]:
        named = (
            texts("run.kind_and_names", kind=texts(f"computed.{part}"), names=_names(names, texts))
            for part, names in others.items()
        )
        yield texts("run.unfitted", named=texts("run.list").join(named))


def _names(names: Sequence[str], texts: Texts) -> str:
    shown = texts("run.list").join(names[:SHOWN])
    more = len(names) - SHOWN
    return texts("run.and_more", names=shown, more=more) if more > 0 else shown
