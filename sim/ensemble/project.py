"""A region's model together with all of its data files, checked against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from sim.ensemble.identity import Computed, computed, spelled
from sim.ensemble.runner import Floats, Revalued, Runner, cells
from sim.ensemble.valuing import check_shares, revalued
from sim.errors import BadInput
from sim.files import read_bytes
from sim.folders import Study
from sim.limits import TABLE_FILE
from sim.spec.anchors import Anchor, load_anchors
from sim.spec.charts import ChartSeries, load_charts
from sim.spec.counts import Count, load_counts
from sim.spec.depth import DEEP
from sim.spec.facts import Fact, Source, load_facts, load_sources
from sim.spec.funding import Purse, load_purses
from sim.spec.kpis import Kpi, load_kpis
from sim.spec.levers import Lever, load_levers
from sim.spec.model import Model
from sim.spec.observations import Observation, load_observations
from sim.spec.places import Place, load_place
from sim.spec.priors import Prior, load_priors
from sim.spec.references import Reference
from sim.spec.shares import load_shares

__all__ = ["LEVER_CONSTANTS", "Project", "load_project"]

LEVER_CONSTANTS = ("lever intensity", "lever start year", "lever annual cost")
"""Constants with one cell for each lever, which a model with levers must have."""

DATA_FILES = (
    ("calibration", "facts.csv"), ("calibration", "sources.csv"), ("calibration", "priors.csv"),
    ("calibration", "anchors.csv"), ("calibration", "observations.csv"), ("calibration", "audit.toml"),
    ("calibration", "audit_text.toml"), ("model", "kpis.csv"), ("model", "counts.csv"),
    ("model", "levers.toml"), ("model", "funding.csv"), ("model", "charts.csv"), ("model", "shares.csv"),
    ("model", "study.toml"),
)  # fmt: skip


@dataclass(frozen=True)
class Project:
    """The model and what is known about a place. ``hashes`` maps a data file's name to its SHA-256.

    ``model`` has the place's constants (the values in priors.csv), ``study`` its other files.
    """

    study: Study
    place: Place
    model: Runner
    priors: tuple[Prior, ...]
    anchors: tuple[Anchor, ...]
    levers: tuple[Lever, ...]
    kpis: tuple[Kpi, ...]
    charts: tuple[ChartSeries, ...]
    facts: tuple[Fact, ...]
    sources: tuple[Source, ...]
    hashes: dict[str, str]
    observations: tuple[Observation, ...] = ()
    counts: tuple[Count, ...] = ()
    purses: tuple[Purse, ...] = ()

    @property
    def spec(self) -> Model:
        """The typed model."""
        return self.model.spec

    @cached_property
    def defaults(self) -> dict[str, Floats]:
        """Every constant's value in this place, shaped by its dimensions."""
        return {name: np.asarray(value, dtype=np.float64) for name, value in self.model.defaults().items()}

    @cached_property
    def computed(self) -> Computed:
        """What the model computes and is fitted to, by part and name: what a posterior belongs to."""
        return computed(self.spec, self.defaults, self.priors, self.anchors, self.observations)

    @property
    def exchanged(self) -> tuple[str, ...]:
        """The constants whose value in priors.csv is not that of the model file."""
        return tuple(self.model.values) if isinstance(self.model, Revalued) else ()

    def on(self, model: Runner) -> Project:
        """Return the project with the same model run elsewhere, such as on a cluster."""
        return replace(self, model=revalued(model, self.priors))

    def lanes(self, changes: Mapping[str, Floats], name: str, lanes: int) -> Floats:
        """Return a constant, (lanes, *subscripts), at its default where ``changes`` lacks it."""
        default = self.defaults[name]
        return changes[name] if name in changes else np.broadcast_to(default, (lanes, *default.shape))

    @cached_property
    def sampled(self) -> tuple[Prior, ...]:
        """The priors in which members differ."""
        return tuple(prior for prior in self.priors if prior.sampled)

    @property
    def columns(self) -> tuple[str, ...]:
        """What gives the columns of draws and logs their order: sampled constants, then anchored ones."""
        sampled = [spelled(one.constant) for one in self.sampled]
        return (*sampled, *(spelled(one.constant) for one in self.anchors))

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """The model variables that anchors, indicators, charts, observations and purses are made from.

        Every run asks for all of them, since each other choice would be one more program to compile.
        """
        references = [kpi.variable for kpi in self.kpis] + [chart.variable for chart in self.charts]
        for anchor in self.anchors:
            references.append(anchor.variable)
            if isinstance(anchor.target, Reference):
                references.append(anchor.target)
        for one in self.observations:
            references.extend(one.references)
        for purse in self.purses:
            references += [purse.asked, purse.paid]
        names = dict.fromkeys(self.spec.find(reference.name).name for reference in references)
        return tuple(sorted(name for name in names if name not in self.defaults))

    def constant(self, name: str) -> str:
        """Return the model's spelling of a constant.

        Raises:
            BadInput: there is no such variable, or it is not a constant.
        """
        variable = self.spec.find(name)
        if variable.name not in self.defaults:
            raise BadInput(f"'{variable.name}' is a {variable.kind}; only constants can be changed.")
        return variable.name


@DEEP
def load_project(folder: Path | None = None, *, model: Runner | None = None) -> Project:
    """Load the shipped region, or the one in the study ``folder`` (model/ and calibration/ inside it).

    Args:
        folder: of a study; what it lacks and is not its own is the shipped file (see :class:`Study`).
        model: a model that is loaded already (default: ``model/changji.mdl`` through the engine).

    Raises:
        BadInput: a file is missing or wrong, or names what the model does not have.
    """
    study = Study(folder)
    at = study.path
    sources = load_sources(at("calibration", "sources.csv"))
    facts = load_facts(at("calibration", "facts.csv"), sources)
    observed = study.find("calibration", "observations.csv")
    counted, funded = study.find("model", "counts.csv"), study.find("model", "funding.csv")
    kpis = load_kpis(at("model", "kpis.csv"), facts)
    project = Project(
        study=study,
        place=load_place(at("model", "study.toml")),
        model=model if model is not None else _engine_model(at("model", "changji.mdl")),
        priors=load_priors(at("calibration", "priors.csv"), facts),
        anchors=load_anchors(at("calibration", "anchors.csv")),
        levers=load_levers(at("model", "levers.toml"), sources),
        kpis=kpis,
        charts=load_charts(at("model", "charts.csv"), facts),
        facts=facts,
        sources=sources,
        observations=load_observations(observed, facts) if observed else (),
        counts=load_counts(counted, kpis, facts) if counted else (),
        purses=load_purses(funded) if funded else (),
        hashes=dict(_hashes(study)),
    )
    _check(project)
    project = project.on(project.model)
    shares = study.find("model", "shares.csv")
    check_shares(project.model, project.priors, load_shares(shares) if shares else ())
    return project


def _hashes(study: Study) -> Iterator[tuple[str, str]]:
    """Yield the name and the SHA-256 of each file besides the model that a run's record is made from."""
    for parts in DATA_FILES:
        path = study.find(*parts)
        if path is not None:
            yield parts[-1], hashlib.sha256(read_bytes(path, TABLE_FILE)).hexdigest()


def _engine_model(path: Path) -> Runner:
    # JAX takes half a second to import; a caller that brings its own model does not need it.
    from sim.engine import load_model

    return load_model(path)


def _check(project: Project) -> None:
    _check_priors(project)
    for anchor in project.anchors:
        where = f"anchors.csv, row {anchor.line}, column"
        _constant(project, anchor.constant, f"{where} 'constant'")
        _cells(project, anchor.variable, f"{where} 'variable'")
        if isinstance(anchor.target, Reference):
            _cells(project, anchor.target, f"{where} 'target'")
    for one in project.observations:
        for reference, column in zip(one.references, ("variable", "of"), strict=False):
            _cells(project, reference, f"observations.csv, row {one.line}, column '{column}'")
    for kpi in project.kpis:
        _single(project, kpi.variable, f"kpis.csv, row {kpi.line}, column 'variable'")
    for chart in project.charts:
        _single(project, chart.variable, f"charts.csv, row {chart.line}, column 'variable'")
    for purse in project.purses:
        for reference, column in ((purse.asked, "asked"), (purse.paid, "paid")):
            _single(project, reference, f"funding.csv, row {purse.line}, column '{column}'")
    for count in project.counts:
        for column, reference in count.references:
            _constant(project, reference, f"counts.csv, row {count.line}, column '{column}'")
            _single(project, reference, f"counts.csv, row {count.line}, column '{column}'")
    _check_levers(project)


def _check_priors(project: Project) -> None:
    owner: dict[tuple[str, int], Prior] = {}
    for prior in project.priors:
        where = f"priors.csv, row {prior.line}, column"
        name = _constant(project, prior.constant, f"{where} 'constant'")
        units = project.spec.find(name).units
        if _plain(prior.unit) != _plain(units):
            raise BadInput(f"{where} 'unit': '{prior.unit}' where the model has '{units}' for {name}.")
        for cell in cells(project.spec, prior.constant).tolist():
            other = owner.setdefault((name, cell), prior)
            if other is not prior:
                raise BadInput(
                    f"{where} 'constant': '{prior.constant}' shares a cell with '{other.constant}' "
                    f"in row {other.line}. Give each cell one prior."
                )


def _check_levers(project: Project) -> None:
    for lever in project.levers:
        where = f"levers.toml, key 'levers.{lever.id}"
        for name in LEVER_CONSTANTS:
            _constant(project, Reference(name, (lever.element,)), f"{where}.element'")
        for moved in lever.moves:
            _constant(project, moved, f"{where}.moves'")


def _constant(project: Project, reference: Reference, where: str) -> str:
    try:
        name = project.constant(reference.name)
        cells(project.spec, reference)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    return name


def _cells(project: Project, reference: Reference, where: str) -> int:
    try:
        return cells(project.spec, reference).size
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error


def _single(project: Project, reference: Reference, where: str) -> None:
    count = _cells(project, reference, where)
    if count != 1:
        raise BadInput(f"{where}: '{reference}' has {count} cells. Name one element for each dimension.")


def _plain(unit: str) -> str:
    return "".join(unit.split()).lower()
