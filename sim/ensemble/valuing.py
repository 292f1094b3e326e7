"""From a place's priors to the constants of the model, and whether shares can make up their whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.runner import Floats, Revalued, Runner, cells
from sim.errors import BadInput
from sim.spec.model import Variable, key
from sim.spec.priors import Prior
from sim.spec.references import Reference
from sim.spec.shares import ROUNDING, Shares

__all__ = ["check_shares", "revalued"]

SAME = 1e-12
"""Relative difference up to which a prior's value is the model's own, so that nothing is exchanged."""


def revalued(model: Runner, priors: Iterable[Prior]) -> Runner:
    """Return the model with every constant at its prior's value, sampled or fixed.

    Constants without a prior keep the value of the model file. A model that has all values already is
    returned as it is.

    Raises:
        BadInput: a prior names what the model does not have.
    """
    defaults = model.defaults()
    changed: dict[str, Floats] = {}
    for prior in priors:
        name = model.spec.find(prior.constant.name).name
        values = changed.get(name, np.asarray(defaults[name], dtype=np.float64))
        where = cells(model.spec, prior.constant)
        if not np.allclose(values.ravel()[where], prior.value, rtol=SAME, atol=0):
            changed[name] = values.copy()
            changed[name].reshape(-1)[where] = prior.value
    return Revalued(model, changed) if changed else model


def check_shares(model: Runner, priors: Sequence[Prior], shares: Iterable[Shares]) -> None:
    """Refuse priors of shares that cannot make up their whole.

    Args:
        model: with the priors' values (see :func:`revalued`), which cells without a prior keep.
        priors: whose ranges are looked at; a fixed one has no range.
        shares: constants that the model lacks are passed over: a smaller model need not have them.

    Raises:
        BadInput: names the rows of priors.csv and their sum.
    """
    known = {key(name) for name in model.spec.variables}
    for one in shares:
        if key(one.constant) in known:
            _check(model, [prior for prior in priors if prior.constant.key[0] == key(one.constant)], one)


def _check(model: Runner, priors: Sequence[Prior], shares: Shares) -> None:
    variable = model.spec.find(shares.constant)
    axes = [key(dimension) for dimension in variable.dimensions]
    if key(shares.dimension) not in axes:
        given = ", ".join(variable.dimensions)
        raise BadInput(f"shares.csv, row {shares.line}: {variable.name} has the dimensions {given}.")
    axis = axes.index(key(shares.dimension))
    low, value, high, lines = _ranges(model, priors, variable)
    for place in np.ndindex(*np.delete(value.shape, axis)):
        where = (*place[:axis], slice(None), *place[axis:])
        sums = [float(np.sum(part[where])) for part in (low, value, high)]
        if not _reaches(sums, shares):
            rows = sorted({int(line) for line in lines[where] if line})
            raise BadInput(_problem(_name(model, variable, axis, place), rows, sums, shares))


def _ranges(
    model: Runner, priors: Sequence[Prior], variable: Variable
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Return low, value, high and row of priors.csv (0: none) of each cell."""
    value = np.asarray(model.defaults()[variable.name], dtype=np.float64)
    low, high, lines = value.copy(), value.copy(), np.zeros(value.shape, dtype=np.int64)
    for prior in priors:
        where = cells(model.spec, prior.constant)
        lines.reshape(-1)[where] = prior.line
        if prior.sampled:
            low.reshape(-1)[where], high.reshape(-1)[where] = prior.low, prior.high
    return low, value, high, lines


def _reaches(sums: Sequence[float], shares: Shares) -> bool:
    low, value, high = sums
    slack = ROUNDING * shares.total
    if not shares.scaled:
        return abs(value - shares.total) <= slack
    return low - slack <= shares.total <= high + slack


def _name(model: Runner, variable: Variable, axis: int, place: tuple[int, ...]) -> Reference:
    """Return the shares that are summed, such as ``group share in 2024[rest, group]``."""
    others = iter(place)
    return Reference(variable.name, tuple(_elements(model, variable, axis, others)))


def _elements(model: Runner, variable: Variable, axis: int, others: Iterator[int]) -> Iterator[str]:
    for at, dimension in enumerate(variable.dimensions):
        yield dimension if at == axis else model.spec.dimensions[dimension].elements[next(others)]


def _problem(name: Reference, rows: Sequence[int], sums: Sequence[float], shares: Shares) -> str:
    low, value, high = (f"{one:.6g}" for one in sums)
    where = f"priors.csv, rows {', '.join(map(str, rows))}" if rows else "The model's constants"
    if shares.scaled:
        said = f"can sum to {low} to {high} (their values to {value})"
        do = "Widen low and high, or move them"
    else:
        said = f"sum to {value}"
        do = "Change their values"
    return f"{where}: the shares {name} {said}, where the whole is {shares.total:g}. {do}."
