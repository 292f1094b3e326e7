"""The boundary chart: what the model works out, what it takes as given, what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from documentation.markdown import MADE, joined, table
from documentation.material import Material, slug
from documentation.reference import source
from sim.spec.model import Variable

__all__ = ["boundary_page"]

INTRODUCTION = """\
**Endogenous** variables lie on a feedback loop or follow one that does. **Exogenous** is what is given from
outside: trends and shocks over time, conditions that a scenario may change, the levers, and the constants
that describe the region. **Excluded** is what [model/scope.md](../model/scope.md) leaves out, with the
reason."""
OUTSIDE = ("Outside world", "Prices")


def boundary_page(material: Material, scope: str) -> str:
    """Return ``docs/boundary.md``; ``scope`` is the text of ``model/scope.md``."""
    blocks = [MADE, "# Boundary of the model", INTRODUCTION]
    blocks += ["## Endogenous", _endogenous(material)]
    blocks += ["## Exogenous: trends and shocks over time", _trends(material)]
    blocks += ["## Exogenous: outside conditions and scenario inputs", _inputs(material)]
    blocks += ["## Exogenous: levers", _levers(material)]
    blocks += ["## Exogenous: other constants", _constants(material)]
    blocks += ["## Excluded", *_excluded(scope)]
    return joined(blocks)


def _endogenous(material: Material) -> str:
    rows = []
    for group, variables in material.groups.items():
        found = [variable for variable in variables if variable.name in material.endogenous]
        stocks = [variable.name for variable in found if variable.kind == "stock"]
        others = [variable.name for variable in found if variable.kind != "stock"]
        if found:
            rows.append([_group(material, group), ", ".join(stocks), ", ".join(others)])
    return table(["group", "stocks", "flows and auxiliaries"], rows)


def _trends(material: Material) -> str:
    given = material.moving - material.endogenous
    found = [v for v in material.model.variables.values() if v.name in given or v.kind == "lookup"]
    return _described(material, found)


def _inputs(material: Material) -> str:
    return _described(material, [v for v in material.model.variables.values() if _is_input(v)])


def _described(material: Material, variables: Iterable[Variable]) -> str:
    rows = [
        [_link(v), material.zh(v.name), v.units, " ".join(material.meanings(v).values())] for v in variables
    ]
    return table(["input", "输入", "unit", "meaning"], rows)


def _is_input(variable: Variable) -> bool:
    """Whether a constant describes the outside world; definitions, such as one year, do not."""
    outside = variable.group in OUTSIDE or "scenario input" in source(variable)
    return variable.kind == "constant" and outside and not source(variable).startswith("definition")


def _levers(material: Material) -> str:
    rows = [
        [lever.id, lever.zh, lever.authority, ", ".join(str(moved) for moved in lever.moves)]
        for lever in material.levers
    ]
    return table(["lever", "措施", "authority", "constants that carry its effects"], rows)


def _constants(material: Material) -> str:
    rows = []
    for group, variables in material.groups.items():
        names = [v.name for v in variables if v.kind == "constant" and not _is_input(v)]
        if names:
            rows.append([_group(material, group), str(len(names)), ", ".join(names)])
    return table(["group", "number", "constants"], rows)


def _excluded(scope: str) -> Iterator[str]:
    """Yield what the scope leaves out: of each plan's fields, as a whole, and among the targets."""
    for title, part in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", scope, re.MULTILINE | re.DOTALL):
        rows = [
            [cell.strip() for cell in line.strip(" |").split("|")]
            for line in part.splitlines()
            if line.startswith("|") and not line.startswith("|---")
        ]
        yield f"### {title}"
        yield table([rows[0][0], rows[0][-1]], [[row[0], row[-1]] for row in rows[1:]])


def _group(material: Material, group: str) -> str:
    return f"[{group}](reference/{slug(group)}.md) {material.glossary.zh('group', group)}"


def _link(variable: Variable) -> str:
    return f"[{variable.name}](reference/{slug(variable.group)}.md#{slug(variable.name)})"
