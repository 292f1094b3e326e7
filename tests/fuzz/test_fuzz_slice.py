"""A slice of ``make fuzz``: a few hundred damaged files, each read or refused with one message."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzzing.harness import Batch, Count, Found, batch
from fuzzing.mutants import KINDS

FILES = {"mdl": 120, "xmile": 70, "toml": 45, "csv": 45, "npz": 20}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_refused(kind: str, tmp_path: Path) -> None:
    said: list[object] = []
    batch(Batch(kind, 1, FILES[kind]), tmp_path, said.append)
    assert [f"{item.what}\n{item.detail}\n{item.data!r}" for item in said if isinstance(item, Found)] == []
    counts = [item for item in said if isinstance(item, Count)]
    assert len(counts) == 1
    # Some are whole and some are not, else nothing would be tried.
    assert 0 < counts[0].good < counts[0].files == FILES[kind]


def test_models_run_or_are_refused(tmp_path: Path) -> None:
    said: list[object] = []
    batch(Batch("mdl", 10_000, 8, "run"), tmp_path, said.append)
    assert [f"{item.what}\n{item.detail}\n{item.data!r}" for item in said if isinstance(item, Found)] == []
    assert any(isinstance(item, Count) and item.good for item in said)


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    def files(seed: int) -> list[object]:
        said: list[object] = []
        batch(Batch("toml", seed, 20), tmp_path, said.append)
        return [item for item in said if isinstance(item, tuple)]

    assert files(1) == files(1) != files(2)


def test_an_error_of_another_kind_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> None:
        raise KeyError(path)

    monkeypatch.setattr("fuzzing.harness.read", broken)
    said: list[object] = []
    batch(Batch("toml", 1, 5), tmp_path, said.append)
    assert [item.what for item in said if isinstance(item, Found)] == ["KeyError at outside of sim"] * 5
