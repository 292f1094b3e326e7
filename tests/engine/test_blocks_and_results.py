"""Runs in blocks, results as tables, failed lanes, memory and interruption."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.engine import LoadedModel, memory, results
from sim.errors import BadInput, SimError

Build = Callable[..., LoadedModel]

ROOT = """
level = INTEG(-drop, 4) ~ unit [0, ?] ~ |
drop = 1 ~ unit/year ~ |
root[place] = SQRT(level + shift[place]) ~ unit ~ |
place: a, b ~ ~ |
shift[place] = 0, 5 ~ unit ~ |
"""


@pytest.fixture
def root(build: Build) -> LoadedModel:
    return build(ROOT, name="root")


def test_blocks_are_the_lanes_of_one_run(economy: LoadedModel) -> None:
    share = np.linspace(0.1, 0.4, 700)
    worn = np.linspace(0.1, 0.3, 2100).reshape(700, 3)
    whole = economy.run({"share": share, "worn": worn}, outputs=["capital"])
    changes = {"share": share, "worn": worn}
    for given in (changes, lambda part: {name: values[part] for name, values in changes.items()}):
        parts = list(economy.run_blocks(given, lanes=700, block=300, outputs=["capital"]))
        assert [(part.first, part.lanes) for part in parts] == [(0, 300), (300, 300), (600, 100)]
        np.testing.assert_array_equal(np.concatenate([part["capital"] for part in parts]), whole["capital"])


def test_memory_does_not_grow_with_lanes(economy: LoadedModel) -> None:
    def peak(lanes: int) -> int:
        tracemalloc.start()
        for part in economy.run_blocks(
            lambda part: {"share": np.linspace(0.1, 0.2, part.stop - part.start)}, lanes=lanes, block=512,
            outputs=["total"], threads=1,
        ):  # fmt: skip
            assert part.lanes == 512
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(512)
    assert peak(512 * 20) < 1.5 * peak(512 * 2)


def test_progress_counts_all_blocks(economy: LoadedModel) -> None:
    seen: list[tuple[int, int]] = []
    for _ in economy.run_blocks(
        lanes=600, block=256, outputs=["total"], progress=lambda *now: seen.append(now)
    ):
        pass
    assert sorted(seen)[-1] == (600, 600)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lanes": 0}, "lanes must be a whole number between 1"),
        ({"lanes": 10, "block": 0}, "block must be a whole number between 1"),
        ({"lanes": 10, "block": 2.5}, "block must be a whole number"),
        ({"lanes": 10, "changes": {"share": [1.0, 2.0]}}, "values for 2 lanes given, but the run has 10"),
        ({"lanes": 10, "changes": lambda part: {"shar": 1}}, "Did you mean 'share'"),
    ],
)
def test_wrong_blocks_are_explained(arguments: dict[str, object], message: str, economy: LoadedModel) -> None:
    with pytest.raises(BadInput, match=message):
        list(economy.run_blocks(**arguments))  # type: ignore[arg-type]


def test_tables(economy: LoadedModel) -> None:
    result = economy.run({"share": [0.1, 0.2]}, outputs=["capital", "total", "share"])
    dataset = result.to_xarray()
    assert dataset["capital"].dims == ("lane", "time", "region", "sector")
    assert (
        float(dataset["capital"].sel(lane=1, time=2, region="city", sector="mine"))
        == result["capital"][1, 4, 0, 1]
    )
    assert dataset["failed"].to_numpy().tolist() == [False, False]
    frame = result.to_dataframe()
    assert list(frame.columns[:3]) == ["capital[city, farm]", "capital[city, mine]", "capital[city, shop]"]
    assert frame.loc[(1, 2.0), "capital[city, mine]"] == result["capital"][1, 4, 0, 1]
    assert frame.loc[(1, 0.0), "share"] == 0.2
    assert result.labels("capital[rest, market]") == ["capital[rest, mine]", "capital[rest, shop]"]


def test_failed_lanes_have_a_mask_and_reasons(root: LoadedModel) -> None:
    result = root.run({"drop": [1, 2, 0, 4]}, outputs=["root", "level"], lanes=4)
    assert result.failed.mask.tolist() == [False, True, False, True]
    assert list(result.failed) == [1, 3]
    assert dict(result.failed) == {1: "root[a] is NaN at time 2.25", 3: "root[a] is NaN at time 1.25"}
    assert 1 in result.failed
    assert 0 not in result.failed
    with pytest.raises(KeyError):
        result.failed[0]
    assert repr(result.failed) == "Failures(2 of 4 lanes: 1, 3)"
    alone = root.run({"drop": 0}, outputs=["root", "level"])
    np.testing.assert_array_equal(result["root"][2], alone["root"][0])


def test_reasons_cost_nothing_until_they_are_read(root: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Counting(results.Failures):
        def __getitem__(self, lane: int) -> str:
            asked.append(lane)
            return super().__getitem__(lane)

    monkeypatch.setattr("sim.engine.running.Failures", Counting)
    result = root.run({"drop": [1, 2]}, outputs=["root"])
    assert len(result.failed) == 1
    assert list(result.failed) == [1]
    assert not asked
    assert "NaN" in result.failed[1]


def test_the_reason_under_rk4(root: LoadedModel) -> None:
    result = root.run({"drop": [1, 2]}, outputs=["root"], integrator="rk4")
    assert result.failed[1].startswith("root[a] is NaN at time 2.")


def test_a_stock_must_not_start_below_its_limit(root: LoadedModel, build: Build) -> None:
    with pytest.raises(BadInput, match=r"level: an initial value of -1 at \(1,\) given.* nothing below 0"):
        root.run({"level": [3, -1]})
    model = build("level = INTEG(1, start) ~ unit [0, ?] ~ |\nstart = 2 ~ unit ~ |\n")
    result = model.run({"start": [1, -3]}, outputs=["level"])
    assert dict(result.failed) == {1: "level starts at -3, and its limits allow nothing below 0"}
    free = build("level = INTEG(1, start) ~ unit ~ |\nstart = 2 ~ unit ~ |\n", name="free")
    assert not free.run({"start": -3, "level": -3}).failed


def test_too_large_for_memory_names_a_block(economy: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 100_000_000)
    with pytest.raises(
        SimError, match=r"1000000 lanes need 173 MB, and 100 MB are free.*block=65536\)"
    ) as raised:
        economy.run(lanes=1_000_000, outputs=["total"])
    assert raised.value.exit_code == 1
    monkeypatch.setattr("sim.engine.running.free_memory", lambda: None)
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    monkeypatch.setattr("sim.engine.running.Run._empty", lambda *given: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(SimError, match=r"run_blocks\(…, lanes=1000, block="):
        economy.run(lanes=1000, outputs=["total"])


def test_the_block_fits_in_memory() -> None:
    assert memory.block_of(1000, 256_000_000, 128) == 65_536
    assert memory.block_of(1_000_000, 256_000_000, 128) == 256
    assert memory.block_of(10_000_000_000, 256_000_000, 128) == 128
    free = memory.free_memory()
    assert free is None or free > 0


def test_an_interrupted_run_ends_at_once_and_leaves_nothing(
    economy: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    done: list[int] = []

    def press(now: int, lanes: int) -> None:
        done.append(now)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        economy.run(lanes=128 * 200, outputs=["total"], progress=press)
    assert len(done) < 50
    left = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert {path.suffix for path in left if path.name != "key"} <= {".bin", ".json"}
    assert economy.run(lanes=3, outputs=["total"]).lanes == 3
