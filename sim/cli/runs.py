"""``sim runs``: the stored runs, and one of them again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from sim.cli.options import (
    check_shape,
    database_option,
    database_place,
    lang_option,
    shape_options,
    write_csv,
    write_json,
)
from sim.cli.run_rows import write_rows
from sim.cli.terminal import show
from sim.cli.texts import Texts, load_texts
from sim.errors import BadInput
from sim.words import NONE, chance

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sim.store import RunLine

__all__ = ["command"]

COLUMNS = (
    "run_id", "created", "status", "name", "levers", "seed", "members", "probability_baseline",
    "probability_scenario", "elapsed_s", "tags",
)  # fmt: skip


@click.group("runs", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the stored runs, or show one again."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_runs, db=None, lang=None, as_json=False, as_csv=False)


@command.command("list")
@database_option
@lang_option
@shape_options
def list_runs(db: str | None, lang: str | None, as_json: bool, as_csv: bool) -> None:
    """List the stored runs, newest first."""
    check_shape(as_json, as_csv)
    texts = load_texts(lang)
    lines = _stored(db)
    if as_json:
        write_json([asdict(line) for line in lines])
    elif as_csv:
        rows = [
            asdict(line) | {"levers": " ".join(line.levers), "tags": " ".join(line.tags)} for line in lines
        ]
        write_csv(COLUMNS, rows)
    elif lines:
        show(_list_page(lines, texts))
    else:
        show([texts("runs.none", path=database_place(db)), texts("runs.next_run")])


def _stored(db: str | None) -> tuple[RunLine, ...]:
    """Return the stored runs; a database that is not there yet has none."""
    from sim.store import open_store

    path = database_place(db)
    if not path.exists() and path.parent.is_dir():
        return ()
    with open_store(path, write=False) as store:
        return store.runs.lines()


def _list_page(lines: tuple[RunLine, ...], texts: Texts) -> Iterator[RenderableType]:
    from sim.cli.run_view import new_table

    table = new_table()
    for name in ("id", "created", "status", "name"):
        table.add_column(texts(f"runs.{name}"), overflow="fold", no_wrap=name == "id")
    table.add_column(texts("runs.members"), justify="right")
    table.add_column(texts("runs.probability"), justify="right")
    table.add_column(texts("runs.tags"))
    for line in lines:
        before, after = chance(line.probability_baseline), chance(line.probability_scenario)
        table.add_row(
            line.run_id, line.created[:16].replace("T", " "), texts(f"status.{line.status}"), line.name,
            str(line.members), NONE if line.probability_scenario is None else f"{before} → {after}",
            " ".join(line.tags),
        )  # fmt: skip
    yield table
    yield ""
    yield texts("runs.next_show", run_id=lines[0].run_id)


@command.command("show")
@click.argument("run")
@database_option
@lang_option
@shape_options
def show_run(run: str, db: str | None, lang: str | None, as_json: bool, as_csv: bool) -> None:
    """Show what RUN was: an id, its unique beginning, a tag, or @last (the newest complete run).

    --json prints the whole stored record.
    """
    from sim.store import open_store

    check_shape(as_json, as_csv)
    texts = load_texts(lang)
    with open_store(database_place(db), write=False) as store:
        record = store.runs.get(run)
    if as_json:
        write_json(record)
    elif as_csv:
        if "kpis" not in record:
            raise BadInput(f"The run {record['run_id']} has no results: it is {record['status']}.")
        write_rows(record)
    else:
        show(_run_page(record, texts))


def _run_page(record: Mapping[str, Any], texts: Texts) -> Iterator[RenderableType]:
    from sim.cli.run_view import run_page

    status = texts(f"status.{record['status']}")
    yield texts("runs.run", run_id=record["run_id"], created=record["created"], status=status)
    yield texts("runs.command", command=shlex.join(record["command"]))
    if record.get("message"):
        yield texts("runs.message", message=record["message"])
    if "kpis" not in record:
        yield texts("run.unfinished", status=status)
        yield texts("run.next_again", command=shlex.join(record["command"]))
        return
    yield ""
    yield from run_page(record, texts)
    yield ""
    facts = (f"{key} {_short(value)}" for key, value in record["provenance"].items())
    yield f"{texts('runs.provenance')}: {', '.join(facts)}"
    yield texts("runs.next_report", run_id=record["run_id"])


def _short(value: object) -> str:
    """Return a value, a hash by its first 12 characters."""
    text = str(value)
    return text[:12] if len(text) >= 40 else text
