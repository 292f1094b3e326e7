"""``sim sweep``: a Latin hypercube over levers and constants, stored block by block."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.interrupt import watched
from sim.cli.options import (
    as_typed,
    check_count,
    check_output,
    check_shape,
    database_option,
    database_place,
    lang_option,
    shape_options,
    write_csv,
    write_json,
)
from sim.cli.run import chosen_scenario, scenario_options, short_scenario
from sim.cli.study import current_study
from sim.cli.terminal import note, progress_line, progress_tenths, show
from sim.cli.texts import Texts, load_texts
from sim.errors import BadInput, Interrupted, PartialSweep, SimError

if TYPE_CHECKING:
    from sim.analyse import SweepPlan
    from sim.ensemble import Project, Scenario
    from sim.store import Store, StoredSweep

__all__ = ["command"]

PLOTS = (".svg", ".png", ".pdf")
LEAST = 10
MOST_AT_ONCE = 32
WHAT = {
    "equations_hash": "equations", "values_hash": "values in the model or priors.csv",
    "dimensions_hash": "dimensions", "time_hash": "time settings", "anchors_hash": "anchors.csv",
    "priors_hash": "priors.csv", "figures_hash": "observations.csv", "kpis_hash": "kpis.csv",
    "levers_hash": "levers.toml", "model_hash": "the model file",
}  # fmt: skip
"""What a sweep was begun with, by the name of its hash."""
COLUMNS = ("name", "low", "high", "strength", "strength_low", "strength_high", "spearman", "regression",
           "mean_low", "mean_high")  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What the command line asked for."""

    levers: tuple[str, ...]
    scenario_file: Path | None
    vary: tuple[str, ...]
    samples: int
    seed: int
    resume: str | None
    dask: str | None
    plot: Path | None
    db: str | None
    lang: str | None
    as_json: bool
    as_csv: bool


@click.command("sweep")
@click.option(
    "--vary", multiple=True, metavar="NAME=LO..HI",
    help="A lever or model constant and its range; repeatable.",
)  # fmt: skip
@click.option("--samples", type=int, default=1000, show_default=True, help="Samples of the Latin hypercube.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Random seed.")
@scenario_options
@click.option("--resume", metavar="SWEEP", help="Go on with a stored sweep: its id, its beginning, or @last.")
@click.option("--dask", metavar="ADDRESS", help="Run on a dask cluster in a trusted network.")
@click.option(
    "--plot", metavar="FILE", type=click.Path(path_type=Path), help="Draw a tornado: .svg, .png or .pdf."
)
@database_option
@lang_option
@shape_options
def command(**given: Any) -> None:
    """Vary levers and model constants together, and rank them by their effect on the goal.

    \b
      sim sweep --vary headquarters=0..1 --vary tourism=0..1 --samples 500
      sim sweep --resume @last
    """
    asked = Asked(**given)
    texts = load_texts(asked.lang)
    _check(asked)
    path = database_place(asked.db)
    from sim.store import open_store

    with open_store(path) as store:
        sweep = _swept(store, asked, texts)
        done, result, failed = _ranked(store, sweep)
    if asked.plot is not None and result:
        _plot(done, result, asked.plot, texts)
    _print(done, result, asked, path, texts)
    if failed:
        raise PartialSweep(texts("sweep.failed", failed=failed))


def _check(asked: Asked) -> None:
    check_shape(asked.as_json, asked.as_csv)
    check_count("--samples", asked.samples)
    if asked.plot is not None:
        check_output(asked.plot, PLOTS)
    if asked.resume and (asked.vary or asked.levers or asked.scenario_file):
        raise BadInput("--resume goes on with a sweep as it was. Leave out --vary, --lever and --scenario.")
    if not asked.resume and not asked.vary:
        raise BadInput("Nothing is varied. Give --vary NAME=LO..HI, such as --vary headquarters=0..1.")


def _swept(store: Store, asked: Asked, texts: Texts) -> StoredSweep:
    """Run what is missing of a new or stored sweep."""
    progress = progress_line(lambda stage: texts(f"stage.{stage}"))
    varied = {} if asked.resume else _varied(asked.vary)
    stored = store.sweeps.get(asked.resume) if asked.resume else None
    base = stored.settings["scenario"] if stored else None
    scenario = _scenario_again(base) if base else chosen_scenario(asked.levers, asked.scenario_file)
    progress("start", 0, 1)
    from sim.analyse import plan_sweep
    from sim.ensemble import load_project

    project = load_project(current_study().folder)
    progress("start", 1, 1)
    if stored is None:
        plan = plan_sweep(project, varied, asked.samples, asked.seed)
    else:
        _same_model(stored, project)
        plan = plan_sweep(project, stored.varied, stored.samples, stored.seed)
    # A cluster that does not answer must not leave a sweep behind.
    with _where(project, asked.dask) as (project, at_once):
        if stored is None:
            stored = _begun(store, plan, project, scenario, varied)
        else:
            again = store.sweeps.resume(stored.sweep_id, note)
            if again:
                note(texts("sweep.damaged", count=again))
        _run(store, stored, project, plan, scenario, at_once, texts)
    return stored


@contextmanager
def _where(project: Project, cluster: str | None) -> Iterator[tuple[Project, int]]:
    """Give the project with a model that runs here or on a cluster, and how many blocks to have under way."""
    if cluster is None:
        yield project, 1
        return
    from sim.engine.distributing import connected

    with connected(project.spec, cluster, warn=note) as model:
        # What goes wrong is said once, by our own message.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        # A block is about two blocks of the engine; more than these only wait on this computer's threads.
        yield project.on(model), min(model.threads + 1, MOST_AT_ONCE)


def _varied(texts: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    from sim.analyse import parse_vary

    varied: dict[str, tuple[float, float]] = {}
    for text in texts:
        name, low, high = parse_vary(text)
        if name in varied:
            raise BadInput(f"--vary {name} is given twice. Give it once.")
        varied[name] = (low, high)
    return varied


def _scenario_again(plain: Mapping[str, Any]) -> Scenario:
    from sim.ensemble import LeverUse, Scenario

    title = plain["title"]
    uses = tuple(LeverUse(**use) for use in plain["levers"])
    return Scenario(plain["name"], title["zh"], title["en"], uses, dict(plain["inputs"]))


def _begun(
    store: Store,
    plan: SweepPlan,
    project: Project,
    scenario: Scenario,
    varied: dict[str, tuple[float, float]],
) -> StoredSweep:
    outputs = ["goal", *(f"{kpi.id} {kpi.year}" for kpi in project.kpis)]
    from sim.ensemble.paired import goal_kpi

    settings = {
        "scenario": short_scenario(scenario),
        **_made_with(project),
        "place": project.place.plain(),
        "goal_year": goal_kpi(project).year,
    }
    sweep_id = store.sweeps.begin(as_typed(), varied, outputs, plan.samples, plan.seed, settings)
    return store.sweeps.get(sweep_id)


def _same_model(stored: StoredSweep, project: Project) -> None:
    """Refuse to go on where the model computes, or a table says, something else than when the sweep began."""
    began, now = stored.settings, _made_with(project)
    if "equations_hash" not in began:
        # Sweeps of before there was a hash of what the model computes have those of files.
        now = {
            "model_hash": project.spec.hash,
            "priors_hash": project.hashes["priors.csv"],
            "anchors_hash": project.hashes["anchors.csv"],
        }
    # Sweeps of before there were studies have the model's hash alone.
    differs = next((name for name, found in now.items() if name in began and began[name] != found), None)
    if differs:
        raise BadInput(
            f"The model or its data ({WHAT[differs]}) have changed since the sweep {stored.sweep_id} began,"
            " so it cannot go on. Give its own place with --study FOLDER, or start a new sweep."
        )


def _made_with(project: Project) -> dict[str, Any]:
    """Return the hashes of what the numbers of a sweep come from."""
    from sim.ensemble.identity import computed, hashes, spelled

    # A sweep takes no draws: all that is not varied stands at the place's own values.
    own = computed(project.spec, project.defaults, (), project.anchors, ())
    # Numbers are stored in the order of the tables, so the order counts too.
    tables = {
        "kpis": {
            f"{kpi.id} {kpi.year}": f"{at} {spelled(kpi.variable)} {kpi.scale!r}"
            for at, kpi in enumerate(project.kpis)
        },
        "levers": {lever.id: f"{at} {lever.element}" for at, lever in enumerate(project.levers)},
    }
    return {f"{name}_hash": digest for name, digest in hashes({**own, **tables}).items()}


def _run(
    store: Store,
    stored: StoredSweep,
    project: Project,
    plan: SweepPlan,
    scenario: Scenario,
    at_once: int,
    texts: Texts,
) -> None:
    """Run the missing blocks; whatever happens, the finished ones stay stored."""
    import numpy as np

    from sim.analyse import SweepBlock, run_sweep

    sweep_id = stored.sweep_id

    def keep(block: SweepBlock) -> None:
        outputs = np.column_stack([block.goal, block.indicators])
        store.sweeps.append(stored, block.start, block.values, outputs, block.failed)

    # A block is stored whole, so its first sample tells that it is there.
    finished = frozenset(store.sweeps.table(stored).sample.tolist())
    try:
        with store.beating(sweep_id), watched() as check:
            progress = progress_tenths(lambda stage: texts(f"stage.{stage}"), check)
            run_sweep(
                project, plan, keep, scenario=scenario, finished=finished, at_once=at_once, progress=progress
            )
    except (KeyboardInterrupt, click.Abort) as error:
        with suppress(SimError):
            store.sweeps.finish(sweep_id, "interrupted", None)
        raise Interrupted(
            f"Interrupted; {store.sweeps.get(sweep_id).done} of {plan.samples} samples are stored."
            f" Go on with: sim sweep --resume {sweep_id}"
        ) from error
    except BaseException as error:
        with suppress(SimError):
            store.sweeps.finish(sweep_id, "failed", None, str(error))
        raise


def _ranked(store: Store, sweep: StoredSweep) -> tuple[StoredSweep, list[dict[str, Any]], int]:
    """Return the sweep as it is now, its inputs strongest first, and how many samples failed."""
    import numpy as np

    from sim.analyse import strongest_inputs

    table = store.sweeps.table(sweep)
    goal = np.where(table.failed, np.nan, table.outputs[:, sweep.outputs.index("goal")])
    rows: list[dict[str, Any]] = []
    if int(np.isfinite(goal).sum()) >= LEAST:
        for one in strongest_inputs(list(sweep.varied), table.inputs, goal):
            low, high = sweep.varied[one.name]
            plain = asdict(one)
            plain |= {
                "strength_low": plain.pop("low"),
                "strength_high": plain.pop("high"),
                "low": low,
                "high": high,
            }
            rows.append(plain)
    store.sweeps.finish(sweep.sweep_id, "complete", rows)
    return store.sweeps.get(sweep.sweep_id), rows, int(table.failed.sum())


def _plot(sweep: StoredSweep, rows: list[dict[str, Any]], path: Path, texts: Texts) -> None:
    from sim.cli.sweep_view import goal_words
    from sim.figures import Interval, save_tornado

    bars = [Interval(row["name"], row["strength_low"], row["strength"], row["strength_high"]) for row in rows]
    title = texts("sweep.plot_title", **goal_words(sweep, texts))
    save_tornado(bars, path, label=texts("sweep.strength"), title=title, lang=texts.lang)
    note(texts("sweep.plot", path=path.resolve()))


def _print(sweep: StoredSweep, rows: list[dict[str, Any]], asked: Asked, path: Path, texts: Texts) -> None:
    place = texts("sweep.stored", sweep_id=sweep.sweep_id, path=path)
    if asked.as_json or asked.as_csv:
        note(place)
    if asked.as_json:
        whole = {"sweep_id": sweep.sweep_id, "status": sweep.status, "seed": sweep.seed}
        write_json(whole | {"samples": sweep.samples, "done": sweep.done, "inputs": rows})
    elif asked.as_csv:
        write_csv(COLUMNS, rows)
    else:
        from sim.cli.sweep_view import sweep_page

        show(sweep_page(sweep, rows, LEAST, place, texts))
