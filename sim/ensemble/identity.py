"""What a posterior belongs to: all that the model computes and is fitted to, and nothing else.

A comment, a unit, a translated note or a fact that is not fitted changes no number, so it changes nothing
here. What counts is kept by name, so that a difference can be named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

import numpy as np

from sim.ensemble.runner import Floats, cells
from sim.spec.anchors import Anchor
from sim.spec.canonical import canonical_dimension, canonical_equations
from sim.spec.model import Model, key
from sim.spec.observations import Observation
from sim.spec.priors import Prior
from sim.spec.references import Reference

__all__ = ["PARTS", "Computed", "computed", "differences", "digests", "hashes", "named", "spelled"]

Computed = Mapping[str, Mapping[str, str]]
"""Part → name → canonical text, or a digest of it."""

PARTS = {
    "equations": "equation of",
    "values": "value of",
    "dimensions": "dimension",
    "time": "time setting",
    "priors": "prior of",
    "anchors": "anchor of",
    "figures": "fitted figure",
}
"""The parts, and what one item of each is called."""

SHOWN = 3
SHORT = 16


def computed(
    spec: Model,
    defaults: Mapping[str, Floats],
    priors: Sequence[Prior],
    anchors: Sequence[Anchor],
    observations: Sequence[Observation],
) -> Computed:
    """Return the canonical table of a place's model and of what it is calibrated by.

    Args:
        spec: the typed model.
        defaults: the value of every constant in this place, name → (*subscripts).
        priors: of the place; those that are sampled count by their range, fixed ones by their value.
        anchors: of the place.
        observations: the figures that are fitted.
    """
    control = spec.control
    return {
        "equations": {
            key(one.name): canonical_equations(one)
            for one in spec.variables.values()
            if one.kind != "control" and one.name not in defaults
        },
        "values": _values(spec, defaults, priors),
        "dimensions": {key(one.name): canonical_dimension(one) for one in spec.dimensions.values()},
        "time": {
            name.replace("_", " "): repr(float(getattr(control, name)))
            for name in ("initial_time", "final_time", "time_step", "saveper")
        },
        "priors": {spelled(one.constant): _range(one) for one in priors if one.sampled},
        "anchors": {spelled(one.constant): _anchor(one) for one in anchors},
        "figures": {one.id: _figure(one) for one in observations},
    }


def spelled(reference: Reference) -> str:
    """Return a reference in the one spelling that all of its spellings share."""
    name, *elements = reference.key
    return f"{name}[{', '.join(elements)}]" if elements else name


def hashes(table: Computed) -> dict[str, str]:
    """Return the SHA-256 of each part."""
    return {part: _sha256(json.dumps(sorted(items.items()))) for part, items in table.items()}


def digests(table: Computed) -> dict[str, dict[str, str]]:
    """Return the table with a short digest in place of each text, as a file keeps it."""
    return {
        part: {name: _sha256(text)[:SHORT] for name, text in items.items()} for part, items in table.items()
    }


def differences(kept: Computed, table: Computed) -> dict[str, list[str]]:
    """Return for each part the names that differ from the kept digests; parts without any are left out."""
    now = digests(table)
    # A constant that is sampled now, or no more, is told of its prior alone.
    moved = {name.partition("[")[0] for name in set(kept.get("priors", {})) ^ set(now["priors"])}
    found: dict[str, list[str]] = {}
    for part in PARTS:
        old, new = kept.get(part, {}), now.get(part, {})
        names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if part == "values":
            names = [name for name in names if name not in moved]
        if names:
            found[part] = names
    return found


def named(found: Mapping[str, Sequence[str]]) -> str:
    """Return differences in words, the first of each part first, three at most."""
    rows = zip_longest(*[[f"{PARTS[part]} {name}" for name in names] for part, names in found.items()])
    every = [one for row in rows for one in row if one is not None]
    more = len(every) - SHOWN
    return ", ".join(every[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _values(spec: Model, defaults: Mapping[str, Floats], priors: Iterable[Prior]) -> dict[str, str]:
    """Return the constants without the cells that every member has its own value of."""
    values = {name: np.array(value, dtype=object) for name, value in defaults.items()}
    for prior in priors:
        if prior.sampled:
            values[spec.find(prior.constant.name).name].reshape(-1)[cells(spec, prior.constant)] = None
    axes = {name: [key(axis) for axis in spec.variables[name].dimensions] for name in values}
    return {key(name): repr((axes[name], value.ravel().tolist())) for name, value in values.items()}


def _range(prior: Prior) -> str:
    """Return what gives a prior its density: the mode does so only where the distribution has one."""
    mode = repr(prior.value) if prior.distribution in ("triangular", "pert") else ""
    return f"{prior.distribution} {prior.low!r} {mode} {prior.high!r}"


def _anchor(anchor: Anchor) -> str:
    target = spelled(anchor.target) if isinstance(anchor.target, Reference) else repr(float(anchor.target))
    return f"{spelled(anchor.variable)} {target} {anchor.year}"


def _figure(one: Observation) -> str:
    of = "" if one.of is None else spelled(one.of)
    numbers = (one.year, one.scale, one.value, one.error, one.discrepancy)
    return f"{one.operator} {spelled(one.variable)} {of} {numbers!r} {one.side}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
