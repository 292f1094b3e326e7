"""``sim audit``: where the documents' figures disagree with themselves and with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.options import check_shape, lang_option, shape_options, write_csv, write_json
from sim.cli.study import current_study
from sim.cli.terminal import show
from sim.cli.texts import Texts, load_texts
from sim.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from sim.spec.facts import Fact, Source

__all__ = ["command"]

COLUMNS = ("rule", "class", "importance", "size", "facts", "sources", "arithmetic", "text")
STYLES = {"high": "bold red", "medium": "yellow", "low": "dim"}
Found = Sequence[Mapping[str, Any]]


@click.command("audit")
@click.option(
    "--facts", metavar="FILE", type=click.Path(path_type=Path),
    help="Another facts file with the same columns (default: the shipped one, or the study's).",
)  # fmt: skip
@click.option(
    "--sources", metavar="FILE", type=click.Path(path_type=Path),
    help="The list of documents that the facts may name (default with --facts: any).",
)  # fmt: skip
@click.option("--class", "kind", metavar="NAME", help="Only findings of this class, such as contradiction.")
@lang_option
@shape_options
def command(
    facts: Path | None, sources: Path | None, kind: str | None, lang: str | None, as_json: bool, as_csv: bool
) -> None:
    """Audit the documents: contradictions, older vintages, missed forecasts, targets against facts.

    Rules compare the facts with each other: sums, shares, growth, parts and wholes, text and table.
    What is found says nothing about which document is right.
    """
    check_shape(as_json, as_csv)
    texts = load_texts(lang)
    _check_class(kind)
    known, documents = _loaded(facts, sources)
    found = _found(known, kind)
    if as_json:
        write_json({"facts": len(known), "counts": _counts(found), "findings": found})
    elif as_csv:
        write_csv(COLUMNS, (_row(one, texts.lang) for one in found))
    else:
        show(_page(found, known, documents, texts))


def _check_class(kind: str | None) -> None:
    from sim.audit import CLASSES

    if kind is not None and kind not in CLASSES:
        allowed = ", ".join(CLASSES)
        raise BadInput(f"--class {kind}: not known.{did_you_mean(kind, CLASSES)} Allowed: {allowed}.")


def _loaded(facts: Path | None, sources: Path | None) -> tuple[tuple[Fact, ...], tuple[Source, ...]]:
    """Return the facts and their documents; somebody's own facts without a list may name any document."""
    from sim.spec.facts import load_facts, load_sources

    if facts is not None and sources is None:
        return load_facts(facts, any_source=True), ()
    study = current_study()
    documents = load_sources(sources or study.path("calibration", "sources.csv"))
    return load_facts(facts or study.path("calibration", "facts.csv"), documents), documents


def _found(facts: tuple[Fact, ...], kind: str | None) -> list[dict[str, Any]]:
    from sim.audit import findings_for_record, load_settings

    found = findings_for_record(facts, load_settings(current_study().path("calibration", "audit.toml")))
    return [one for one in found if kind in (None, one["class"])]


def _counts(found: Found) -> dict[str, int]:
    from sim.audit import CLASSES

    counts = Counter(str(one["class"]) for one in found)
    return {kind: counts[kind] for kind in CLASSES}


def _row(one: Mapping[str, Any], lang: str) -> dict[str, object]:
    return dict(one) | {
        "facts": " ".join(fact["id"] for fact in one["facts"]),
        "sources": " ".join(dict.fromkeys(fact["source"] for fact in one["facts"])),
        "text": one[lang]["text"],
    }


def _page(
    found: Found, facts: tuple[Fact, ...], documents: tuple[Source, ...], texts: Texts
) -> Iterator[RenderableType]:
    from rich.padding import Padding

    yield texts("audit.none" if not found else "audit.title", facts=len(facts), findings=len(found))
    if found:
        yield ""
        yield _summary(found, texts)
        yield texts("audit.sizes")
    shown = ""
    for number, one in enumerate(found, start=1):
        yield ""
        if one["class"] != shown:
            shown = one["class"]
            yield _class_line(one, texts)
        yield _heading(number, one, texts)
        yield Padding(one[texts.lang]["text"], (0, 0, 0, 4))
        yield Padding(_evidence(one), (0, 0, 0, 4), style="dim")
    yield ""
    cited = {fact["source"] for one in found for fact in one["facts"]}
    yield from (f"{source.id}  {source.title}" for source in documents if source.id in cited)
    yield texts("audit.next")


def _summary(found: Found, texts: Texts) -> RenderableType:
    from sim.audit import IMPORTANCE
    from sim.cli.run_view import new_table

    table = new_table()
    table.add_column(texts("audit.class"))
    table.add_column(texts("audit.findings"), justify="right")
    names = {level: texts(f"audit.{level}") for level in IMPORTANCE}
    for level in IMPORTANCE:
        table.add_column(names[level], justify="right", style=STYLES[level])
    for kind, count in _counts(found).items():
        many = [one for one in found if one["class"] == kind]
        levels = Counter(str(one["importance"]) for one in many)
        if many:
            cells = [str(levels[level] or "-") for level in IMPORTANCE]
            table.add_row(many[0][texts.lang]["class"], str(count), *cells)
    return table


def _class_line(one: Mapping[str, Any], texts: Texts) -> Text:
    from rich.text import Text

    line = Text(one[texts.lang]["class"], style="bold underline")
    return line.append(f"  --class={one['class']}", style="not bold not underline dim")


def _heading(number: int, one: Mapping[str, Any], texts: Texts) -> Text:
    from rich.text import Text

    words = one[texts.lang]
    line = Text(f"{number:>2}  ")
    line.append(words["rule"], style="bold")
    line.append(f"  {words['importance']} {_percent(one['size'])}", style=STYLES[one["importance"]])
    return line


def _percent(size: float) -> str:
    return f"{100 * size:.1f}%" if size < 0.095 else f"{size:.0%}"


def _evidence(one: Mapping[str, Any]) -> str:
    return f"{' '.join(fact['id'] for fact in one['facts'])}    {one['arithmetic']}"
