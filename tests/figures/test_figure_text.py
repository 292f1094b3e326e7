"""The words of figures and reports: both languages alike, and how numbers are written."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sim.errors import BadInput, SimError
from sim.figures import load_text
from sim.figures.text import folded


def leaves(node: Any, path: str = "") -> dict[str, str]:
    if isinstance(node, dict):
        return {
            key: leaf for name, child in node.items() for key, leaf in leaves(child, f"{path}.{name}").items()
        }
    if isinstance(node, list):
        return {
            key: leaf for n, child in enumerate(node) for key, leaf in leaves(child, f"{path}.{n}").items()
        }
    return {path: str(node)}


def test_both_languages_have_the_same_entries() -> None:
    zh, en = (leaves(load_text(lang).entries) for lang in ("zh", "en"))
    assert sorted(zh) == sorted(en)
    assert all(zh.values())
    assert all(en.values())


def test_no_chinese_sentence_separates_latin_from_chinese_with_spaces() -> None:
    for key, words in leaves(load_text("zh").entries).items():
        assert not re.search(r"[一-鿿] \d|\d [一-鿿]", words), key


def test_bold_marks_come_in_pairs() -> None:
    for lang in ("zh", "en"):
        for key, words in leaves(load_text(lang).entries).items():
            assert words.count("**") % 2 == 0, key


def test_unknown_language_is_bad_input() -> None:
    with pytest.raises(BadInput, match="zh, en"):
        load_text("fr")


def test_missing_entry_names_file_and_key() -> None:
    with pytest.raises(SimError, match=r"text\.zh\.toml .*'summary\.nothing'"):
        load_text("zh")("summary.nothing")


def test_rows_are_put_on_one_line_in_the_language() -> None:
    text = load_text("en")
    assert text.of({"zh": "一", "en": "two\n lines"}) == "two lines"
    assert text.of({"zh": "一"}) == "一"
    assert text.title({"en": "city GDP"}) == "City GDP"


def test_long_names_are_folded_once_and_then_cut() -> None:
    assert folded("short") == "short"
    assert folded("above-scale service firms' revenue in the city", 24).count("\n") == 1
    assert folded("规模以上服务业企业营业收入", 16) == "规模以上服务业企\n业营业收入"
    assert folded("word " * 40, 20).endswith("…")
