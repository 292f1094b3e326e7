"""``sim runs`` and ``sim report``: what is stored, again."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from support import RECORD

from sim.folders import database_path
from sim.store import open_store


@pytest.fixture
def record() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return whole


@pytest.fixture
def kept(sim: Any, record: dict[str, Any]) -> str:
    """Return the id of a complete run; an older one is unfinished."""
    with open_store(database_path()) as store:
        store.runs.mark(store.runs.begin(["sim", "run"], record["scenario"], 1, 10), "interrupted")
        run_id = store.runs.begin(record["command"], record["scenario"], 1, 1000)
        store.runs.complete(run_id, record, None)
    return run_id


def test_no_runs_yet(sim: Any) -> None:
    said = sim("runs", "list")
    assert (said.code, said.out.splitlines()[-1]) == (0, "Next: sim run --lever=headquarters")
    assert not database_path().exists()
    assert sim("runs", "list", "--json").out == "[]\n"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("columns", [80, 120])
def test_the_list_fits(sim: Any, kept: str, lang: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    said = sim("runs", "list", "--lang", lang)
    assert said.code == 0
    assert kept in said.out
    assert all(cells(line) <= columns for line in said.out.splitlines())


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("columns", [80, 120])
def test_a_run_fits(sim: Any, kept: str, lang: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    said = sim("runs", "show", "@last", "--lang", lang)
    assert said.code == 0
    assert all(cells(line) <= columns for line in said.out.splitlines())
    assert all(mark in said.out for mark in "▁█≥")


def cells(line: str) -> int:
    from rich.cells import cell_len

    return cell_len(line)


def test_list_as_data(sim: Any, kept: str) -> None:
    lines = json.loads(sim("runs", "list", "--json").out)
    assert [line["status"] for line in lines] == ["complete", "interrupted"]
    rows = list(csv.DictReader(StringIO(sim("runs", "list", "--csv").out)))
    assert rows[0]["run_id"] == kept
    assert rows[0]["levers"] == "headquarters"


def test_runs_alone_lists(sim: Any, kept: str) -> None:
    assert sim("runs").out == sim("runs", "list").out


def test_show_says_what_the_run_was(sim: Any, kept: str) -> None:
    said = sim("runs", "show", kept[:-1])
    for words in (kept, "sim run --lever=headquarters", "seed 1", "model_hash", "jax 0.10.2"):
        assert words in said.out
    assert said.out.splitlines()[-1] == f"Next: sim report {kept}"


def test_show_as_data(sim: Any, kept: str, record: dict[str, Any]) -> None:
    value = json.loads(sim("runs", "show", "@last", "--json").out)
    assert value["series"] == record["series"]
    assert value["assumptions"] == record["assumptions"]
    rows = list(csv.DictReader(StringIO(sim("runs", "show", "@last", "--csv").out)))
    kpis = record["kpis"]
    assert [row["id"] for row in rows[: len(kpis)]] == [kpi["id"] for kpi in kpis]


def test_show_an_unfinished_run(sim: Any, kept: str) -> None:
    other = json.loads(sim("runs", "list", "--json").out)[1]["run_id"]
    said = sim("runs", "show", other)
    assert said.code == 0
    assert "no results: interrupted" in said.out
    assert sim("runs", "show", other, "--csv").code == 2


def test_report_gives_the_stored_record_to_the_report(
    sim: Any, kept: str, record: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    monkeypatch.setattr("sim.report.make_report", lambda *given: made.append(given))
    path = tmp_path / "报告.pdf"
    said = sim("report", "@last", "--output", str(path), "--lang", "zh")
    assert said.code == 0
    assert str(path) in said.out
    (given, output, lang) = made[0]
    assert (output, lang) == (path, "zh")
    assert given["kpis"] == record["kpis"]
    assert given["series"] == record["series"]


def test_report_has_a_name_of_its_own(
    sim: Any, kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    monkeypatch.setattr("sim.report.make_report", lambda *given: made.append(given))
    monkeypatch.chdir(tmp_path)
    assert sim("report", "@last", "--lang", "en").code == 0
    assert made[0][1] == Path(f"{kept}.en.pdf")
    assert list(tmp_path.glob("*.pdf")) == []  # the check of the place leaves nothing behind
