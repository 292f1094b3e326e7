"""``sim levers``: what can be pulled, what it moves, and on what evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from sim.cli.options import check_shape, lang_option, shape_options, write_csv, write_json
from sim.cli.study import current_study
from sim.cli.terminal import show
from sim.cli.texts import Texts, load_texts
from sim.words import given

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sim.spec.levers import Lever
    from sim.spec.priors import Prior

__all__ = ["command", "known_levers"]

COLUMNS = (
    "id",
    "zh",
    "en",
    "authority",
    "evidence",
    "document",
    "section",
    "summary_zh",
    "summary_en",
    "note",
)
PRIOR_KEYS = ("constant", "unit", "value", "low", "high", "distribution", "evidence", "source")


@click.group("levers", invoke_without_command=True)
@lang_option
@shape_options
@click.pass_context
def command(ctx: click.Context, lang: str | None, as_json: bool, as_csv: bool) -> None:
    """List the levers; `sim levers show NAME` tells what one moves."""
    ctx.obj = lang
    if ctx.invoked_subcommand is not None:
        return
    check_shape(as_json, as_csv)
    levers = known_levers()
    if as_json:
        write_json([_plain(lever) for lever in levers])
    elif as_csv:
        write_csv(COLUMNS, [_plain(lever) for lever in levers])
    else:
        show(_list_page(levers, load_texts(lang)))


def known_levers() -> tuple[Lever, ...]:
    """Return the levers of the place."""
    from sim.spec.facts import load_sources
    from sim.spec.levers import load_levers

    at = current_study().path
    return load_levers(at("model", "levers.toml"), load_sources(at("calibration", "sources.csv")))


def _known_priors() -> tuple[Prior, ...]:
    from sim.spec.facts import load_facts, load_sources
    from sim.spec.priors import load_priors

    at = current_study().path
    facts = load_facts(at("calibration", "facts.csv"), load_sources(at("calibration", "sources.csv")))
    return load_priors(at("calibration", "priors.csv"), facts)


def _plain(lever: Lever) -> dict[str, Any]:
    return asdict(lever) | {"moves": [str(moved) for moved in lever.moves]}


def _list_page(levers: tuple[Lever, ...], texts: Texts) -> Iterator[RenderableType]:
    from rich.text import Text

    from sim.cli.run_view import new_table

    table = new_table()
    table.add_column(texts("levers.id"), no_wrap=True)
    table.add_column(texts("levers.summary"), ratio=1)
    table.add_column(texts("levers.authority"))
    table.add_column(texts("levers.evidence"))
    table.expand = True
    for lever in levers:
        what = Text(_in(lever, "", texts)).append("\n" + _in(lever, "summary_", texts), style="dim")
        table.add_row(
            lever.id, what, texts(f"authority.{lever.authority}"), texts(f"evidence.{lever.evidence}")
        )
    yield table
    yield ""
    yield texts("levers.next_show", name=levers[0].id)


def _in(lever: Lever, start: str, texts: Texts) -> str:
    return str(getattr(lever, start + texts.lang))


@command.command("show")
@click.argument("name")
@lang_option
@shape_options
@click.pass_context
def show_lever(ctx: click.Context, name: str, lang: str | None, as_json: bool, as_csv: bool) -> None:
    """Show what the lever NAME does, the constants that carry it, their ranges and evidence."""
    from sim.spec.levers import find_lever

    check_shape(as_json, as_csv)
    lever = find_lever(known_levers(), name)
    rows = [_plain_prior(prior) for prior in _carried_by(lever, _known_priors())]
    if as_json:
        write_json(_plain(lever) | {"constants": rows})
    elif as_csv:
        write_csv(PRIOR_KEYS, rows)
    else:
        show(_lever_page(lever, rows, load_texts(lang or ctx.obj)))


def _carried_by(lever: Lever, priors: tuple[Prior, ...]) -> list[Prior]:
    """Return the priors of the constants a lever moves, and of its own cost, start and delays."""
    from sim.spec.model import key

    own = key(lever.element)
    moved = {reference.key for reference in lever.moves}
    names = {reference.key[:1] for reference in lever.moves if not reference.elements}
    return [
        prior
        for prior in priors
        if prior.constant.key in moved or prior.constant.key[:1] in names or own in prior.constant.key[1:]
    ]


def _plain_prior(prior: Prior) -> dict[str, Any]:
    return {name: getattr(prior, name) for name in PRIOR_KEYS} | {"constant": str(prior.constant)}


def _lever_page(lever: Lever, rows: list[dict[str, Any]], texts: Texts) -> Iterator[RenderableType]:
    from rich.text import Text

    from sim.cli.run_view import new_table

    yield Text(f"{lever.id}  {_in(lever, '', texts)}", style="bold")
    yield _in(lever, "summary_", texts)
    facts = {
        "authority": texts(f"authority.{lever.authority}"),
        "evidence": texts(f"evidence.{lever.evidence}"),
        "document": f"{lever.document} {lever.section}",
        "note": lever.note,
        "moves": ", ".join(str(moved) for moved in lever.moves),
    }
    for name, value in facts.items():
        if value:
            yield texts("levers.line", name=texts(f"levers.{name}"), value=value)
    yield ""
    table = new_table()
    table.add_column(texts("levers.constant"), overflow="fold", ratio=1)
    for name in ("value", "range"):
        table.add_column(texts(f"levers.{name}"), justify="right")
    for name in ("unit", "evidence"):
        table.add_column(texts(f"levers.{name}"))
    table.expand = True
    for row in rows:
        limits = f"{given(row['low'])}–{given(row['high'])}"
        evidence = texts(f"evidence.{row['evidence']}")
        what = Text(row["constant"]).append(f"\n{row['source']}", style="dim")
        table.add_row(what, given(row["value"]), limits, row["unit"], evidence)
    yield table
    yield ""
    yield texts("levers.next_run", name=lever.id)
