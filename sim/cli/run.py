"""``sim run``: a scenario beside the baseline, printed and stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.interrupt import watched
from sim.cli.options import (
    as_typed,
    check_count,
    check_shape,
    database_option,
    database_place,
    lang_option,
    shape_options,
    write_json,
)
from sim.cli.origin_words import origin_sentences
from sim.cli.study import current_study
from sim.cli.terminal import note, progress_line, show
from sim.cli.texts import Texts, load_texts
from sim.errors import BadInput, SimError

if TYPE_CHECKING:
    from sim.ensemble.choosing import Choice
    from sim.spec.scenario import Scenario
    from sim.store import Runs

__all__ = [
    "chosen_scenario",
    "command",
    "ensemble_options",
    "member_choice",
    "scenario_options",
    "short_scenario",
]


@dataclass(frozen=True)
class Asked:
    """What the command line asked for."""

    levers: tuple[str, ...]
    scenario_file: Path | None
    members: int
    ensemble: str
    posterior_file: Path | None
    other_model: bool
    seed: int
    db: str | None
    lang: str | None
    as_json: bool
    as_csv: bool


def ensemble_options(function: Any) -> Any:
    """Add --ensemble, --posterior and --other-model."""
    function = click.option(
        "--other-model", is_flag=True,
        help="Take a posterior even if it was calibrated for another model or other data; reweighted where "
        "priors changed.",
    )(function)  # fmt: skip
    function = click.option(
        "--posterior", "posterior_file", metavar="FILE", type=click.Path(path_type=Path),
        help="A posterior file other than the place's own.",
    )(function)  # fmt: skip
    return click.option(
        "--ensemble", type=click.Choice(("auto", "prior", "posterior")), default="auto", show_default=True,
        help="Where members come from; auto is the posterior if there is one.",
    )(function)  # fmt: skip


def member_choice(ensemble: str, posterior_file: Path | None, other_model: bool) -> Choice:
    """Return which members the options of :func:`ensemble_options` ask for."""
    from sim.ensemble.choosing import Choice

    if ensemble == "prior" and (posterior_file is not None or other_model):
        raise BadInput("--ensemble=prior takes no posterior. Leave out --posterior and --other-model.")
    return Choice(ensemble, posterior_file, other_model)


def scenario_options(function: Any) -> Any:
    """Add --lever and --scenario."""
    function = click.option(
        "--scenario", "scenario_file", metavar="FILE", type=click.Path(path_type=Path),
        help="A scenario file (TOML); --lever goes on top of it.",
    )(function)  # fmt: skip
    return click.option(
        "--lever", "levers", multiple=True, metavar="NAME[=INTENSITY][@YEAR]",
        help="A lever, its intensity (0 to 1, default 1) and first year; repeatable. See: sim levers.",
    )(function)  # fmt: skip


@click.command("run")
@scenario_options
@click.option("--members", type=int, default=1000, show_default=True, help="Members of the ensemble.")
@ensemble_options
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Random seed.")
@database_option
@lang_option
@shape_options
def command(**given: Any) -> None:
    """Run levers beside the baseline: indicators against targets, P(goal), year reached.

    \b
      sim run --lever=headquarters
      sim run --lever tourism=0.6@2027 --lever talent
    """
    asked = Asked(**given)
    check_shape(asked.as_json, asked.as_csv)
    check_count("--members", asked.members)
    texts = load_texts(asked.lang)
    scenario = chosen_scenario(asked.levers, asked.scenario_file)
    path = database_place(asked.db)
    record, problem = _run_and_store(scenario, asked, path, texts)
    _print(record, asked, texts)
    if problem is not None:
        raise problem
    _print_place(record, path, asked, texts)


def chosen_scenario(levers: tuple[str, ...], file: Path | None) -> Scenario:
    """Return the scenario that --lever and --scenario describe."""
    from sim.cli.levers import known_levers
    from sim.spec.scenario import load_scenario, make_scenario, parse_lever

    known = known_levers()
    uses = [parse_lever(text, known) for text in levers]
    base = None if file is None else load_scenario(file, known)
    return make_scenario(uses, known, base=base)


def short_scenario(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as plain JSON data, as an unfinished run or a sweep keeps it."""
    uses = [{"id": use.id, "intensity": use.intensity, "start": use.start} for use in scenario.levers]
    title = {"zh": scenario.zh, "en": scenario.en}
    return {"name": scenario.name, "title": title, "levers": uses, "inputs": dict(scenario.inputs)}


def _run_and_store(
    scenario: Scenario, asked: Asked, path: Path, texts: Texts
) -> tuple[dict[str, Any], SimError | None]:
    """Return the run's record, and why it could not be stored if it could not."""
    from sim.store import open_store

    command_line = as_typed()
    choice = member_choice(asked.ensemble, asked.posterior_file, asked.other_model)
    with open_store(path) as store:
        run_id = store.runs.begin(command_line, short_scenario(scenario), asked.seed, asked.members)
        with _marked(store.runs, run_id), store.beating(run_id), watched() as check:
            progress = progress_line(lambda stage: texts(f"stage.{stage}"), check)
            progress("start", 0, 1)
            from sim.ensemble import run_scenario

            result = run_scenario(
                scenario, members=asked.members, seed=asked.seed, run_id=run_id, command=command_line,
                progress=progress, folder=current_study().folder, choice=choice,
            )  # fmt: skip
            progress("start", 1, 1)
            try:
                store.runs.complete(run_id, result.record, result.members_indicators)
            except SimError as error:
                # The result is there: show it first, then say that it was not stored.
                return result.record, SimError(f"The result was not stored. {error}")
    return result.record, None


@contextmanager
def _marked(runs: Runs, run_id: str) -> Iterator[None]:
    """Mark a run that does not come to its end; a refused input leaves no run behind."""
    try:
        yield
    except BadInput:
        with suppress(SimError):
            runs.discard(run_id)
        raise
    except (KeyboardInterrupt, click.Abort):
        with suppress(SimError):
            runs.mark(run_id, "interrupted")
        raise
    except BaseException as error:
        with suppress(SimError):
            runs.mark(run_id, "failed", str(error))
        raise


def _print(record: Mapping[str, Any], asked: Asked, texts: Texts) -> None:
    if asked.as_json or asked.as_csv:
        # Beside data what the page would say goes to stderr: members taken over are never passed over.
        for sentence in origin_sentences(record, texts):
            note(sentence)
    if asked.as_json:
        from sim.ensemble import short_record

        write_json(short_record(dict(record)))
    elif asked.as_csv:
        from sim.cli.run_rows import write_rows

        write_rows(record)
    else:
        from sim.cli.run_view import run_page

        show(run_page(record, texts))


def _print_place(record: Mapping[str, Any], path: Path, asked: Asked, texts: Texts) -> None:
    """Say where the run is stored and what comes next; beside data, on stderr."""
    stored = texts("run.stored", run_id=record["run_id"], path=path, seconds=f"{record['elapsed_s']:.1f}")
    lines = (stored, texts("run.next_report"))
    if asked.as_json or asked.as_csv:
        for line in lines:
            note(line)
    else:
        show(lines)
