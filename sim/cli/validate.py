"""``sim validate``: every test of the model, by family, with figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from sim.cli.options import lang_option, write_json
from sim.cli.study import current_study
from sim.cli.terminal import progress_line, show
from sim.cli.texts import Texts, load_texts

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sim.analyse.validate import Check, Validation

__all__ = ["command"]

MEMBERS = 64


@click.command("validate")
@click.option("--family", "families", multiple=True, metavar="NAME", help="Only this family (repeatable).")
@click.option("--members", default=MEMBERS, show_default=True, help="Members of the ensemble.")
@click.option("--seed", default=1, show_default=True, help="Seed of the ensemble.")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(families: tuple[str, ...], members: int, seed: int, lang: str | None, as_json: bool) -> int:
    """Test the model: units, accounts, extreme conditions, levers, feedback loops.

    Exit code 0 if every check passes, 1 otherwise.
    """
    from sim.analyse.validate import validate

    texts = load_texts(lang)
    progress = progress_line(lambda stage: texts(f"validate.{stage}"))
    folder = current_study().folder
    found = validate(folder=folder, families=families, members=members, seed=seed, progress=progress)
    if as_json:
        write_json(_plain(found))
    else:
        show(_page(found, texts))
    return 0 if found.passed else 1


def _plain(found: Validation) -> dict[str, Any]:
    from sim.analyse.validate import FAMILIES

    families = [
        {
            "id": name,
            "zh": FAMILIES[name][0],
            "en": FAMILIES[name][1],
            "passed": sum(check.passed for check in found.of(name)),
            "total": len(found.of(name)),
            "worst": found.worst(name).id,
        }
        for name in found.families
    ]
    return {
        "passed": found.passed,
        "members": found.members,
        "seed": found.seed,
        "families": families,
        "checks": [_plain_check(check) for check in found.checks],
        "elapsed_s": round(found.elapsed_s, 3),
    }


def _plain_check(check: Check) -> dict[str, Any]:
    return {
        "family": check.family,
        "id": check.id,
        "zh": check.zh,
        "en": check.en,
        "passed": check.passed,
        "found": check.found,
        "wanted": check.wanted,
        "detail": check.detail,
    }


def _page(found: Validation, texts: Texts) -> Iterator[RenderableType]:
    from rich.text import Text

    yield _table(found, texts)
    failures = [check for check in found.checks if not check.passed]
    for check in failures:
        values = {"found": check.found, "wanted": check.wanted, "detail": check.detail}
        yield ""
        yield Text(f"{_family(check.family, texts)} · {check.id}  {_name(check, texts)}", style="bold")
        yield texts("validate.failure" if check.detail else "validate.failure_short", **values)
    yield ""
    total = len(found.checks)
    key = "validate.all_passed" if not failures else "validate.some_failed"
    seconds = f"{found.elapsed_s:.1f}"
    yield texts(key, passed=total - len(failures), total=total, failed=len(failures), seconds=seconds)
    yield texts("validate.next")


def _table(found: Validation, texts: Texts) -> RenderableType:
    from rich.text import Text

    from sim.cli.run_view import new_table

    table = new_table()
    table.add_column(texts("validate.family"))
    table.add_column(texts("validate.passed"), justify="right", no_wrap=True)
    table.add_column(texts("validate.worst"), ratio=1, overflow="fold")
    table.add_column(texts("validate.found"), justify="right", no_wrap=True)
    table.add_column(texts("validate.wanted"), no_wrap=True)
    table.expand = True
    for family in found.families:
        checks, worst = found.of(family), found.worst(family)
        passed = sum(check.passed for check in checks)
        style = "" if passed == len(checks) else "bold red"
        count = Text(f"{passed}/{len(checks)}", style=style)
        what = f"{worst.id}  {_name(worst, texts)}" if _name(worst, texts) != worst.id else worst.id
        table.add_row(_family(family, texts), count, what, worst.found, worst.wanted)
    return table


def _family(name: str, texts: Texts) -> str:
    from sim.analyse.validate import FAMILIES

    return FAMILIES[name][0 if texts.lang == "zh" else 1]


def _name(check: Check, texts: Texts) -> str:
    return check.zh if texts.lang == "zh" else check.en
