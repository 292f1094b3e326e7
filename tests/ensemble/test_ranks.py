"""Ranks and rank correlations worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sim.ensemble.ranks import rank_correlations, ranks


def test_ranks_begin_at_one_and_ties_share_their_mean_rank() -> None:
    columns = np.array([[30.0, 7.0], [10.0, 7.0], [30.0, 7.0], [20.0, 5.0]])
    assert ranks(columns).tolist() == [[3.5, 3.0], [1.0, 3.0], [3.5, 3.0], [2.0, 1.0]]


def test_spearman_s_correlation_by_its_textbook_formula() -> None:
    """Without ties it is 1 − 6 Σd² / (n (n² − 1)): Σd² is 2, 40 and 0 here."""
    first, second, outcome = (
        [1.0, 3.0, 2.0, 4.0, 5.0],
        [9.0, 8.0, 7.0, 6.0, 5.0],
        [1.0, 2.0, 3.0, 40.0, 500.0],
    )
    inputs = np.array([first, second, outcome, [2.0] * 5]).T
    found = rank_correlations(inputs, np.array(outcome))
    assert found[:3] == pytest.approx([0.9, -1.0, 1.0])
    assert np.isnan(found[3])


def test_ties_lower_the_correlation() -> None:
    """Ranks 1.5, 1.5, 3, 4 and 3, 3, 3, 1 with 1, 2, 3, 4: covariances 4.5 and −3, squares 4.5, 3 and 5."""
    inputs = np.array([[1.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 4.0]])
    found = rank_correlations(inputs, np.array([1.0, 2.0, 3.0, 4.0]))
    assert found == pytest.approx([4.5 / np.sqrt(4.5 * 5), -3 / np.sqrt(3 * 5)])
