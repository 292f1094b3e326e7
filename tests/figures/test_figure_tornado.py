"""The tornado of a sweep, written by file extension."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.errors import BadInput, SimError
from sim.figures import Interval, check_output, save_tornado, write_atomically

ROWS = [
    Interval("headquarters", 0.1, 0.2, 0.3),
    Interval("capital elasticity[city, energy and chemicals]", -0.8, -0.7, -0.6),
    Interval(
        "a very long name of a model constant that goes on[city, headquarters and business services]", 0, 0, 0
    ),
]


@pytest.mark.parametrize(
    ("name", "magic"),
    [("t.svg", b"<?xml"), ("t.PNG", b"\x89PNG"), ("t.pdf", b"%PDF"), ("龙卷风.svg", b"<?xml")],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_extension_chooses_the_format(tmp_path: Path, name: str, magic: bytes, lang: str) -> None:
    save_tornado(ROWS, tmp_path / name, label="秩相关", title="影响2035年目标最强的因素", lang=lang)
    assert (tmp_path / name).read_bytes().startswith(magic)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_strongest_input_is_on_top(tmp_path: Path) -> None:
    save_tornado(ROWS, tmp_path / "t.svg", label="r", title="t", lang="en")
    svg = (tmp_path / "t.svg").read_text("utf-8")
    assert svg.index("capital elasticity") < svg.index("headquarters")


@pytest.mark.parametrize("rows", [[], ROWS[:1]])
def test_few_or_no_rows_can_be_drawn(tmp_path: Path, rows: list[Interval]) -> None:
    save_tornado(rows, tmp_path / "t.svg", label="r", title="t", lang="en")
    assert (tmp_path / "t.svg").exists()


@pytest.mark.parametrize("name", ["t.gif", "t", "t.jpeg"])
def test_another_extension_is_bad_input(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match=r"\.pdf, \.png, \.svg"):
        save_tornado(ROWS, tmp_path / name, label="r", title="t", lang="en")
    assert list(tmp_path.iterdir()) == []


def test_unknown_language_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Unknown language"):
        save_tornado(ROWS, tmp_path / "t.svg", label="r", title="t", lang="de")


def test_a_missing_folder_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        save_tornado(ROWS, tmp_path / "no" / "t.svg", label="r", title="t", lang="en")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        check_output(tmp_path)


def test_a_failed_write_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "t.svg"
    output.write_bytes(b"old")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SimError, match="No space left"):
        write_atomically(output, b"new")
    assert output.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [output]


def test_a_long_chinese_name_is_written_and_a_link_stays_a_link(tmp_path: Path) -> None:
    output = tmp_path / ("总部经济" * 20 + ".svg")
    write_atomically(output, b"new")
    assert output.read_bytes() == b"new"
    if os.name == "nt":
        return  # only who may there makes links
    link = tmp_path / "link.svg"
    link.symlink_to(output)
    write_atomically(link, b"newer")
    assert link.is_symlink()
    assert output.read_bytes() == b"newer"


def test_a_place_without_permission_is_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(BadInput, match="no permission"):
        write_atomically(tmp_path / "t.svg", b"new")
