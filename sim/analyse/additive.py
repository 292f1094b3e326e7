"""The exact split of an indicator: model cells that add up to it, over the lanes of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.ensemble.anchoring import value_at
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Result, cells, series_of
from sim.errors import BadInput
from sim.spec.model import Model
from sim.spec.parts import Parts, Term
from sim.spec.references import Reference

__all__ = ["Split", "part_outputs", "part_values", "splits"]


@dataclass(frozen=True)
class Split:
    """One way to split a change: ``change`` is (members, names), along a ``dimension`` of the model.

    The dimension is "part" where the parts lie along none.
    """

    dimension: str
    names: tuple[str, ...]
    change: Floats


def part_outputs(project: Project, parts: Parts) -> tuple[str, ...]:
    """Return the model variables, constants apart, that the parts are made from.

    Raises:
        BadInput: parts.csv names what the model does not have, or factors that do not fit.
    """
    names: dict[str, None] = {}
    for term in parts.terms:
        try:
            sizes = [cells(project.spec, factor).size for factor in term]
        except BadInput as error:
            raise BadInput(f"parts.csv, row {parts.line}, column 'parts': {error}") from error
        if any(size not in (1, sizes[0]) for size in sizes):
            raise BadInput(
                f"parts.csv, row {parts.line}, column 'parts': the cells of '{term[0]}' * … are {sizes}."
                " Each needs one cell, or as many as the first."
            )
        names |= dict.fromkeys(project.spec.find(factor.name).name for factor in term)
    return tuple(name for name in names if name not in project.defaults)


def part_values(
    project: Project, parts: Parts, result: Result, changes: Mapping[str, Floats], lanes: int, year: float
) -> Floats:
    """Return (lanes, cells) the parts' values in a year, in the model's unit, term after term."""
    columns = []
    for term in parts.terms:
        factors = [_factor(project, factor, result, changes, lanes, year) for factor in term]
        columns.append(np.prod(np.broadcast_arrays(*factors), axis=0))
    return np.concatenate(columns, axis=1)


def splits(model: Model, parts: Parts, change: Floats) -> tuple[Split, ...]:
    """Return a split along each dimension of the parts, from (members, cells) of :func:`part_values`."""
    axes = _axes(model, parts.terms[0][0]) if len(parts.terms) == 1 else ()
    free = [at for at, (_, elements) in enumerate(axes) if len(elements) > 1]
    if not free:
        names = tuple(name for term in parts.terms for name in _cell_names(model, term))
        return (Split("part", names, change),)
    whole = change.reshape(len(change), *(len(elements) for _, elements in axes))
    return tuple(
        Split(
            axes[at][0],
            axes[at][1],
            whole.sum(axis=tuple(axis + 1 for axis in range(len(axes)) if axis != at)),
        )
        for at in reversed(free)
    )


def _factor(
    project: Project,
    reference: Reference,
    result: Result,
    changes: Mapping[str, Floats],
    lanes: int,
    year: float,
) -> Floats:
    name = project.spec.find(reference.name).name
    if name in project.defaults:
        return project.lanes(changes, name, lanes).reshape(lanes, -1)[:, cells(project.spec, reference)]
    return value_at(result.time, series_of(project.spec, result, reference), year)


def _axes(model: Model, reference: Reference) -> list[tuple[str, tuple[str, ...]]]:
    """Return the dimension and the elements that a reference names along each axis."""
    variable = model.find(reference.name)
    chosen = model.select(variable, reference.elements or variable.dimensions)
    return [
        (name, tuple(model.dimensions[name].elements[place] for place in places))
        for name, places in zip(variable.dimensions, chosen, strict=True)
    ]


def _cell_names(model: Model, term: Term) -> list[str]:
    """Return a name for each cell of a term: its last element, or the variable."""
    axes = _axes(model, term[0])
    count = cells(model, term[0]).size
    if not axes:
        return [model.find(term[0].name).name]
    elements = axes[-1][1]
    return [elements[at % len(elements)] for at in range(count)]
