"""Contraction and correlations: of draws whose variance and correlation are known."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calibrate.contraction import CONTRACTED, contraction, contractions, correlations
from sim.ensemble import Project


def normal(covariance: np.ndarray, shift: np.ndarray, members: int = 20_000) -> np.ndarray:
    rng = np.random.default_rng(3)
    return shift + rng.standard_normal((members, len(covariance))) @ np.linalg.cholesky(covariance).T


@pytest.fixture
def covariance() -> np.ndarray:
    whole = np.eye(5)
    whole[0, 0] = 0.25
    whole[1, 1] = 0.5
    whole[1, 2] = whole[2, 1] = -0.5
    return whole


def test_contraction_is_the_share_of_variance_that_is_gone() -> None:
    z = np.array([[1.0, 2.0], [-1.0, 0.0], [0.0, 4.0], [0.0, -2.0]])
    assert contractions(z) == pytest.approx([1 - 2 / 3, 1 - 20 / 3])


def test_the_table_of_contractions(observed: Project, covariance: np.ndarray) -> None:
    z = normal(covariance, np.array([0.5, 0, 0, 0, 0]))
    found = contraction(observed, z, covariance, np.zeros((3, 5)), effective=800)
    assert (found["sampled"], found["above"], found["above_linear"]) == (5, 2, 2)
    assert found["untouched"] == 3
    assert found["noise"] == pytest.approx(1.96 * 0.05, rel=1e-4)
    first = found["largest"][0]
    assert first["constant"] == "growth rate"
    assert first["contraction"] == pytest.approx(0.75, abs=0.01)
    assert first["linear"] == 0.75
    assert first["shift"] == pytest.approx(0.5, abs=0.02)
    assert first["unit"] == "1/year"
    # The growth rate is normal with 5 and 95 % at 0.03 and 0.05: half a deviation up is 0.00304 more.
    assert first["posterior"]["p50"] == pytest.approx(0.04304, abs=2e-4)
    assert first["prior"] == {"p05": 0.04, "p50": 0.04, "p95": 0.04}
    assert len(found["all"]) == 5
    unmoved = [row for row in found["largest"] if row["linear"] < CONTRACTED]
    assert max(abs(row["contraction"]) for row in unmoved) < 0.05


def test_only_strong_pairs_are_listed_the_strongest_first(observed: Project, covariance: np.ndarray) -> None:
    covariance[3, 4] = covariance[4, 3] = 0.2
    found = correlations(observed, normal(covariance, np.zeros(5)), covariance)
    assert found["above"] == 1
    (pair,) = found["pairs"]
    assert [pair[name]["constant"] for name in ("first", "second")] == [
        "drag[region]", "lever effect[headquarters lever]",
    ]  # fmt: skip
    assert pair["linear"] == pytest.approx(-0.5 / 0.5**0.5, rel=1e-5)
    assert pair["correlation"] == pytest.approx(pair["linear"], abs=0.02)


def test_names_are_those_of_the_glossary(observed: Project, covariance: np.ndarray) -> None:
    glossary = observed.study.path("model", "changji.mdl").with_name("glossary.csv")
    rows = ["name,kind,zh", "drag,variable,拖累", "region,dimension,区域", "growth rate,variable,增速"]
    glossary.write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = contraction(observed, normal(covariance, np.zeros(5)), covariance, np.zeros((3, 5)), 800)
    names = {row["constant"]: row["zh"] for row in found["largest"]}
    assert names["drag[region]"] == "拖累（区域）"
    assert names["growth rate"] == "增速"
    assert names["price rise"] == "price rise"
