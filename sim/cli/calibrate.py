"""``sim calibrate``: from priors and observations to the posterior that runs use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from sim.cli.interrupt import watched
from sim.cli.options import (
    as_typed,
    check_output,
    database_option,
    database_place,
    lang_option,
    write_json,
)
from sim.cli.study import current_study
from sim.cli.terminal import note, progress_tenths, show
from sim.cli.texts import Texts, load_texts
from sim.words import given, number, numbers, unit_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sim.calibrate import Calibration
    from sim.ensemble.runner import Floats

__all__ = ["command"]

NOT_MET = 3
"""Exit code of --check."""

LEAST_EFFECTIVE = 0.25
"""Share of the particles that must be effective: 500 of 2000."""


@click.command("calibrate")
@click.option("--samples", default=2**17, show_default=True, help="Points of the prior, a power of two.")
@click.option("--particles", default=2000, show_default=True, help="Particles of the sampler.")
@click.option("--members", default=1000, show_default=True, help="Members that the posterior keeps.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Random seed.")
@click.option(
    "--output", metavar="FILE", type=click.Path(path_type=Path),
    help="Where the posterior goes (default: your data folder, where runs find it).",
)  # fmt: skip
@click.option(
    "--check", is_flag=True, help="Exit 3 if few particles are effective or a figure is implausible."
)
@click.option(
    "--skill", is_flag=True, help="Also test the skill on left-out facts and made-up regions: long."
)
@click.option("--regions", default=1000, show_default=True, help="Made-up regions of --skill.")
@database_option
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(**options: Any) -> int:
    """Calibrate the model to the observations (calibration/observations.csv).

    An interrupted calibration goes on where it stopped when it is started again.
    """
    texts = load_texts(options["lang"])
    if options["output"] is not None:
        check_output(options["output"], (".npz",))
    database = database_place(options["db"])
    with watched() as check:
        found, path = _calibrated(options, texts, check, database)
    failures = _failures(found, texts)
    if options["as_json"]:
        write_json(found.summary() | {"posterior": str(path), "elapsed_s": round(found.elapsed_s, 1)})
    else:
        show(_page(found, path, texts))
    if options["check"] and failures:
        note(texts("calibrate.check_failed", why="; ".join(failures)))
        return NOT_MET
    return 0


def _calibrated(
    options: dict[str, Any], texts: Texts, check: Callable[[], None], database: Path
) -> tuple[Calibration, Path]:
    from sim.calibrate import Asked, Settings, calibrate
    from sim.ensemble import load_project
    from sim.ensemble.posterior import check_own_posterior, keep_posterior, write_posterior
    from sim.store import open_store

    if options["output"] is None:
        check_own_posterior()
    progress = progress_tenths(lambda stage: texts(f"stage.{stage}"), check)
    with open_store(database) as store:
        project = load_project(current_study().folder)
        asked = Asked(options["samples"], Settings(options["particles"]), options["members"], options["seed"])
        found = calibrate(project, asked, progress)
        # The posterior first: what follows may be interrupted, and is not needed to run.
        path = options["output"]
        if path is None:
            path = keep_posterior(project, found.posterior)
        else:
            write_posterior(path, found.posterior)
        store.calibrations.keep(found.summary(), path, as_typed())
        _write_evidence(found, path, options["regions"] if options["skill"] else 0, progress)
    return found, path


def _write_evidence(found: Calibration, path: Path, regions: int, progress: Any) -> None:
    from sim.calibrate import evidence_of, skill_of
    from sim.ensemble.evidence import beside, write_evidence

    evidence = evidence_of(found, progress)
    write_evidence(beside(path), evidence)
    if regions:
        write_evidence(beside(path), evidence | {"skill": skill_of(found, regions, progress)})


def _failures(found: Calibration, texts: Texts) -> list[str]:
    wanted = LEAST_EFFECTIVE * found.asked.settings.particles
    few = found.sample.effective < wanted
    failures = [texts("calibrate.few", effective=f"{found.sample.effective:.0f}", wanted=f"{wanted:.0f}")]
    far = texts("calibrate.far", names=", ".join(found.implausible))
    return failures * few + [far] * bool(found.implausible)


def _page(found: Calibration, path: Path, texts: Texts) -> Iterator[RenderableType]:
    from rich.text import Text

    how = found.summary()
    yield Text(texts("calibrate.title", observations=len(found.project.observations), **how), style="bold")
    yield texts("calibrate.bank", share=f"{how['plausible'] / how['samples']:.1%}", **how)
    yield texts("calibrate.screening", idle=how["constants"] - how["active"], **how)
    last = how["stages"][-1]
    yield texts(
        "calibrate.stages", stages=len(how["stages"]), accepted=f"{last['accepted']:.0%}",
        effective=f"{how['effective']:.0f}", particles=how["particles"],
    )  # fmt: skip
    yield ""
    yield _table(found, texts)
    yield texts("calibrate.note")
    yield ""
    yield texts("calibrate.written", members=how["members"], path=path, seconds=f"{found.elapsed_s:.0f}")
    yield texts("calibrate.next")


def _table(found: Calibration, texts: Texts) -> RenderableType:
    from sim.cli.run_view import new_table

    table = new_table()
    table.add_column(texts("calibrate.observation"), ratio=1, overflow="fold", min_width=20)
    for name in ("figure", "prior", "posterior", "distance"):
        table.add_column(texts(f"calibrate.{name}"), justify="right", overflow="fold")
    table.expand = True
    prior, posterior = found.learning.figures, found.sample.cloud.figures
    distances = found.likelihood.distances(np.median(posterior, axis=0)[None])[0]
    for at, one in enumerate(found.project.observations):
        sign = {"both": "", "at_least": "≥ ", "at_most": "≤ "}[one.side]
        unit = unit_of(one.unit, texts.lang)
        table.add_row(
            f"{one.zh if texts.lang == 'zh' else one.en}, {unit.name}",
            f"{sign}{given(one.value, shift=unit.shift)} ± {number(one.deviation, shift=unit.shift)}",
            _band(prior[:, at], (5, 95), unit.shift),
            _band(posterior[:, at], (5, 50, 95), unit.shift),
            f"{distances[at]:+.1f}",
        )
    return table


def _band(values: Floats, points: tuple[int, ...], shift: int) -> str:
    return " – ".join(numbers(*(float(value) for value in np.percentile(values, points)), shift=shift))
