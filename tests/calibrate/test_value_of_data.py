"""Value of further data: a normal toy where the variance that is left is known, and its table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.calibrate.value_of_data import expected_variance, joint_variance, value_of_data
from sim.spec.observations import Observation
from sim.spec.reported import load_statistics

STATISTICS = """\
id,zh,en,variable,operator,of,year,scale,unit,error,discrepancy,note
weak,弱,weak,output[city],level,,2020,1,1e8 CNY,4,3,
strong,强,strong,output[city],growth,,2022,100,%,0.5,0,
idle,无关,idle,output[rest],level,,2020,1,1e8 CNY,1,0,
"""


@pytest.fixture
def statistics(tmp_path: Path) -> tuple[Observation, ...]:
    path = tmp_path / "statistics.csv"
    path.write_text(STATISTICS, encoding="utf-8")
    return load_statistics(path)


def toy(members: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    """Return figures and the log of goals: goal = 0.1 a, figures a with deviations of 5, of 1, and noise."""
    rng = np.random.default_rng(5)
    a, noise = rng.standard_normal((2, members))
    return np.column_stack([5 * a, a, noise]), np.column_stack([0.1 * a, 0.2 * a])


def test_variance_left_is_that_of_the_formula() -> None:
    figures, goals = toy()
    deviations = np.array([5.0, 0.5, 1.0])
    found = expected_variance(figures, goals, deviations)
    # Variance 1 of a, seen with the relative error variance v, leaves v / (1 + v).
    wanted = np.outer([0.5, 0.2, 1.0], [0.01, 0.04])
    assert found == pytest.approx(wanted, rel=0.02)
    left = 1 / (1 + 1 / 1 + 1 / 0.25)
    together = joint_variance(figures, goals, deviations)
    assert together == pytest.approx(left * np.array([0.01, 0.04]), rel=0.02)


def test_statistics_are_ranked_by_what_they_take_away(statistics: tuple[Observation, ...]) -> None:
    figures, logs = toy()
    found = value_of_data(statistics, figures, 1000 * np.exp(logs), 2035)
    assert [row["id"] for row in found["statistics"]] == ["strong", "weak", "idle"]
    best, _, idle = found["statistics"]
    assert best["reduction"]["constant"] == pytest.approx(0.8, abs=0.01)
    assert best["sd"]["current"] == pytest.approx(0.2 * 0.2**0.5, rel=0.02)
    assert found["statistics"][1]["deviation"] == 5
    assert idle["reduction"]["constant"] < 0.001
    assert found["sd"]["constant"] == pytest.approx(0.1, rel=0.02)
    assert found["together"]["reduction"]["constant"] == pytest.approx(5 / 6, abs=0.01)
    assert found["noise"] == pytest.approx(1 / 40_000)


def test_a_place_without_statistics_has_an_empty_table() -> None:
    found = value_of_data((), np.empty((10, 0)), np.linspace(900, 1100, 20).reshape(10, 2), 2035)
    assert found["statistics"] == []
    assert found["together"] is None
