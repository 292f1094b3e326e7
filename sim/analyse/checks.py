"""What a check of the model gives back, and the workbench on which checks run the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from sim.analyse.validation_tables import LeverIndicator, StockFlows, load_flows, load_lever_indicators
from sim.ensemble.anchoring import apply_multipliers
from sim.ensemble.choosing import chosen_members
from sim.ensemble.lanes import arm_changes
from sim.ensemble.members import Members, median_start
from sim.ensemble.project import LEVER_CONSTANTS, Project
from sim.ensemble.runner import Floats, Result, cells, series_of
from sim.spec.extremes import Case, load_extremes
from sim.spec.loops import Loop, load_loops
from sim.spec.references import Reference
from sim.spec.scenario import LeverUse, Scenario
from sim.spec.settings import Setting

if TYPE_CHECKING:
    from sim.engine import LoadedModel

__all__ = ["LEDGER", "Bench", "Check", "Lane", "Replaced", "lever_starts", "verdict"]


BASELINE = Scenario()

Replaced: TypeAlias = tuple[Floats, NDArray[np.bool_]]
"""A variable over time, (points, *subscripts) or (lanes, points, *subscripts), and where (lanes,)."""


@dataclass(frozen=True)
class Check:
    """One test of the model.

    ``found`` and ``wanted`` are short texts with figures; ``load`` tells how near the figure is
    to its limit (1 is at the limit, more has failed), None where there is no such measure. ``detail`` says in
    a few words what is wrong, or is empty.
    """

    family: str
    id: str
    zh: str
    en: str
    passed: bool
    found: str
    wanted: str
    load: float | None = None
    detail: str = ""


def verdict(
    family: str,
    name: str,
    zh: str,
    en: str,
    found: float,
    limit: float,
    *,
    least: bool = False,
    form: str = ".3g",
    detail: str = "",
) -> Check:
    """Return the check of a figure that must stay under ``limit``, or reach it if ``least``."""
    passed = bool(found >= limit) if least else bool(found <= limit)
    sign = "≥" if least else "≤"
    over, under = (limit, found) if least else (found, limit)
    load = float(over / under) if under else (0.0 if not over else float("inf"))
    return Check(
        family, name, zh, en, passed, format(found, form), f"{sign} {format(limit, form)}", load, detail
    )


@dataclass(frozen=True)
class Lane:
    """One run: a scenario and constants changed on top of it."""

    scenario: Scenario = BASELINE
    settings: tuple[Setting, ...] = ()


LEDGER = (
    "value added",
    "nominal value added",
    "group value added",
    "regional gdp constant",
    "regional gdp current",
    "prefecture gdp constant",
    "prefecture gdp current",
)
"""The accounts that must add up."""


class Bench:
    """A place's model with its own constants anchored (the median member), an ensemble, and the tables.

    Two programs serve nearly all checks, since each costs seconds when it is made: that of every other
    run of the region (``project.outputs``), and the wide one, with ``wide`` outputs, in which any
    variable of a loop can be replaced in some lanes.
    """

    def __init__(self, project: Project, members: int, seed: int) -> None:
        self.project = project
        self.count = members
        self.seed = seed

    @cached_property
    def members(self) -> Members:
        """The ensemble."""
        return chosen_members(self.project, self.count, self.seed)

    @cached_property
    def constants(self) -> dict[str, Floats]:
        """The median member's constants, name → (1, *subscripts)."""
        return apply_multipliers(self.project, {}, median_start(self.project).logs[None, :])

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """The feedback loops."""
        return load_loops(self.project.study.path("model", "loops.csv"))

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The extreme conditions."""
        return load_extremes(self.project.study.path("model", "extremes.csv"))

    @cached_property
    def flows(self) -> tuple[StockFlows, ...]:
        """The flows of stocks that are conserved."""
        return load_flows(self.project.study.path("model", "flows.csv"))

    @cached_property
    def own(self) -> tuple[LeverIndicator, ...]:
        """The indicator of each lever that the place has."""
        table = load_lever_indicators(self.project.study.path("model", "lever_indicators.csv"))
        known = {lever.id for lever in self.project.levers}
        return tuple(one for one in table if one.lever in known)

    @cached_property
    def stocks(self) -> tuple[str, ...]:
        """The model's stocks."""
        return tuple(v.name for v in self.project.spec.variables.values() if v.kind == "stock")

    @cached_property
    def exchanged(self) -> tuple[str, ...]:
        """The variables that loop cuts replace."""
        references = [one for loop in self.loops for one in (*loop.held, *loop.frozen)]
        return tuple(sorted({self.name(reference) for reference in references}))

    @cached_property
    def wide(self) -> tuple[str, ...]:
        """Everything that checks of the wide program look at."""
        names = {*LEDGER, *self.stocks, *self.exchanged}
        names |= {condition.variable.name for case in self.cases for condition in case.conditions}
        names |= {loop.variable.name for loop in self.loops} | {own.variable.name for own in self.own}
        names |= {flow for stock in self.flows for flow in (*stock.inflows, *stock.outflows)}
        spelled = {self.project.spec.find(name).name for name in names}
        return tuple(sorted(spelled - set(self.project.defaults)))

    @property
    def model(self) -> LoadedModel:
        """The engine's model, for the options that only it has."""
        return cast("LoadedModel", self.project.model)

    def changes(self, lanes: Sequence[Lane]) -> dict[str, Floats]:
        """Return the engine's changes for runs of the median member, name → (lanes, *subscripts)."""
        changes = arm_changes(self.project, self.constants, 1, [lane.scenario for lane in lanes])
        for at, lane in enumerate(lanes):
            for setting in lane.settings:
                self._set(changes, setting, at, len(lanes))
        return changes

    def run(self, lanes: Sequence[Lane], **options: Any) -> Result:
        """Run the median member in every lane, with the outputs and options of every usual run."""
        return self.model.run(self.changes(lanes), lanes=len(lanes), outputs=self.project.outputs, **options)

    def run_wide(
        self,
        changes: Mapping[str, Floats],
        replaced: Mapping[str, Replaced] | None = None,
        **options: Any,
    ) -> Result:
        """Run the wide program; ``replaced`` gives variables at the times that a usual run saves.

        ``changes`` (from :meth:`changes` or :meth:`member_changes`) tells the lanes. The result may have
        a few more at its end, copies of the last.
        """
        from sim.engine.replacing import TimeSeries

        control = self.project.spec.control
        count = round((control.final_time - control.initial_time) / control.saveper)
        times = control.initial_time + control.saveper * np.arange(count + 1)
        lanes = self._lanes(len(next(iter(changes.values()))))
        nowhere: Replaced = np.zeros(count + 1), np.zeros(lanes, dtype=np.bool_)
        given = {name: (replaced or {}).get(name, nowhere) for name in self.exchanged}
        series = {
            name: TimeSeries(times, values, _filled(where, lanes)) for name, (values, where) in given.items()
        }
        full = {name: _filled(values, lanes) for name, values in changes.items()}
        return self.model.run({**full, **series}, lanes=lanes, outputs=self.wide, **options)

    def _lanes(self, lanes: int) -> int:
        """Return at least ``lanes``, but no dimension's size, so that values for lanes are clearly that."""
        sizes = {len(dimension.elements) for dimension in self.project.spec.dimensions.values()}
        return next(count for count in range(lanes, lanes + len(sizes) + 1) if count not in sizes)

    def member_changes(self, scenarios: Sequence[Scenario]) -> dict[str, Floats]:
        """Return the engine's changes for all members under each scenario, one after the other."""
        return arm_changes(self.project, self.members.constants(self.project), self.count, scenarios)

    def run_members(self, scenarios: Sequence[Scenario]) -> Result:
        """Run all members under each scenario, one after the other, with the outputs of every usual run."""
        lanes = self.count * len(scenarios)
        return self.model.run(self.member_changes(scenarios), lanes=lanes, outputs=self.project.outputs)

    def at(self, result: Result, variable: Reference, year: int | None) -> Floats:
        """Return values (lanes, cells) in a year, or (lanes, times × cells) at all times."""
        values = series_of(self.project.spec, result, variable)
        if year is None:
            return values.reshape(len(values), -1)
        return np.asarray(values[:, int(np.argmin(np.abs(result.time - year)))])

    def name(self, reference: Reference) -> str:
        """Return the model's spelling of a variable."""
        return self.project.spec.find(reference.name).name

    def all_levers(self, intensity: float = 1.0, *, without: str = "") -> Scenario:
        """Return the scenario of every lever at one intensity, with none left out but ``without``."""
        uses = (LeverUse(lever.id, intensity) for lever in self.project.levers if lever.id != without)
        return Scenario("all", "all", "all", tuple(uses))

    def one_lever(self, lever: str, intensity: float = 1.0) -> Scenario:
        """Return the scenario of one lever."""
        return Scenario(lever, lever, lever, (LeverUse(lever, intensity),))

    def _set(self, changes: dict[str, Floats], setting: Setting, at: int, lanes: int) -> None:
        name = self.project.constant(setting.target.name)
        values = self.project.lanes(changes, name, lanes).copy()
        where = cells(self.project.spec, setting.target)
        row = values.reshape(lanes, -1)[at]
        row[where] = row[where] * setting.value if setting.factor else setting.value
        changes[name] = values


_A = TypeVar("_A", bound=np.generic)


def _filled(values: NDArray[_A], lanes: int) -> NDArray[_A]:
    """Return (lanes, ...) with the last lane repeated as often as needed."""
    more = lanes - len(values)
    return np.concatenate([values, np.repeat(values[-1:], more, axis=0)]) if more else values


def lever_starts(project: Project, year: float) -> Setting:
    """Return the setting by which every lever starts in ``year``."""
    return Setting(Reference(LEVER_CONSTANTS[1]), year, factor=False)
