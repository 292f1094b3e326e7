"""Characters that act on a terminal or hide in a text: refused in names, shown as escapes elsewhere.

They are the control characters C0, DEL and C1 (an escape sequence can retype what a terminal shows), the
separators of lines and paragraphs, the marks that turn the direction of writing round, invisible tags and
annotations, and halves of surrogate pairs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["brief", "escaped", "find_control", "unwanted_control", "visible"]

_HIDDEN = (
    "\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufff9-\\ufffb"
    "\\ud800-\\udfff\\U000e0000-\\U000e007f"
)
_CONTROL = re.compile(f"[\\x00-\\x1f{_HIDDEN}]")
_ESCAPED = re.compile(f"[\\x00-\\x08\\x0b-\\x1f{_HIDDEN}]")


def find_control(text: str) -> str:
    """Return the name of the first control character in ``text``, such as ``U+001B``, or an empty string."""
    found = _CONTROL.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def visible(text: str) -> str:
    r"""Return ``text`` with control characters written out, such as ``\x1b``; tab and line feed stay."""
    return escaped(text, lambda character: character.encode("unicode_escape").decode("ascii"))


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """Return ``text`` with each control character as ``escape`` writes it; tab and line feed stay."""
    return _ESCAPED.sub(lambda found: escape(found[0]), text)


def unwanted_control(text: str, *, lines: bool = False) -> str:
    """Return what is wrong with a text that holds a control character, else an empty string.

    With ``lines``, as in a note, tabs and line ends are welcome.
    """
    found = find_control(re.sub(r"[\t\n\r]", " ", text) if lines else text)
    if not found:
        return ""
    return f"the text holds the control character {found}, which may hide or change what is shown. Remove it."


def brief(value: object, most: int = 60) -> str:
    """Return a value as it may stand in a message: input may hold numbers of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:  # Python itself refuses to write out such a whole number
        return "a whole number of thousands of digits"
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
