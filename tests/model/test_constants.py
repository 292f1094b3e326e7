"""Every number in the model has a unit, a source and, where it is uncertain, a range."""

from __future__ import annotations

import re

import numpy as np

from sim.engine import load_model
from sim.ensemble import Project
from sim.folders import content
from sim.spec.expressions import Reference, walk
from sim.translate.units import check_units

KNOWN_IDS = re.compile(r"\b([FRS]\d{1,3})\b")


def test_units_of_every_equation(project: Project) -> None:
    errors = check_units(project.spec, content("model", "units.txt"))
    assert not [str(error) for error in errors]


def test_priors_hold_the_values_of_the_model(project: Project) -> None:
    defaults = load_model(content("model", "changji.mdl")).defaults()
    wrong = []
    for prior in project.priors:
        name = project.constant(prior.constant.name)
        variable = project.spec.find(name)
        axes = project.spec.select(variable, prior.constant.elements or variable.dimensions)
        values = defaults[name][np.ix_(*axes)] if axes else defaults[name]
        if not np.allclose(values, prior.value, rtol=1e-12, atol=0):
            wrong.append(str(prior.constant))
        if prior.unit != variable.units:
            wrong.append(f"{prior.constant}: {prior.unit} or {variable.units}")
    assert not wrong
    assert not project.exchanged


def test_every_constant_has_a_source(project: Project) -> None:
    constants = project.model.defaults()
    control = {"initial time", "final time", "time step", "saveper"}
    without = [
        name
        for name in constants
        if name.lower() not in control and "Source: " not in project.spec.find(name).doc
    ]
    assert not without


def test_every_variable_is_described(project: Project) -> None:
    bare = [v.name for v in project.spec.variables.values() if not v.doc.strip() or not v.units.strip()]
    assert not bare


def test_facts_named_as_sources_exist(project: Project) -> None:
    known = {fact.id for fact in project.facts}
    texts = [prior.source for prior in project.priors] + [v.doc for v in project.spec.variables.values()]
    named = {match for text in texts for match in KNOWN_IDS.findall(text) if match.startswith("F")}
    assert named
    assert named <= known


def test_only_constants_the_model_uses_have_priors(project: Project) -> None:
    equations = [part.expression for v in project.spec.variables.values() for part in v.components]
    nodes = (node for equation in equations for node in walk(equation))
    used = {node.name.lower() for node in nodes if isinstance(node, Reference)}
    used |= {str(anchor.target).lower() for anchor in project.anchors}
    unused = {prior.constant.name for prior in project.priors if prior.constant.name.lower() not in used}
    assert not unused


def test_levers_move_constants_that_exist(project: Project) -> None:
    constants = {name.lower() for name in project.model.defaults()}
    for lever in project.levers:
        assert lever.moves
        assert {moved.name.lower() for moved in lever.moves} <= constants


def test_no_two_levers_move_the_same_constant(project: Project) -> None:
    moved = [str(constant) for lever in project.levers for constant in lever.moves]
    assert len(moved) == len(set(moved))
