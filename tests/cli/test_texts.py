"""Texts in two languages, numbers as read by people, sparklines, the progress line."""

from __future__ import annotations

import io
import string
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import sim.cli
from sim.cli.sparklines import sparkline
from sim.cli.terminal import progress_line, width
from sim.cli.texts import choose_language, load_texts
from sim.errors import BadInput

MESSAGES = tomllib.loads(Path(sim.cli.__file__).with_name("messages.toml").read_text(encoding="utf-8"))
PAIRS = {f"{section}.{key}": pair for section, pairs in MESSAGES.items() for key, pair in pairs.items()}


@pytest.mark.parametrize("key", PAIRS)
def test_a_text_is_in_both_languages_with_the_same_blanks(key: str) -> None:
    pair = PAIRS[key]
    assert set(pair) == {"zh", "en"}
    blanks = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in pair.values()]
    assert blanks[0] == blanks[1]


@pytest.mark.parametrize("key", PAIRS)
def test_a_gbk_console_has_every_character(key: str) -> None:
    for text in PAIRS[key].values():
        text.encode("gbk")


def test_marks_are_in_gbk() -> None:
    "▁▂▃▄▅▆▇█─≥≤—–→…".encode("gbk")


def test_every_text_is_used() -> None:
    """A text is named whole, or by its last part where a table computes the name."""
    code = "".join(path.read_text(encoding="utf-8") for path in Path(sim.cli.__file__).parent.glob("*.py"))
    for key in PAIRS:
        section, name = key.split(".")
        computed = section in ("stage", "authority", "evidence", "status", "check", "computed")
        stem = name.rpartition("_")[0]
        computed = computed or (stem != "" and f'f"{section}.{stem}_{{' in code)
        assert computed or f'"{key}"' in code or f'"{name}"' in code, key


def test_every_authority_and_evidence_has_a_text() -> None:
    from sim.spec.levers import AUTHORITIES, LEVER_EVIDENCE

    assert {f"authority.{name}" for name in AUTHORITIES} <= set(PAIRS)
    assert {f"evidence.{name}" for name in LEVER_EVIDENCE} <= set(PAIRS)


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({"LC_ALL": "zh_CN.UTF-8"}, "zh"), ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN"}, "en"),
        ({"LANG": "zh_TW.UTF-8"}, "zh"), ({"LANG": "de_DE"}, "en"), ({}, "en"),
        ({"SIM_LANG": "en", "LANG": "zh_CN"}, "en"),
    ],
)  # fmt: skip
def test_the_language_follows_the_environment(
    environment: dict[str, str], lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SIM_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sim.cli.texts._system_locale", lambda: "")
    assert choose_language() == lang
    assert choose_language("zh") == "zh"


def test_windows_calls_its_locale_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SIM_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sim.cli.texts._system_locale", lambda: "Chinese (Simplified)_China")
    assert load_texts().lang == "zh"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(BadInput, match="Allowed: zh, en"):
        choose_language("fr")


def test_a_sparkline_keeps_both_ends() -> None:
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline(list(range(100)), 4)[0] == "▁"
    assert sparkline(list(range(100)), 4)[-1] == "█"
    assert sparkline([5, 5, 5], 8) == "▄▄▄"
    assert sparkline([None, 1, None], 8, 0, 2) == "▅"
    assert sparkline([None], 8) == ""


class Watched(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for stream, shown in ((Watched(), "\r\x1b[Kruns 1/3\r\x1b[K"), (io.StringIO(), "")):
        progress = progress_line(str, stream=stream)
        for done in (1, 2, 3):
            progress("runs", done, 3)
        assert stream.getvalue() == shown


def test_the_width_is_within_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, used in (("20", 60), ("90", 90), ("900", 160)):
        monkeypatch.setenv("COLUMNS", columns)
        assert width() == used


def test_a_console_without_blocks_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(io.StringIO):
        encoding = "ascii"

    stream: Any = Plain()
    monkeypatch.setattr(sys, "stdout", stream)
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8) == "_.-~=+*#"
