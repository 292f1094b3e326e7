"""The entry point: help, version, streams that close early, encodings, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from support import RECORD

import sim
from sim.cli.main import COMMANDS, program
from sim.errors import BadInput, GoalNotMet, Interrupted, PartialSweep, SimError
from sim.folders import database_path
from sim.store import open_store


def process(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "sim", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
    )


@pytest.fixture
def kept(own_data: Path) -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    with open_store(database_path()) as store:
        store.runs.complete(store.runs.begin(record["command"], record["scenario"], 1, 1000), record, None)


def test_version_and_help(sim: Any) -> None:
    assert sim("--version").out.startswith("sim ")
    said = sim("--help")
    assert said.code == 0
    assert all(f"  {name} " in said.out for name in COMMANDS)
    assert sim("-h").out == said.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(sim: Any, name: str) -> None:
    said = sim(name, "--help")
    assert said.code == 0
    assert "Usage: sim " + name in said.out


def test_the_version_is_the_packages() -> None:
    out, _ = process("--version").communicate()
    assert out.decode().strip() == f"sim {sim.__version__}"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SimError("x"), 1), (BadInput("x"), 2), (GoalNotMet("x"), 3), (PartialSweep("x"), 4),
        (Interrupted("x"), 130), (KeyboardInterrupt(), 130), (click.UsageError("x"), 2),
        (BrokenPipeError(), 0),
    ],
)  # fmt: skip
def test_exit_codes(sim: Any, error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(*arguments: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr("sim.cli.main.forget_stdout", lambda: None)
    monkeypatch.setattr(program, "main", raising)
    said = sim("run")
    assert said.code == code
    assert "Traceback" not in said.err


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("arguments", [("runs", "show", "@last"), ("runs", "list", "--json")])
def test_a_closed_stdout_ends_quietly(arguments: tuple[str, ...]) -> None:
    running = process(*arguments)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert (running.wait(), err) == (0, b"")


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_console_of_any_encoding(encoding: str, lang: str) -> None:
    done = process("runs", "show", "@last", "--lang", lang, PYTHONIOENCODING=encoding)
    out, err = done.communicate()
    assert (done.returncode, err) == (0, b"")
    text = out.decode(encoding)
    if encoding in ("gbk", "utf-8"):
        assert "?" not in text
        assert "▁" in text
        assert ("总部经济" if lang == "zh" else "Headquarters economy") in text
    else:
        assert "▁" not in text


@pytest.mark.usefixtures("kept")
def test_off_a_terminal_there_is_no_colour() -> None:
    out, _ = process("runs", "show", "@last", NO_COLOR="", TERM="xterm-256color").communicate()
    assert b"\x1b" not in out


def test_a_full_output_is_named() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sim", "runs", "list", "--json"], stdout=full, stderr=subprocess.PIPE,
            check=False,
        )  # fmt: skip
    assert done.returncode != 0
    assert b"could not be written" in done.stderr
