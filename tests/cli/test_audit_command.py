"""``sim audit``: page, JSON, CSV, one class, and somebody's own facts with their mistakes."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

HEAD = "id,scope,indicator_zh,indicator_en,period,value,unit,kind,source,section,note\n"
OWN = HEAD + (
    "A1,prefecture,物流企业,logistics firms,2024,8,count,observed,X1,一,\n"
    "A2,city,物流企业,logistics firms,2024,11,count,observed,X2,二,\n"
    "A3,prefecture,出口,exports,2024,3,1e8 CNY,observed,X1,一,\n"
)
MISTAKES = {
    "a missing column": (OWN.replace(",note", "").replace(",\n", "\n"), "the column 'note' is missing"),
    "an unknown unit": (OWN.replace("1e8 CNY", "1e8 RMB"), "'1e8 RMB' is not known. Allowed: CNY"),
    "a duplicate id": (OWN.replace("A2,", "A1,"), "'A1' is there twice"),
    "text in a number": (OWN.replace("2024,11,", "2024,eleven,"), "'eleven' is not a finite number"),
    "a value beyond sense": (OWN.replace("2024,11,", "2024,1e300,"), "1e300 is beyond 1e18"),
    "an unknown kind": (OWN.replace("observed", "seen"), "'seen' is not known"),
    "no source": (OWN.replace(",X2,", ",,"), "column 'source': the cell is empty"),
}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "facts.csv"
    path.write_text(OWN, "utf-8")
    return path


def test_the_page_in_both_languages(sim: Any) -> None:
    said = sim("audit", "--lang=en")
    assert said.code == 0
    assert "293 facts, findings: 36" in said.out
    assert "A-level logistics firms in 2024: S1 一(一) gives the city 11" in " ".join(said.out.split())
    assert "F008 F206    11 > 8" in said.out
    assert "--class=older_vintage" in said.out
    chinese = sim("audit", "--lang=zh")
    assert "矛盾" in chinese.out
    assert "S1  昌吉市产业专项规划(2024-2035)" in chinese.out


@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_keeps_to_its_width(
    sim: Any, monkeypatch: pytest.MonkeyPatch, columns: str, lang: str
) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", columns)
    lines = sim("audit", f"--lang={lang}").out.splitlines()
    assert max(cell_len(line) for line in lines) <= int(columns)


def test_json(sim: Any) -> None:
    said = json.loads(sim("audit", "--json").out)
    assert said["facts"] == 293
    assert sum(said["counts"].values()) == len(said["findings"]) == 36
    first = said["findings"][0]
    assert {"rule", "class", "importance", "size", "arithmetic", "facts", "zh", "en"} == set(first)
    assert first["facts"][0]["section"] == "表2-1-21"


def test_csv_in_the_chosen_language(sim: Any) -> None:
    rows = list(csv.DictReader(StringIO(sim("audit", "--csv", "--lang=zh").out)))
    assert len(rows) == 36
    assert rows[0]["facts"] == "F252 F270"
    assert rows[0]["sources"] == "S5"
    assert rows[0]["text"].startswith("S5里，2027年")


def test_one_class(sim: Any) -> None:
    said = json.loads(sim("audit", "--class=missed_forecast", "--json").out)
    assert [one["class"] for one in said["findings"]] == ["missed_forecast"]
    wrong = sim("audit", "--class=contradict")
    assert wrong.code == 2
    assert "Did you mean 'contradiction'" in wrong.err
    assert "physical_sense" in wrong.err


def test_own_facts_may_name_any_document(sim: Any, own: Path) -> None:
    said = sim("audit", f"--facts={own}", "--lang=en")
    assert said.code == 0
    assert "3 facts, findings: 1" in said.out
    assert "11 > 8" in said.out
    assert "昌吉市产业专项规划" not in said.out


def test_own_facts_with_a_list_of_documents(sim: Any, own: Path, tmp_path: Path) -> None:
    documents = tmp_path / "sources.csv"
    documents.write_text("source,file,title\nX1,a.txt,First\nX2,b.txt,Second\n", "utf-8")
    said = sim("audit", f"--facts={own}", f"--sources={documents}", "--lang=en")
    assert said.code == 0
    assert "X2  Second" in said.out
    documents.write_text("source,file,title\nX1,a.txt,First\n", "utf-8")
    refused = sim("audit", f"--facts={own}", f"--sources={documents}")
    assert refused.code == 2
    assert "'X2' is not known" in refused.err


def test_facts_that_agree(sim: Any, tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_text("\n".join(OWN.splitlines()[:2]) + "\n", "utf-8")
    said = sim("audit", f"--facts={path}", "--lang=en")
    assert said.code == 0
    assert "No finding in 1 facts." in said.out


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_one_message_and_exit_2(sim: Any, tmp_path: Path, name: str) -> None:
    text, message = MISTAKES[name]
    assert text != OWN
    path = tmp_path / "facts.csv"
    path.write_text(text, "utf-8")
    said = sim("audit", f"--facts={path}")
    assert said.code == 2
    assert message in said.err
    assert said.err.startswith("sim: facts.csv")
    assert len(said.err.splitlines()) == 1


def test_a_missing_file_and_two_shapes(sim: Any, tmp_path: Path) -> None:
    said = sim("audit", f"--facts={tmp_path / 'none.csv'}")
    assert said.code == 2
    assert "cannot be read" in said.err
    assert sim("audit", "--json", "--csv").code == 2
