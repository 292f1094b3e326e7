"""Indicators that count things: a whole number for each member, round the model's mean.

The model carries the mean of a stock. Things come one by one and leave one by one, so the number at a later
year is a chain of arrivals and departures (the M/M/∞ or immigration-death process; Cox and Miller 1965, The
Theory of Stochastic Processes, 4.3). Of the ``known`` things of the last published count each is still there
with the probability ``stay``, and those that came since are Poisson:

    N = Binomial(known, stay) + Poisson(mean − known · stay)

Its mean is the model's, its variance known · stay · (1 − stay) + (mean − known · stay). Where no document
gives a count nothing is known, and N is Poisson with the model's mean. Where the published count is not whole
in a member (documents contradict each other, and the member lies between them) one thing is there with the
remainder as its probability.

One uniform number for each member and count turns its law into a number in every year and in both arms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.anchoring import value_at
from sim.ensemble.members import Members
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Result, cells, series_of
from sim.spec.counts import Count
from sim.spec.references import Reference

__all__ = ["Law", "whole_numbers"]

LANES = 256
"""Lanes at once: their probabilities fit into a processor's own memory."""

WIDE = 1e6
"""Variance from which on single probabilities, whose number grows with its root, are not summed."""

SURE = 1e-10
"""Uniform numbers keep this far from 0 and 1, since probabilities are summed in floating point."""


@dataclass(frozen=True)
class Law:
    """The distribution of a count in each lane: ``mean``, ``known`` and ``stay`` are (lanes,)."""

    mean: Floats
    known: Floats
    stay: Floats

    @classmethod
    def of(cls, mean: Floats, known: Floats, stay: Floats) -> Law:
        """Return the law of a given mean; where more would stay than are left, more have gone."""
        mean, known = np.maximum(mean, 0.0), np.maximum(known, 0.0)
        most = np.divide(mean, known, out=np.ones_like(mean), where=known > mean)
        return cls(mean, known, np.minimum(stay, most))

    @property
    def arrived(self) -> Floats:
        """(lanes,) the mean number that came since the published count."""
        return np.maximum(self.mean - self.known * self.stay, 0.0)

    @property
    def variance(self) -> Floats:
        """(lanes,), with that of the remainder of a published count that is not whole."""
        part = self.known % 1.0
        leaving = (np.floor(self.known) * (1 - self.stay) + part * (1 - part * self.stay)) * self.stay
        return np.asarray(leaving + self.arrived)

    def quantile(self, uniform: Floats) -> Floats:
        """Return (lanes,) whole numbers: the quantile of each lane at its ``uniform`` number in [0, 1)."""
        found = np.full(len(self.mean), np.nan)
        sound = np.flatnonzero(np.isfinite((self.mean, self.known, self.stay)).all(axis=0))
        uniform = np.clip(uniform, SURE, 1 - SURE)
        variance = self._of_some(sound).variance
        wide = sound[variance > WIDE]
        found[wide] = _expanded(self._of_some(wide), uniform[wide])
        # Lanes alike in spread come together, since the widest decides how much is summed.
        narrow = sound[np.argsort(variance, kind="stable")][: sound.size - wide.size]
        for begin in range(0, narrow.size, LANES):
            lanes = narrow[begin : begin + LANES]
            found[lanes] = _inverted(self._of_some(lanes), uniform[lanes])
        return found

    def _of_some(self, lanes: NDArray[np.intp]) -> Law:
        return Law(self.mean[lanes], self.known[lanes], self.stay[lanes])


def _expanded(law: Law, uniform: Floats) -> Floats:
    """Return the normal quantile with its correction for skewness (Cornish and Fisher 1938).

    A standard deviation of 1000 or more leaves it wrong by a hundredth of a thing at most.
    """
    from scipy.special import ndtri

    z = ndtri(uniform)
    # The third cumulant; what part of a thing is known makes no difference among so many.
    third = law.known * law.stay * (1 - law.stay) * (1 - 2 * law.stay) + law.arrived
    skewed = third / law.variance * (z**2 - 1) / 6
    return np.asarray(np.ceil(law.mean + np.sqrt(law.variance) * z + skewed - 0.5))


def _inverted(law: Law, uniform: Floats) -> Floats:
    """Sum probabilities from a lowest number on until they pass ``uniform``; what is left out is below 1e-12.

    They come from the generating function on the unit circle by an inverse Fourier transform (Abate and Whitt
    1992, Operations Research Letters 12), which holds for every mixture of parts alike.
    """
    least, most = np.sqrt(law.variance.min()), np.sqrt(law.variance.max())
    above = 7 * most + 14
    span = 16 * int(np.ceil((above + min(above, law.mean.max())) / 16))
    lowest = np.maximum(np.floor(law.mean - span / 2), 0.0)
    # At higher frequencies the function is below 1e-12: there is nothing to add.
    highest = min(span // 2, int(span * 12 / (2 * np.pi * max(least, 1e-3))) + 1)
    angle = 2 * np.pi / span * np.arange(highest + 1)
    function = np.exp(law.arrived[:, None] * (np.exp(-1j * angle) - 1) + 1j * lowest[:, None] * angle)
    if law.known.any():
        stays = 1 + law.stay[:, None] * (np.exp(-1j * angle) - 1)
        function *= stays ** np.floor(law.known)[:, None]
        function *= 1 + (law.known % 1.0)[:, None] * (stays - 1)
    below = np.fft.irfft(function, span, axis=1).cumsum(axis=1)
    return np.asarray(lowest + (below <= uniform[:, None]).sum(axis=1))


@dataclass(frozen=True)
class _Draw:
    """Both arms' lanes of a block: what the engine was given and gave, and the lanes' uniform numbers."""

    project: Project
    result: Result
    changes: Mapping[str, Floats]
    uniform: Callable[[str], Floats]
    lanes: int
    drawn: dict[tuple[str, int], Floats] = field(default_factory=dict)

    def whole(self, name: str, year: int) -> Floats:
        """Return (lanes,) the drawn number of a count in a year: what is its own, and its parts."""
        if (name, year) not in self.drawn:
            number = self._law(name, year).quantile(self.uniform(name))
            for part in self._parts(name):
                number = number + self.whole(part.id, year)
            self.drawn[name, year] = number
        return self.drawn[name, year]

    def _law(self, name: str, year: int) -> Law:
        """Return the law of what is in a count and in none of its parts."""
        count = self._count(name)
        mean = self._own(name, year)
        if count.year is None:
            return Law.of(mean, np.zeros(self.lanes), np.ones(self.lanes))
        # Before it was published a count is history: its course is the model's.
        since = max(year - count.year, 0)
        known = self._own(name, count.year) if since else mean
        return Law.of(mean, known, np.exp(-self._hazard(count) * since))

    def _own(self, name: str, year: int) -> Floats:
        parts = [self._mean(part.id, year) for part in self._parts(name)]
        return np.asarray(np.maximum(self._mean(name, year) - sum(parts, np.zeros(self.lanes)), 0.0))

    def _mean(self, name: str, year: int) -> Floats:
        kpi = next(kpi for kpi in self.project.kpis if kpi.id == name)
        series = series_of(self.project.spec, self.result, kpi.variable)
        return value_at(self.result.time, series, year)[:, 0] * kpi.scale

    def _hazard(self, count: Count) -> Floats:
        """Return (lanes,) the share of a stock that leaves a year."""
        hazard = self._constant(count.exit)
        if count.renewal is not None:
            hazard = hazard + (1 - self._constant(count.renewal)) / self._constant(count.review)
        return np.maximum(hazard, 0.0)

    def _constant(self, reference: Reference | None) -> Floats:
        if reference is None:
            return np.zeros(self.lanes)
        values = self.project.lanes(self.changes, self.project.constant(reference.name), self.lanes)
        return np.asarray(values.reshape(self.lanes, -1)[:, cells(self.project.spec, reference)[0]])

    def _count(self, name: str) -> Count:
        return next(count for count in self.project.counts if count.id == name)

    def _parts(self, name: str) -> list[Count]:
        return [count for count in self.project.counts if count.part_of == name]


def whole_numbers(
    project: Project, result: Result, changes: Mapping[str, Floats], members: Members, block: slice
) -> dict[int, Floats]:
    """Return the drawn numbers of the indicators that are counts: row of kpis.csv → (lanes,).

    Args:
        project: model and data.
        result: of lanes that are the members of ``block``, once for each arm.
        changes: what those lanes were run with, name → (lanes, *subscripts).
        members: whose uniform numbers are taken: the same in all arms and years.
        block: which of them the lanes are.
    """
    if not project.counts:
        return {}
    lanes = len(series_of(project.spec, result, project.kpis[0].variable))

    def uniform(name: str) -> Floats:
        return np.resize(members.uniform(name, block), lanes)

    draw = _Draw(project, result, changes, uniform, lanes)
    counted = {count.id for count in project.counts}
    return {row: draw.whole(kpi.id, kpi.year) for row, kpi in enumerate(project.kpis) if kpi.id in counted}
