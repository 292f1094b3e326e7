"""Figures that shape the members in more than one way: fitted, anchored, in the centre of a prior.

A figure that is used twice counts for more than it is worth: the members' ranges come out narrower than what
is known. Where a figure follows from others (unused_facts.csv), its use is a use of those.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.anchors import Anchor
from sim.spec.observations import Observation, UnusedFact
from sim.spec.priors import FACT_ID, Prior
from sim.spec.references import Reference
from sim.spec.tables import first_repeat, read_table

__all__ = ["DoubleUse", "double_uses", "load_double_uses"]

FITTED, ANCHORED, PRIOR = "fitted", "anchored", "prior"
USES = (FITTED, ANCHORED, PRIOR)


@dataclass(frozen=True, order=True)
class DoubleUse:
    """``fact`` is used by ``first`` (fitted or anchored) and again by ``second`` (anchored or prior).

    ``constant`` is what the second use sets: a row of anchors.csv or of priors.csv.
    """

    first: str
    second: str
    fact: str
    constant: str


def double_uses(
    priors: Iterable[Prior],
    anchors: Sequence[Anchor],
    observations: Iterable[Observation],
    unused: Iterable[UnusedFact] = (),
) -> tuple[DoubleUse, ...]:
    """Return every double use, in order, as the sources of the rows tell.

    A prior of the very constant that an anchor turns, or aims at, is that anchor's own width and no second
    use; neither is the prior of a constant in which members do not differ.

    Args:
        priors: rows of priors.csv.
        anchors: rows of anchors.csv.
        observations: what is fitted.
        unused: reasons of other facts; those that are derived name what they follow from.
    """
    parents = {one.fact: _facts(one.note) - {one.fact} for one in unused if one.reason == "derived"}
    fitted = {fact for one in observations for fact in one.facts}
    anchored = [(anchor, _known(_facts(anchor.source), parents)) for anchor in anchors]
    found = {
        DoubleUse(FITTED, ANCHORED, fact, str(anchor.constant))
        for anchor, facts in anchored
        for fact in facts & fitted
    }
    for prior in priors:
        if prior.sampled:
            facts = _known(_facts(prior.source), parents)
            found |= {DoubleUse(FITTED, PRIOR, fact, str(prior.constant)) for fact in facts & fitted}
            for anchor, aims in anchored:
                if not _own(anchor, prior):
                    found |= {DoubleUse(ANCHORED, PRIOR, fact, str(prior.constant)) for fact in facts & aims}
    return tuple(sorted(found))


def load_double_uses(path: Path | None = None) -> tuple[tuple[DoubleUse, str], ...]:
    """Load the double uses known of, each with its reason (shipped: ``calibration/double_uses.csv``).

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    columns = ("first", "second", "fact", "constant", "reason")
    rows = read_table(path or content("calibration", "double_uses.csv"), columns)
    known = tuple(
        (
            DoubleUse(
                row.choice("first", USES[:2]), row.choice("second", USES[1:]), row.text("fact"),
                row.text("constant"),
            ),
            row.text("reason"),
        )
        for row in rows
    )  # fmt: skip
    if (at := first_repeat([use for use, _ in known])) is not None:
        raise rows[at].problem("constant", "the double use is there twice. Keep one row.")
    return known


def _facts(text: str) -> set[str]:
    return set(re.findall(FACT_ID, text))


def _known(facts: Collection[str], parents: Mapping[str, set[str]]) -> set[str]:
    """Return the facts and all that they follow from."""
    found: set[str] = set()
    left = list(facts)
    while left:
        fact = left.pop()
        if fact not in found:
            found.add(fact)
            left.extend(parents.get(fact, ()))
    return found


def _own(anchor: Anchor, prior: Prior) -> bool:
    """Whether a prior is the width of the anchor itself."""
    names = [anchor.constant, *([anchor.target] if isinstance(anchor.target, Reference) else [])]
    return any(name.key[0] == prior.constant.key[0] for name in names)
