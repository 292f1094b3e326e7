"""Every test of the model, family by family, with figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from sim.analyse.check_cases import Cases
from sim.analyse.check_levers import check_currency, check_own_indicators, check_zero_levers
from sim.analyse.check_loops import check_knockouts
from sim.analyse.check_numerics import check_numerics
from sim.analyse.check_structure import (
    check_constants,
    check_loop_chains,
    check_orphans,
    check_satellites,
    check_the_units,
)
from sim.analyse.check_toy import check_toy
from sim.analyse.checks import Bench, Check
from sim.ensemble.project import Project, load_project
from sim.ensemble.runner import Progress
from sim.errors import BadInput, did_you_mean

__all__ = ["FAMILIES", "Check", "Validation", "check_family", "validate"]

MEMBERS = 64
FEWEST = 16
"""Fewer members would say little of variances."""

_Checks = Callable[["_Work"], Iterator[Check]]


class _Work:
    """What the families share."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    @cached_property
    def cases(self) -> Cases:
        return Cases(self.bench)

    def levers(self) -> Iterator[Check]:
        yield from check_own_indicators(self.bench)
        yield check_zero_levers(self.bench)
        yield check_currency(self.bench)

    def ledger(self) -> Iterator[Check]:
        yield from self.cases.ledger()
        yield from check_satellites(self.bench)


FAMILIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "units": ("量纲", "Units of every equation"),
        "constants": ("常数的来源和范围", "Sources and ranges of constants"),
        "orphans": ("无人使用的变量", "Variables without use"),
        "ledger": ("账户恒等式与卫星账户", "Ledger and satellites"),
        "prefecture": ("市加其余等于州", "City and rest are the prefecture"),
        "stocks": ("存量非负", "No negative stock"),
        "conservation": ("企业、人口、资本守恒", "Firms, people and capital are conserved"),
        "numerics": ("步长与积分方法", "Step and integrator"),
        "extremes": ("极端条件", "Extreme conditions"),
        "levers": ("措施与货币的蜕变测试", "Metamorphic tests of levers and currency"),
        "loop-chains": ("回路由方程闭合", "Loops are closed by equations"),
        "loops": ("切断回路", "Loop knock-outs"),
        "toy": ("与玩具模型之别", "Against the toy"),
    }
)
"""Families in the order in which they are run: id → name in Chinese and English."""

_RUN: Mapping[str, _Checks] = MappingProxyType(
    {
        "units": lambda work: check_the_units(work.bench),
        "constants": lambda work: check_constants(work.bench),
        "orphans": lambda work: check_orphans(work.bench),
        "ledger": _Work.ledger,
        "prefecture": lambda work: work.cases.prefecture(),
        "stocks": lambda work: work.cases.no_negative_stock(),
        "conservation": lambda work: work.cases.conservation(),
        "numerics": lambda work: check_numerics(work.bench),
        "extremes": lambda work: work.cases.extremes(),
        "levers": _Work.levers,
        "loop-chains": lambda work: check_loop_chains(work.bench),
        "loops": lambda work: check_knockouts(work.bench),
        "toy": lambda work: check_toy(work.bench),
    }
)


@dataclass(frozen=True)
class Validation:
    """The checks of the families that ran, in order."""

    families: tuple[str, ...]
    checks: tuple[Check, ...]
    members: int
    seed: int
    elapsed_s: float

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def of(self, family: str) -> tuple[Check, ...]:
        """Return the checks of one family."""
        return tuple(check for check in self.checks if check.family == family)

    def worst(self, family: str) -> Check:
        """Return the check of a family that failed, or that came nearest to its limit."""
        return max(self.of(family), key=lambda check: (not check.passed, check.load or 0.0))


def validate(
    project: Project | None = None,
    *,
    folder: Path | None = None,
    families: Sequence[str] = (),
    members: int = MEMBERS,
    seed: int = 1,
    progress: Progress | None = None,
) -> Validation:
    """Run families of checks (none named: all).

    Args:
        project: model and data (default: those of ``folder``).
        folder: of a study (default: the shipped region).
        families: names from ``FAMILIES``.
        members: size of the ensemble, used by the family "toy".
        seed: of the ensemble.
        progress: called with ("checks", families done, families).

    Raises:
        BadInput: a family is not known, or there are too few members.
        SimError: the model cannot be anchored.
    """
    began = time.monotonic()
    chosen = _chosen(families)
    if members < FEWEST:
        raise BadInput(f"{members} members are too few for checks. Give at least {FEWEST}.")
    work = _Work(Bench(project or load_project(folder), members, seed))
    checks: list[Check] = []
    for done, family in enumerate(chosen):
        if progress:
            progress("checks", done, len(chosen))
        checks.extend(check_family(work, family))
    if progress:
        progress("checks", len(chosen), len(chosen))
    return Validation(chosen, tuple(checks), members, seed, time.monotonic() - began)


def check_family(work: _Work, family: str) -> Iterator[Check]:
    """Run the checks of one family."""
    return _RUN[family](work)


def _chosen(families: Iterable[str]) -> tuple[str, ...]:
    wanted = set(families)
    for name in wanted:
        if name not in FAMILIES:
            hint = did_you_mean(name, FAMILIES)
            raise BadInput(f"There is no family of checks '{name}'.{hint} Allowed: {', '.join(FAMILIES)}.")
    return tuple(name for name in FAMILIES if name in wanted or not wanted)
