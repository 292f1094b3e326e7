"""Executables kept between processes, and made again whenever anything is wrong; see also tests/cache."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.cache import EXECUTABLES
from sim.engine import LoadedModel
from sim.errors import CacheWarning

Counted = Callable[[], int]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / EXECUTABLES.kind


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    import sim.engine.compiling as compiling

    counted: list[int] = []
    original = compiling._compile

    def counting(*given: object) -> object:
        counted.append(1)
        return original(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(compiling, "_compile", counting)
    return counted


def _total(model: LoadedModel) -> object:
    """Run in a fresh model, as another process would."""
    return LoadedModel(model.spec).run(outputs=["total"])["total"].tolist()


def test_the_second_process_compiles_nothing(
    economy: LoadedModel, cache: Path, compilations: list[int]
) -> None:
    first = _total(economy)
    assert _total(economy) == first
    assert len(compilations) == 1
    assert [path.suffix for path in cache.iterdir()] == [".bin"]


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_executable_is_made_again(
    damage: bytes | None, economy: LoadedModel, cache: Path, compilations: list[int]
) -> None:
    first = _total(economy)
    (stored,) = cache.iterdir()
    data = bytearray(stored.read_bytes())
    data[-100] ^= 0xFF
    stored.write_bytes(bytes(data) if damage is None else damage)
    with pytest.warns(CacheWarning, match="signature"):
        assert _total(economy) == first
    assert len(compilations) == 2
    assert _total(economy) == first
    assert len(compilations) == 2


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_folder_open_to_others_is_not_trusted(
    economy: LoadedModel, cache: Path, compilations: list[int]
) -> None:
    _total(economy)
    assert cache.stat().st_mode & 0o077 == 0
    cache.chmod(0o755)
    with pytest.warns(CacheWarning, match="chmod 700"):
        _total(economy)
    assert len(compilations) == 2


def test_without_a_writable_cache_it_still_runs(economy: LoadedModel, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("not a folder")
    with pytest.warns(CacheWarning, match="not a folder|cannot be used"):
        assert np.isfinite(_total(economy)).all()  # type: ignore[call-overload]


def test_unknown_compiler_options_are_left_out(
    economy: LoadedModel, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _total(economy)
    for stored in cache.iterdir():
        stored.unlink()
    monkeypatch.setattr("sim.engine.compiling._LOOP_OPTIONS", {"xla_no_such_option": 1})
    np.testing.assert_allclose(_total(economy), first, rtol=1e-14)  # type: ignore[arg-type]
