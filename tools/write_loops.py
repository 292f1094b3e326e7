"""Knock out every loop of ``model/loops.csv``, write the figures found there, and ``model/loops.md``.

From the repository root::

    python tools/write_loops.py
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from sim.analyse.check_loops import Knockout, knock_out
from sim.analyse.checks import Bench
from sim.ensemble import load_project
from sim.spec.loops import COLUMNS, Loop

ROOT = Path(__file__).resolve().parents[1]
TABLE, PAGE = ROOT / "model" / "loops.csv", ROOT / "model" / "loops.md"
INTRODUCTION = """\
# Feedback loops 反馈回路

R reinforcing 增强, B balancing 调节. Each loop is cut while the whole plan is asked for, everything else
working. Cutting a reinforcing loop makes the plan's effect or the level reached smaller; cutting a balancing
loop lets its variable run further. *Effect* is the plan's effect on the variable in per cent, *level* the
value in 2035; *found* is what the cut changed, in per cent of the variable (for effects, percentage
points), for the median member. A variable that is held stays at its path without the plan. `loops.csv`
holds the same for the program; `sim validate --family=loops` cuts them all again, and
`python tools/write_loops.py` writes this page.
各回路在规划举措全部提出的情景下逐一切断；“found”为切断引起的变化（%）。"""


def figure(one: Knockout) -> str:
    """Return the change found, to three digits."""
    return f"{one.change:+.3g}"


def table(found: tuple[Knockout, ...]) -> str:
    """Return ``loops.csv`` with the figures found."""
    with TABLE.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, one in zip(rows, found, strict=True):
        row["found"] = figure(one)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def page(found: tuple[Knockout, ...]) -> str:
    """Return ``loops.md``."""
    blocks = [INTRODUCTION, _overview(found)]
    blocks += [_section(one.loop) for one in found]
    return "\n\n".join(blocks) + "\n"


def _overview(found: tuple[Knockout, ...]) -> str:
    lines = ["| loop | 名称 | name | looked at | expected | found, % |", "|---|---|---|---|---|---|"]
    for one in found:
        loop = one.loop
        where = f"{loop.variable}, {loop.measure}"
        lines.append(f"| {loop.id} | {loop.zh} | {loop.en} | {where} | {loop.expected} | {figure(one)} |")
    return "\n".join(lines)


def _section(loop: Loop) -> str:
    chain = " → ".join((*loop.chain, loop.chain[0]))
    cuts = [f"{setting.target} = {setting.value:g}" for setting in loop.settings]
    cuts += [f"hold {held}" for held in loop.held]
    note = f"\n\n{loop.note[0].upper()}{loop.note[1:]}." if loop.note else ""
    against = "" if loop.against == "baseline" else " Compared with half the effort."
    return f"## {loop.id} {loop.zh} · {loop.en}\n\n{chain}\n\nCut 切断: {'; '.join(cuts)}.{against}{note}"


def main() -> None:
    """Cut the loops and write both files."""
    found = knock_out(Bench(load_project(), 16, 1))
    TABLE.write_text(table(found), encoding="utf-8", newline="\n")
    PAGE.write_text(page(found), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
