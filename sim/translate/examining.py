"""Everything that is wrong with a model file, in one go, for ``sim check``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from sim.spec.depth import DEEP
from sim.spec.expressions import Reference, walk
from sim.spec.model import Model, Variable
from sim.translate.cache import translated
from sim.translate.checks import sorted_problems
from sim.translate.reading import read_bytes
from sim.translate.stages import short_delays
from sim.translate.units import check_units

__all__ = ["Finding", "Level", "examine"]

Level: TypeAlias = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. An error keeps the model from running; a note is no fault.

    ``kind`` is structure, function, name, table, subscript, loop, unit, delay or unused.
    """

    level: Level
    kind: str
    message: str


@DEEP
def examine(
    path: str | os.PathLike[str], *, encoding: str | None = None, units_file: Path | None = None
) -> list[Finding]:
    """Return all findings about a model file, errors first.

    Errors are what keeps it from running: structure (more than one equation, subscripts without one),
    unsupported functions, undefined names, wrong subscripts and tables, circles. Warnings are unit faults
    and delays too short for the time step. Notes are constants and lookups that no equation uses, other
    variables that nothing uses, which may be outputs, and variables without a unit. Units are checked with
    ``units_file``, else with the ``units.txt`` beside the model, else with the model's own names. BadInput if
    the file cannot be read.
    """
    source = Path(path)
    data = read_bytes(source)
    structure: list[str] = []
    model = translated(source, data, hashlib.sha256(data).hexdigest(), encoding, structure)
    beside = source.with_name("units.txt")
    units = units_file or (beside if beside.is_file() else None)
    found = [
        *(Finding("error", "structure", text) for text in structure),
        *(Finding("error", kind, text) for kind, text in sorted_problems(model)),
        *(Finding("warning", "unit", str(error)) for error in check_units(model, units)),
        *(Finding("warning", "delay", text) for text in short_delays(model)),
        *_unused(model),
        *_without_unit(model, units),
    ]
    order = ("error", "warning", "note")
    return sorted(found, key=lambda finding: order.index(finding.level))


def _unused(model: Model) -> Iterator[Finding]:
    used = {
        node.name
        for variable in model.variables.values()
        for component in variable.components
        for node in walk(component.expression)
        if isinstance(node, Reference) and node.name != variable.name
    }
    idle = [v for v in model.variables.values() if v.name not in used and v.kind != "control"]
    for variable in idle:
        if variable.kind in ("constant", "lookup"):
            yield Finding("note", "unused", f"{_place(variable)}: no equation uses this {variable.kind}")
    outputs = [variable for variable in idle if variable.kind not in ("constant", "lookup")]
    if outputs:
        yield Finding("note", "unused", f"nothing uses these, so they should be outputs: {_names(outputs)}")


def _without_unit(model: Model, units: Path | None) -> Iterator[Finding]:
    """With a file of units a missing unit is a fault already."""
    bare = [variable for variable in model.variables.values() if not variable.units.strip()]
    if bare and units is None:
        yield Finding("note", "unit", f"without a unit, so not checked: {_names(bare)}")


def _place(variable: Variable) -> str:
    line = variable.components[0].line if variable.components else 0
    return f"{variable.name} (line {line})" if line else variable.name


def _names(variables: Iterable[Variable]) -> str:
    names = [variable.name for variable in variables]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
