"""Whatever goes wrong ends with one message, the right exit code and no traceback, in real processes too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from sim.cli.crash import KEPT
from sim.cli.main import program
from sim.errors import SimError

POSIX = pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX is needed")
SIM = f'"{sys.executable}" -m sim'
CLOSED = "sim: The output could not be written: standard output is closed. Open it, or use a file."
COMMANDS = ("runs list --json", "--help", "--version", "levers --csv", "sweep --help")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, encoding="utf-8", check=False, stdin=subprocess.DEVNULL
    )


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def main(*arguments: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr(program, "main", main)


@POSIX
@pytest.mark.usefixtures("own_data")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_stdout_that_is_closed_full_or_left(command: str) -> None:
    done = shell(f"{SIM} {command} >&-")
    assert (done.returncode, done.stderr) == (1, CLOSED + "\n")
    if Path("/dev/full").exists():
        done = shell(f"{SIM} {command} > /dev/full")
        assert done.returncode == 1
        assert done.stderr == "sim: The output could not be written: No space left on device.\n"
    done = shell(f"{SIM} {command} | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, "")


@POSIX
def test_a_stdout_that_is_left_midway() -> None:
    done = shell(f"{SIM} levers --json | head -1; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "[\n", "")


@POSIX
@pytest.mark.usefixtures("own_data")
def test_a_stderr_that_is_closed_stops_nothing_and_mixes_with_nothing() -> None:
    for where in ("2>&-", "2>/dev/full") if Path("/dev/full").exists() else ("2>&-",):
        assert shell(f"{SIM} runs list --json {where}").stdout == "[]\n"
        done = shell(f"{SIM} run --lever=none {where}")
        assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


@POSIX
def test_what_is_closed_is_not_opened_by_the_run_database(own_data: Path) -> None:
    script = (
        "import os, sys; from sim.__main__ import _fill_closed_streams; _fill_closed_streams();"
        "file = open(sys.argv[1], 'w'); sys.exit(file.fileno() < 3)"
    )
    done = shell(f'"{sys.executable}" -c "{script}" \'{own_data.parent / "file"}\' <&- >&- 2>&-')
    assert done.returncode == 0


def blocked(folder: Path, name: str, how: str) -> Path:
    """Put a package into ``folder`` that stands for another and takes its time to be imported."""
    file = folder / "fake" / f"{name}.py"
    file.parent.mkdir()
    lines = ["import pathlib, time", f"pathlib.Path({str(folder / 'ready')!r}).touch()", "time.sleep(60)"]
    if how == "in a text":
        lines = [f"exec({'; '.join(lines)!r})"]
    if how == "swallowed":
        body = "\n".join(f"    {line}" for line in lines)
        lines = ["try:", body, "except BaseException as error:", "    raise ImportError('half') from error"]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file.parent


@POSIX
@pytest.mark.parametrize("how", ["plain", "swallowed", "in a text"])
@pytest.mark.parametrize(("name", "command"), [("click", "--version"), ("sqlite_utils", "runs show x")])
def test_ctrl_c_while_python_imports(
    tmp_path: Path, own_data: Path, name: str, command: str, how: str
) -> None:
    own_data.mkdir()
    (own_data / "runs.db").touch()
    path = f"{blocked(tmp_path, name, how)}{os.pathsep}{os.pathsep.join(path for path in sys.path if path)}"
    running = subprocess.Popen(
        [sys.executable, "-m", "sim", *command.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        encoding="utf-8", env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    until = time.monotonic() + 60
    while not (tmp_path / "ready").exists() and time.monotonic() < until:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    said = [line for line in err.splitlines() if line]
    assert (running.returncode, out, len(said)) == (130, "", 1), err
    assert said[0].startswith("sim: Interrupted.")


@POSIX
def test_what_runs_in_the_background_of_a_script_is_not_interrupted(own_data: Path) -> None:
    done = shell(f"trap '' INT; ({SIM} --version & child=$!; kill -INT $child; wait $child)")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("sim ")


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "platformdirs.py").write_text("raise ImportError('no such thing')", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-m", "sim", "--version"], capture_output=True, encoding="utf-8", check=False,
        env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "sim: The program cannot start, as a part is missing or broken (ImportError: no such thing)."
        " Install it again."
    ]


@pytest.mark.parametrize(
    "error",
    [ValueError("odd\nmore"), RecursionError("deep"), MemoryError(), KeyError("x"), OSError(5, "disk")],
)
def test_an_unforeseen_error_is_one_sentence_and_a_report(
    error: Exception, sim: Any, own_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "secret-of-the-environment")
    raising(error, monkeypatch)
    said = sim("run", "--lever=headquarters")
    assert (said.code, said.out) == (1, "")
    (line,) = said.err.splitlines()
    assert line.startswith("sim: An unexpected error")
    assert type(error).__name__ in line
    (report,) = (own_data / "errors").iterdir()
    assert str(report) in line
    text = report.read_text(encoding="utf-8")
    for words in (
        "Traceback (most recent call last)",
        type(error).__name__,
        "numpy ",
        "'--lever=headquarters'",
    ):
        assert words in text
    assert "secret-of-the-environment" not in text
    if os.name != "nt":
        assert (report.stat().st_mode & 0o777, report.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_traceback_is_printed_for_who_asks(
    sim: Any, own_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_DEBUG", "1")
    raising(ValueError("odd"), monkeypatch)
    said = sim("run")
    assert said.code == 1
    assert said.err.startswith("Traceback (most recent call last)")
    assert said.err.splitlines()[-1].startswith("sim: An unexpected error")


def test_a_bounded_number_of_reports_is_kept(
    sim: Any, own_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(ValueError("odd"), monkeypatch)
    last = [sim("run").err for _ in range(KEPT + 3)][-1]
    reports = sorted(str(path) for path in (own_data / "errors").iterdir())
    assert len(reports) == KEPT
    assert reports[-1] in last


def test_without_a_place_for_the_report_the_message_is_there(
    sim: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SIM_DATA", str(tmp_path / "file" / "data"))
    raising(ValueError("odd"), monkeypatch)
    said = sim("run")
    assert said.code == 1
    (line,) = said.err.splitlines()
    assert "No report could be written" in line
    assert "SIM_DEBUG=1" in line


@pytest.mark.parametrize(
    ("end", "code", "err"), [(SystemExit(), 0, ""), (SystemExit(7), 7, ""), (SystemExit("so"), 1, "so\n")]
)
def test_an_exit_keeps_its_code(
    sim: Any, end: SystemExit, code: int, err: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(end, monkeypatch)
    said = sim("run")
    assert (said.code, said.err) == (code, err)


def test_real_recursion_and_memory(tmp_path: Path) -> None:
    script = """
import sys
from sim.cli.main import program, run_program
def deep(*arguments, **options):
    return deep(*arguments, **options)
def large(*arguments, **options):
    return bytearray(2**62)
for program.main in (deep, large):
    print(run_program(["run"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False,
        env=os.environ | {"SIM_DATA": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout.split()) == (0, ["1", "1"])
    first, second = done.stderr.splitlines()
    assert "RecursionError" in first
    assert "MemoryError" in second
    assert len(list((tmp_path / "errors").iterdir())) == 2


def test_bad_input_writes_no_report(sim: Any, own_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raising(SimError("known"), monkeypatch)
    assert sim("run").err == "sim: known\n"
    assert not (own_data / "errors").exists()


def test_what_fails_in_a_thread_or_a_finaliser_is_told_too(
    sim: Any, own_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Left:
        def __del__(self) -> None:
            raise ValueError("in a finaliser")

    def fail() -> None:
        raise ValueError("in a thread")

    def main(*arguments: Any, **options: Any) -> int:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        Left()
        return 0

    monkeypatch.setattr(program, "main", main)
    before = threading.excepthook, sys.unraisablehook
    said = sim("run")
    first, second = said.err.splitlines()
    assert said.code == 0
    assert "in a thread" in first
    assert "in a finaliser" in second
    assert len(list((own_data / "errors").iterdir())) == 2
    assert (threading.excepthook, sys.unraisablehook) == before
