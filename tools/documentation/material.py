"""Everything that the documentation is made from, and who uses whom in the model."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sim.spec.anchors import Anchor, load_anchors
from sim.spec.expressions import Delay, Expression, Initial, Reference, Smooth, Stock, children, walk
from sim.spec.facts import Fact, load_facts
from sim.spec.glossary import Glossary, load_glossary
from sim.spec.kpis import Kpi, load_kpis
from sim.spec.levers import Lever, load_levers
from sim.spec.model import Model, Variable, key
from sim.spec.priors import Prior, load_priors
from sim.translate import load_spec

__all__ = ["Material", "everything", "load_material", "running", "slug"]

Walk = Callable[[Expression], Iterator[Expression]]


@dataclass(frozen=True)
class Material:
    """The model, its text by line, and the tables that speak of its variables."""

    root: Path
    model: Model
    lines: tuple[str, ...]
    glossary: Glossary
    facts: tuple[Fact, ...]
    priors: tuple[Prior, ...]
    levers: tuple[Lever, ...]
    kpis: tuple[Kpi, ...]
    anchors: tuple[Anchor, ...]

    @cached_property
    def groups(self) -> dict[str, tuple[Variable, ...]]:
        """The variables of each group, in the order of the file."""
        found: dict[str, list[Variable]] = {}
        for variable in self.model.variables.values():
            found.setdefault(variable.group, []).append(variable)
        return {group: tuple(variables) for group, variables in found.items()}

    @cached_property
    def uses(self) -> dict[str, tuple[str, ...]]:
        """The variables that each variable's equations name, in order of first mention."""
        return {name: self._named(variable, everything) for name, variable in self.model.variables.items()}

    @cached_property
    def users(self) -> dict[str, tuple[str, ...]]:
        """The variables whose equations name a variable, in the order of the file."""
        found: dict[str, list[str]] = {name: [] for name in self.model.variables}
        for user, used in self.uses.items():
            for name in used:
                found[name].append(user)
        return {name: tuple(names) for name, names in found.items()}

    @cached_property
    def links(self) -> dict[str, tuple[str, ...]]:
        """The variables that each variable follows during a run: values at the start do not count."""
        return {name: self._named(variable, running) for name, variable in self.model.variables.items()}

    @cached_property
    def moving(self) -> frozenset[str]:
        """The variables that can change during a run: stocks, and what follows a stock or the time."""
        seeds = {name for name, variable in self.model.variables.items() if _moves_itself(variable)}
        return frozenset(self._followers(seeds))

    @cached_property
    def endogenous(self) -> frozenset[str]:
        """The variables that lie on a feedback loop of two or more, or follow one that does."""
        core = {name for name in self.moving if self._on_a_loop(name)}
        return frozenset(self._followers(core))

    @cached_property
    def priors_of(self) -> dict[str, tuple[Prior, ...]]:
        """The rows of the prior table by variable."""
        found: dict[str, list[Prior]] = defaultdict(list)
        for prior in self.priors:
            found[self.model.find(prior.constant.name).name].append(prior)
        return {name: tuple(rows) for name, rows in found.items()}

    @cached_property
    def levers_of(self) -> dict[str, tuple[Lever, ...]]:
        """The levers that move a constant, by constant."""
        found: dict[str, list[Lever]] = defaultdict(list)
        for lever in self.levers:
            for moved in lever.moves:
                name = self.model.find(moved.name).name
                if lever not in found[name]:
                    found[name].append(lever)
        return {name: tuple(levers) for name, levers in found.items()}

    @cached_property
    def kpis_of(self) -> dict[str, tuple[str, ...]]:
        """The ids of the indicators that read a variable, by variable."""
        found: dict[str, list[str]] = defaultdict(list)
        for kpi in self.kpis:
            name = self.model.find(kpi.variable.name).name
            if kpi.id not in found[name]:
                found[name].append(kpi.id)
        return {name: tuple(ids) for name, ids in found.items()}

    @cached_property
    def anchors_of(self) -> dict[str, tuple[Anchor, ...]]:
        """The anchors that set a constant, by constant."""
        found: dict[str, list[Anchor]] = defaultdict(list)
        for anchor in self.anchors:
            found[self.model.find(str(anchor.constant).partition("[")[0]).name].append(anchor)
        return {name: tuple(rows) for name, rows in found.items()}

    def equation(self, variable: Variable) -> str:
        """Return the variable's equations as they stand in the file."""
        return "\n\n".join("\n".join(self._equation_lines(part.line)) for part in variable.components)

    def meanings(self, variable: Variable) -> dict[str, str]:
        """Return what the file says of each equation (without its source), by left side; equal texts once."""
        found: dict[str, str] = {}
        for part in variable.components:
            text = re.split(r"\s*\bSource: ", self._comment(part.line), maxsplit=1)[0]
            if text not in found.values():
                found[", ".join(part.subscripts)] = text
        return found

    def zh(self, name: str) -> str:
        """Return the Chinese name of a variable."""
        return self.glossary.zh("variable", name)

    def group_links(self) -> Counter[tuple[str, str]]:
        """Return how many links run from one group to another, between variables that change in a run."""
        group = {name: variable.group for name, variable in self.model.variables.items()}
        return Counter(
            (group[used], group[user])
            for user, names in self.links.items()
            for used in names
            if group[used] != group[user] and used in self.moving
        )

    def _comment(self, line: int) -> str:
        """Return the description that follows the equation and the unit."""
        rest = "\n".join(self.lines[line - 1 : line + 200]).split("~", 2)[2]
        return " ".join(rest.partition("|")[0].split())

    def _equation_lines(self, line: int) -> Iterator[str]:
        for text in self.lines[line - 1 :]:
            if re.match(r"\s*~", text):
                return
            yield text.rstrip().replace("\t", "    ")

    def _named(self, variable: Variable, nodes: Walk) -> tuple[str, ...]:
        found = (node for part in variable.components for node in nodes(part.expression))
        names = (self._keys.get(key(node.name)) for node in found if isinstance(node, Reference))
        return tuple(dict.fromkeys(name for name in names if name and name != variable.name))

    @cached_property
    def _keys(self) -> dict[str, str]:
        return {key(name): name for name in self.model.variables}

    @cached_property
    def _followed(self) -> dict[str, list[str]]:
        """The variables that follow a variable during a run."""
        found: dict[str, list[str]] = {name: [] for name in self.model.variables}
        for user, used in self.links.items():
            for name in used:
                found[name].append(user)
        return found

    def _followers(self, seeds: Iterable[str]) -> set[str]:
        """Return the seeds and everything that follows them."""
        reached = set(seeds)
        pending = list(reached)
        while pending:
            new = [name for name in self._followed[pending.pop()] if name not in reached]
            reached.update(new)
            pending.extend(new)
        return reached

    def _on_a_loop(self, name: str) -> bool:
        return name in self._followers(self._followed[name])


def _moves_itself(variable: Variable) -> bool:
    if variable.kind == "stock":
        return True
    nodes = [node for part in variable.components for node in walk(part.expression)]
    return any(isinstance(node, Reference) and key(node.name) == "time" for node in nodes)


def everything(node: Expression) -> Iterator[Expression]:
    """Yield an expression's nodes as they are read, from left to right."""
    yield node
    for child in children(node):
        yield from everything(child)


def running(node: Expression) -> Iterator[Expression]:
    """Yield the nodes that count during a run: not those that only set a value at the start."""
    if isinstance(node, Initial):
        return
    yield node
    start = node.initial if isinstance(node, Stock | Smooth | Delay) else None
    for child in children(node):
        if child is not start:
            yield from running(child)


def slug(text: str) -> str:
    """Return a text as a file name or link target."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def load_material(root: Path) -> Material:
    """Load the model and tables of the repository at ``root``."""
    path = root / "model" / "changji.mdl"
    facts = load_facts(root / "calibration" / "facts.csv")
    return Material(
        root=root,
        model=load_spec(path),
        lines=tuple(path.read_text("utf-8").splitlines()),
        glossary=load_glossary(root / "model" / "glossary.csv"),
        facts=facts,
        priors=load_priors(root / "calibration" / "priors.csv", facts),
        levers=load_levers(root / "model" / "levers.toml"),
        kpis=load_kpis(root / "model" / "kpis.csv", facts),
        anchors=load_anchors(root / "calibration" / "anchors.csv"),
    )
