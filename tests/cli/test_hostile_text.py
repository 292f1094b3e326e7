"""Texts that act on a terminal or a spreadsheet: refused where they come in, harmless where they go out."""

from __future__ import annotations

import csv
import json
import re
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from support import RECORD, REGION

from sim.characters import brief, find_control, unwanted_control, visible
from sim.cli.options import write_csv, write_json
from sim.folders import database_path
from sim.store import open_store

CONTROLS = (
    "\x00", "\x07", "\x08", "\x0b", "\r", "\x1b", "\x7f", "\x85", "\x9b", "\u061c", "\u200e", "\u2028",
    "\u2029", "\u202a", "\u202e", "\u2066", "\u2069", "\ud800", "\U000e0041",
)  # fmt: skip
HARMLESS = "总部经济 é ₂ 👩‍🔧 ‌ a b"
DANGER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
EVIL = "plan\x1b]0;owned\x07\x1b[2Jx\u202egnp\x9b31m"
MODEL = '{UTF-8}\nlevel = INTEG(-"NAME", 100) ~ 1 ~ |\n"NAME" = 1 ~ UNIT ~ |\nINITIAL TIME = 0 ~ ~ |\n'
MODEL += "FINAL TIME = 2 ~ ~ |\nTIME STEP = 1 ~ ~ |\nSAVEPER = 1 ~ ~ |\n"


@pytest.mark.parametrize("character", CONTROLS)
def test_each_control_character_is_found_named_and_written_out(character: str) -> None:
    text = f"a{character}b"
    name = f"U+{ord(character):04X}"
    assert find_control(text) == name
    assert name in unwanted_control(text)
    assert visible(text) == "a" + character.encode("unicode_escape").decode() + "b"


def test_other_characters_are_left_alone() -> None:
    assert (find_control(HARMLESS), unwanted_control(HARMLESS), visible(HARMLESS)) == ("", "", HARMLESS)
    assert visible("a\tb\n") == "a\tb\n"
    assert unwanted_control("a\tb\n", lines=True) == ""
    assert unwanted_control("a\nb")


def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(REGION, folder)
    return folder


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("model/study.toml", 'en = "Tiny City"', 'en = "Tiny\\u202eCity"'),
        ("model/levers.toml", "[levers.tourism]", '[levers."tour\\u001bism"]'),
        ("model/kpis.csv", "city-gdp,", "city-gdp\x1b[2J,"),
        ("calibration/priors.csv", "price rise,", "price rise\u202e,"),
        ("calibration/facts.csv", "F001,", "F001\x9b,"),
    ],
)
def test_names_of_a_study_are_refused(tiny: Any, tmp_path: Path, file: str, before: str, after: str) -> None:
    folder = study(tmp_path)
    text = (folder / file).read_text(encoding="utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")
    said = tiny("--study", str(folder), "run", "--lever=headquarters", "--members", "5")
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert Path(file).name in said.err
    assert "holds the control character U+" in said.err
    assert not DANGER.search(said.err.rstrip("\n"))


@pytest.mark.parametrize("key", ["name", "title.zh", "title.en"])
def test_a_title_of_a_scenario_is_refused(tiny: Any, tmp_path: Path, key: str) -> None:
    texts = {"name": "plan", "title.zh": "规划", "title.en": "plan"} | {key: "pl\\u001b[31man"}
    file = tmp_path / "plan.toml"
    file.write_text("\n".join(f'{name} = "{text}"' for name, text in texts.items()), encoding="utf-8")
    said = tiny("run", "--scenario", str(file), "--members", "5")
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert f"plan.toml, key '{key}': the text holds the control character U+001B" in said.err


@pytest.mark.parametrize(("name", "unit"), [("bad\x1b[2Jname", "1"), ("bad\u202ename", "1"), ("x", "k\x9bm")])
def test_names_of_a_model_are_refused(sim: Any, tmp_path: Path, name: str, unit: str) -> None:
    file = tmp_path / "model.mdl"
    file.write_text(MODEL.replace("NAME", name).replace("UNIT", unit), encoding="utf-8")
    for command in ("simulate", "check"):
        said = sim(command, str(file))
        assert said.code in (1, 2)
        assert not DANGER.search((said.out + said.err).replace("\n", ""))
    said = sim("simulate", str(file))
    assert (said.code, said.out) == (2, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", f"--lever={EVIL}"), ("runs", "show", EVIL), ("report", EVIL), ("check", EVIL),
        ("sweep", "--vary", f"{EVIL}=0..1"),
        ("simulate", EVIL), ("evidence", EVIL), (EVIL,), ("run", f"--{EVIL}"), ("run", "--members", EVIL),
        ("--study", EVIL, "run"), ("explain", EVIL), ("run", "--posterior", EVIL),
    ],
)  # fmt: skip
def test_messages_show_what_was_typed_as_escapes(tiny: Any, arguments: tuple[str, ...]) -> None:
    said = tiny(*arguments)
    assert said.code in (1, 2)
    assert not DANGER.search((said.out + said.err).replace("\n", ""))


@pytest.fixture
def stored(own_data: Path) -> str:
    """Return a run whose every text was stored by a version that refused nothing."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    record["scenario"] |= {"name": EVIL}
    record["kpis"][0] |= {"zh": EVIL, "en": EVIL}
    record["kpis"][1] |= {"zh": "=1+1", "en": "@SUM(A1)"}
    with open_store(database_path()) as store:
        run = store.runs.begin(["sim", "run", EVIL], record["scenario"], 1, 1000)
        store.runs.complete(run, record, None)
    return run


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    "arguments", [("list",), ("list", "--csv"), ("show", "@last"), ("show", "@last", "--csv")]
)
def test_what_is_stored_is_shown_as_escapes(sim: Any, arguments: tuple[str, ...]) -> None:
    said = sim("runs", *arguments)
    assert said.code == 0
    assert not DANGER.search((said.out + said.err).replace("\n", ""))
    assert "\\x1b" in said.out


@pytest.mark.slow  # the libraries of the report take their time
@pytest.mark.usefixtures("stored")
def test_a_report_of_what_no_font_shows_is_refused(sim: Any, tmp_path: Path) -> None:
    said = sim("report", "@last", "--output", str(tmp_path / "report.pdf"))
    assert (said.code, said.out, len(said.err.splitlines())) == (1, "", 1)
    assert not DANGER.search(said.err.rstrip("\n"))
    assert list(tmp_path.glob("*.pdf")) == []


@pytest.mark.usefixtures("stored")
def test_json_keeps_the_text_and_no_control_character(sim: Any) -> None:
    said = sim("runs", "list", "--json")
    assert not DANGER.search(said.out.replace("\n", ""))
    assert json.loads(said.out)[0]["name"] == EVIL


@pytest.mark.usefixtures("stored")
def test_our_own_colours_stay(sim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm-256color")
    said = sim("runs", "show", "@last")
    assert "\x1b[1m" in said.out
    assert not DANGER.search(re.sub(r"\x1b\[[0-9;]*m", "", said.out).replace("\n", ""))


@pytest.mark.usefixtures("stored")
def test_csv_cells_that_a_spreadsheet_would_run_are_guarded(sim: Any) -> None:
    rows = list(csv.DictReader(StringIO(sim("runs", "show", "@last", "--csv").out)))
    assert (rows[1]["zh"], rows[1]["en"]) == ("'=1+1", "'@SUM(A1)")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("-2+3", "'-2+3"), ("@x", "'@x"),
        ("\tx", "'\tx"), (" =1", "' =1"), ("＝1", "'＝1"), ("-3.2", "-3.2"), ("+1e-5", "+1e-5"), ("-", "-"),
        ("-0.1;0.3;", "-0.1;0.3;"), (-3.2, "-3.2"), (-1, "-1"), (None, ""), ("a=b", "a=b"), ("", ""),
    ],
)  # fmt: skip
def test_numbers_stay_numbers(cell: object, written: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(["=name", "x"], [{"=name": cell, "x": 1, "unwanted": 2}])
    head, row = csv.reader(StringIO(capsys.readouterr().out))
    assert head == ["'=name", "x"]
    assert row == [written, "1"]


def test_json_escapes_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(CONTROLS) + HARMLESS
    write_json({"text": text})
    out = capsys.readouterr().out
    assert json.loads(out)["text"] == text
    assert HARMLESS in out


def test_values_in_messages_are_short() -> None:
    assert brief("a") == "'a'"
    assert brief(int("f" * 6000, 16)) == "a whole number of thousands of digits"
    assert brief("9" * 5000).endswith("… (5002 characters)")


DIGITS = "9" * 5000


@pytest.mark.parametrize("value", [DIGITS, "9" * 4000, "0x" + "f" * 6000, "[" * 3000, f"[{DIGITS}]"])
def test_a_scenario_with_a_number_of_thousands_of_digits(tiny: Any, tmp_path: Path, value: str) -> None:
    file = tmp_path / "plan.toml"
    for line in (f"headquarters = {value}", f"headquarters = {{intensity = {value}}}"):
        file.write_text(
            f'name = "plan"\ntitle = {{zh = "a", en = "a"}}\n[levers]\n{line}\n', encoding="utf-8"
        )
        said = tiny("run", "--scenario", str(file), "--members", "5")
        assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
        assert len(said.err) < 500


@pytest.mark.parametrize(
    ("file", "before"),
    [
        ("calibration/priors.csv", ",0.03,"), ("calibration/anchors.csv", ",2024,"),
        ("model/kpis.csv", ",2035,"), ("calibration/facts.csv", ",705,"),
    ],
)  # fmt: skip
def test_a_table_with_a_number_of_thousands_of_digits(
    tiny: Any, tmp_path: Path, file: str, before: str
) -> None:
    folder = study(tmp_path)
    text = (folder / file).read_text(encoding="utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, f",{DIGITS},", 1), encoding="utf-8")
    said = tiny("--study", str(folder), "run", "--members", "5")
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1), said.err
    assert Path(file).name in said.err
    assert len(said.err) < 500


@pytest.mark.parametrize(
    ("before", "after"),
    [("[names]", "[names.x]"), ("", "parents = 1\n"), ("", f"names = {DIGITS}\n"), ("", "names = 1\n")],
)
def test_settings_of_the_audit_of_another_kind(tiny: Any, tmp_path: Path, before: str, after: str) -> None:
    folder = study(tmp_path)
    shipped = (Path(__file__).parents[2] / "calibration" / "audit.toml").read_text(encoding="utf-8")
    text = after + shipped if not before else shipped.replace(before, after, 1)
    (folder / "calibration" / "audit.toml").write_text(text, encoding="utf-8")
    said = tiny("--study", str(folder), "audit")
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1), said.err
    assert "audit.toml" in said.err


@pytest.mark.parametrize(
    "line",
    ["run --lever headquarters=9", "run --lever headquarters@9", "run --members 9", "run --seed 9",
     "sweep --vary headquarters=0..9", "explain city-gdp --year 9", "levers show 9"],
)  # fmt: skip
def test_a_number_of_thousands_of_digits_that_is_typed(tiny: Any, line: str) -> None:
    said = tiny(*f"{line[:-1]}{DIGITS}".split())
    assert (said.code, said.out) == (2, "")
    assert "characters)" in said.err
    assert len(said.err) < 700
