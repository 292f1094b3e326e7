"""The model reference: an index, and one page for each group of variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from documentation.markdown import MADE, joined, number, table
from documentation.material import Material, slug
from sim.spec.model import Variable

__all__ = ["group_pages", "index_page", "source"]

KINDS_ZH = {
    "stock": "存量",
    "auxiliary": "辅助变量",
    "constant": "常量",
    "lookup": "表函数",
    "control": "时间设置",
}
INTRODUCTION = """\
Every variable of `model/changji.mdl`: its equations as they stand in the file, unit, meaning in English and
Chinese, source, range, what it uses and what uses it. A variable with subscripts has one value for each
combination of their elements, in the order given under [Subscripts](#subscripts); a list or matrix of numbers
follows that order, the last subscript running along a row. Functions are Vensim's: `INTEG(flow, start)` is a
stock, `SMOOTHI` and `SMOOTH3I` are exponential averages, `DELAY1I` and `DELAY3I` material delays of that
order, each with its start as last argument; `SUM(x[region!])` sums over the region. Money is in 亿元
(`YiCNY`, 100 million yuan) at 2024 prices unless the meaning says otherwise. A source such as F001 is a row
of [facts.csv](../calibration/facts.csv), R001 a row of
[priors_research.csv](../calibration/priors_research.csv). How to run it: Euler steps of the length given
under [Control](reference/control.md)."""


def source(variable: Variable) -> str:
    """Return the source in the variable's description, with its grade of evidence; empty if there is none."""
    parts = re.split(r"\bSource: ", variable.doc, maxsplit=1)
    return parts[1].rstrip(". ") if len(parts) > 1 else ""


def index_page(material: Material) -> str:
    """Return ``docs/reference.md``."""
    blocks = [MADE, "# Model reference", INTRODUCTION, "## Groups", _groups(material)]
    blocks += ["## Subscripts", _subscripts(material), "## All variables", _alphabet(material)]
    return joined(blocks)


def group_pages(material: Material) -> dict[str, str]:
    """Return the page of each group, by file name."""
    return {f"{slug(group)}.md": _group_page(material, group) for group in material.groups}


def _groups(material: Material) -> str:
    kinds = ("stock", "auxiliary", "constant", "lookup", "control")
    rows = []
    for group, variables in material.groups.items():
        counts = [sum(variable.kind == kind for variable in variables) for kind in kinds]
        link = f"[{group}](reference/{slug(group)}.md)"
        rows.append(
            [link, material.glossary.zh("group", group), *(str(count) if count else "" for count in counts)]
        )
    total = [
        str(sum(variable.kind == kind for variable in material.model.variables.values())) for kind in kinds
    ]
    rows.append(["**all**", "", *total])
    return table(["group", "组", "stocks", "auxiliaries", "constants", "lookups", "control"], rows)


def _subscripts(material: Material) -> str:
    rows = []
    for name, dimension in material.model.dimensions.items():
        if name in material.glossary.names["dimension"]:
            elements = ", ".join(_element(material, element) for element in dimension.elements)
            rows.append([name, material.glossary.zh("dimension", name), elements])
    return table(["subscript", "下标", "elements in order"], rows)


def _element(material: Material, element: str) -> str:
    levers = {lever.element.lower(): lever.zh for lever in material.levers}
    zh = material.glossary.zh("element", element) or levers.get(element.lower(), "")
    return f"{element} {zh}"


def _alphabet(material: Material) -> str:
    names = sorted(material.model.variables, key=str.lower)
    rows = [
        [_link(material, name, "reference/"), material.zh(name), material.model.variables[name].group]
        for name in names
    ]
    return table(["variable", "变量", "group"], rows)


def _link(material: Material, name: str, folder: str = "") -> str:
    return f"[{name}]({folder}{slug(material.model.variables[name].group)}.md#{slug(name)})"


def _group_page(material: Material, group: str) -> str:
    blocks = [MADE, f"# {group} {material.glossary.zh('group', group)}", "[Model reference](../reference.md)"]
    if any(variable.kind == "stock" for variable in material.groups[group]):
        blocks.append(f"![Stocks and flows of {group}](../diagrams/stocks-{slug(group)}.svg)")
    for variable in material.groups[group]:
        blocks += _entry(material, variable)
    return joined(blocks)


def _entry(material: Material, variable: Variable) -> Iterator[str]:
    yield f"## {variable.name}"
    meanings = material.meanings(variable)
    texts = [text if len(meanings) == 1 else f"{cell}: {text}" for cell, text in meanings.items()]
    yield "  \n".join([f"**{material.zh(variable.name)}**", *texts])
    yield "```\n" + material.equation(variable) + "\n```"
    yield "\n".join(f"- {line}" for line in _facts(material, variable))
    if len(material.priors_of.get(variable.name, ())) > 1:
        yield _ranges(material, variable)


def _facts(material: Material, variable: Variable) -> Iterator[str]:
    name = variable.name
    kind = f"{variable.kind} {KINDS_ZH[variable.kind]}"
    # A variable that has only some elements of a subscript gets a dimension named "sector (...)".
    axes = [re.sub(r" \(.*", " in part", axis) for axis in variable.dimensions]
    yield f"{kind}, unit 单位 `{variable.units}`" + (f", subscripts [{', '.join(axes)}]" if axes else "")
    if source(variable):
        yield f"Source 来源: {source(variable)}"
    rows = material.priors_of.get(name, ())
    if len(rows) == 1:
        prior = rows[0]
        where = f" of {prior.constant}" if prior.constant.elements else ""
        yield f"Range 范围{where}: {_range(material, name)}"
    for anchor in material.anchors_of.get(name, ()):
        until = f"{anchor.variable} in {anchor.year} is {anchor.target}"
        yield f"Anchored 锚定: turned in each member until {until}"
    yield from _others(material, name)


def _range(material: Material, name: str) -> str:
    prior = material.priors_of[name][0]
    return f"{number(prior.low)} to {number(prior.high)}, {prior.distribution}, {prior.evidence}"


def _others(material: Material, name: str) -> Iterator[str]:
    if levers := material.levers_of.get(name):
        yield "Moved by 措施: " + ", ".join(f"{lever.id} {lever.zh}" for lever in levers)
    if kpis := material.kpis_of.get(name):
        yield "Indicator 指标: " + ", ".join(kpis)
    if material.uses[name]:
        yield "Uses 使用: " + _links(material, material.uses[name])
    if material.users[name]:
        yield "Used by 被使用: " + _links(material, material.users[name])


def _links(material: Material, names: Iterable[str]) -> str:
    return ", ".join(_link(material, name) for name in names)


def _ranges(material: Material, variable: Variable) -> str:
    rows = [
        [
            ", ".join(prior.constant.elements) or "all",
            number(prior.value),
            number(prior.low),
            number(prior.high),
            prior.distribution,
            prior.evidence,
        ]
        for prior in material.priors_of[variable.name]
    ]
    return table(["element", "value", "low", "high", "distribution", "evidence"], rows)
