"""``sim doctor``: what is installed, where things lie, and whether the engine computes."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

import sim
from sim.cli.options import (
    check_shape,
    database_option,
    database_place,
    lang_option,
    shape_options,
    write_csv,
    write_json,
)
from sim.cli.study import current_study
from sim.cli.terminal import show
from sim.cli.texts import Texts, load_texts
from sim.errors import SimError
from sim.folders import cache_folder, content, data_folder

__all__ = ["command"]

PACKAGES = (
    "jax", "jaxlib", "numpy", "scipy", "pysd", "pint", "matplotlib", "typst", "sqlite-utils", "rich", "click",
)  # fmt: skip
CONTENT = (
    ("model", "changji.mdl"), ("model", "study.toml"), ("model", "levers.toml"), ("model", "kpis.csv"),
    ("model", "charts.csv"), ("model", "shares.csv"),
    ("calibration", "facts.csv"), ("calibration", "sources.csv"), ("calibration", "priors.csv"),
    ("calibration", "anchors.csv"), ("calibration", "audit.toml"), ("calibration", "audit_text.toml"),
    ("reports", "scenario.typ"),
)  # fmt: skip
# A stock that loses a tenth of itself a year, in steps of a quarter: 100 · 0.975^8 after two years.
TINY = """{UTF-8}
level = INTEG(-loss, 100) ~ 1 ~ |
loss = level * rate ~ 1/year ~ |
rate = 0.1 ~ 1/year ~ |
INITIAL TIME = 0 ~ year ~ |
FINAL TIME = 2 ~ year ~ |
TIME STEP = 0.25 ~ year ~ |
SAVEPER = 1 ~ year ~ |
"""
TINY_RESULT = 100 * 0.975**8
MOST_TOLD = 3


@dataclass(frozen=True)
class Check:
    """One line of the doctor's table."""

    name: str
    ok: bool
    detail: str


@click.command("doctor")
@database_option
@lang_option
@shape_options
def command(db: str | None, lang: str | None, as_json: bool, as_csv: bool) -> int:
    """Check this installation: versions, folders, database, content, fonts, and a tiny model run.

    Exits with 1 when a check fails.
    """
    check_shape(as_json, as_csv)
    checks = tuple(_checked(name, check) for name, check in _checks(db))
    if as_json:
        write_json([asdict(check) for check in checks])
    elif as_csv:
        write_csv(("name", "ok", "detail"), [asdict(check) for check in checks])
    else:
        _show(checks, load_texts(lang))
    return 0 if all(check.ok for check in checks) else SimError.exit_code


def _checks(db: str | None) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "sim", lambda: f"{sim.__version__}, Python {platform.python_version()}"
    yield "computer", lambda: f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    yield "packages", _packages
    yield "content", _content
    yield "place", _place
    yield "fonts", _fonts
    yield "cache", _cache
    yield "data", _data
    yield "database", lambda: _database(database_place(db))
    yield "engine", _engine


def _checked(name: str, check: Callable[[], str]) -> Check:
    """Run one check; any failure at all is a finding, not a crash of the doctor."""
    try:
        return Check(name, True, check())
    except Exception as error:
        return Check(name, False, str(error) or type(error).__name__)


def _packages() -> str:
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return (
        ", ".join(f"{name} {version}" for name, version in found.items())
        + f", SQLite {sqlite3.sqlite_version}"
    )


def _content() -> str:
    study = current_study()
    for parts in CONTENT:
        study.path(*parts)
    return f"{len(CONTENT)} files in {study.folder or content('model').parent}"


def _place() -> str:
    from sim.spec.places import load_place

    place = load_place(current_study().path("model", "study.toml"))
    return f"{place.city['zh']}, {place.city['en']}"


def _fonts() -> str:
    fonts = [
        path for path in content("reports", "fonts").iterdir() if path.suffix.lower() in (".ttf", ".otf")
    ]
    if not fonts:
        raise SimError("There is no font in reports/fonts, so reports cannot be made. Reinstall sim.")
    return ", ".join(sorted(path.name for path in fonts))


def _cache() -> str:
    from sim.cache import KEPT, key_place

    _refuse(
        [problem for kind in KEPT for problem in kind.problems()], "Results are right without, but slower."
    )
    folder = cache_folder()
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    return f"{_writable(folder)}, {len(files)} files, {size:.1f} MB, key in {key_place(folder)}"


def _data() -> str:
    from sim.cache import POSTERIORS

    if POSTERIORS.path("").parent.exists():
        _refuse(POSTERIORS.problems(), "Runs that would take it stop; or calibrate again with sim calibrate.")
    return _writable(data_folder())


def _refuse(problems: list[str], then: str) -> None:
    """Raise SimError with the first problems, each once, if there are any."""
    told = list(dict.fromkeys(problems))
    if told:
        more = f" And {len(told) - MOST_TOLD} more." if len(told) > MOST_TOLD else ""
        raise SimError(" ".join(told[:MOST_TOLD]) + f"{more} {then}")


def _writable(folder: Path) -> str:
    with tempfile.TemporaryFile(dir=folder):
        return str(folder)


def _database(path: Path) -> str:
    if not path.exists() and path.parent.is_dir():
        return f"{path}, not made yet"
    from sim.store import open_store

    with open_store(path, write=False) as store:
        found = store.check()
        if found != "ok":
            raise SimError(
                f"{path} is damaged: {found}. Restore it from a copy, or choose another with --db."
            )
        health = store.examine()
    if health.damaged:
        raise SimError(
            f"{path}: damaged are {', '.join(health.damaged)}; the others can be read. Make these again, or "
            "restore the file from a copy."
        )
    counts = ", ".join(f"{count} {kind}" for kind, count in health.counts.items())
    old = f"; {health.without} from an older sim have no digest" if health.without else ""
    return f"{path}, {counts}, as they were stored{old}"


def _engine() -> str:
    from sim.engine import load_model

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tiny.mdl"
        file.write_text(TINY, encoding="utf-8")
        value = float(load_model(file).run()["level"][0, -1])
    if abs(value - TINY_RESULT) > 1e-9 * TINY_RESULT:
        raise SimError(f"The engine computed {value} where {TINY_RESULT} is right. Reinstall jax and sim.")
    return f"{value:.6f}"


def _show(checks: tuple[Check, ...], texts: Texts) -> None:
    from rich.text import Text

    from sim.cli.run_view import new_table

    table = new_table()
    table.add_column(texts("doctor.check"), no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column(texts("doctor.result"), overflow="fold", ratio=1)
    for check in checks:
        mark = Text(
            texts("doctor.ok" if check.ok else "doctor.bad"), style="green" if check.ok else "bold red"
        )
        table.add_row(texts(f"doctor.{check.name}"), mark, check.detail)
    bad = sum(not check.ok for check in checks)
    summary = texts("doctor.some_bad", count=bad) if bad else texts("doctor.all_ok")
    show([table, "", summary, texts("doctor.next")])
