"""Models to plain JSON data and back, without pickle."""

from __future__ import annotations

from typing import Any

from sim.spec.expressions import (
    Call,
    Delay,
    FixedDelay,
    Initial,
    Lookup,
    LookupCall,
    Number,
    Operation,
    Random,
    Reference,
    Sample,
    Smooth,
    Stock,
    Table,
    Text,
)
from sim.spec.model import Component, Control, Dimension, Model, Variable

__all__ = ["model_from_plain", "model_to_plain"]

_NODES: dict[str, type[Any]] = {
    node.__name__: node
    for node in (
        Call,
        Delay,
        FixedDelay,
        Initial,
        Lookup,
        LookupCall,
        Number,
        Operation,
        Random,
        Reference,
        Sample,
        Smooth,
        Stock,
        Table,
        Text,
    )
}


def model_to_plain(model: Model) -> dict[str, Any]:
    """Return ``model`` as dictionaries, lists, strings and numbers."""
    return {
        "name": model.name,
        "hash": model.hash,
        "control": [getattr(model.control, name) for name in Control.__slots__],
        "warnings": list(model.warnings),
        "dimensions": [
            [
                d.name,
                list(d.elements),
                list(d.mapped_to),
                [[target, [list(many) for many in places]] for target, places in d.lists],
            ]
            for d in model.dimensions.values()
        ],
        "files": [list(file) for file in model.files],
        "variables": [_variable_to_plain(variable) for variable in model.variables.values()],
    }


def model_from_plain(data: dict[str, Any]) -> Model:
    """Return the model that :func:`model_to_plain` wrote; KeyError, TypeError or ValueError if damaged."""
    dimensions = [
        Dimension(
            name,
            tuple(elements),
            tuple(mapped),
            tuple((target, tuple(tuple(item) for item in places)) for target, places in lists),
        )
        for name, elements, mapped, lists in data["dimensions"]
    ]
    variables = [_variable_from_plain(item) for item in data["variables"]]
    return Model(
        data["name"],
        data["hash"],
        {variable.name: variable for variable in variables},
        {dimension.name: dimension for dimension in dimensions},
        Control(*data["control"]),
        tuple(data["warnings"]),
        tuple((name, digest) for name, digest in data["files"]),
    )


def _variable_to_plain(variable: Variable) -> list[Any]:
    components = [
        [list(c.subscripts), [list(group) for group in c.excepted], _node_to_plain(c.expression), c.line]
        for c in variable.components
    ]
    return [
        variable.name,
        variable.kind,
        variable.units,
        list(variable.dimensions),
        variable.doc,
        variable.group,
        components,
        list(variable.limits),
        variable.part_of,
    ]


def _variable_from_plain(data: list[Any]) -> Variable:
    name, kind, units, dimensions, doc, group, components, limits, part_of = data
    return Variable(
        name,
        kind,
        units,
        tuple(dimensions),
        doc,
        group,
        tuple(
            Component(tuple(subs), tuple(tuple(g) for g in excepted), _node_from_plain(node), line)
            for subs, excepted, node, line in components
        ),
        (limits[0], limits[1]),
        part_of,
    )


def _node_to_plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [None, *(_node_to_plain(item) for item in value)]
    name = type(value).__name__
    if name in _NODES:
        return [name, *(_node_to_plain(getattr(value, slot)) for slot in value.__slots__)]
    return value


def _node_from_plain(data: Any) -> Any:
    if not isinstance(data, list):
        return data
    items = [_node_from_plain(item) for item in data[1:]]
    return tuple(items) if data[0] is None else _NODES[data[0]](*items)
