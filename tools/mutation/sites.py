"""Where a module can be made wrong: one mutant for each operator and constant.

Left out is what makes no number: docstrings, annotations, ``__all__``, and words for people (strings that are
no identifiers, and whatever stands in a ``raise``).
"""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Mutant", "mutants"]

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip

CIRCLES = (
    ("p05", "p25", "p50", "p75", "p95"),
    ("baseline", "scenario"),
    ("constant", "current"),
    ("reach", "below"),
    ("zh", "en"),
    ("good", "bad"),
    ("low", "high"),
)
"""Words that are easily taken for one another; any other identifier becomes one that nothing knows."""

NEXT = {word: circle[(at + 1) % len(circle)] for circle in CIRCLES for at, word in enumerate(circle)}


@dataclass(frozen=True)
class Mutant:
    """One change, ``what``, of a source ``line``; ``text`` is the whole changed module."""

    function: str
    line: str
    what: str
    number: int
    text: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the mutant however lines move."""
        return self.function, self.line, self.what


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's source."""
    tree = ast.parse(source)
    lines = source.split("\n")
    seen: Counter[tuple[str, str, str]] = Counter()
    for path, function in _sites(tree):
        for what, changed in _changes(_at(tree, path)):
            whole = copy.deepcopy(tree)
            _put(whole, path, changed)
            number = _line(tree, path)
            key = function, lines[number - 1].strip(), what
            seen[key] += 1
            again = f" ({seen[key]})" if seen[key] > 1 else ""
            text = ast.unparse(ast.fix_missing_locations(whole)) + "\n"
            yield Mutant(function, key[1], what + again, number, text)


Path = tuple[tuple[str, int | None], ...]


def _sites(tree: ast.Module) -> Iterator[tuple[Path, str]]:
    stack: list[tuple[ast.AST, Path, str]] = [(tree, (), "")]
    while stack:
        node, path, function = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            function = f"{function}.{node.name}".lstrip(".")
        yield path, function
        below = [(child, (*path, step), function) for step, child in _children(node)]
        stack.extend(reversed(below))


def _children(node: ast.AST) -> Iterator[tuple[tuple[str, int | None], ast.AST]]:
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom) or _is_names(node):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params"):
            continue
        if isinstance(value, ast.AST):
            yield (name, None), value
        elif isinstance(value, list):
            for at, item in enumerate(value):
                if isinstance(item, ast.AST) and not _is_prose(item):
                    yield (name, at), item


def _is_names(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
    )


def _is_prose(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if type(node) in OPERATORS:
        other = OPERATORS[type(node)]
        yield f"{type(node).__name__} → {other.__name__}", other()
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield f"{type(node.op).__name__} → nothing", node.operand
    elif isinstance(node, ast.Constant):
        for value in _others(node.value):
            yield f"{node.value!r} → {value!r}", ast.copy_location(ast.Constant(value), node)


def _others(value: object) -> Iterator[bool | int | float | str]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, float):
        yield value * 1.5 if value else 1.0
    elif isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w.-]*", value):
        yield NEXT.get(value, value + "_")


def _at(tree: ast.AST, path: Path) -> ast.AST:
    node = tree
    for name, at in path:
        value = getattr(node, name)
        node = value if at is None else value[at]
    return node


def _put(tree: ast.AST, path: Path, changed: ast.AST) -> None:
    parent, (name, at) = _at(tree, path[:-1]), path[-1]
    if at is None:
        setattr(parent, name, changed)
    else:
        getattr(parent, name)[at] = changed


def _line(tree: ast.AST, path: Path) -> int:
    """Return the line of a node, or of the nearest one above it that has a place (operators have none)."""
    for end in range(len(path), 0, -1):
        number = getattr(_at(tree, path[:end]), "lineno", None)
        if number is not None:
            return int(number)
    return 1
