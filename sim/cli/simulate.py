"""``sim simulate``: one run of any model from the shell."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.options import check_output, check_shape, lang_option, shape_options, write_csv, write_json
from sim.cli.terminal import note, show
from sim.cli.texts import Texts, load_texts
from sim.errors import BadInput, SimError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.engine import LoadedModel, Result

__all__ = ["command"]

PLOTS = (".svg", ".png", ".pdf")
MOST_ROWS, MOST_LINES, SPARK = 40, 28, 24
PAIR = re.compile(r"\(\s*([^(),]+?)\s*,\s*([^(),]+?)\s*\)")
PAIRS = re.compile(rf"{PAIR.pattern}(\s*,\s*{PAIR.pattern})*")


@dataclass(frozen=True)
class Asked:
    """What the command line asked for."""

    file: Path
    settings: tuple[str, ...]
    outputs: tuple[str, ...]
    final_time: float | None
    time_step: float | None
    save_every: float | None
    integrator: str
    plot: Path | None
    encoding: str | None
    lang: str | None
    as_json: bool
    as_csv: bool


@dataclass(frozen=True)
class Column:
    """One cell over time."""

    name: str
    unit: str
    values: NDArray[np.float64]


@click.command("simulate")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE",
    help="A constant, a stock's initial value, or a lookup as (x,y),(x,y); repeatable.",
)  # fmt: skip
@click.option(
    "--output", "outputs", multiple=True, metavar="NAME",
    help="A variable to show, all of it or as in 'x[city]'; repeatable (default: the stocks).",
)  # fmt: skip
@click.option("--final-time", type=float, metavar="TIME", help="Last time (default: the model's).")
@click.option("--time-step", type=float, metavar="TIME", help="Time step (default: the model's).")
@click.option("--save-every", type=float, metavar="TIME", help="Save interval (default: the model's).")
@click.option("--integrator", type=click.Choice(("euler", "rk4")), default="euler", show_default=True)
@click.option(
    "--plot", metavar="FILE", type=click.Path(path_type=Path), help="Draw the outputs: .svg, .png or .pdf."
)
@click.option("--encoding", help="Encoding of the file, if it is neither UTF-8 nor named in its first line.")
@lang_option
@shape_options
def command(**given: Any) -> None:
    """Run a Vensim or XMILE model once and print its outputs over time.

    \b
      sim simulate epidemic.mdl
      sim simulate epidemic.mdl --set "contact rate=4" --output infected --csv
    """
    asked = Asked(**given)
    check_shape(asked.as_json, asked.as_csv)
    texts = load_texts(asked.lang)
    if asked.plot is not None:
        check_output(asked.plot, PLOTS)
    changes = _changes(asked.settings)
    from sim.engine import load_model

    model = load_model(asked.file, encoding=asked.encoding)
    names = asked.outputs or _stocks(model)
    result = _run(model, changes, names, asked)
    columns = [column for name in names for column in _columns(result, name)]
    _print(model, result, columns, asked, texts)
    if asked.plot is not None:
        _plot(model, result, columns, asked.plot, texts)
    if result.failed:
        raise SimError(f"{result.failed[0]}. What is after that is not to be relied on.")


def _changes(settings: Sequence[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for text in settings:
        name, equals, value = text.rpartition("=")
        if not equals or not name.strip() or not value.strip():
            raise BadInput(f"--set {text}: write NAME=VALUE, such as --set 'growth rate=0.03'.")
        if name.strip() in changes:
            raise BadInput(f"--set {name.strip()} is given twice. Give it once.")
        changes[name.strip()] = _value(text, value.strip())
    return changes


def _value(text: str, value: str) -> float | list[tuple[float, float]]:
    if PAIRS.fullmatch(value):
        return [(_number(text, x), _number(text, y)) for x, y in PAIR.findall(value)]
    return _number(text, value)


def _number(text: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise BadInput(
            f"--set {text}: {value!r} is not a number. Give one, or points of a lookup such as (0,1),(10,2)."
        ) from None
    if not math.isfinite(number):
        raise BadInput(f"--set {text}: {value!r} is not a finite number.")
    return number


def _stocks(model: LoadedModel) -> tuple[str, ...]:
    """Return the stocks, or where there are none all that is computed."""
    for kind in ("stock", "auxiliary", "constant"):
        names = tuple(name for name, variable in model.variables.items() if variable.kind == kind)
        if names:
            return names
    raise BadInput(f"The model {model.spec.name} has no variables to show.")


def _run(model: LoadedModel, changes: dict[str, Any], names: Sequence[str], asked: Asked) -> Result:
    return model.run(
        changes,
        lanes=1,
        outputs=[name.partition("[")[0] for name in names],
        integrator="rk4" if asked.integrator == "rk4" else "euler",
        time_step=asked.time_step,
        final_time=asked.final_time,
        save_every=asked.save_every,
    )


def _columns(result: Result, name: str) -> list[Column]:
    """Return the cells of an output: all of them, or those that its elements name."""
    values = result[name][0].astype(float)
    variable = result.model.find(name.partition("[")[0])
    labels = result.labels(name)
    flat = values.reshape(len(result.time), -1)
    return [Column(label, variable.units, flat[:, place]) for place, label in enumerate(labels)]


def _print(model: LoadedModel, result: Result, columns: Sequence[Column], asked: Asked, texts: Texts) -> None:
    times = [float(time) for time in result.time]
    if asked.as_json:
        outputs = {c.name: {"unit": c.unit, "values": [_known(v) for v in c.values]} for c in columns}
        whole = {"model": model.spec.name, "time_unit": _time_unit(model), "time": times, "outputs": outputs}
        write_json(whole)
    elif asked.as_csv:
        rows = [
            {"time": time, **{c.name: _known(c.values[place]) for c in columns}}
            for place, time in enumerate(times)
        ]
        write_csv(["time", *(column.name for column in columns)], rows)
    else:
        _show(model, times, columns, texts)


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _show(model: LoadedModel, times: Sequence[float], columns: Sequence[Column], texts: Texts) -> None:
    from rich.text import Text

    from sim.cli.run_view import new_table
    from sim.cli.sparklines import sparkline
    from sim.words import given, numbers

    table = new_table()
    table.add_column(texts("simulate.variable"), overflow="fold", ratio=1)
    table.add_column(texts("simulate.unit"))
    for moment in (times[0], times[-1]):
        table.add_column(given(moment).replace(",", ""), justify="right")
    for name in ("low", "high"):
        table.add_column(texts(f"simulate.{name}"), justify="right")
    table.add_column("", no_wrap=True)
    for column in columns[:MOST_ROWS]:
        known = [value for value in column.values.tolist() if math.isfinite(value)]
        ends = (column.values[0], column.values[-1], min(known, default=None), max(known, default=None))
        spark = sparkline(column.values.tolist(), SPARK)
        table.add_row(column.name, column.unit, *numbers(*ends), spark)
    parts: list[Any] = [
        Text(texts("simulate.title", model=model.spec.name, unit=_time_unit(model)), style="bold"),
        table,
    ]
    if len(columns) > MOST_ROWS:
        parts.append(texts("simulate.more", count=len(columns) - MOST_ROWS))
    show([*parts, "", texts("simulate.next")])


def _time_unit(model: LoadedModel) -> str:
    return next((v.units for v in model.variables.values() if v.name.lower() == "time step"), "")


def _plot(model: LoadedModel, result: Result, columns: Sequence[Column], path: Path, texts: Texts) -> None:
    from sim.figures.lines import Line, save_lines

    if len(columns) > MOST_LINES:
        note(texts("simulate.plot_more", shown=MOST_LINES, count=len(columns)))
    lines = [Line(column.name, column.unit, column.values) for column in columns[:MOST_LINES]]
    save_lines(result.time, lines, path, label=_time_unit(model))
    note(texts("simulate.plot", path=path.resolve()))
