"""Kept files: whatever another hand did to one, it is refused before anything decodes it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.users import OTHER, as_root, posix

from sim.cache import KEPT, MODELS, POSTERIORS, Cache, Refused, entries
from sim.errors import CacheWarning
from sim.folders import cache_folder
from sim.limits import Limit

KINDS = (*KEPT, POSTERIORS)
NAME, SECOND = "1" * 32, "2" * 32
DATA = bytes(range(256)) * 4
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)


@each_kind
def test_what_is_kept_is_read(kind: Cache) -> None:
    assert kind.read(NAME) is None
    kind.write(NAME, DATA)
    assert kind.read(NAME) == DATA
    assert [*kind.folder().iterdir()] == [kind.path(NAME)]
    assert kind.problems() == []
    kind.write(NAME, b"")
    assert kind.read(NAME) == b""


@posix
@each_kind
def test_nobody_else_can_open_it(kind: Cache) -> None:
    kind.write(NAME, DATA)
    assert kind.folder().stat().st_mode & 0o777 == 0o700
    assert kind.path(NAME).stat().st_mode & 0o777 == 0o600


@each_kind
@pytest.mark.parametrize("place", [0, 500, 1023, 1024, -1])
def test_one_changed_bit_is_refused(kind: Cache, place: int) -> None:
    kind.write(NAME, DATA)
    whole = bytearray(kind.path(NAME).read_bytes())
    whole[place] ^= 1
    kind.path(NAME).write_bytes(whole)
    with pytest.raises(Refused, match="signature"):
        kind.fetch(NAME)
    with pytest.warns(CacheWarning, match="Results are the same"):
        assert kind.read(NAME) is None
    assert len(kind.problems()) == 1
    kind.write(NAME, DATA)
    assert kind.read(NAME) == DATA


@each_kind
def test_a_file_of_another_name_kind_or_key_is_refused(
    kind: Cache, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind.write(NAME, DATA)
    whole = kind.path(NAME).read_bytes()
    kind.path(SECOND).write_bytes(whole)
    with pytest.raises(Refused, match="signature"):
        kind.fetch(SECOND)
    other = replace(kind, kind="other-1")
    other.folder().joinpath(kind.path(NAME).name).write_bytes(whole)
    with pytest.raises(Refused, match="signature"):
        other.fetch(NAME)
    for name in ("SIM_CACHE", "SIM_DATA"):
        monkeypatch.setenv(name, str(home / "another"))
    kind.folder().joinpath(kind.path(NAME).name).write_bytes(whole)
    with pytest.raises(Refused, match="signature"):
        kind.fetch(NAME)


@each_kind
@pytest.mark.parametrize("length", [0, 1, 31, 32, 500, -32, -1])
def test_a_truncated_file_is_refused(kind: Cache, length: int) -> None:
    kind.write(NAME, DATA)
    kind.path(NAME).write_bytes(kind.path(NAME).read_bytes()[:length])
    with pytest.raises(Refused, match="signature"):
        kind.fetch(NAME)


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def huge(path: Path) -> None:
    """Make it a terabyte, which takes no room on the disk but would in memory."""
    os.truncate(path, 10**12)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


@posix
@each_kind
@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (longer, "signature"),
        (huge, "larger than"),
        (folder, "directory"),
        (linked, "link"),
        (pipe, "regular"),
        (device, "link"),
    ],
)
def test_what_is_not_a_file_of_its_size_is_refused(
    kind: Cache, damage: Callable[[Path], None], why: str
) -> None:
    kind.write(NAME, DATA)
    damage(kind.path(NAME))
    with pytest.raises(Refused, match=why):
        kind.fetch(NAME)
    if damage is not folder:
        kind.write(NAME, DATA)
        assert kind.read(NAME) == DATA
        assert not kind.path(NAME).is_symlink()


@as_root
@each_kind
def test_a_file_or_folder_of_another_user_is_refused(kind: Cache) -> None:
    kind.write(NAME, DATA)
    os.chown(kind.path(NAME), OTHER, -1)
    with pytest.raises(Refused, match="another user"):
        kind.fetch(NAME)
    os.chown(kind.path(NAME), 0, -1)
    os.chown(kind.folder(), OTHER, -1)
    with pytest.raises(Refused, match="another user"):
        kind.fetch(NAME)
    with pytest.raises(Refused, match="another user"):
        kind.keep(NAME, DATA)


@posix
@each_kind
def test_a_folder_that_is_not_private_is_refused(kind: Cache, home: Path) -> None:
    kind.write(NAME, DATA)
    kind.folder().chmod(0o750)
    with pytest.raises(Refused, match=r"mode 750.*chmod 700"):
        kind.fetch(NAME)
    place = kind.path(NAME).parent
    place.chmod(0o700)
    place.rename(home / "elsewhere")
    place.symlink_to(home / "elsewhere")
    with pytest.raises(Refused, match="a link is none"):
        kind.fetch(NAME)


@each_kind
def test_a_folder_swapped_after_the_check_gives_nothing(
    kind: Cache, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other folder has a key and a file signed with it, and comes between check and reading."""
    kind.write(NAME, DATA)
    mine, read = kind.home(), entries.read_private
    theirs = home / "theirs"
    forged = replace(kind, home=lambda: theirs)
    theirs.mkdir()
    forged.write(NAME, b"forged")
    assert forged.read(NAME) == b"forged"  # Good where their key is; that alone must not make it good here.

    def swapping(path: Path, *given: int, **more: bool) -> bytes:
        if mine.exists() and not (home / "away").exists():
            mine.rename(home / "away")
            theirs.rename(mine)
        return read(path, *given, **more)

    monkeypatch.setattr(entries, "read_private", swapping)
    with pytest.raises(Refused, match="signature"):
        kind.fetch(NAME)
    assert (home / "away").exists()  # The swap took place.
    assert kind.path(NAME).read_bytes().startswith(b"forged")


def test_each_file_is_read_once_and_nothing_is_asked_of_it_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    MODELS.write(NAME, DATA)
    opened: list[str] = []
    original = os.open

    def counting(path: str, flags: int, *mode: int) -> int:
        opened.append(Path(path).name)
        return original(path, flags, *mode)

    monkeypatch.setattr(os, "open", counting)
    assert MODELS.read(NAME) == DATA
    assert opened == ["key", f"{NAME}.json"]


def test_what_is_too_large_is_not_kept() -> None:
    small = replace(MODELS, largest=Limit("a file of this test", 100, "bytes"))
    small.write(NAME, bytes(101))
    assert list(small.folder().iterdir()) == []
    with pytest.raises(Refused, match="larger than"):
        small.keep(NAME, bytes(101))
    small.write(NAME, bytes(100))
    assert small.read(NAME) == bytes(100)


def names(kind: Cache) -> list[str]:
    return sorted(path.name[0] for path in kind.folder().iterdir())


def write_in_turn(kind: Cache, count: int, size: int) -> None:
    for at in range(count):
        kind.write(f"{at:x}" * 32, bytes(size))
        if kind.path(f"{at:x}" * 32).exists():
            os.utime(kind.path(f"{at:x}" * 32), (at, at))


def test_the_files_used_last_are_kept_up_to_a_number() -> None:
    few = replace(MODELS, files=3)
    write_in_turn(few, 3, 10)
    assert few.read("0" * 32)  # Used now, so not the oldest any more.
    few.write("a" * 32, DATA)
    assert names(few) == ["0", "2", "a"]


def test_the_files_used_last_are_kept_up_to_a_size() -> None:
    small = replace(MODELS, total=2500)
    write_in_turn(small, 5, 1000)
    assert names(small) == ["3", "4"]
    small.write("a" * 32, bytes(5000))
    assert names(small) == ["a"]


def test_only_our_own_files_are_ever_dropped() -> None:
    few = replace(MODELS, files=1)
    folder = few.folder()
    for name in ("settings.json", "package.json", ".notes.part", "1234.json"):
        folder.joinpath(name).write_text("theirs")
        os.utime(folder / name, (0, 0))
    write_in_turn(few, 3, 10)
    few.remove("")
    assert sorted(path.name for path in folder.iterdir()) == [
        ".notes.part", "1234.json", "package.json", "settings.json",
    ]  # fmt: skip


def test_what_a_killed_process_left_is_dropped_after_an_hour() -> None:
    old, new = (MODELS.folder() / f".{NAME}.json.{mark * 12}.part" for mark in "ab")
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    MODELS.write(SECOND, DATA)
    assert not old.exists()
    assert new.exists()


def test_files_are_removed_by_how_their_names_begin() -> None:
    for name in (f"{NAME}-0000000", f"{NAME}-0000512", f"{SECOND}-0000000"):
        MODELS.write(name, DATA)
    MODELS.remove(f"{NAME}-")
    assert names(MODELS) == ["2"]


def test_what_cannot_be_made_again_is_on_the_disk_before_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    POSTERIORS.check()
    MODELS.check()
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    MODELS.write(NAME, DATA)
    assert not synced
    POSTERIORS.keep(NAME, DATA)
    assert len(synced) == (2 if os.name == "posix" else 1)


def test_a_full_disk_only_costs_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(entries, "write_whole", full)
    MODELS.write(NAME, DATA)
    with pytest.raises(OSError, match="No space"):
        POSTERIORS.keep(NAME, DATA)


def test_without_a_folder_it_is_done_without(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").write_text("in the way")
    monkeypatch.setenv("SIM_CACHE", str(home / "file" / "cache"))
    with pytest.warns(CacheWarning, match="cannot be made"):
        assert MODELS.read(NAME) is None
    with pytest.warns(CacheWarning, match="cannot be made"):
        MODELS.write(NAME, DATA)
    assert len(MODELS.problems()) == 1


@posix
def test_a_new_folder_is_private_whatever_the_umask() -> None:
    before = os.umask(0)
    try:
        place = cache_folder()
    finally:
        os.umask(before)
    assert place.stat().st_mode & 0o777 == 0o700
