"""Runs are begun, completed at once, found again, and survive what goes wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.errors import BadInput
from sim.store import Store, open_store

COMMAND = ["sim", "run", "--lever=headquarters"]


def begun(store: Store, record: dict[str, Any]) -> str:
    return store.runs.begin(COMMAND, record["scenario"], record["seed"], record["members"])


def completed(store: Store, record: dict[str, Any], blob: NDArray[np.float32] | None = None) -> str:
    run_id = begun(store, record)
    store.runs.complete(run_id, record, blob)
    return run_id


def test_a_record_comes_back_as_it_was(
    store: Store, record: dict[str, Any], blob: NDArray[np.float32]
) -> None:
    run_id = completed(store, record, blob)
    back = store.runs.get(run_id)
    assert back | {"created": record["created"]} == record | {"run_id": run_id}
    np.testing.assert_array_equal(store.runs.members_indicators(run_id), blob)


def test_keys_without_a_column_are_kept(store: Store, record: dict[str, Any]) -> None:
    record["later"] = {"a": [1, None]}
    record["kpis"][0]["note"] = "注"
    record["series"][0]["style"] = "dashed"
    back = store.runs.get(completed(store, record))
    assert back["later"] == {"a": [1, None]}
    assert back["kpis"][0]["note"] == "注"
    assert back["series"][0]["style"] == "dashed"


def test_missing_numbers_stay_missing(store: Store, record: dict[str, Any]) -> None:
    record["series"][0]["baseline"]["p50"][2] = None
    back = store.runs.get(completed(store, record))
    assert back["series"][0] == record["series"][0]
    assert back["goal"]["baseline"]["year_reached"]["p95"] is None


def test_runs_are_there_after_closing(path: Path, record: dict[str, Any]) -> None:
    with open_store(path) as store:
        run_id = completed(store, record)
    with open_store(path, write=False) as store:
        assert store.runs.get("@last")["run_id"] == run_id
        assert store.check() == "ok"


def test_a_begun_run_is_running_and_has_no_results(store: Store, record: dict[str, Any]) -> None:
    run_id = begun(store, record)
    back = store.runs.get(run_id)
    assert (back["status"], back["command"]) == ("running", COMMAND)
    assert "kpis" not in back
    with pytest.raises(BadInput, match="keeps no members"):
        store.runs.members_indicators(run_id)


def test_a_run_of_a_process_that_is_gone_shows_as_interrupted(path: Path, record: dict[str, Any]) -> None:
    script = (
        "import os, sys; from pathlib import Path; from sim.store import open_store\n"
        "store = open_store(Path(sys.argv[1]))\n"
        "store.runs.begin(['sim'], {'name': 'x', 'levers': []}, 1, 10)\n"
        "os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    with open_store(path) as store:
        assert [line.status for line in store.runs.lines()] == ["interrupted"]


def test_a_failure_while_completing_leaves_nothing_of_it(store: Store, record: dict[str, Any]) -> None:
    run_id = begun(store, record)
    record["assumptions"][-1]["value"] = object()
    with pytest.raises(Exception, match="type 'object'"):
        store.runs.complete(run_id, record, None)
    assert store.runs.get(run_id)["status"] == "running"
    assert store.database.execute("SELECT count(*) FROM indicators").fetchone()[0] == 0


def test_a_run_is_marked_and_discarded(store: Store, record: dict[str, Any]) -> None:
    kept, gone, done = begun(store, record), begun(store, record), completed(store, record)
    store.runs.mark(kept, "failed", "no member ran through")
    store.runs.discard(gone)
    store.runs.discard(done)
    assert {line.run_id: line.status for line in store.runs.lines()} == {kept: "failed", done: "complete"}
    assert store.runs.get(kept)["message"] == "no member ran through"


def test_lines_are_newest_first(store: Store, record: dict[str, Any]) -> None:
    ids = [completed(store, record) for _ in range(3)]
    lines = store.runs.lines()
    assert [line.run_id for line in lines] == ids[::-1]
    assert lines[0].levers == ("headquarters",)
    assert lines[0].probability_scenario == record["goal"]["scenario"]["probability_constant"]
    assert len(store.runs.lines(limit=2)) == 2


def test_last_is_the_newest_complete_run(store: Store, record: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="no complete run yet"):
        store.runs.find("@last")
    done = completed(store, record)
    begun(store, record)
    assert store.runs.find("@last") == done


def test_a_run_is_found_by_beginning_and_tag(
    store: Store, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = iter(("20260102-030405-aaaa", "20260102-030405-aaaa", "20260102-030405-abcd"))
    monkeypatch.setattr("sim.store.identifiers.new_id", lambda: next(ids))
    first, second = completed(store, record), completed(store, record)
    store.database.execute("INSERT INTO tags VALUES ('plan', ?)", (first,))
    assert store.runs.find("plan") == first
    assert store.runs.get("plan")["tags"] == ["plan"]
    assert store.runs.find(second) == second
    assert store.runs.find("20260102-030405-ab") == second
    with pytest.raises(BadInput, match="fits 2 runs"):
        store.runs.find("20260102-030405-a")


@pytest.mark.parametrize("given", ["1999", "%", "", "'; DROP TABLE runs", "2_"])
def test_an_unknown_run_is_named(store: Store, record: dict[str, Any], given: str) -> None:
    completed(store, record)
    with pytest.raises(BadInput, match="There is no run"):
        store.runs.find(given) if given else store.runs.find("none")
