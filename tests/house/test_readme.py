"""The commands that the README shows exist, with the options that it gives them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def code_lines() -> list[str]:
    blocks = re.findall(
        r"^```\w*\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]


def commands() -> list[str]:
    """Return each distinct ``sim`` command line, without the folder of the environment."""
    bare = [re.sub(r"^\.venv[\\/]\w+[\\/]", "", line) for line in code_lines()]
    return sorted({line for line in bare if line.startswith("sim ")})


def targets() -> set[str]:
    return {line.split()[1] for line in code_lines() if line.startswith("make ")}


def test_readme_shows_commands() -> None:
    assert {"run", "test"} <= targets()
    assert "sim run --lever=headquarters" in commands()


@pytest.mark.parametrize("command", commands())
def test_command_exists(command: str) -> None:
    arguments = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-m", "sim", *arguments, "--help"], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("target", sorted(targets()))
def test_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
