"""Would a wrong structure be noticed? Regions of another make, and a predictive check that should flag them.

Two kinds of other make: the statistics break, so that all that was reported before is too low; and a
feedback loop of the model is cut. The check's thresholds are set where regions of the right make raise
5 % false alarms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.calibrate.forward import Cloud, Forward
from sim.calibrate.naming import number
from sim.calibrate.regions import Beliefs, Inference, Truths, reported
from sim.ensemble.runner import Floats, Progress, Result, Runner, cells
from sim.spec.loops import Loop
from sim.spec.model import Model
from sim.spec.observations import Observation

__all__ = ["STATISTICS", "Break", "Cut", "Effort", "broken", "cut_loop", "statistics", "structure_check"]

FALSE_ALARMS = 0.05
WANTED = 0.8
STATISTICS = ("chi_square", "largest", "surprise")


@dataclass(frozen=True)
class Break:
    """Statistics whose levels before ``year`` are too low by ``factor``.

    ``last_year`` says whether the break falls in the last observed year, so that its growth rates have it
    too.
    """

    factor: float
    last_year: bool


@dataclass(frozen=True)
class Effort:
    """Particles for each region, regions for each break, for each larger break, and for each loop."""

    particles: int = 100
    regions: int = 200
    larger: int = 100
    each_loop: int = 7


MAIN = (Break(1.06, last_year=False), Break(1.06, last_year=True))
LARGER = (Break(1.12, last_year=False), Break(1.25, last_year=False), Break(1.5, last_year=False))


@dataclass(frozen=True)
class Cut:
    """A model with some cells of constants held at a value, whatever a run asks for."""

    model: Runner
    loop: Loop

    @property
    def spec(self) -> Model:
        """The typed model."""
        return self.model.spec

    def defaults(self) -> Mapping[str, Any]:
        """Return the value of every constant, those of the cut in place."""
        return self._set({}, 1, self.model.defaults(), flat=True)

    def run(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        lanes: int | None = None,
        outputs: Sequence[str] | None = None,
        final_time: float | None = None,
    ) -> Result:
        """Run lanes with the loop cut."""
        count = lanes or 1
        cut = self._set(dict(changes or {}), count, self.model.defaults(), flat=False)
        return self.model.run(cut, lanes=count, outputs=outputs, final_time=final_time)

    def _set(
        self, changes: dict[str, Any], lanes: int, defaults: Mapping[str, Any], *, flat: bool
    ) -> dict[str, Any]:
        found = dict(defaults) if flat else changes
        for setting in self.loop.settings:
            name = self.spec.find(setting.target.name).name
            value = np.asarray(found.get(name, defaults[name]), dtype=np.float64)
            whole = value.shape if flat else (lanes, *np.shape(defaults[name]))
            array = np.broadcast_to(value, whole).copy()
            rows = array.reshape(1 if flat else lanes, -1)
            where = cells(self.spec, setting.target)
            rows[:, where] = rows[:, where] * setting.value if setting.factor else setting.value
            found[name] = array
        return found


def broken(observations: Sequence[Observation], figures: Floats, made: Break) -> Floats:
    """Return figures (regions, observations) as reported with a break.

    Levels before the last observed year are divided by the factor; if the break falls in that year its growth
    rates are those over the year before as it was reported. Shares, and what was added in a year, have none.
    """
    last = max(one.year for one in observations)
    found = figures.copy()
    for at, one in enumerate(observations):
        if one.operator == "level" and one.year < last:
            found[:, at] /= made.factor
        if one.operator == "growth" and one.year == last and made.last_year:
            found[:, at] = ((1 + found[:, at] / one.scale) * made.factor - 1) * one.scale
    return found


def cut_loop(forward: Forward, loop: Loop) -> Forward:
    """Return the model with a loop cut by its constants; ``loop.settings`` must not be empty."""
    project = forward.project
    return replace(forward, project=replace(project, model=Cut(project.model, loop)))


def statistics(inference: Inference, figures: Floats, beliefs: Beliefs) -> dict[str, Floats]:
    """Return each statistic of the check, (regions,).

    ``chi_square``: posterior mean of the squared distances' sum (Gelman, Meng and Stern 1996, Statistica
    Sinica 6(4)). ``largest``: largest distance of a posterior median. ``surprise``: see
    :meth:`Emulator.surprise`.
    """
    surprise = inference.emulator.surprise(figures / inference.likelihood.deviation)
    return {"chi_square": beliefs.chi_square, "largest": beliefs.largest, "surprise": surprise}


def structure_check(
    inference: Inference,
    truths: Truths,
    bank: Cloud,
    loops: Sequence[Loop],
    seed: int,
    effort: Effort,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Set thresholds on regions of the right make, and count how many of another make are above them.

    Args:
        inference: of regions.
        truths: regions of the right make.
        bank: points of the prior.
        loops: of the model; those cut by constants are used.
        seed: of the random numbers.
        effort: how many regions.
        progress: called with "structures".

    Returns:
        ``thresholds`` (statistic → value), ``false_alarms``, ``regions`` (of the right make), ``rows`` and
        ``larger`` (each: ``kind`` level_break, last_year_break or loop, ``id``, ``zh``, ``en``, ``factor``,
        ``regions``, ``moved``: median over regions of how far the other make moves the figures together, in
        deviations, ``flagged``: statistic → share), ``kinds`` (kind → statistic → share), ``flagged``
        (statistic → share over all of ``rows``), ``wanted``, ``met`` (by chi_square), ``needed`` (how
        far, as ``moved``, another make must move the figures to be flagged as often as wanted, if the model
        can follow none of it), ``not_cut`` (ids of loops that no constant cuts, or whose cut cannot be
        anchored), ``shipped`` (statistic → ``value``, ``above``: share of regions of the right make that
        are farther).
    """
    rng = np.random.default_rng([seed, 7])
    figures = reported(truths.cloud.figures, inference.likelihood, bank, rng)
    if progress:
        progress("structures", 0, 3)
    right = _statistics_of(inference, figures, seed, effort)
    thresholds = {name: float(np.quantile(right[name], 1 - FALSE_ALARMS)) for name in STATISTICS}
    if progress:
        progress("structures", 1, 3)
    other = Other(inference, truths, bank, thresholds, effort)
    rows = [other.break_row(made, effort.regions, seed + 1 + at) for at, made in enumerate(MAIN)]
    larger = [other.break_row(made, effort.larger, seed + 11 + at) for at, made in enumerate(LARGER)]
    if progress:
        progress("structures", 2, 3)
    cuttable = [loop for loop in loops if loop.settings and not loop.held]
    cut, lost = other.loop_rows(cuttable, seed + 21)
    if progress:
        progress("structures", 3, 3)
    every = [*rows, *cut]
    kinds = dict.fromkeys(row["kind"] for row in every)
    overall = _pooled(every)
    return {
        "thresholds": {name: number(value) for name, value in thresholds.items()},
        "false_alarms": FALSE_ALARMS,
        "regions": len(truths),
        "rows": every,
        "larger": larger,
        "kinds": {kind: _pooled([row for row in every if row["kind"] == kind]) for kind in kinds},
        "flagged": overall,
        "wanted": WANTED,
        "met": overall["chi_square"] >= WANTED,
        "needed": number(_needed(int((inference.likelihood.side == 0).sum()))),
        "not_cut": lost + [loop.id for loop in loops if loop not in cuttable],
        "shipped": _shipped(inference, right, seed + 31, effort),
    }


@dataclass(frozen=True)
class Other:
    """Regions of another make, made from ``truths`` and judged by ``thresholds`` (statistic → value)."""

    inference: Inference
    truths: Truths
    bank: Cloud
    thresholds: Mapping[str, float]
    effort: Effort

    def break_row(self, made: Break, regions: int, seed: int) -> dict[str, Any]:
        """Return what the check finds in regions whose statistics break."""
        observations = self.inference.forward.project.observations
        true = self.truths.cloud.figures[:regions]
        changed = broken(observations, true, made)
        whole = reported(true, self.inference.likelihood, self.bank, np.random.default_rng([seed, 8]))
        found = _statistics_of(self.inference, broken(observations, whole, made), seed, self.effort)
        kind = "last_year_break" if made.last_year else "level_break"
        row = {"kind": kind, "id": f"{kind} {made.factor:g}", "factor": made.factor}
        return row | self._outcome(true, changed, found)

    def loop_rows(self, loops: Sequence[Loop], seed: int) -> tuple[list[dict[str, Any]], list[str]]:
        """Return what the check finds in regions with a loop cut, and the loops that cannot be cut so."""
        kept: list[tuple[Loop, Floats, Floats]] = []
        lost: list[str] = []
        for place, loop in enumerate(loops):
            whole, cut = self._cut_regions(loop, place)
            if len(cut):
                kept.append((loop, whole, cut))
            else:
                lost.append(loop.id)
        if not kept:
            return [], lost
        true = np.concatenate([cut for _, _, cut in kept])
        figures = reported(true, self.inference.likelihood, self.bank, np.random.default_rng([seed, 8]))
        found = _statistics_of(self.inference, figures, seed, self.effort)
        rows: list[dict[str, Any]] = []
        begin = 0
        for loop, whole, cut in kept:
            part = {name: values[begin : begin + len(cut)] for name, values in found.items()}
            row = {"kind": "loop", "id": loop.id, "zh": loop.zh, "en": loop.en}
            rows.append(row | self._outcome(whole, cut, part))
            begin += len(cut)
        return rows, lost

    def _cut_regions(self, loop: Loop, place: int) -> tuple[Floats, Floats]:
        """Return true figures (regions, observations) whole and cut; none if few can be anchored."""
        # Other regions for each loop, as far as there are regions.
        which = (np.arange(self.effort.each_loop) + place * self.effort.each_loop) % len(self.truths)
        points = self.truths.cloud[np.unique(which)]
        cloud = cut_loop(self.inference.forward, loop)(points.z, near=points.logs)
        good = cloud.good if cloud.good.mean() >= 0.5 else np.zeros(len(cloud), dtype=bool)
        return points.figures[good], cloud.figures[good]

    def _outcome(self, before: Floats, after: Floats, found: Mapping[str, Floats]) -> dict[str, Any]:
        steps = (after - before) / self.inference.likelihood.deviation
        moved = float(np.median(np.sqrt((steps**2).sum(axis=1))))
        flagged = {name: round(float((found[name] > self.thresholds[name]).mean()), 4) for name in STATISTICS}
        return {"regions": len(after), "moved": number(moved), "flagged": flagged}


def _statistics_of(inference: Inference, figures: Floats, seed: int, effort: Effort) -> dict[str, Floats]:
    beliefs = inference.beliefs(figures, effort.particles, seed, retry=False)
    return statistics(inference, figures, beliefs)


def _needed(figures: int) -> float:
    """Return by how many deviations figures must be moved together to be flagged as often as wanted.

    That holds where the model can follow none of the move: chi-square against its noncentral form.
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2, ncx2

    limit = chi2.isf(FALSE_ALARMS, figures)
    return float(np.sqrt(brentq(lambda shift: ncx2.sf(limit, figures, shift) - WANTED, 1e-3, 1e3)))


def _pooled(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return statistic → share flagged over all regions of the rows."""
    weights = [row["regions"] for row in rows]
    return {
        name: round(float(np.average([row["flagged"][name] for row in rows], weights=weights)), 4)
        for name in STATISTICS
    }


def _shipped(
    inference: Inference, right: Mapping[str, Floats], seed: int, effort: Effort
) -> dict[str, dict[str, Any]]:
    figures = inference.likelihood.value[None]
    # More particles than the made-up regions have: here a single region is judged.
    found = _statistics_of(inference, figures, seed, replace(effort, particles=10 * effort.particles))
    return {
        name: {"value": number(float(found[name][0])), "above": float((right[name] > found[name][0]).mean())}
        for name in STATISTICS
    }
