"""Checks that read the model and its tables and run nothing: units, sources, orphans, satellites."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from sim.analyse.checks import Bench, Check
from sim.analyse.validation_tables import StockFlows
from sim.ensemble.project import Project
from sim.spec.expressions import Delay, Expression, Initial, Reference, Smooth, Stock, children, walk
from sim.spec.model import Model, Variable, key
from sim.spec.references import Reference as Cell
from sim.translate.units import check_units

__all__ = [
    "check_constants",
    "check_loop_chains",
    "check_orphans",
    "check_satellites",
    "check_the_units",
    "links_of",
    "users_of",
]

SOURCE = re.compile(r"Source: .*\(([\w ]+)\)")
SATELLITES = (
    "digital penetration",
    "digital share of services",
    "retail sales",
    "total logistics value",
    "logistics cost",
    "above scale service revenue",
    "city owned industrial output",
    "postal revenue",
)
CONTROL = ("initial time", "final time", "time step", "saveper")


def check_the_units(bench: Bench) -> Iterator[Check]:
    """Units of every equation, one check for each group of the model."""
    spec = bench.project.spec
    wrong: dict[str, list[str]] = {}
    for error in check_units(spec, bench.project.study.path("model", "units.txt")):
        wrong.setdefault(error.variable, []).append(str(error))
    groups = dict.fromkeys(variable.group for variable in spec.variables.values())
    for group in groups:
        names = [variable.name for variable in spec.variables.values() if variable.group == group]
        faults = [text for name in names for text in wrong.get(name, ())]
        title = group.strip(". ") or "-"
        found = f"{len(faults)}/{len(names)}"
        yield Check(
            "units", title, title, title, not faults, found, f"0/{len(names)}", detail="; ".join(faults[:5])
        )


def check_constants(bench: Bench) -> Iterator[Check]:
    """Every constant has a source and an evidence class, and its value lies inside the stated range."""
    project = bench.project
    without = [name for name in project.defaults if not _sourced(project.spec.variables[name])]
    count = len(project.defaults)
    yield Check(
        "constants",
        "source",
        "每个常数有来源或注明为假设",
        "Every constant has a source or is tagged as an assumption",
        not without,
        f"{count - len(without)}/{count}",
        f"{count}/{count}",
        detail=", ".join(without[:10]),
    )
    outside = [str(prior.constant) for prior in project.priors if not prior.low <= prior.value <= prior.high]
    yield _counted(
        "range", "取值在所述范围内", "Values lie inside their stated range", outside, len(project.priors)
    )
    # The shipped place is the one of the model file; another place has values of its own.
    moved = project.exchanged if project.study.folder is None else ()
    differing = [
        str(prior.constant) for prior in project.priors if project.constant(prior.constant.name) in moved
    ]
    yield _counted(
        "value",
        "表中取值与模型一致",
        "Values in the table are those of the model",
        differing,
        len(project.priors),
    )
    bare = [str(prior.constant) for prior in project.priors if not prior.source.strip()]
    yield _counted("evidence", "每个范围有依据", "Every range has its evidence", bare, len(project.priors))
    loose = _without_range(project)
    wanted = [name for name in project.defaults if _class_of(project.spec.variables[name]) in RANGED]
    yield _counted(
        "ranged", "不确定的常数都有范围", "Every uncertain constant has a range", loose, len(wanted)
    )


RANGED = ("assumption", "judgement", "published", "memory", "model_code", "official_statistic")


def _counted(name: str, zh: str, en: str, wrong: Sequence[str], count: int) -> Check:
    found = f"{count - len(wrong)}/{count}"
    return Check(
        "constants", name, zh, en, not wrong, found, f"{count}/{count}", detail=", ".join(wrong[:10])
    )


def _sourced(variable: Variable) -> bool:
    return key(variable.name) in CONTROL or SOURCE.search(variable.doc) is not None


def _class_of(variable: Variable) -> str:
    found = SOURCE.search(variable.doc)
    return found.group(1) if found else ""


def _without_range(project: Project) -> list[str]:
    ranged = {project.constant(prior.constant.name) for prior in project.priors}
    ranged |= {project.constant(anchor.constant.name) for anchor in project.anchors}
    return [
        name
        for name in project.defaults
        if name not in ranged and _class_of(project.spec.variables[name]) in RANGED
    ]


def check_orphans(bench: Bench) -> Iterator[Check]:
    """Every variable is used by another, or is shown, tested or compared with data somewhere."""
    project = bench.project
    shown = {bench.name(reference) for reference in _shown(bench)}
    shown |= {project.spec.find(name).name for flows in bench.flows for name in _flows(flows)}
    users = users_of(project.spec)
    kinds = ("constant", "stock", "auxiliary", "lookup")
    for kind in kinds:
        named = [variable for variable in project.spec.variables.values() if variable.kind == kind]
        lost = [v.name for v in named if not users.get(v.name) and v.name not in shown and not _tells(v)]
        yield Check(
            "orphans",
            kind,
            f"没有无人使用的变量（{kind}）",
            f"No variable of this kind is without use: {kind}",
            not lost,
            f"{len(lost)}/{len(named)}",
            f"0/{len(named)}",
            detail=", ".join(lost[:10]),
        )


def _tells(variable: Variable) -> bool:
    """Whether a variable is there to be compared with a figure, as its description says."""
    return "Compare " in variable.doc or key(variable.name) in CONTROL


def _flows(flows: StockFlows) -> tuple[str, ...]:
    return (flows.stock, *flows.inflows, *flows.outflows)


def _shown(bench: Bench) -> Iterator[Cell]:
    project = bench.project
    for kpi in project.kpis:
        yield kpi.variable
    for chart in project.charts:
        yield chart.variable
    for anchor in project.anchors:
        yield anchor.variable
        if isinstance(anchor.target, Cell):
            yield anchor.target
    for loop in bench.loops:
        yield loop.variable
    for case in bench.cases:
        yield from (condition.variable for condition in case.conditions)
    for own in bench.own:
        yield own.variable


def check_satellites(bench: Bench) -> Iterator[Check]:
    """What documents count across sectors is read off the ledger and never acts on GDP."""
    spec = bench.project.spec
    links = links_of(spec)
    behind = _ancestors(links, spec.find("regional gdp constant").name)
    for name in SATELLITES:
        found = spec.find(name).name
        acts = found in behind
        zh, en = f"卫星账户不计入生产总值：{name}", f"Satellite never added to GDP: {name}"
        yield Check("ledger", name, zh, en, not acts, "acts on GDP" if acts else "apart", "apart")


def _ancestors(links: Mapping[str, set[str]], name: str) -> set[str]:
    found: set[str] = set()
    pending = [name]
    while pending:
        for one in links[pending.pop()] - found:
            found.add(one)
            pending.append(one)
    return found


def users_of(model: Model) -> dict[str, set[str]]:
    """Return name → the variables in whose equations it stands."""
    users: dict[str, set[str]] = {}
    for name, used in _uses(model, initial=True).items():
        for one in used:
            users.setdefault(one, set()).add(name)
    return users


def links_of(model: Model) -> dict[str, set[str]]:
    """Return name → the variables that act on it as time goes on: initial values do not count."""
    return _uses(model, initial=False)


def _uses(model: Model, *, initial: bool) -> dict[str, set[str]]:
    names = {key(name): name for name in model.variables}
    found: dict[str, set[str]] = {}
    for variable in model.variables.values():
        parts = [component.expression for component in variable.components]
        nodes = [node for part in parts for node in (walk(part) if initial else _moving(part))]
        found[variable.name] = {
            names[key(node.name)] for node in nodes if isinstance(node, Reference) and key(node.name) in names
        }
    return found


def _moving(node: Expression) -> Iterator[Expression]:
    """Yield the nodes that count while the model runs."""
    yield node
    if isinstance(node, Initial):
        return
    parts: tuple[Expression, ...]
    if isinstance(node, Stock):
        parts = (node.flow,)
    elif isinstance(node, Smooth | Delay):
        parts = (node.input, node.time)
    else:
        parts = tuple(children(node))
    for part in parts:
        yield from _moving(part)


def check_loop_chains(bench: Bench) -> Iterator[Check]:
    """Each variable of a loop is used by the next in the model, and the last by the first."""
    spec = bench.project.spec
    links = links_of(spec)
    for loop in bench.loops:
        broken = list(_broken(spec, links, loop.chain))
        steps = len(loop.chain)
        yield Check(
            "loop-chains",
            loop.id,
            f"{loop.id} {loop.zh}",
            f"{loop.id} {loop.en}",
            not broken,
            f"{steps - len(broken)}/{steps}",
            f"{steps}/{steps}",
            detail="; ".join(broken),
        )


def _broken(spec: Model, links: Mapping[str, set[str]], chain: Sequence[str]) -> Iterator[str]:
    names = [spec.find(name).name for name in chain]
    for one, following in zip(names, [*names[1:], names[0]], strict=True):
        if one not in links[following]:
            yield f"{one} → {following}"
