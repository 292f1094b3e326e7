"""What is kept is good only for the code that made it."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from sim.cache import code, code_digest


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "engine" / "deep").mkdir(parents=True)
    file = tmp_path / "engine" / "deep" / "steps.py"
    file.write_text("step = 1", encoding="utf-8")
    monkeypatch.setattr(code, "_SIM", tmp_path)
    return file


def fresh() -> str:
    code_digest.cache_clear()
    try:
        return code_digest("engine")
    finally:
        code_digest.cache_clear()


def test_a_changed_source_or_library_is_other_code(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fresh()
    assert fresh() == first
    source.write_text("step = 2", encoding="utf-8")
    second = fresh()
    assert second != first
    version = source.with_name("version.py")
    version.write_text("version = 2", encoding="utf-8")
    monkeypatch.setattr(code, "_version_files", lambda: [version])
    third = fresh()
    version.write_text("version = 3", encoding="utf-8")
    assert len({second, third, fresh()}) == 3


def test_each_library_says_its_version_in_a_file_that_is_looked_at() -> None:
    found = {path.parent.name: "" for path in code._version_files()}
    for path in code._version_files():
        found[path.parent.name] += path.read_text(encoding="utf-8")
    assert set(found) == set(code.LIBRARIES)
    for name, text in found.items():
        assert importlib.metadata.version(name) in text


def test_no_library_is_imported() -> None:
    ask = "from sim.cache import code_digest; code_digest('engine'); import sys; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert not set(code.LIBRARIES) & set(said.split())
