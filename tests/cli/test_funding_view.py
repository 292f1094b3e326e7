"""Asked, paid and unpaid money on the screen and in JSON, from a stored run."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from support import RECORD

from sim.folders import content, database_path
from sim.store import open_store

WORDS = {
    "en": ("Asked", "Paid", "Unpaid", "Share paid", "City, 2026–2035 together", "lowest share: 2031"),
    "zh": ("所需", "已安排", "缺口", "到位率", "市级资金，2026—2035年合计", "到位率最低的2031年"),
}
MONEY = {"en": ("0.540", "0.290", "0.250", "54%"), "zh": ("5.40", "2.90", "2.50", "54%")}
"""What the city's purse of the invented record is asked, pays and leaves unpaid in all, as shown."""


@pytest.fixture
def record() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return whole


def keep(record: dict[str, Any]) -> str:
    with open_store(database_path()) as store:
        run_id = store.runs.begin(record["command"], record["scenario"], 1, 1000)
        store.runs.complete(run_id, record, None)
    return run_id


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("columns", [80, 120])
def test_each_purse_has_its_total_and_its_worst_year(
    sim: Any, record: dict[str, Any], lang: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    keep(record)
    said = sim("runs", "show", "@last", "--lang", lang)
    assert said.code == 0
    lines = said.out.splitlines()
    assert all(cell_len(line) <= columns for line in lines)
    assert [word for word in WORDS[lang] if word not in said.out] == []
    total = next(line for line in lines if WORDS[lang][4] in line)
    assert tuple(total.split()[-4:]) == MONEY[lang]


def test_money_is_the_record_s(sim: Any, record: dict[str, Any]) -> None:
    """The digits on the page are those of the record, in its unit and in the unit of the language."""
    total = record["funding"][0]["total"]
    for lang, size in (("zh", 1.0), ("en", 0.1)):
        asked, paid, unpaid = (float(word) for word in MONEY[lang][:3])
        assert asked == pytest.approx(size * total["asked"]["p50"], abs=0.005)
        assert paid == pytest.approx(size * total["paid"]["p50"], abs=0.005)
        assert unpaid == pytest.approx(size * total["unpaid"]["p50"], abs=0.005)


def test_json_has_every_year(sim: Any, record: dict[str, Any]) -> None:
    keep(record)
    assert json.loads(sim("runs", "show", "@last", "--json").out)["funding"] == record["funding"]


def test_a_record_of_before_is_shown_without(sim: Any, record: dict[str, Any]) -> None:
    del record["funding"]
    keep(record)
    said = sim("runs", "show", "@last", "--lang", "en")
    assert (said.code, said.err) == (0, "")
    assert "Unpaid" not in said.out


def test_a_model_without_purses_is_shown_without(tiny: Any) -> None:
    said = tiny("run", "--lever=headquarters", "--members", "20")
    assert said.code == 0
    assert "Unpaid" not in said.out


def test_nothing_says_that_the_plan_is_carried_out_in_full() -> None:
    """A purse pays about half of the plan: it is asked in full, and no more is said of it."""
    root = Path(__file__).parents[2]
    files = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "sim").rglob("*.toml")]
    files += [*content("runs", "scenarios").glob("*.toml"), *content("reports").glob("*.toml")]
    files += [path for path in content("model").iterdir() if path.suffix in (".toml", ".csv", ".md", ".mdl")]
    assert len(files) > 60
    forbidden = (
        "carried out fully", "fully carried out", "carries the plan out", "all of it is carried out",
        "whole plan is carried out", "全部实施", "全面实施", "全部落实", "完全落实",
    )  # fmt: skip
    said = {
        (path.name, words) for path in files for words in forbidden
        if words in " ".join(path.read_text(encoding="utf-8").split())
    }  # fmt: skip
    assert said == set()
    plan = tomllib.loads(content("runs", "scenarios", "plan.toml").read_text(encoding="utf-8"))
    assert "asked" in plan["title"]["en"]
