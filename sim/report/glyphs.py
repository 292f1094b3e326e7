"""Every character of a report must have a glyph: Typst leaves a blank for one that has none."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from matplotlib.ft2font import FT2Font

from sim.errors import SimError

__all__ = ["check_glyphs", "escaped", "strings_in", "words_in_svg"]


def check_glyphs(strings: Iterable[str], fonts: Iterable[Path]) -> None:
    """Raise a SimError naming the first character that is in none of ``fonts``, and where it stands."""
    covered = _covered(fonts)
    for words in strings:
        for letter in words:
            if ord(letter) not in covered:
                name = unicodedata.name(letter, "no name")
                start = max(words.index(letter) - 15, 0)
                near = "".join(c if c.isprintable() else "?" for c in words[start : start + 40])
                raise SimError(
                    f"The report's fonts have no glyph for {letter!a} (U+{ord(letter):04X}, {name}) in "
                    f"“{near}”. They cover GB2312 Chinese, Latin and common signs: use other words there."
                )


def strings_in(node: Any) -> Iterator[str]:
    """Yield every string among the values of nested dicts and lists."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from strings_in(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from strings_in(value)


def words_in_svg(data: bytes) -> list[str]:
    """Return the words that a figure shows."""
    found = re.findall(r"<text\b[^>]*>(.*?)</text>", data.decode("utf-8"), re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", "", words)).strip() for words in found]


def escaped(words: str, fonts: Iterable[Path]) -> str:
    """Return ``words`` with ``\\uXXXX`` for what has no glyph; for what nobody can reword: a command."""
    covered = _covered(fonts)
    return "".join(c if ord(c) in covered else c.encode("unicode_escape").decode("ascii") for c in words)


def _covered(fonts: Iterable[Path]) -> set[int]:
    """Return the code points that can be shown both in regular and in bold."""
    weights: dict[bool, set[int]] = {False: set(), True: set()}
    for path in fonts:
        try:
            weights["Bold" in path.name].update(FT2Font(path).get_charmap())
        except (OSError, RuntimeError) as error:
            raise SimError(f"The font {str(path)!r} cannot be read: {error}. Reinstall sim.") from error
    return weights[False] & weights[True]
