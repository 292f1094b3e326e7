"""``sim explain``: why an indicator differs from the baseline, by part, lever and loop."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.interrupt import watched
from sim.cli.options import (
    check_count,
    check_shape,
    database_option,
    database_place,
    lang_option,
    shape_options,
    write_csv,
    write_json,
)
from sim.cli.run import chosen_scenario, scenario_options
from sim.cli.study import current_study
from sim.cli.terminal import note, progress_tenths, show
from sim.cli.texts import LANGUAGES, Texts, load_texts
from sim.errors import BadInput

if TYPE_CHECKING:
    from sim.ensemble import Project, Scenario

__all__ = ["command"]

MEMBERS, SEED = 1000, 1
COLUMNS = ("section", "dimension", "id", "second", "zh", "en", "mean", "share", "p05", "p50", "p95",
           "standard_error")  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What the command line asked for."""

    kpi: str
    year: int | None
    levers: tuple[str, ...]
    scenario_file: Path | None
    run: str | None
    members: int | None
    seed: int | None
    db: str | None
    lang: str | None
    as_json: bool
    as_csv: bool


@dataclass(frozen=True)
class Ensemble:
    """What is compared with the baseline, over which members.

    Of a stored run ``model_hash`` and ``members_hash`` say what it was made with, ``place`` of where it is.
    """

    scenario: Scenario
    members: int
    seed: int
    ensemble: str = "auto"
    model_hash: str | None = None
    members_hash: str | None = None
    place: Mapping[str, Any] | None = None


@click.command("explain")
@click.argument("kpi")
@click.option("--year", type=int, help="The year (default: the indicator's last).")
@scenario_options
@click.option("--run", metavar="RUN", help="Explain a stored run: its id, its beginning, a tag, or @last.")
@click.option("--members", type=int, help=f"Members of the ensemble.  [default: {MEMBERS}]")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help=f"Random seed.  [default: {SEED}]")
@database_option
@lang_option
@shape_options
def command(**given: Any) -> None:
    """Explain why the indicator KPI differs from the baseline: which sectors, levers and loops.

    \b
      sim explain city-gdp --lever headquarters --lever talent
      sim explain city-gdp --year 2030 --scenario runs/scenarios/plan.toml
      sim explain visits --run @last
    """
    asked = Asked(**given)
    check_shape(asked.as_json, asked.as_csv)
    texts = load_texts(asked.lang)
    chosen = _stored(asked) if asked.run is not None else _new(asked)
    result = _explained(asked, chosen, texts)
    _print(result, asked, texts)


def _new(asked: Asked) -> Ensemble:
    members = MEMBERS if asked.members is None else check_count("--members", asked.members)
    scenario = chosen_scenario(asked.levers, asked.scenario_file)
    if not scenario.inputs and not any(use.intensity > 0 for use in scenario.levers):
        raise BadInput(
            "There is nothing to explain: no lever is pulled. "
            "Give --lever NAME, --scenario FILE or --run RUN."
        )
    return Ensemble(scenario, members, SEED if asked.seed is None else asked.seed)


def _stored(asked: Asked) -> Ensemble:
    if asked.levers or asked.scenario_file or asked.members is not None or asked.seed is not None:
        raise BadInput(
            "--run brings its own scenario, members and seed. "
            "Leave out --lever, --scenario, --members and --seed."
        )
    from sim.ensemble import LeverUse, Scenario
    from sim.store import open_store

    with open_store(database_place(asked.db), write=False) as store:
        record = store.runs.get(str(asked.run))
    plain = record["scenario"]
    uses = tuple(LeverUse(use["id"], use["intensity"], use["start"]) for use in plain["levers"])
    title = plain["title"]
    scenario = Scenario(plain["name"], title["zh"], title["en"], uses, dict(plain["inputs"]))
    if not uses and not scenario.inputs:
        raise BadInput(f"The run {record['run_id']} is the baseline itself: there is nothing to explain.")
    provenance = record.get("provenance") or {}
    # A record of before there was a hash of what the model computes has only that of the file's bytes.
    model_hash = provenance.get("computed_hash") or provenance.get("model_hash")
    # Records of before there were calibrated members do not say where theirs come from.
    ensemble = record.get("ensemble") or "prior"
    return Ensemble(
        scenario, record["members"], record["seed"], ensemble, model_hash,
        provenance.get("members_hash"), record.get("place"),
    )  # fmt: skip


def _explained(asked: Asked, chosen: Ensemble, texts: Texts) -> dict[str, Any]:
    begun = time.perf_counter()
    with watched() as check:
        progress = progress_tenths(lambda stage: texts(f"stage.{stage}"), check)
        from sim.analyse.explain import explain
        from sim.analyse.indicator import find_indicator
        from sim.ensemble import describe_scenario, load_project
        from sim.ensemble.choosing import Choice
        from sim.ensemble.provenance import computed_hash
        from sim.spec.loops import load_loops
        from sim.spec.parts import load_parts

        study = current_study()
        project = load_project(study.folder)
        _same_place(chosen, project)
        indicator = find_indicator(project, asked.kpi, asked.year)
        if chosen.model_hash not in (None, project.spec.hash, computed_hash(project)):
            note(texts("explain.other_model"))
        # A loop that only shows against half the levers closes inside the levers themselves.
        loops_file, parts_file = study.find("model", "loops.csv"), study.find("model", "parts.csv")
        known = load_loops(loops_file) if loops_file else ()
        loops = [loop for loop in known if loop.against == "baseline"]
        table = explain(
            project, chosen.scenario, indicator,
            members=chosen.members, seed=chosen.seed, loops=loops, progress=progress,
            parts=load_parts(parts_file) if parts_file else (), choice=Choice(chosen.ensemble),
        )  # fmt: skip
    if chosen.members_hash not in (None, table["members_hash"]):
        note(texts("explain.other_members"))
    head = {"indicator": indicator.described(), "scenario": describe_scenario(project, chosen.scenario)}
    whole = head | table
    _name_rows(whole, project)
    from sim.cli.explain_words import sentences

    words = {lang: sentences(whole, load_texts(lang)) for lang in LANGUAGES}
    return whole | {"sentences": words, "elapsed_s": round(time.perf_counter() - begun, 3)}


def _same_place(chosen: Ensemble, project: Project) -> None:
    """Refuse to explain the run of one place with the data of another."""
    # Records of before there were studies name no place; all of them are of the shipped one.
    if chosen.place is not None and chosen.place != project.place.plain():
        raise BadInput(
            f"That run is of {chosen.place['city']['en']}, and this is the data of "
            f"{project.place.city['en']}. Give its own data with: sim --study FOLDER explain …"
        )


def _name_rows(whole: dict[str, Any], project: Project) -> None:
    """Give every row its names in both languages."""
    from sim.spec.glossary import Glossary, load_glossary

    table = project.study.find("model", "glossary.csv")
    glossary = load_glossary(table) if table else Glossary({})
    both = {lang: load_texts(lang) for lang in LANGUAGES}
    levers = {lever.id: {"zh": lever.zh, "en": lever.en} for lever in project.levers}
    levers["conditions"] = {lang: texts("explain.conditions") for lang, texts in both.items()}
    for split in (whole["parts"] or {"dimensions": []})["dimensions"]:
        for row in split["rows"]:
            zh = glossary.zh("element", row["id"]) or glossary.zh("variable", row["id"])
            row |= {"zh": zh or row["id"], "en": row["id"][:1].upper() + row["id"][1:]}
    for row in whole["levers"]["rows"]:
        row |= levers[row["id"]]
    for row in whole["levers"]["interactions"]:
        one, two = levers[row["first"]], levers[row["second"]]
        row |= {
            lang: texts("explain.pair", first=one[lang], second=two[lang]) for lang, texts in both.items()
        }


def _print(result: Mapping[str, Any], asked: Asked, texts: Texts) -> None:
    if asked.as_json:
        write_json(result)
    elif asked.as_csv:
        write_csv(COLUMNS, _rows(result))
    else:
        from sim.cli.explain_view import explain_page

        show(explain_page(result, texts))


def _rows(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("baseline", "scenario", "change"):
        yield {"section": name, **result["effect"][name]}
    for split in (result["parts"] or {"dimensions": []})["dimensions"]:
        for row in split["rows"]:
            yield {"section": "part", "dimension": split["dimension"], **row}
    for row in result["levers"]["rows"]:
        yield {"section": "lever", **row}
    for row in result["levers"]["interactions"]:
        yield {"section": "interaction", "id": row["first"], **row}
    for row in result["loops"]["rows"] if result["loops"] else ():
        yield {"section": "loop", **row}
