"""Another user's machine code is never decoded, at whatever moment it is put in the place of ours."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.users import OTHER, as_root

from sim.cache import EXECUTABLES, entries, signing_key
from sim.engine import LoadedModel, compiling, load_model
from sim.errors import CacheWarning

MODEL = """{UTF-8}
level = INTEG(level * rate, 100) ~ 1 ~ |
rate = 0.1 ~ 1/year ~ |
INITIAL TIME = 0 ~ year ~ |
FINAL TIME = 2 ~ year ~ |
TIME STEP = 1 ~ year ~ |
SAVEPER = 1 ~ year ~ |
"""
RIGHT = [100.0, 110.0, 121.0]
SWAP = 'mv "$1" "$1-away" && cp -R "$2" "$1"'


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@dataclass(frozen=True)
class Made:
    """A model, and its machine code as it is kept."""

    model: LoadedModel
    name: str
    code: bytes


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder that every user of this computer can write to, with our cache folder in it."""
    folder = Path(tempfile.mkdtemp()).resolve()
    folder.chmod(0o777)
    monkeypatch.setenv("SIM_CACHE", str(folder / "cache"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return a small model and its machine code, compiled once for all tests of this file."""
    path = tmp_path_factory.mktemp("attacks") / "small.mdl"
    path.write_text(MODEL, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIM_CACHE", str(path.parent / "cache"))
        model = load_model(path)
        assert levels(model) == pytest.approx(RIGHT)
        (kept,) = EXECUTABLES.folder().iterdir()
        return Made(model, kept.stem, EXECUTABLES.fetch(kept.stem))


@pytest.fixture
def model(made: Made, shared: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedModel:
    """Return a model whose code is kept; compiling it again takes no time."""
    description, payloads = compiling._unwrapped(made.code)

    def compiled(model: Any, request: compiling.Request) -> Any:
        code = compiling._revived(payloads, description)
        return compiling.Executable(request, description, *code), payloads

    monkeypatch.setattr(compiling, "_verified", compiled)
    EXECUTABLES.write(made.name, made.code)
    return made.model


def levels(model: LoadedModel) -> list[float]:
    """Run as another process would."""
    found: list[float] = LoadedModel(model.spec).run(outputs=["level"])["level"][0].tolist()
    return found


def forged(made: Made, mark: Path) -> bytes:
    description, _ = compiling._unwrapped(made.code)
    evil = pickle.dumps(Evil(mark))
    return compiling._wrapped(description, (evil, evil))


def plant(made: Made, home: Path, theirs: Path) -> None:
    """Make another user's cache folder: a key of theirs, and a file signed with it under our name."""
    place = home / "theirs"  # Where a key is kept; in the shared folder there would be none.
    place.mkdir()
    replace(EXECUTABLES, home=lambda: place).keep(made.name, forged(made, home / "mark"))
    assert (place / "key").exists()
    shutil.move(place, theirs)


def before(name: str, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have ``act`` done once, just before a step of reading; return a list that then has an item."""
    original, done = getattr(entries, name), []

    def acting(*given: Any, **more: Any) -> Any:
        if not done:
            done.append(1)
            act()
        return original(*given, **more)

    monkeypatch.setattr(entries, name, acting)
    return done


def test_the_forged_code_would_run_if_it_were_decoded(
    model: LoadedModel, made: Made, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the tests below keep out is no harmless file."""
    data = forged(made, home / "mark")

    class Trusting:
        def read(self, name: str) -> bytes:
            return data

        def write(self, *given: object) -> None: ...

    monkeypatch.setattr(compiling, "EXECUTABLES", Trusting())
    levels(model)
    assert (home / "mark").exists()


def test_a_swap_between_check_and_reading(
    model: LoadedModel, made: Made, home: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(made, home, shared / "theirs")

    def swap() -> None:
        (shared / "cache").rename(shared / "cache-away")
        (shared / "theirs").rename(shared / "cache")

    done = before("read_private", swap, monkeypatch)
    with pytest.warns(CacheWarning, match="signature does not match"):
        assert levels(model) == pytest.approx(RIGHT)
    assert done
    assert not (home / "mark").exists()


@as_root
@pytest.mark.parametrize("moment", ["check_private", "signing_key", "read_private", None])
def test_another_user_swaps_the_folder(
    moment: str | None,
    model: LoadedModel,
    made: Made,
    home: Path,
    shared: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process of that user does it: before the folder is checked, before the key or the file is read."""
    plant(made, home, shared / "theirs")
    for path in (shared / "theirs", *(shared / "theirs").rglob("*")):
        os.chown(path, OTHER, OTHER)
    command = ["/bin/sh", "-c", SWAP, "sh", str(shared / "cache"), str(shared / "theirs")]

    def swap() -> None:
        try:
            done = subprocess.run(command, user=OTHER, group=OTHER, extra_groups=[], cwd="/", check=False)
        except PermissionError:
            pytest.skip("this root may not run a process as another user")
        if done.returncode:
            pytest.skip("another user cannot reach the folder of temporary files")

    happened = before(moment, swap, monkeypatch) if moment else [swap()]
    with pytest.warns(CacheWarning, match="another user"):
        assert levels(model) == pytest.approx(RIGHT)
    assert happened
    assert (shared / "cache").stat().st_uid == OTHER
    assert not (home / "mark").exists()


@as_root
def test_another_users_key_is_not_taken(shared: Path, home: Path) -> None:
    """They make the cache folder first, or a key in it."""
    mine = signing_key(shared / "cache")
    assert (home / "data" / "key").read_bytes().endswith(mine)
    (shared / "cache").mkdir(exist_ok=True)
    (shared / "cache" / "key").write_bytes(b"sim key 1\n" + b"t" * 32)
    for path in (shared / "cache", shared / "cache" / "key"):
        path.chmod(0o700)
        os.chown(path, OTHER, OTHER)
    assert signing_key(shared / "cache") == mine
