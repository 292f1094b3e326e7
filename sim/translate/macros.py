"""Macros written out: each call becomes variables of its own, subscripted like the equation that calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sim.errors import BadInput
from sim.limits import EQUATIONS, MACRO_CALLS, check
from sim.spec.expressions import Call, Expression, Lookup, LookupCall, Number, Reference, rebuilt, walk
from sim.spec.model import Component, key

__all__ = ["Macro", "Macros", "read_macro"]

_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro: its parameters, and the equations inside it by name; the result has the macro's name."""

    name: str
    parameters: tuple[str, ...]
    equations: dict[str, Expression]


@dataclass
class Macros:
    """Writes out calls of macros; ``added`` has the variables that this makes: name → (owner, component)."""

    macros: dict[str, Macro]
    added: dict[str, tuple[str, Component]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _calls: int = 0

    def expanded(self, owner: str, component: Component, depth: int = 0) -> Component:
        """Return the equation with its calls of macros replaced by references."""
        calls = (node.function for node in walk(component.expression) if isinstance(node, Call))
        called = [name for name in calls if name in self.macros]
        if not called:
            return component
        if depth > _DEEPEST:
            raise BadInput(f"the macro {self.macros[called[0]].name} calls itself.")

        def change(node: Expression) -> Expression:
            if isinstance(node, Call) and node.function in self.macros:
                return self._instance(owner, component, self.macros[node.function], node, depth)
            return node

        return replace(component, expression=rebuilt(component.expression, change))

    def _instance(self, owner: str, component: Component, macro: Macro, call: Call, depth: int) -> Expression:
        if len(call.arguments) != len(macro.parameters):
            raise BadInput(
                f"the macro {macro.name} takes {len(macro.parameters)} arguments, "
                f"{len(call.arguments)} given."
            )
        if any(s.endswith("!") for n in walk(call) if isinstance(n, Reference) for s in n.subscripts):
            raise BadInput(f"the macro {macro.name} cannot be called inside SUM or the like.")
        self._calls += 1
        check(MACRO_CALLS, self._calls)
        check(EQUATIONS, len(self.added))
        count = self._counts[owner] = self._counts.get(owner, 0) + 1
        prefix = f"{owner}: {macro.name}{f' {count}' if count > 1 else ''}"
        given = dict(zip(macro.parameters, call.arguments, strict=True))
        named = {name: f"{prefix} {name}" for name in macro.equations}
        for name, argument in list(given.items()):
            if not isinstance(argument, Number | Reference):
                given[name] = Reference(f"{prefix} {name}", component.subscripts)
                self._add(f"{prefix} {name}", owner, component, argument, depth)
        change = _substitution(macro, given, named, component.subscripts)
        for name, expression in macro.equations.items():
            self._add(named[name], owner, component, rebuilt(expression, change), depth)
        return Reference(named[macro.name], component.subscripts)

    def _add(self, name: str, owner: str, component: Component, expression: Expression, depth: int) -> None:
        if isinstance(expression, Lookup):
            component = replace(component, subscripts=(), excepted=())
        made = replace(component, expression=expression)
        self.added[name] = owner, self.expanded(name, made, depth + 1)


def _substitution(
    macro: Macro, given: dict[str, Expression], named: dict[str, str], subscripts: tuple[str, ...]
) -> Callable[[Expression], Expression]:
    """Return what replaces parameters by arguments, and the macro's own names by those of this instance."""
    parameters = {key(name): argument for name, argument in given.items()}
    tables = {name for name, expression in macro.equations.items() if isinstance(expression, Lookup)}

    def change(node: Expression) -> Expression:
        if isinstance(node, LookupCall) and isinstance(node.table, Reference):
            return node
        if isinstance(node, Call):
            table = parameters.get(node.function.replace("_", " "))
            if isinstance(table, Reference) and len(node.arguments) == 1:
                return LookupCall(table, node.arguments[0])
            return node
        if not isinstance(node, Reference):
            return node
        if key(node.name) in parameters:
            return parameters[key(node.name)]
        if node.name in named:
            return Reference(named[node.name], () if node.name in tables else subscripts)
        return node

    return change


def read_macro(section: Any, equations: dict[str, Expression]) -> Macro:
    """Return the macro of a PySD section; BadInput if it has outputs beside its own value."""
    if section.returns:
        raise BadInput(f"macro {section.name}: more than one output (after a colon) is not supported.")
    name = next((n for n in equations if key(n) == key(section.name)), None)
    if name is None:
        raise BadInput(f"macro {section.name}: no equation inside it has the macro's name.")
    return Macro(name, tuple(" ".join(p.replace("_", " ").split()) for p in section.params), equations)
