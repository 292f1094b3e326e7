"""Every headline number of a stored run is the same, to the digit, on screen, in CSV, PDF and JSON.

Digits are read back from what was printed (the PDF by pypdfium2) and compared by decimal arithmetic of this
file's own: no text is made by the program's formatter here.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from support import RECORD

ARMS = ("baseline", "scenario")
QUANTILES = ("p05", "p50", "p95")
NEVER = {"zh": "至2035年未达到", "en": "not by 2035"}
LACKING = {"zh": "无法评估：文件没有起始数据", "en": "cannot be assessed: no starting figure"}
NUMBER = r"[−\d,.]+|–"
ROW = re.compile(
    rf"\s(?P<when>[≥≤]?[\d,.]+|–)\s+(?P<arm>baseline|scenario|基线|情景)\s+(?P<p05>{NUMBER})\s+(?P<p50>{NUMBER})"
    rf"\s+(?P<p95>{NUMBER})\s+(?P<chance>[<>]?\d+%|–)"
)

Show = Callable[..., str]


@dataclass(frozen=True)
class Printed:
    """One stored run, as the four ways of printing show it in a language."""

    lang: str
    screen: str
    pdf: str
    rows: dict[tuple[str, str], dict[str, str]]
    record: dict[str, Any]

    def line(self, *starts: str) -> list[str]:
        """Return the cells after the label of the first screen line that starts with one of ``starts``."""
        found = next(line for line in self.screen.splitlines() if line.startswith(starts))
        return re.split(r"\s{2,}", found.strip())[1:]


def old(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as it was before errors, starting figures and whole years were kept."""
    goal = record["goal"]
    arms = {
        arm: {key: one for key, one in goal[arm].items() if not key.startswith("sampling")}
        | {"year_reached": {"p05": 2031.2, "p50": 2031.96, "p95": None}}
        for arm in ARMS
    }
    new = ("start", "assessed")
    kpis = [{key: one for key, one in kpi.items() if key not in new} for kpi in record["kpis"]]
    for kpi in kpis:
        for arm in ARMS if kpi["target"] is not None else ():
            kpi[arm]["probability_met"] = kpi[arm]["probability_met"] or 0.66
    kept = {key: one for key, one in record.items() if key != "targets"}
    return kept | {"kpis": kpis, "goal": {"target": 1000.0, "year": 2035, **arms, "effect": goal["effect"]}}


def stored_fixture(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    from sim.folders import database_path
    from sim.store import open_store

    record = change(json.loads(RECORD.read_text(encoding="utf-8")))
    with open_store(database_path(None)) as store:
        run_id = store.runs.begin(record["command"], record["scenario"], record["seed"], record["members"])
        store.runs.complete(run_id, record | {"run_id": run_id}, None)


@pytest.fixture(params=["invented", "old", "tiny"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Store a run and return ``run(command, *arguments)``, which prints it."""
    sim = request.getfixturevalue("tiny" if request.param == "tiny" else "sim")
    monkeypatch.setenv("COLUMNS", "160")
    if request.param == "tiny":
        assert sim("run", "--lever=headquarters", "--members=60", "--ensemble=prior").code == 0
    else:
        stored_fixture(old if request.param == "old" else dict)

    def show(*arguments: str) -> str:
        said = sim(*arguments)
        assert said.code == 0, said.err
        return str(said.out)

    return show


def printed(run: Show, lang: str, folder: Path) -> Printed:
    run("report", "@last", "--lang", lang, "--output", str(folder / "r.pdf"))
    with pypdfium2.PdfDocument(folder / "r.pdf") as document:
        pages = []
        for at in range(len(document)):
            words = document[at].get_textpage()
            pages.append(words.get_text_range())
            words.close()
    table = csv.DictReader(run("runs", "show", "@last", "--csv").splitlines())
    return Printed(
        lang,
        run("runs", "show", "@last", "--lang", lang),
        squeezed("".join(pages)),
        {(row["id"], row["year"]): row for row in table},
        json.loads(run("runs", "show", "@last", "--json")),
    )


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def is_rounded(text: str, value: float | None, shift: int = 0) -> bool:
    """Tell whether ``text`` is ``value`` × 10^shift, rounded to the decimals that are shown."""
    if value is None:
        return text == "–"
    shown = Decimal(text.replace(",", "").replace("−", "-").removeprefix("+"))
    exact = Decimal(repr(value)).scaleb(shift)
    return shown == exact.quantize(shown, ROUND_HALF_UP)


def is_chance(text: str, share: float | None) -> bool:
    if share is None:
        return text == "–"
    if share < 0.01 or share > 0.99:
        return text == ("<1%" if share < 0.01 else ">99%")
    return is_rounded(text.removesuffix("%"), 100 * round(share, 9))


def is_error(text: str, error: float) -> bool:
    return is_rounded(text, 100 * error) or text == "0.1"


def shift(unit: dict[str, str], lang: str) -> int:
    return -1 if lang == "en" and unit["zh"] == "亿元" else 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_headline_number_is_the_same_on_screen_in_csv_pdf_and_json(
    run: Show, lang: str, tmp_path: Path
) -> None:
    shown = printed(run, lang, tmp_path)
    _indicators(shown, lang)
    _goal(shown, lang)
    _years_and_effect(shown, lang)
    _counts(shown)
    _run_and_levers(shown, lang)


def _indicators(shown: Printed, lang: str) -> None:
    found = [match.groupdict() for match in map(ROW.search, shown.screen.splitlines()) if match]
    kpis = shown.record["kpis"]
    assert len(found) == 2 * len(kpis) > 0
    for kpi, before, after in zip(kpis, found[::2], found[1::2], strict=True):
        cells = shown.rows[kpi["id"], str(kpi["year"])]
        moved = shift(kpi["unit"], lang)
        for arm, line in zip(ARMS, (before, after), strict=True):
            assert is_chance(line["chance"], kpi[arm]["probability_met"])
            for name in QUANTILES:
                assert is_rounded(line[name], kpi[arm][name], moved)
            for name in (*QUANTILES, "probability_met"):
                assert cells[f"{arm}_{name}"] == ("" if kpi[arm][name] is None else repr(kpi[arm][name]))
        assert before["when"] == str(kpi["year"])
        bands = "".join(f"{line['p50']}({line['p05']}–{line['p95']})" for line in (before, after))
        chances = "–" if before["chance"] == "–" else f"{before['chance']}→{after['chance']}"
        target = after["when"].replace("≥", "")
        assert f"{kpi['year']}{target}{bands}{chances}" in shown.pdf
        judged = kpi["target"] is None or kpi.get("assessed", True)
        assert cells["assessed"] == ("yes" if judged and kpi["target"] is not None else "no")
        if not judged:
            assert f"{kpi['year']}{target}{bands}–{squeezed(LACKING[lang])}" in shown.pdf
    lacking = {kpi["id"] for kpi in kpis if kpi["target"] is not None and not kpi.get("assessed", True)}
    assert shown.screen.count(LACKING[lang]) == len(lacking)


def _goal(shown: Printed, lang: str) -> None:
    goal = shown.record["goal"]
    labels = {
        "constant": ("Probability, constant", "达到的概率，2024"),
        "current": ("Probability, current", "达到的概率，现价"),
    }
    for basis, starts in labels.items():
        cells, row = shown.line(*starts), shown.rows[f"goal-{basis}-prices", "2035"]
        for arm, cell in zip(ARMS, cells, strict=False):
            share = goal[arm][f"probability_{basis}"]
            text, error = cell.split(" ±")
            assert is_chance(text, share)
            assert row[f"{arm}_probability_met"] == repr(share)
            members = shown.record["members"] - shown.record["failed_members"]
            wanted = (share * (1 - share) / members) ** 0.5
            if 0 < share < 1:
                assert is_error(error, wanted)
                assert float(row[f"{arm}_sampling_error"]) == pytest.approx(wanted, rel=1e-6)
                assert goal[arm].get(f"sampling_error_{basis}", wanted) == pytest.approx(wanted, rel=1e-6)
        change = re.search(r"([+−]?[\d.]+)(?: ±([\d.]+))?", cells[2])
        assert change is not None
        points = 100 * (goal["scenario"][f"probability_{basis}"] - goal["baseline"][f"probability_{basis}"])
        assert is_rounded(change[1], round(points, 7))
        if "change" in goal:
            assert is_rounded(change[2], 100 * goal["change"][f"sampling_error_{basis}"])
        assert squeezed("".join(cells)) in shown.pdf
    assert re.search(r"1000亿元" if lang == "zh" else r"100 billion yuan", shown.screen)
    assert squeezed("1000亿元" if lang == "zh" else "100 billion yuan") in shown.pdf


def _years_and_effect(shown: Printed, lang: str) -> None:
    goal = shown.record["goal"]
    years = {
        name: shown.line(f"{int(name[1:])}% of the members", f"{int(name[1:])}%的成员") for name in QUANTILES
    }
    for at, arm in enumerate(ARMS):
        for name in QUANTILES:
            value, text = goal[arm]["year_reached"][name], years[name][at]
            assert text == (NEVER[lang] if value is None else str(-(-value // 1)).removesuffix(".0"))
            cell = shown.rows["goal-year", "2035"][f"{arm}_{name}"]
            assert cell == ("" if value is None else repr(value))
        low, middle, high = (squeezed(years[name][at]) for name in QUANTILES)
        assert (middle if low == middle == high else f"{middle}({low}–{high})") in shown.pdf
    effect = re.search(r"：?\s?([+−]?[\d.]+ \([−\d.]+ ?– ?[−\d.]+\))", shown.screen)
    assert effect is not None
    numbers = re.findall(r"[+−]?[\d.]+", effect[1].replace("–", " "))
    for text, name in zip(numbers, ("p50", "p05", "p95"), strict=True):
        assert is_rounded(text, goal["effect"][name], -1 if lang == "en" else 0)
        assert shown.rows["goal-difference", "2035"][f"scenario_{name}"] == repr(goal["effect"][name])
    assert squeezed(effect[1]) in shown.pdf


def _run_and_levers(shown: Printed, lang: str) -> None:
    record = shown.record
    assert str(record["members"]) in shown.screen
    assert f"{record['members']}" + ("个成员" if lang == "zh" else "members") in shown.pdf
    assert shown.rows["members", ""]["baseline_value"] == str(record["members"])
    assert record["run_id"] in shown.screen
    assert record["run_id"] in shown.pdf
    assert {row["run_id"] for row in shown.rows.values()} == {record["run_id"]}
    assert len(record["scenario"]["levers"]) == 1
    for lever in record["scenario"]["levers"]:
        cost, start = lever["annual_cost"], f"{lever['start']:g}"
        text = f"{Decimal(repr(cost)).scaleb(-1 if lang == 'en' else 0).normalize():f}"
        intensity = f"{100 * lever['intensity']:g}%"
        assert re.search(rf"{intensity}.*{start}.*\b{text}", shown.screen.replace("每年", " "))
        assert re.search(rf"{intensity}{start}.*?{re.escape(text)}", shown.pdf)
        assert shown.rows[f"lever-cost-{lever['id']}", str(lever["start"])]["scenario_value"] == repr(cost)


def _counts(shown: Printed) -> None:
    """Count the targets that are likely by hand, and find the count in all four."""
    rows = [kpi for kpi in shown.record["kpis"] if kpi["id"] != "city-gdp-current"]  # the same target twice
    judged = [kpi for kpi in rows if kpi["target"] is not None and kpi.get("assessed", True)]
    counts = []
    for arm in ARMS:
        shares = [Decimal(repr(kpi[arm]["probability_met"])) * 100 for kpi in judged]
        counts.append(sum(share.quantize(Decimal(1), ROUND_HALF_UP) >= 66 for share in shares))
    row = shown.rows["targets-likely", ""]
    assert [row["target"], *(row[f"{arm}_value"] for arm in ARMS)] == [str(len(judged)), *map(str, counts)]
    if "targets" in shown.record:
        found = shown.record["targets"]
        assert [found["assessed"], *(found[arm] for arm in ARMS)] == [len(judged), *counts]
    cells = shown.line("Targets at least likely", "较可能达到的规划指标")
    assert [re.split(r" of |/", cell) for cell in cells[:2]] == [
        [str(count), str(len(judged))] for count in counts
    ]
    assert squeezed("".join(cells[:2])) in shown.pdf
