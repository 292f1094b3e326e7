"""Models to plain JSON data and back, without pickle."""

from __future__ import annotations

from typing import Any

from sim.spec.expressions import (
    Call,
    Delay,
    Initial,
    Lookup,
    LookupCall,
    Number,
    Operation,
    Reference,
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
        Initial,
        Lookup,
        LookupCall,
        Number,
        Operation,
        Reference,
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
        "dimensions": [[d.name, list(d.elements), list(d.mapped_to)] for d in model.dimensions.values()],
        "variables": [_variable_to_plain(variable) for variable in model.variables.values()],
    }


def model_from_plain(data: dict[str, Any]) -> Model:
    """Return the model that :func:`model_to_plain` wrote; KeyError, TypeError or ValueError if damaged."""
    dimensions = [
        Dimension(name, tuple(elements), tuple(mapped)) for name, elements, mapped in data["dimensions"]
    ]
    variables = [_variable_from_plain(item) for item in data["variables"]]
    return Model(
        data["name"],
        data["hash"],
        {variable.name: variable for variable in variables},
        {dimension.name: dimension for dimension in dimensions},
        Control(*data["control"]),
        tuple(data["warnings"]),
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
    ]


def _variable_from_plain(data: list[Any]) -> Variable:
    name, kind, units, dimensions, doc, group, components, limits = data
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
