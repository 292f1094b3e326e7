"""``sim check``: everything that is wrong with a model file, in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.options import check_shape, lang_option, shape_options, write_csv, write_json
from sim.cli.terminal import show
from sim.cli.texts import Texts, load_texts
from sim.errors import SimError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sim.translate.examining import Finding

__all__ = ["command"]


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--units", metavar="FILE", type=click.Path(path_type=Path),
    help="Definitions of units (default: units.txt beside the model, else the model's own names).",
)  # fmt: skip
@click.option("--encoding", help="Encoding of the file, if it is neither UTF-8 nor named in its first line.")
@lang_option
@shape_options
def command(
    file: Path, units: Path | None, encoding: str | None, lang: str | None, as_json: bool, as_csv: bool
) -> int:
    """Check a Vensim or XMILE model: functions, names, subscripts, circles, units, unused variables.

    Exits with 0 if nothing is wrong (notes are no faults), 1 if something is, 2 if the file cannot be read.
    """
    check_shape(as_json, as_csv)
    texts = load_texts(lang)
    from sim.translate.examining import examine

    findings = examine(file, encoding=encoding, units_file=units)
    faults = sum(finding.level != "note" for finding in findings)
    if as_json:
        write_json({"file": str(file), "faults": faults, "findings": [asdict(one) for one in findings]})
    elif as_csv:
        write_csv(("level", "kind", "message"), [asdict(one) for one in findings])
    else:
        _show(file, findings, faults, texts)
    return SimError.exit_code if faults else 0


def _show(file: Path, findings: Sequence[Finding], faults: int, texts: Texts) -> None:
    from rich.text import Text

    from sim.cli.run_view import new_table

    table = new_table()
    table.add_column(texts("check.level"), no_wrap=True)
    table.add_column(texts("check.kind"), no_wrap=True)
    table.add_column(texts("check.message"), overflow="fold", ratio=1)
    for finding in findings:
        level = Text(texts(f"check.{finding.level}"), style=STYLES[finding.level])
        table.add_row(level, texts(f"check.{finding.kind}"), finding.message)
    counts = Counter(finding.level for finding in findings)
    summary = texts(
        "check.some" if faults else "check.none",
        file=file.name,
        errors=counts["error"],
        warnings=counts["warning"],
    )
    following = texts("check.next_fix") if faults else texts("check.next", file=file)
    parts: list[RenderableType] = [table, ""] if findings else []
    show([*parts, summary, following])


STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}
