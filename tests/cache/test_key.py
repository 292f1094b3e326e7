"""The key: made once, whole or not at all, and never one that another user could have put there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.users import OTHER, as_root, posix

from sim.cache import MEMBERS, MODELS, POSTERIORS, Refused, key_place
from sim.cache import key as keys
from sim.cache.key import NAME, signing_key
from sim.cache.private import weakness
from sim.folders import cache_folder, data_folder


def made() -> Path:
    signing_key(cache_folder())
    return cache_folder() / NAME


def test_it_is_made_once_and_is_random(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = signing_key(cache_folder())
    assert signing_key(cache_folder()) == first
    assert len(first) == 32
    assert [path.name for path in cache_folder().iterdir()] == [NAME]
    assert not data_folder().joinpath(NAME).exists()
    monkeypatch.setenv("SIM_CACHE", str(home / "another"))
    assert signing_key(cache_folder()) != first


@posix
def test_only_its_user_can_open_it_whatever_the_umask() -> None:
    before = os.umask(0)
    try:
        path = made()
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def long(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def other(path: Path) -> None:
    path.write_bytes(b"x" * path.stat().st_size)


@pytest.mark.parametrize("damage", [short, long, empty, other])
def test_what_is_no_whole_key_is_refused(damage: Callable[[Path], None]) -> None:
    damage(made())
    with pytest.raises(Refused, match="Remove it"):
        signing_key(cache_folder())


def opened(path: Path) -> None:
    path.chmod(0o640)


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@posix
@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (opened, "other users \\(mode 640"),
        (linked, "is a link"),
        (dangling, "is a link"),
        (pipe, "regular"),
        (folder, "directory"),
    ],
)
def test_what_others_could_have_made_is_refused(damage: Callable[[Path], None], why: str) -> None:
    damage(made())
    with pytest.raises(Refused, match=why):
        signing_key(cache_folder())


@as_root
def test_a_key_of_another_user_is_refused() -> None:
    os.chown(made(), OTHER, -1)
    with pytest.raises(Refused, match="belongs to another user"):
        signing_key(cache_folder())


@posix
def test_the_key_of_a_shared_cache_lies_in_the_data_folder() -> None:
    planted = made()
    cache_folder().chmod(0o777)
    key = signing_key(cache_folder())
    assert key_place(cache_folder()) == data_folder().resolve()
    assert (data_folder() / NAME).read_bytes().endswith(key)
    assert not planted.read_bytes().endswith(key)


@posix
def test_no_key_lies_where_both_folders_can_be_swapped() -> None:
    made()
    for place in (cache_folder(), data_folder()):
        place.chmod(0o777)
    with pytest.raises(Refused, match=r"can write to .*cache \(mode 777\), and .*data .*chmod go-w"):
        signing_key(cache_folder())


@posix
def test_every_folder_above_counts(home: Path) -> None:
    place = home / "shared" / "mine"
    place.mkdir(parents=True, mode=0o700)
    assert weakness(place.resolve()) is None
    place.parent.chmod(0o777)
    assert f"can write to {place.parent}" in str(weakness(place.resolve()))
    place.parent.chmod(0o1777)  # As /tmp is: nobody can rename what is another's.
    assert weakness(place.resolve()) is None
    place.chmod(0o1777)
    assert "can write" in str(weakness(place.resolve()))


@as_root
def test_a_folder_above_of_another_user_or_of_a_group_is_refused(home: Path) -> None:
    place = home / "shared" / "mine"
    place.mkdir(parents=True, mode=0o700)
    os.chown(place.parent, OTHER, -1)
    assert "another user" in str(weakness(place.resolve()))
    os.chown(place.parent, 0, OTHER)
    place.parent.chmod(0o775)
    assert "can write" in str(weakness(place.resolve()))
    os.chown(place.parent, 0, 0)  # The group that has the user's name and nobody else in it.
    assert weakness(place.resolve()) is None


@posix
def test_a_linked_cache_folder_is_judged_by_where_it_leads(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "far").mkdir()
    (home / "far" / "cache").mkdir(mode=0o700)
    (home / "link").symlink_to(home / "far" / "cache")
    monkeypatch.setenv("SIM_CACHE", str(home / "link"))
    assert key_place(cache_folder()) == (home / "far" / "cache").resolve()
    (home / "far").chmod(0o777)
    assert key_place(cache_folder()) == data_folder().resolve()


def test_of_two_that_make_it_at_once_the_first_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process makes the key while this one has its own ready under another name."""
    original, theirs = keys.create, b"sim key 1\n" + b"t" * 32

    def slower(path: Path, data: bytes, **options: bool) -> None:
        original(path, data, **options)
        if path.name != NAME:
            original(path.with_name(NAME), theirs)

    monkeypatch.setattr(keys, "create", slower)
    assert signing_key(cache_folder()) == b"t" * 32
    assert [path.name for path in cache_folder().iterdir()] == [NAME]


def test_an_interrupted_making_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def press(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename" if os.name == "nt" else "link", press)
    with pytest.raises(KeyboardInterrupt):
        signing_key(cache_folder())
    assert list(cache_folder().iterdir()) == []


def test_the_data_folder_has_a_key_of_its_own() -> None:
    """Cleaning the cache folder must not cost the user's posteriors."""
    POSTERIORS.keep("a" * 32, b"posterior")
    MODELS.write("a" * 32, b"model")
    assert signing_key(cache_folder()) != signing_key(data_folder())
    (cache_folder() / NAME).unlink()
    assert POSTERIORS.fetch("a" * 32) == b"posterior"


WORK = """
import sys, time
from pathlib import Path
from sim.cache import MODELS, MEMBERS
while not Path(sys.argv[1]).exists():
    time.sleep(0.001)
for at in range(40):
    for kind in (MODELS, MEMBERS):
        name = f"{at:032x}"
        found = kind.read(name)
        assert found in (None, name.encode() * 100), found
        kind.write(name, name.encode() * 100)
"""


def test_two_first_processes_at_once_share_one_key(home: Path) -> None:
    start = home / "start"
    command = [sys.executable, "-W", "error", "-c", WORK, str(start)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    time.sleep(0.5)
    start.touch()
    for process in both:
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0
    assert MODELS.problems() == MEMBERS.problems() == []
    assert len(list(MODELS.folder().iterdir())) == 40
    assert sorted(path.name for path in cache_folder().iterdir() if path.is_file()) == [NAME]
