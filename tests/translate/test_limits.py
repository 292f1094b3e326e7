"""Limits: what exceeds one is refused with the limit named, and what lies below loads and runs."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
import tomllib
import zlib
from pathlib import Path

import numpy as np
import pytest

from sim.engine import load_model
from sim.engine.shipping import packed
from sim.errors import BadInput
from sim.limits import LIMITS, Limit, check
from sim.spec.depth import DEEP
from sim.spec.plain import model_from_plain
from sim.translate import load_spec

BAD = Path(__file__).parents[1] / "bad"
_found = importlib.util.spec_from_file_location("large", BAD / "large.py")
assert _found is not None
assert _found.loader is not None
large = importlib.util.module_from_spec(_found)
_found.loader.exec_module(large)

BAD_MODELS = tomllib.loads((BAD / "models" / "cases.toml").read_text(encoding="utf-8"))
XMILE = """<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<sim_specs><start>0</start><stop>4</stop><dt>1</dt></sim_specs>
<model><variables>{}</variables></model></xmile>"""


@pytest.mark.parametrize("name", large.MDL)
def test_a_large_vensim_model_is_refused(name: str, tmp_path: Path) -> None:
    text, words = large.MDL[name]
    path = tmp_path / "large.mdl"
    path.write_text("{UTF-8}\n" + text + large.TIMES, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_spec(path)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", BAD_MODELS)
def test_a_bad_model_is_refused(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_spec(BAD / "models" / name)
    assert BAD_MODELS[name] in str(caught.value)


@pytest.mark.parametrize("name", large.XMILE)
def test_a_large_xmile_model_is_refused(name: str, tmp_path: Path) -> None:
    text, words = large.XMILE[name]
    path = tmp_path / "large.xmile"
    path.write_text(XMILE.format(text), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_spec(path)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", large.FINE)
def test_what_is_large_but_allowed_runs(name: str, tmp_path: Path) -> None:
    text, last = large.FINE[name]
    path = tmp_path / "large.mdl"
    path.write_text("{UTF-8}\n" + text + large.TIMES, encoding="utf-8")
    result = load_model(path).run(lanes=1, outputs=["a"])
    assert np.unique(result["a"][0, -1]).tolist() == pytest.approx([last], rel=1e-12)


def test_the_deepest_model_travels_to_another_machine(tmp_path: Path) -> None:
    path = tmp_path / "deep.mdl"
    text = "a = " + "MAX(Time + 1, 2 * " * 190 + "3" + ")" * 190 + " ~~|\n"
    path.write_text("{UTF-8}\n" + text + large.TIMES, encoding="utf-8")
    spec = load_spec(path)
    with DEEP:
        assert model_from_plain(json.loads(zlib.decompress(packed(spec)))) == spec
    assert load_spec(path).hash == spec.hash  # From the cache.


def test_limits_say_what_they_are() -> None:
    assert str(Limit("a thing", 20_000, "parts")) == "20 000 parts"
    assert str(Limit("a file", 64_000, "bytes")) == "64 kB"
    assert str(Limit("a file", 32_000_000, "bytes")) == "32 MB"
    assert len({limit.of for limit in LIMITS}) == len(LIMITS) > 15
    check(Limit("a thing", 2, "parts"), 2)
    with pytest.raises(BadInput, match="3 parts are more than 2 parts, the most that is read of a thing"):
        check(Limit("a thing", 2, "parts"), 3)


def test_room_to_recurse_goes_with_the_last_thread() -> None:
    before = sys.getrecursionlimit()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with DEEP:
            inside.set()
            leave.wait()

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait()
    with DEEP, DEEP:
        pass
    assert sys.getrecursionlimit() > before
    leave.set()
    thread.join()
    assert sys.getrecursionlimit() == before
