"""Counts as whole numbers: their law against sums term by term, and what arms and years share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from numpy.typing import NDArray
from scipy.stats import binom, poisson
from support.double import DoubleResult

from sim.ensemble import LeverUse, Members, Project, Scenario, draw_members, run_paired, run_scenario
from sim.ensemble.counts import Law, whole_numbers
from sim.ensemble.record import make_record
from sim.spec.counts import Count
from sim.spec.references import parse_reference

Array = NDArray[np.float64]
HEADQUARTERS = Scenario("hq", "总部", "HQ", (LeverUse("headquarters"),))
RARE = np.array([1e-9, 1e-7, 1e-5, 1e-3, 0.1, 0.5, 0.9, 1 - 1e-3, 1 - 1e-5, 1 - 1e-7, 1 - 1e-9])
UNIFORM = np.random.default_rng(5).random(4000)


def law(mean: float, known: float = 0.0, stay: float = 1.0, lanes: int = len(UNIFORM)) -> Law:
    return Law.of(*(np.full(lanes, value) for value in (mean, known, stay)))


def probabilities(mean: float, known: float, stay: float) -> Array:
    """Return P(N = 0, 1, 2 …), summed over who stays and who comes."""
    stay = min(stay, mean / known) if known else stay
    part = (known % 1) * stay
    stays = np.convolve(binom.pmf(np.arange(int(known) + 1), int(known), stay), [1 - part, part])
    most = int(mean + 12 * np.sqrt(mean) + 40)
    return np.convolve(stays, poisson.pmf(np.arange(most), max(mean - known * stay, 0)))


LAWS = [
    (0.52, 0, 1), (133, 0, 1), (5000, 0, 1), (60, 30, 0.33), (608, 277, 0.33), (13, 9.6, 0.8), (5, 9.3, 0.9),
    (30, 30, 1), (1.45, 1, 1), (20, 30, 0.9), (0, 0, 1), (0, 12, 0.5),
]  # fmt: skip


@pytest.mark.parametrize(("mean", "known", "stay"), LAWS)
def test_the_law_is_survivors_and_arrivals(mean: float, known: float, stay: float) -> None:
    expected = probabilities(mean, known, stay)
    found = law(mean, known, stay).quantile(UNIFORM)
    np.testing.assert_array_equal(found, np.searchsorted(expected.cumsum(), UNIFORM, side="right"))
    numbers = np.arange(len(expected))
    assert expected @ numbers == pytest.approx(mean, rel=1e-10, abs=1e-9)
    variance = expected @ (numbers - mean) ** 2
    assert law(mean, known, stay).variance[0] == pytest.approx(variance, rel=1e-8, abs=1e-8)


def test_the_ends_of_the_law_are_those_at_one_in_ten_thousand_million() -> None:
    """Of 22.8 expected none come with the probability 1.25e-10, and more than 60 with less than 1e-10."""
    assert np.exp(-22.8) == pytest.approx(1.25e-10, rel=0.01)
    lowest, highest = law(22.8, lanes=2).quantile(np.array([0.0, 1 - 2.0**-53]))
    assert (lowest, highest) == (0, poisson.isf(1e-10, 22.8))


@pytest.mark.parametrize("mean", [0.01, 0.2, 1.0, 3.0, 5.0, 7.3, 10.0, 14.0, 40.0])
def test_rare_numbers_are_as_rare_as_they_should_be(mean: float) -> None:
    """Each law stands alone, so that no wider one beside it adds frequencies to the sum."""
    np.testing.assert_array_equal(law(mean, lanes=len(RARE)).quantile(RARE), poisson.ppf(RARE, mean))
    stay = np.exp(-0.1)
    np.testing.assert_array_equal(
        law(30 * stay, 30.0, stay, lanes=len(RARE)).quantile(RARE), binom.ppf(RARE, 30, stay)
    )


def test_of_millions_the_law_is_as_exact_as_of_few() -> None:
    for mean in (1.1e6, 1.3e6):
        np.testing.assert_array_equal(law(mean, lanes=len(RARE)).quantile(RARE), poisson.ppf(RARE, mean))
    # Among few things and far too many to sum.
    means = np.array([3.0, 1e40, 1.3e6, 5.0])
    mixed = Law.of(means, np.zeros(4), np.ones(4)).quantile(np.full(4, 0.9))
    assert mixed.tolist() == [*poisson.ppf(0.9, [3.0]), 1e40, *poisson.ppf(0.9, [1.3e6, 5.0])]


def test_of_millions_as_many_stay_as_should() -> None:
    for known, stay in ((6e6, 0.3), (8e6, 0.8)):
        found = law(known * stay, known, stay, lanes=len(RARE)).quantile(RARE)
        np.testing.assert_array_equal(found, binom.ppf(RARE, known, stay))


def test_one_thing_or_more_with_half_a_thing_expected() -> None:
    uniform = np.random.default_rng(6).random(40_000)
    share = float((law(0.52, lanes=40_000).quantile(uniform) >= 1).mean())
    error = np.sqrt(0.405 * 0.595 / 40_000)
    assert share == pytest.approx(1 - np.exp(-0.52), abs=4 * error)


@given(
    some.floats(0, 60), some.floats(0, 60), some.floats(0, 40), some.floats(0, 1), some.floats(0, 1 - 1e-9)
)
def test_more_expected_is_never_fewer(one: float, other: float, known: float, stay: float, at: float) -> None:
    means = np.array(sorted((one, other)))
    low, high = Law.of(means, np.full(2, known), np.full(2, stay)).quantile(np.full(2, at))
    assert low <= high


def test_lanes_do_not_depend_on_their_neighbours() -> None:
    rng = np.random.default_rng(7)
    mixed = Law.of(rng.gamma(1, 40, 900), np.full(900, 30.0), rng.random(900))
    whole = mixed.quantile(UNIFORM[:900])
    part = slice(100, 117)
    alone = Law(mixed.mean[part], mixed.known[part], mixed.stay[part]).quantile(UNIFORM[:900][part])
    np.testing.assert_array_equal(whole[part], alone)


def test_a_lane_that_failed_has_no_number() -> None:
    found = Law.of(np.array([np.nan, 3.0]), np.zeros(2), np.ones(2)).quantile(np.array([0.5, 0.5]))
    assert np.isnan(found[0])
    assert found[1] == 3
    fields = np.full((3, 4), [[6.0], [2.0], [0.5]])
    for at, wrong in enumerate((np.nan, np.inf, np.nan)):
        fields[at, at] = wrong
    found = Law(*fields).quantile(np.full(4, 0.5))
    # Two of which each is there or not, and five more: the sums pass a half at six.
    assert 0.5 < probabilities(6, 2, 0.5)[:7].sum() < 0.7
    assert found.tolist() == pytest.approx([np.nan] * 3 + [6], nan_ok=True)


MEMBERS = Members(1, np.zeros((300, 0)), np.zeros((300, 0)), np.ones(300, dtype=bool))
BLOCK = slice(100, 300)


def whole(
    project: Project, counts: tuple[Count, ...], asked: dict[str, int], **changes: Array
) -> dict[int, Array]:
    """Return what is drawn in two arms of 200 members for counts of the city and of the rest, in a year.

    The model has 30.0 and 50.5 in 2024, and in 2030 the first arm 40 and 70, the second 44 and 70.
    """
    kpis = {"city": project.kpis[0], "rest": replace(project.kpis[3], scale=1.0)}
    asking = tuple(replace(kpis[name], id=name, year=year) for name, year in asked.items())
    output = np.zeros((400, 2, 2))
    output[:, 0] = [30.0, 50.5]
    output[:200, 1], output[200:, 1] = [40.0, 70.0], [44.0, 70.0]
    result = DoubleResult(np.array([2024.0, 2030.0]), {"output": output}, {})
    return whole_numbers(replace(project, kpis=asking, counts=counts), result, changes, MEMBERS, BLOCK)


def at_uniform(name: str, mean: float, known: float = 0.0, stay: float = 1.0) -> Array:
    """Return the (200,) numbers at which the sums of :func:`probabilities` pass the members' own numbers."""
    sums = probabilities(mean, known, stay).cumsum()
    return np.asarray(np.searchsorted(sums, MEMBERS.uniform(name, BLOCK), side="right"))


def test_of_the_published_things_those_leave_that_exit_or_are_not_renewed(project: Project) -> None:
    """A year takes 0.05 and, of a fifth that is not renewed every four years, 0.05 more: 0.1 for six years.

    In the second arm it is 0.2; both arms have the same numbers between 0 and 1.
    """
    names = ("drag[rest]", "price rise", "lever start year[tourism lever]")
    count = Count("city", None, 2024, ("F001",), *map(parse_reference, names), 2)
    exits = np.full((400, 2), 9.0)
    exits[:200, 1], exits[200:, 1] = 0.05, 0.15
    reviews = np.full((400, 2), [9.0, 4.0])
    given = {"drag": exits, "price rise": np.full(400, 0.8), "lever start year": reviews}
    found = whole(project, (count,), {"city": 2030}, **given)[0]
    np.testing.assert_array_equal(found[:200], at_uniform("city", 40, 30, np.exp(-0.6)))
    np.testing.assert_array_equal(found[200:], at_uniform("city", 44, 30, np.exp(-1.2)))


def test_a_whole_is_its_part_and_what_is_in_no_part(project: Project) -> None:
    """Of the rest 20.5 are not in the city in 2024, and 30 or 26 in 2030; nothing leaves."""
    counts = (
        Count("city", "rest", None, (), None, None, None, 2),
        Count("rest", None, 2024, ("F004",), None, None, None, 3),
    )
    found = whole(project, counts, {"city": 2030, "rest": 2030})
    for arm, city, others in ((slice(0, 200), 40, 30), (slice(200, 400), 44, 26)):
        np.testing.assert_array_equal(found[0][arm], at_uniform("city", city))
        own = at_uniform("rest", others, 20.5)
        np.testing.assert_array_equal(found[1][arm], at_uniform("city", city) + own)


def test_what_is_in_no_part_is_never_less_than_nothing(project: Project) -> None:
    counts = (
        Count("rest", "city", None, (), None, None, None, 2),
        Count("city", None, None, (), None, None, None, 3),
    )
    found = whole(project, counts, {"city": 2030, "rest": 2030})
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("published", [2024, 2026])
def test_up_to_its_last_publication_a_count_is_the_model_s(project: Project, published: int) -> None:
    """50.5 things are 50 or 51, half of the members each; whatever leaves does so later."""
    count = Count("rest", None, published, ("F004",), parse_reference("growth rate"), None, None, 2)
    found = whole(project, (count,), {"rest": 2024})[0]
    expected = np.where(MEMBERS.uniform("rest", BLOCK) < 0.5, 50, 51)
    np.testing.assert_array_equal(found, np.tile(expected, 2))


@pytest.fixture
def counted(project: Project) -> Project:
    """The tiny region as if its output were firms: the city's 705 of 2024 are part of both regions' 2505."""
    city = [kpi for kpi in project.kpis if kpi.id == "city-gdp"]
    rest = next(kpi for kpi in project.kpis if kpi.id == "rest-gdp")
    kpis = [replace(kpi, id="firms", variable=kpi.variable) for kpi in city]
    kpis += [replace(rest, id="all-firms", scale=1.0, year=year, target=2600) for year in (2030, 2035)]
    kpis += [
        replace(rest, id="hubs", scale=0.0003, direction="reach", year=year, target=1)
        for year in (2030, 2035)
    ]
    rate = parse_reference("growth rate")
    counts = (
        Count("firms", "all-firms", 2024, ("F001",), rate, None, None, 2),
        Count("all-firms", None, 2024, ("F001",), rate, None, None, 3),
        Count("hubs", None, None, (), None, None, None, 4),
    )
    return replace(project, kpis=(*project.kpis, *kpis), counts=counts)


def columns(project: Project, name: str) -> list[int]:
    return [at for at, kpi in enumerate(project.kpis) if kpi.id == name]


def test_counts_are_whole_and_all_else_is_not(counted: Project) -> None:
    paired = run_paired(counted, draw_members(counted, 60, 1), Scenario(), HEADQUARTERS)
    whole = [at for count in counted.counts for at in columns(counted, count.id)]
    values = paired.indicators
    assert (values[..., whole] == np.round(values[..., whole])).all()
    others = np.delete(values, whole, axis=2)
    assert (others != np.round(others)).all()


def test_numbers_have_the_model_s_mean(counted: Project) -> None:
    members = draw_members(counted, 800, 1)
    drawn = run_paired(counted, members, Scenario(), HEADQUARTERS)
    means = run_paired(replace(counted, counts=()), members, Scenario(), HEADQUARTERS)
    for at in [*columns(counted, "firms"), *columns(counted, "hubs")]:
        noise = drawn.indicators[..., at] - means.indicators[..., at]
        error = noise.std(axis=1) / np.sqrt(800)
        assert (np.abs(noise.mean(axis=1)) < 4 * error).all()
        assert (error > 0).all()
    # Bands over time remain the model's.
    np.testing.assert_array_equal(drawn.series, means.series)


def test_what_changes_nothing_differs_in_nothing(counted: Project) -> None:
    members = draw_members(counted, 60, 1)
    idle = Scenario("idle", "无", "idle", (LeverUse("headquarters", 0.0),))
    paired = run_paired(counted, members, Scenario(), idle)
    np.testing.assert_array_equal(paired.indicators[0], paired.indicators[1])


def test_arms_and_years_share_a_member_s_number(counted: Project) -> None:
    paired = run_paired(counted, draw_members(counted, 400, 1), Scenario(), HEADQUARTERS)
    first, second = columns(counted, "firms")
    # The lever only adds, so no member has fewer: with separate draws about half of them would.
    assert (paired.indicators[1, :, [first, second]] >= paired.indicators[0, :, [first, second]]).all()
    hubs = paired.indicators[0][:, columns(counted, "hubs")]
    assert (hubs[:, 1] >= hubs[:, 0]).all()
    assert (hubs[:, 1] > hubs[:, 0]).any()


def test_a_part_never_exceeds_its_whole(counted: Project) -> None:
    # Here the whole is far below its part on average, so separate draws would show it at once.
    small = tuple(
        replace(kpi, scale=kpi.scale * (0.01 if kpi.id == "all-firms" else 0.02))
        if kpi.id in ("firms", "all-firms") else kpi
        for kpi in counted.kpis
    )  # fmt: skip
    shrunk = replace(counted, kpis=small)
    paired = run_paired(shrunk, draw_members(shrunk, 300, 1), Scenario(), HEADQUARTERS)
    for part, whole in zip(columns(shrunk, "firms"), columns(shrunk, "all-firms"), strict=True):
        gap = paired.indicators[..., whole] - paired.indicators[..., part]
        assert (gap >= 0).all()
        assert (gap > 0).any()


def test_a_part_of_the_members_keeps_its_numbers(counted: Project) -> None:
    members = draw_members(counted, 40, 1)
    whole = run_paired(counted, members, Scenario(), HEADQUARTERS).indicators
    which = np.array([3, 4, 17, 39])
    some_of_them = Members(
        99, members.draws[which], members.logs[which], members.anchored[which], "posterior",
        places=which, source_seed=members.seed,
    )  # fmt: skip
    part = run_paired(counted, some_of_them, Scenario(), HEADQUARTERS).indicators
    np.testing.assert_array_equal(part, whole[:, which])


@pytest.mark.parametrize("growth", [1e8, 1e200, np.nan])
def test_a_member_that_grows_beyond_all_numbers_disturbs_no_other(counted: Project, growth: float) -> None:
    """Nor does NumPy warn of it, which the user would read (here warnings are errors)."""
    members = draw_members(counted, 20, 1)
    sound = kept_indicators(counted, members)
    members.draws[3, 0] = growth
    members.anchored[3] = False
    found = kept_indicators(counted, members)
    assert np.isnan(found[:, 3]).all()
    np.testing.assert_array_equal(np.delete(found, 3, axis=1), np.delete(sound, 3, axis=1))


def kept_indicators(project: Project, members: Members) -> NDArray[np.float32]:
    paired = run_paired(project, members, Scenario(), HEADQUARTERS)
    return make_record(project, HEADQUARTERS, members, paired).members_indicators


def test_blocks_and_more_members_give_the_same_numbers(
    counted: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_paired(counted, draw_members(counted, 32, 1), Scenario(), HEADQUARTERS).indicators
    monkeypatch.setattr("sim.ensemble.paired.BLOCK", 7)
    members = draw_members(counted, 32, 1)
    np.testing.assert_array_equal(run_paired(counted, members, Scenario(), HEADQUARTERS).indicators, whole)
    np.testing.assert_array_equal(members.uniform("hubs")[:5], draw_members(counted, 5, 1).uniform("hubs"))


def test_the_record_has_whole_quantiles_and_their_chance(counted: Project) -> None:
    run = run_scenario(HEADQUARTERS, members=101, seed=4, project=counted)
    rows = [kpi for kpi in run.record["kpis"] if "count" in kpi]
    assert [row["count"] for row in rows if row["id"] == "hubs"] == [{"year": None, "facts": []}] * 2
    assert [row["count"] for row in rows if row["id"] == "firms"] == [{"year": 2024, "facts": ["F001"]}] * 2
    for row in rows:
        for arm in ("baseline", "scenario"):
            assert all(row[arm][name] == round(row[arm][name]) for name in ("p05", "p50", "p95"))
    at = columns(counted, "hubs")[0]
    hubs = next(row for row in rows if row["id"] == "hubs")
    assert hubs["baseline"]["probability_met"] == (run.members_indicators[0, :, at] >= 1).mean()
    assert 0 < hubs["baseline"]["probability_met"] < 1


def test_a_place_without_counts_has_the_model_s_means(project: Project, region: Path) -> None:
    assert not (region / "model" / "counts.csv").exists()
    assert project.counts == ()
    assert not any(
        "count" in kpi for kpi in run_scenario(HEADQUARTERS, members=5, project=project).record["kpis"]
    )
