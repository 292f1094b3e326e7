"""Damaged files, made from the shipped content and the tests' models by edits that know the grammar.

A file is a few entries of a real one, cut at the marks of its language, with some of them exchanged, left
out, repeated, nested or taken from elsewhere. Hypothesis draws the edits: a seed gives the same files again.
"""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

__all__ = ["KINDS", "Mutant", "mutants"]

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("mdl", "xmile", "toml", "csv", "npz")
Mutant = tuple[str, bytes]
"""The name of the file that it comes from, and its bytes."""

TIMES = "\nINITIAL TIME = 0 ~ ~ |\nFINAL TIME = 4 ~ ~ |\nTIME STEP = 1 ~ ~ |\nSAVEPER = 1 ~ ~ |\n"
BRACKETS = (("(", ")"), ("[", "]"), ("-(", ")"), ("{", "}"), ("INTEG(", ", 1)"), ("<a>", "</a>"))
TOKEN = re.compile(r"\w+(?:[ _]\w+)*|\s+|[^\w\s]")
CONTROL = ("", "\u202e", "\x00", "\ufeff", "\n", "\r", " ")


@dataclass(frozen=True, slots=True)
class Seed:
    """A file that others come from: what begins and ends it, and its entries."""

    name: str
    head: str
    entries: tuple[str, ...]
    tail: str = ""


@cache
def _seeds(kind: str) -> tuple[Seed, ...]:
    """Return what the files of a kind come from."""
    if kind == "mdl":
        return tuple(_vensim())
    if kind == "xmile":
        return tuple(_xmile())
    if kind == "csv":
        return tuple(_tables())
    files = [path for folder in ("runs/scenarios", "model", "calibration") for path in _files(folder, kind)]
    cut = ((path, re.split(r"(?m)^(?=\[)", path.read_text(encoding="utf-8"))) for path in files)
    return tuple(Seed(path.name, parts[0], tuple(parts[1:])) for path, parts in cut)


def _files(folder: str, kind: str) -> list[Path]:
    left_out = ("audit_text.toml", "priors_research.csv")
    return [path for path in sorted((ROOT / folder).glob(f"*.{kind}")) if path.name not in left_out]


def _vensim() -> Iterator[Seed]:
    models = [ROOT / "model" / "changji.mdl", *sorted((ROOT / "tests" / "models").rglob("*.mdl"))]
    for path in (*models, *sorted((ROOT / "tests" / "bad" / "models").glob("*.mdl"))):
        text = path.read_text(encoding="utf-8").split("\\\\\\---///")[0]
        yield Seed("model.mdl", "{UTF-8}\n", _entries(text), TIMES)
    for file in sorted((ROOT / "tests" / "engine" / "small_models").glob("*.toml")):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        head = "{UTF-8}\n" + table.get("shared", "") + table.get("ours", "")
        for place in range(0, len(table["model"]), 4):
            cases = table["model"][place : place + 4]
            yield Seed("model.mdl", head, tuple(f"{case['text'].strip()} ~ ~ |\n" for case in cases), TIMES)


def _entries(text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"(?<=\|)", text) if part.strip())


def _xmile() -> Iterator[Seed]:
    variable = re.compile(r"<(stock|flow|aux|gf)\b[^>]*name=.*?</\1>", re.DOTALL)
    for path in sorted((ROOT / "tests" / "fuzz" / "seeds").iterdir()):
        text = path.read_text(encoding="utf-8")
        found = list(variable.finditer(text))
        head, tail = text[: found[0].start()], text[found[-1].end() :]
        yield Seed(path.name, head, tuple(match.group() for match in found), tail)


def _tables() -> Iterator[Seed]:
    for path in (*_files("model", "csv"), *_files("calibration", "csv")):
        head, *rows = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
        yield Seed(path.name, head, tuple(rows))


@st.composite
def mutants(draw: st.DrawFn, kind: str) -> Mutant:
    """Return a damaged file of a kind."""
    if kind == "npz":
        return "posterior.npz", draw(_archives())
    seed = draw(st.sampled_from(_seeds(kind)))
    begin = draw(st.integers(0, max(len(seed.entries) - 1, 0)))
    whole = kind == "xmile" or (draw(st.integers(0, 4)) == 0 and len(seed.entries) < 40)
    entries = list(seed.entries if whole else seed.entries[begin : begin + draw(st.integers(1, 12))])
    parts = [seed.head, *entries, seed.tail]
    for _ in range(draw(st.sampled_from((0, 1, 1, 1, 2, 2, 3, 6)))):
        # Mostly an entry is damaged: without a whole head and tail little else is ever read.
        at = 0 if draw(st.integers(0, 14)) == 0 else draw(st.integers(0, len(parts) - 1))
        parts[at] = draw(_edited(kind, parts[at]))
    if draw(st.integers(0, 9)) == 0:
        other = draw(st.sampled_from(_seeds(kind))).entries
        parts.insert(1, draw(st.sampled_from(other or ("",))))
    data = "".join(parts).encode("utf-8", "surrogatepass")
    return seed.name, draw(_bytes(data)) if draw(st.integers(0, 19)) == 0 else data


@st.composite
def _edited(draw: st.DrawFn, kind: str, entry: str) -> str:
    """Return an entry left out, doubled or edited at its marks, in XML mostly between its tags."""
    what = draw(st.integers(0, 19))
    if what < 2:
        return entry * (what * 2)
    if kind == "xmile" and what < 16:
        pieces = re.split(r"(<[^>]*>)", entry)
        texts = [place for place in range(0, len(pieces), 2) if pieces[place].strip()]
        if texts:
            at = draw(st.sampled_from(texts))
            pieces[at] = "".join(draw(_changed(kind, TOKEN.findall(pieces[at]))))
            return "".join(pieces)
    return "".join(draw(_changed(kind, TOKEN.findall(entry))))


@st.composite
def _changed(draw: st.DrawFn, kind: str, tokens: list[str]) -> list[str]:
    at = draw(st.integers(0, max(len(tokens) - 1, 0)))
    size = draw(st.integers(1, 6))
    before, part, after = tokens[:at], tokens[at : at + size], tokens[at + size :]
    match draw(st.integers(0, 8)):
        case 0:
            return before + after
        case 1:
            return before + part * draw(st.sampled_from((2, 3, 40, 400))) + after
        case 2:
            return before + part[::-1] + after
        case 3:
            left, right = draw(st.sampled_from(BRACKETS))
            count = draw(st.sampled_from((1, 2, 5, 300)))
            return before + [left] * count + part + [right] * count + after
        case 4 | 5:
            other = TOKEN.findall(draw(st.sampled_from(draw(st.sampled_from(_seeds(kind))).entries or ("",))))
            place = draw(st.integers(0, max(len(other) - 1, 0)))
            return before + other[place : place + size] + after
        case 6:
            return [*before, draw(st.sampled_from(_words(kind))), *part, *after]
        case _:
            return [*before, draw(st.sampled_from(_words(kind))), *tokens[at + 1 :]]


@cache
def _words(kind: str) -> tuple[str, ...]:
    words = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return (*words[kind].split("\n"), *words["any"].split("\n"), *CONTROL)


@st.composite
def _bytes(draw: st.DrawFn, data: bytes) -> bytes:
    """Return bytes with one of them changed, some left out, or the end cut off."""
    at = draw(st.integers(0, max(len(data) - 1, 0)))
    what = draw(st.integers(0, 2))
    if what == 0:
        return data[:at]
    return (
        data[:at]
        + (bytes([draw(st.integers(0, 255))]) if what == 1 else b"")
        + data[at + draw(st.integers(1, 9)) :]
    )


@st.composite
def _archives(draw: st.DrawFn) -> bytes:
    arrays: dict[str, np.ndarray | None] = dict(_posterior())
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(("head", "draws", "logs", "extra")))
        edit, array = draw(st.sampled_from(_EDITS)), arrays.get(name)
        plain = array is not None and array.dtype.names is None
        arrays[name] = edit(array if plain else np.zeros(3))
    file = io.BytesIO()
    kept: Any = {name: array for name, array in arrays.items() if array is not None}
    np.savez_compressed(file, **kept)
    data = file.getvalue()
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        data = draw(_bytes(data))
    return data


_EDITS: tuple[Callable[[np.ndarray], np.ndarray | None], ...] = (
    lambda array: None,
    lambda array: array[:0] if array.ndim else array.reshape(1),
    lambda array: array.astype("S8") if array.dtype.kind != "U" else array,
    lambda array: array.astype(str),
    lambda array: array.reshape(-1),
    lambda array: array * np.nan if array.dtype.kind == "f" else np.array(7),
    lambda array: np.array("{" * 3000),
    lambda array: np.array('{"format": 1, "seed": 1e999, "constants": {}, "made_for": []}'),
    lambda array: np.array("[" * 3000 + "]" * 3000),
    lambda array: np.zeros((2, 3, 4)),
    lambda array: np.zeros(2, dtype=[("a", "f8"), ("b", "i4")]),
    lambda array: array.T,
)


@cache
def _posterior() -> tuple[tuple[str, np.ndarray], ...]:
    with np.load(ROOT / "calibration" / "posterior.npz", allow_pickle=False) as whole:
        return tuple((name, whole[name][:4] if whole[name].ndim else whole[name]) for name in whole.files)
