"""Files that a user names are read with a bound, and from regular files only."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.files import open_regular, read_bytes, read_text, write_whole
from sim.limits import LIMITS, Limit

SIM = Path(__file__).parents[2] / "sim"
SMALL = Limit("a file of this test", 1000, "bytes")
OWN = {
    "files.py": "the reader itself",
    "cli/texts.py": "shipped with sim",
    "figures/text.py": "shipped with sim",
    "figures/skill.py": "shipped with sim",
    "audit/wording.py": "shipped with sim",
    "words/vocabulary.py": "shipped with sim",
    "ensemble/founding.py": "shipped with sim",
    "report/render.py": "shipped with sim",
    "engine/memory.py": "the system's own",
    "engine/compiling.py": "the system's own",
    "cache/code.py": "sim's own source",
    "cache/private.py": "the one reader of what is kept",
    "store/processes.py": "the system's own",
    "cli/terminal.py": "nothing, which is written to",
}
"""Where files are read otherwise, and whose they are."""
READS = re.compile(
    r"\.read_text\(|\.read_bytes\(|np\.load\(|\.open\(\"rb\"|(?<![\w.])open\(|tomllib\.load\(|copyfile\("
)

WRITERS = {
    "files.py": "the writer itself",
    "cli/terminal.py": "the null device",
    "cli/options.py": "nothing; only whether it can be written is tried",
    "ensemble/arrays.py": "a buffer, which the writer then writes",
    "cli/doctor.py": "a folder for the moment",
    "report/render.py": "a folder for the moment",
    "figures/style.py": "a buffer, which the writer then writes",
}
"""Where bytes are written otherwise, and to what."""
WRITES = re.compile(
    r"\.write_text\(|\.write_bytes\(|open\([^)]*\"[wxa]b?\"|savefig\(|\.to_csv\(|np\.save(z|txt)?\(|json\.dump\("
)


def test_a_file_at_the_limit_and_one_above(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)
    assert len(read_bytes(path, SMALL)) == 1000
    path.write_bytes(b"x" * 1001)
    with pytest.raises(BadInput, match="larger than 1 kB, the most that is read of a file of this test"):
        read_bytes(path, SMALL)


def test_text_is_utf8_without_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes("\ufeffä".encode())
    assert read_text(path, SMALL) == "ä"
    path.write_bytes(b"a\xff")
    with pytest.raises(BadInput, match=r"is not UTF-8 text \(byte 1\)"):
        read_text(path, SMALL)


def test_a_folder_and_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="that is a folder, not a regular file"):
        read_bytes(tmp_path, SMALL)
    with pytest.raises(BadInput, match="No such file"):
        read_bytes(tmp_path / "none", SMALL)
    with pytest.raises(BadInput, match="null"):
        read_bytes(Path("a\0b"), SMALL)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_and_an_endless_device_are_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(BadInput, match="that is a pipe"):
        read_bytes(pipe, SMALL)
    with pytest.raises(BadInput, match="that is a device"):
        read_bytes(Path("/dev/zero"), SMALL)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_file_that_becomes_a_pipe_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    os.mkfifo(path)
    regular = (SIM / "files.py").stat()
    monkeypatch.setattr(Path, "stat", lambda self, **_: regular)
    with pytest.raises(BadInput, match="that is a pipe"), open_regular(path):
        pass


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system has no /proc")
def test_a_file_whose_size_is_told_as_zero() -> None:
    whole = read_bytes(Path("/proc/self/status"), Limit("a file of this test", 100_000, "bytes"))
    assert b"Pid:" in whole
    with pytest.raises(BadInput, match="larger than"):
        read_bytes(Path("/proc/self/status"), Limit("a file of this test", len(whole) // 2, "bytes"))


def test_no_module_reads_files_past_the_reader() -> None:
    past = {
        path.relative_to(SIM).as_posix()
        for path in SIM.rglob("*.py")
        if "content" not in path.relative_to(SIM).parts and READS.search(path.read_text(encoding="utf-8"))
    }
    assert past <= set(OWN), "read what a user names through sim.files, or say here whose the files are"
    assert "files.py" in past


def test_no_module_writes_files_past_the_writer() -> None:
    past = {
        path.relative_to(SIM).as_posix()
        for path in SIM.rglob("*.py")
        if "content" not in path.relative_to(SIM).parts and WRITES.search(path.read_text(encoding="utf-8"))
    }
    assert past <= set(WRITERS), "write what lasts through sim.files, so that it is there whole or not at all"
    assert "files.py" in past


def test_limits_are_named_once() -> None:
    assert len({(limit.of, limit.unit) for limit in LIMITS}) == len(LIMITS) > 5


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def press(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", press)
        with pytest.raises(KeyboardInterrupt):
            write_whole(tmp_path / "whole.bin", b"data")
    assert list(tmp_path.iterdir()) == []
