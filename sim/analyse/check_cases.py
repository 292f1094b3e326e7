"""Extreme conditions, and the accounts in every one of them: all cases are lanes of one batch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from sim.analyse.checks import Bench, Check, Lane, lever_starts, verdict
from sim.ensemble.runner import Floats, Result
from sim.spec.extremes import Case, Condition
from sim.spec.scenario import LeverUse, Scenario

__all__ = ["Cases"]

TINY = 1e-9


class Cases:
    """The extreme conditions, run once and looked at by several families of checks."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.cases = bench.cases

    @cached_property
    def lanes(self) -> list[Lane]:
        """The runs, one for each case."""
        return [Lane(self._scenario(case), case.settings) for case in self.cases]

    @cached_property
    def result(self) -> Result:
        """The batch of all cases."""
        return self.bench.run_wide(self.bench.changes(self.lanes))

    def _scenario(self, case: Case) -> Scenario:
        uses: dict[str, LeverUse] = {}
        for name, intensity in case.levers:
            chosen = [lever.id for lever in self.bench.project.levers] if name == "all" else [name]
            uses |= {lever: LeverUse(lever, intensity) for lever in chosen}
        return Scenario(case.id, case.zh, case.en, tuple(uses.values()))

    def extremes(self) -> Iterator[Check]:
        """Each case runs through, and what its rows ask for is true."""
        index = {case.id: at for at, case in enumerate(self.cases)}
        failed = self.result.failed
        for at, case in enumerate(self.cases):
            wrong = [] if at not in failed else [failed[at]]
            if not wrong:
                wrong = [text for text in (self._broken(c, at, index) for c in case.conditions) if text]
            count = len(case.conditions) + 1
            yield Check(
                "extremes",
                case.id,
                case.zh,
                case.en,
                not wrong,
                f"{count - len(wrong)}/{count}",
                f"{count}/{count}",
                detail="; ".join(wrong),
            )

    def _broken(self, condition: Condition, at: int, index: dict[str, int]) -> str:
        values = self.bench.at(self.result, condition.variable, condition.year)
        limit: float | Floats = condition.factor
        if condition.other:
            limit = condition.factor * values[index[condition.other]]
        if condition.since is not None:
            limit = condition.factor * self.bench.at(self.result, condition.variable, condition.since)[at]
        good = COMPARE[condition.sign](values[at], limit) & np.isfinite(values[at])
        if good.all():
            return ""
        worst = int(np.argmin(good))
        shown = float(np.broadcast_to(limit, values[at].shape)[worst])
        year = condition.year if condition.year is not None else "any year"
        text = f"{condition.variable} in {year} is {values[at][worst]:.6g}, not {condition.sign} {shown:.6g}"
        return f"{text} ({condition.text})"

    def ledger(self) -> Iterator[Check]:
        """Sectors, groups and regions add up, in every case and year."""
        run = self.result
        sides = {
            "sectors": (run["value added"].sum(axis=3), run["regional gdp constant"]),
            "nominal": (run["nominal value added"].sum(axis=3), run["regional gdp current"]),
            "groups": (run["group value added"].sum(axis=3), run["regional gdp current"]),
        }
        names = {
            "sectors": ("部门之和等于地区生产总值", "Sectors add up to regional GDP"),
            "nominal": ("现价部门之和等于现价生产总值", "Sectors add up to GDP at current prices"),
            "groups": ("三次产业之和等于生产总值", "The three groups add up to GDP"),
        }
        for name, (left, right) in sides.items():
            yield verdict("ledger", name, *names[name], _gap(left, right), TINY)

    def prefecture(self) -> Iterator[Check]:
        """City and rest are the prefecture, in every case and year."""
        run = self.result
        for price, zh, en in (
            ("constant", "不变价", "constant prices"),
            ("current", "现价", "current prices"),
        ):
            gap = _gap(run[f"regional gdp {price}"].sum(axis=2), run[f"prefecture gdp {price}"])
            yield verdict(
                "prefecture",
                price,
                f"市加其余等于州（{zh}）",
                f"City and rest are the prefecture, {en}",
                gap,
                TINY,
            )

    def no_negative_stock(self) -> Iterator[Check]:
        """No stock falls below zero in any case."""
        lost = set(self.result.failed)
        good = [lane for lane in range(len(self.cases)) if lane not in lost]
        for name in self.bench.stocks:
            values = np.asarray(self.result[name])[good]
            lowest = float(values.min())
            at = good[int(values.reshape(len(good), -1).min(axis=1).argmin())]
            passed = lowest >= -TINY
            detail = "" if passed else self.cases[at].id
            yield Check("stocks", name, name, name, passed, f"{lowest:.3g}", "≥ 0", detail=detail)

    def conservation(self) -> Iterator[Check]:
        """Over each step a stock changes by its inflows less its outflows and by nothing else."""
        control = self.bench.project.spec.control
        start = control.initial_time
        saves = round((control.final_time - start) / control.saveper)
        # Levers start with the run and every step is saved; no more saves than usual, so nothing is compiled.
        step = control.time_step
        early = lever_starts(self.bench.project, start)
        lanes = [Lane(), Lane(self.bench.all_levers(), (early,))]
        changes = self.bench.changes(lanes)
        run = self.bench.run_wide(changes, final_time=start + saves * step, save_every=step)
        for flows in self.bench.flows:
            net = sum((run[name] for name in flows.inflows), start=np.zeros(1))
            net = net - sum((run[name] for name in flows.outflows), start=np.zeros(1))
            values = np.asarray(run[flows.stock])
            change = np.diff(values, axis=1)
            gap = float(np.abs(change - net[:, :-1] * step).max() / max(float(np.abs(values).max()), 1e-12))
            title = f"{flows.stock} ({flows.what})"
            yield verdict("conservation", flows.stock, title, title, gap, TINY)
        yield self._chains(run)

    def _chains(self, run: Result) -> Check:
        """What leaves a title by promotion is what the next title of the chain gains."""
        titles = self.bench.project.spec.dimensions["title"].elements
        after = {"technology SME": "high tech", "innovative SME": "SRDI SME", "SRDI SME": "little giant"}
        place = {title: at for at, title in enumerate(titles)}
        gain, loss = np.asarray(run["promotion"]), np.asarray(run["leaving by promotion"])
        gaps = [
            float(
                np.abs(loss[..., place[one]] - (gain[..., place[after[one]]] if one in after else 0.0)).max()
            )
            for one in titles
        ]
        return verdict(
            "conservation",
            "titles",
            "升级离开的企业等于上一级的新增",
            "Firms that leave a title by promotion are those that win the next",
            max(gaps),
            TINY,
        )


COMPARE = {">=": np.greater_equal, "<=": np.less_equal, ">": np.greater, "<": np.less}


def _gap(left: Floats, right: Floats) -> float:
    """Return the largest relative difference over the lanes that ran through."""
    good = np.isfinite(left) & np.isfinite(right)
    return float((np.abs(left - right) / np.maximum(np.abs(right), 1e-12))[good].max())
