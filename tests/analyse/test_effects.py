"""A scenario's effect member by member, on the tiny region, and its summary worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.analyse.effects import Effect, effect_of, rounded, row_of, summary
from sim.analyse.indicator import find_indicator
from sim.ensemble import LeverUse, Members, Project, Scenario, draw_members, run_paired
from sim.errors import SimError
from sim.spec.parts import Parts, load_parts

BOTH = Scenario("test", "试", "Test", (LeverUse("headquarters"), LeverUse("tourism", 0.5, 2027)))


@pytest.fixture
def parts(region: Path) -> Sequence[Parts]:
    return load_parts(region / "model" / "parts.csv")


def effect(project: Project, members: Members, name: str, parts: Sequence[Parts] = (), **more: Any) -> Effect:
    return effect_of(project, members, BOTH, find_indicator(project, name), parts, **more)


def test_values_are_those_of_a_run(project: Project, parts: Sequence[Parts]) -> None:
    members = draw_members(project, 20, 3)
    paired = run_paired(project, members, Scenario(), BOTH)
    for name, column in (("city-gdp", 1), ("rest-gdp", 3)):
        found = effect(project, members, name, parts)
        np.testing.assert_allclose(found.values, paired.indicators[:, :, column], rtol=1e-12)
        np.testing.assert_allclose(
            found.change, paired.indicators[1, :, column] - paired.indicators[0, :, column], atol=1e-9
        )
        assert (found.drawn, found.kept) == (20, 20)
    assert (effect(project, members, "city-gdp").change > 0).all()


def test_parts_are_shown_in_the_indicator_s_unit_and_add_up(project: Project, parts: Sequence[Parts]) -> None:
    members = draw_members(project, 6, 3)
    found = effect(project, members, "rest", parts)
    assert found.parts is not None
    assert found.parts.shape == (2, 6, 1)
    np.testing.assert_allclose(found.parts.sum(axis=2), found.values, rtol=1e-12)
    assert found.values.mean() < 10  # thousands of 亿元, where the model has 亿元
    assert effect(project, members, "rest").parts is None


def test_each_part_is_a_cell_and_they_keep_their_order(project: Project, tmp_path: Path) -> None:
    found = effect(
        project, draw_members(project, 4, 3), "city-gdp", table(tmp_path, "city-gdp,output[region],")
    )
    assert found.parts is not None
    assert found.parts.shape == (2, 4, 2)
    np.testing.assert_allclose(found.parts[:, :, 0], found.values, rtol=1e-12)
    assert (found.parts[:, :, 1] > 1.5 * found.values).all()  # the rest of the region is larger


def table(folder: Path, *rows: str) -> tuple[Parts, ...]:
    (folder / "parts.csv").write_text("\n".join(("indicator,parts,note", *rows, "")), encoding="utf-8")
    return load_parts(folder / "parts.csv")


def test_members_that_fail_are_left_out_of_everything(project: Project, parts: Sequence[Parts]) -> None:
    members = draw_members(project, 12, 3)
    members.anchored[[0, 5]] = False
    members.draws[7, 0] = np.nan
    kept = np.array([1, 2, 3, 4, 6, 8, 9, 10, 11])
    found = effect(project, members, "city-gdp", parts)
    assert (found.drawn, found.kept) == (12, 9)
    whole = run_paired(project, members, Scenario(), BOTH).indicators[:, kept, 1]
    np.testing.assert_allclose(found.values, whole, rtol=1e-12)
    assert found.parts is not None
    np.testing.assert_allclose(found.parts[:, :, 0], whole, rtol=1e-12)
    for name, values in members.constants(project).items():
        np.testing.assert_array_equal(found.constants[name], values[kept])


def test_blocks_give_what_one_block_gives_and_say_how_far_they_are(
    project: Project, parts: Sequence[Parts], monkeypatch: pytest.MonkeyPatch
) -> None:
    members = draw_members(project, 10, 3)
    seen: list[tuple[str, int, int]] = []
    whole = effect(project, members, "city-gdp", parts, progress=lambda *what: seen.append(what))
    assert seen == [("runs", 0, 10), ("runs", 10, 10)]
    monkeypatch.setattr("sim.analyse.effects.BLOCK", 4)
    seen.clear()
    cut = effect(project, members, "city-gdp", parts, progress=lambda *what: seen.append(what))
    assert seen == [("runs", 0, 10), ("runs", 4, 10), ("runs", 8, 10), ("runs", 10, 10)]
    np.testing.assert_array_equal(cut.values, whole.values)
    np.testing.assert_array_equal(np.asarray(cut.parts), np.asarray(whole.parts))
    for name, values in whole.constants.items():
        np.testing.assert_array_equal(cut.constants[name], values)


def test_a_run_asks_for_no_more_than_it_needs(
    project: Project, parts: Sequence[Parts], tmp_path: Path
) -> None:
    """Outputs of every usual run have a program already; others are asked for only where needed."""
    members = draw_members(project, 3, 3)
    few = replace(project, kpis=project.kpis[2:3], charts=(), anchors=())
    assert few.outputs == ("output current",)
    indicator = replace(find_indicator(project, "city-gdp"), variable=project.kpis[2].variable, id="other")

    def asked(rows: Sequence[Parts]) -> Any:
        effect_of(few, members, BOTH, indicator, rows)
        run = project.model.runs[-1]  # type: ignore[attr-defined]
        return run["outputs"], run["final_time"], run["lanes"]

    assert asked([]) == (("output current",), 2035, 6)
    assert asked(parts) == (("output current",), 2035, 6)
    usual = table(tmp_path, "other,output current[city],", "rest,output[rest],")
    assert asked(usual) == (("output current",), 2035, 6)
    assert asked([replace(parts[0], indicator="other")]) == (("output current", "output"), 2035, 6)


def test_no_member_left_is_an_error(project: Project) -> None:
    members = draw_members(project, 3, 3)
    members.anchored[:] = False
    with pytest.raises(SimError, match="No member ran through"):
        effect(project, members, "city-gdp")


def test_a_summary_by_hand() -> None:
    """Of 0, 10, 20, 30 and 90 the mean is 30; 5 % lie a fifth of the way to 10, 95 % four fifths to 90."""
    values = np.array([90.0, 0.0, 20.0, 10.0, 30.0])
    assert summary(values) == {"mean": 30.0, "p05": 2.0, "p50": 20.0, "p95": 78.0}
    assert row_of(values, np.array([100.0, 20.0])) == {**summary(values), "share": 0.5}
    assert row_of(values, np.array([-1.0, 1.0]))["share"] is None
    assert row_of(values, np.array([-60.0]))["share"] == -0.5
    assert row_of(values, np.array([1e-3]))["share"] == 30_000


def test_nine_digits_are_kept() -> None:
    assert rounded(1.23456789012) == 1.23456789
    assert rounded(-98765432198.7) == -98765432200.0
