"""Random equations of Vensim and XMILE, as text with few brackets that are not needed, and their values.

An equation is drawn as a tree, so that what it means is known without reading it. ``written`` puts it into
words by the language's own table of precedence; ``value`` works it out in plain Python from the definitions
in Vensim's help and XMILE 1.0, knowing nothing of the engine. Both are apart from the code they judge.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, TypeAlias

__all__ = ["STEP", "TABLE", "TIMES", "VARIABLES", "Node", "Unfit", "drawn", "nodes", "value", "written"]

Language: TypeAlias = Literal["vensim", "xmile"]
STEP = Fraction(1, 2)
TIMES = tuple(STEP * place for place in range(9))
VARIABLES = {"two": "2", "half": "0.5", "less": "-1.5", "odd": "0.7", "none": "0", "time": "time"}
"""Names and values (``time`` moves); in a model they are stocks, so that nothing is folded beforehand."""
TABLE = ((-2.0, 1.0), (-1.0, -3.0), (0.5, 0.25), (2.0, 4.0), (4.0, -1.0))


class Unfit(Exception):
    """An equation whose value hangs on the last bits, or is no real number."""


@dataclass(frozen=True)
class Node:
    """``kind`` is num, var, an operator, neg, plus, not, if, table, or a function's name in lower case."""

    kind: str
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Value:
    """A number, the same as a fraction if no rounding went into it, and the largest number on the way."""

    number: float
    exact: Fraction | None
    largest: float


# --- drawing ---------------------------------------------------------------------------------------

_NUMBERS = ("0", "1", "2", "3", "4", "0.5", ".25", "1.5", "2.", "1e0", "5E-1", "0.3", "7", "1.7", "12")
_ONE = ("abs", "exp", "sqrt", "sin", "cos", "tan", "arctan", "ln", "int")
_TWO = ("max", "min", "zidz")
_VENSIM_ONE = ("arcsin", "arccos", "sinh", "cosh", "tanh")
_VENSIM_TWO = ("modulo", "quantum", "power", "log")
_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")


def drawn(chance: random.Random, language: Language) -> Node:
    """Return a random equation whose value is safe to compare at all times."""
    while True:
        tree = _number_tree(chance, language, chance.choice((2, 3, 3, 4)))
        if tree.kind in ("num", "var"):
            continue
        try:
            for time in TIMES:
                value(tree, language, time)
        except Unfit:
            continue
        return tree


def _number_tree(chance: random.Random, language: Language, depth: int) -> Node:
    def deeper() -> Node:
        return _number_tree(chance, language, depth - 1)

    if depth <= 0 or chance.random() < 0.12:
        return _leaf(chance)
    draw = chance.random()
    if draw < 0.30:
        return Node(chance.choice("+-*/"), (deeper(), deeper()))
    if draw < 0.46:
        base = _leaf(chance) if chance.random() < 0.7 else deeper()
        exponent = _exponent(chance) if chance.random() < 0.7 else deeper()
        return Node("^", (base, exponent))
    if draw < 0.60:
        return Node(chance.choice(("neg", "neg", "neg", "plus")), (deeper(),))
    if draw < 0.70:
        return Node("if", (_condition(chance, language, depth - 1), deeper(), deeper()))
    if draw < 0.76:
        return Node("table", (deeper(),))
    if draw < 0.84:
        return _timed(chance, language)
    if draw < 0.88 and language == "xmile":
        return Node("mod", (deeper(), deeper()))
    return _called(chance, language, deeper)


def _leaf(chance: random.Random) -> Node:
    if chance.random() < 0.6:
        return Node("num", (chance.choice(_NUMBERS),))
    return Node("var", (chance.choice(list(VARIABLES)),))


def _exponent(chance: random.Random) -> Node:
    node = Node("num", (chance.choice(("2", "3", "0.5", "1.5", "2", "1", "0", "4")),))
    if chance.random() < 0.3:
        node = Node("^", (node, Node("num", (chance.choice(("2", "0.5")),))))
    return Node("neg", (node,)) if chance.random() < 0.35 else node


def _called(chance: random.Random, language: Language, deeper: Callable[[], Node]) -> Node:
    one, two = (_ONE, _TWO) if language == "xmile" else (_ONE + _VENSIM_ONE, _TWO + _VENSIM_TWO)
    name = chance.choice((*one, *two, "xidz"))
    count = 1 if name in one else 2 if name in two else 3
    return Node(name, tuple(deeper() for _ in range(count)))


def _condition(chance: random.Random, language: Language, depth: int) -> Node:
    if depth > 0 and chance.random() < 0.35:
        kind = chance.choice(("and", "or", "and", "or", "not"))
        count = 1 if kind == "not" else 2
        return Node(kind, tuple(_condition(chance, language, depth - 1) for _ in range(count)))
    left, right = (_number_tree(chance, language, min(depth, 2)) for _ in range(2))
    if language == "xmile" and chance.random() < 0.1:
        left = Node("not", (left,))
    return Node(chance.choice(_COMPARISONS), (left, right))


def _timed(chance: random.Random, language: Language) -> Node:
    def at(*choices: str) -> Node:
        return Node("num", (chance.choice(choices),))

    start = at("0", "0.5", "1", "1.5", "2", "3", "0.7", "1.2")
    if language == "xmile":
        kind = chance.choice(("step", "xramp", "xpulse", "xpulse2"))
        extra = {"xpulse2": (at("0", "0.5", "1", "1.5", "0.7"),)}.get(kind, ())
        height = at("1", "4", ".5")
        return Node(kind, (height, start, *extra))
    kind = chance.choice(("step", "ramp", "pulse", "pulse train"))
    if kind == "step":
        return Node(kind, (at("1", "4", ".5"), start))
    if kind == "ramp":
        return Node(kind, (at("1", "4", ".5"), start, at("3", "3.2", "3.5")))
    if kind == "pulse":
        return Node(kind, (start, at("0", "0.5", "1", "1.5", "0.7", "0.2")))
    return Node(kind, (start, at("0.2", "0.5", "1"), at("0.5", "1.5", "2", "0.7"), at("2", "3", "2.2", "4")))


# --- writing ---------------------------------------------------------------------------------------

_STRENGTH = {
    "or": 1,
    "and": 2,
    "not": 3,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "mod": 6,
    "neg": 7,
    "plus": 7,
    "^": 8,
}
_ATOM = 9
_NAMES = {"zidz": ("ZIDZ", "SAFEDIV"), "xidz": ("XIDZ", "SAFEDIV"), "int": ("INTEGER", "INT")}
_XMILE_NAMES = {"xpulse": "PULSE", "xpulse2": "PULSE", "xramp": "RAMP"}
_WORDS = {"and": (":AND:", "AND"), "or": (":OR:", "OR"), "not": (":NOT:", "NOT"), "mod": ("", "mod")}


def written(node: Node, language: Language, chance: random.Random) -> str:
    """Return an equation's text, with some brackets and blanks that it does not need."""
    return _text(node, language, chance, 0)


def _text(node: Node, language: Language, chance: random.Random, least: int) -> str:
    own = _strength(node, language)
    text = _plain(node, language, chance)
    needed = own < least or (node.kind == "if" and language == "xmile" and least > 0)
    return f"({text})" if needed or (own < _ATOM and chance.random() < 0.08) else text


def _strength(node: Node, language: Language) -> int:
    if node.kind in _COMPARISONS:
        return 4
    if node.kind == "not" and language == "xmile":
        return 7
    if node.kind == "if" and language == "xmile":
        return 0
    return _STRENGTH.get(node.kind, _ATOM)


def _plain(node: Node, language: Language, chance: random.Random) -> str:
    kind, parts, place = node.kind, node.parts, int(language == "xmile")

    def part(which: int, least: int) -> str:
        return _text(parts[which], language, chance, least)

    if kind == "num":
        return str(parts[0])
    if kind == "var":
        return "TIME" if parts[0] == "time" and place else "Time" if parts[0] == "time" else str(parts[0])
    blank = chance.choice((" ", " ", ""))
    if kind in ("neg", "plus"):
        sign = "-" if kind == "neg" else "+"
        # PySD cannot read two signs in a row; another test has them.
        return sign + chance.choice(("", "", " ")) + part(0, 8)
    if kind == "not":
        return f"{_WORDS[kind][place]} {part(0, 8 if place else 4)}"
    if kind == "^":
        return f"{part(0, _ATOM)}{blank}^{blank}{part(1, 7)}"
    if kind in ("and", "or", "mod"):
        # PySD reads one mod in a product.
        least = _STRENGTH[kind]
        left = part(0, _ATOM if kind == "mod" and parts[0].kind in ("mod", "*", "/") else least)
        return f"{left} {_WORDS[kind][place]} {part(1, least + 1)}"
    if kind in _COMPARISONS:
        return f"{part(0, 5)}{blank}{kind}{blank}{part(1, 5)}"
    if kind in _STRENGTH:
        return f"{part(0, _STRENGTH[kind])}{blank}{kind}{blank}{part(1, _STRENGTH[kind] + 1)}"
    return _call(node, language, chance)


def _call(node: Node, language: Language, chance: random.Random) -> str:
    arguments = [_text(part, language, chance, 0 if language == "vensim" else 1) for part in node.parts]
    if node.kind == "table":
        return f"table({arguments[0]})"
    if node.kind == "if":
        if language == "xmile":
            return "IF {} THEN {} ELSE {}".format(*arguments)
        return f"IF THEN ELSE({', '.join(arguments)})"
    name = _NAMES.get(node.kind, (node.kind.upper(), node.kind.upper()))[int(language == "xmile")]
    if language == "xmile":
        name = _XMILE_NAMES.get(node.kind, name)
    return f"{name}({', '.join(arguments)})"


# --- values ----------------------------------------------------------------------------------------


def nodes(node: Node) -> Iterator[Node]:
    """Yield a tree's nodes."""
    yield node
    for part in node.parts:
        if isinstance(part, Node):
            yield from nodes(part)


def value(node: Node, language: Language, time: Fraction) -> Value:
    """Return what an equation is worth at a time; Unfit if that is not safe to say."""
    kind = node.kind
    if kind == "num":
        return _of(float(node.parts[0]), _dyadic(node.parts[0]))
    if kind == "var":
        text = VARIABLES[node.parts[0]]
        return _of(float(time), time) if text == "time" else _of(float(text), _dyadic(text))
    arguments = [value(part, language, time) for part in node.parts]
    if kind == "if":
        found = arguments[1] if arguments[0].number else arguments[2]
    elif kind in _TIMED:
        given = [Fraction(part.parts[0]) for part in node.parts]
        result = _TIMED[kind](time, *given)
        found = _of(float(result), _dyadic(str(float(result))))
    elif kind == "int":
        found = (_floored if language == "xmile" else _truncated)(*arguments)
    else:
        found = (_EXACT | _ROUNDED)[kind](*arguments)
    largest = max(abs(found.number), *(argument.largest for argument in arguments))
    if not math.isfinite(found.number) or largest > 1e4:
        raise Unfit
    return Value(found.number, found.exact, largest)


def _of(number: float, exact: Fraction | None = None) -> Value:
    return Value(number, exact, abs(number))


def _dyadic(text: str) -> Fraction | None:
    """Return a number that binary holds, and few bits of it do."""
    number = Fraction(text)
    return number if Fraction(float(number)) == number and number.denominator <= 2**20 else None


def _exactly(function: Callable[..., Any]) -> Callable[..., Value]:
    def made(*arguments: Value) -> Value:
        number = function(*(argument.number for argument in arguments))
        if any(argument.exact is None for argument in arguments):
            return _of(number)
        return _of(number, _dyadic(str(function(*(argument.exact for argument in arguments)))))

    return made


def _rounded(function: Callable[..., float]) -> Callable[..., Value]:
    def made(*arguments: Value) -> Value:
        try:
            return _of(function(*(argument.number for argument in arguments)))
        except (ValueError, OverflowError, ZeroDivisionError):
            raise Unfit from None

    return made


def _compared(function: Callable[[float, float], bool]) -> Callable[[Value, Value], Value]:
    def made(left: Value, right: Value) -> Value:
        _apart(left, right)
        return _of(float(function(left.number, right.number)), Fraction(function(left.number, right.number)))

    return made


def _apart(left: Value, right: Value) -> None:
    """Raise Unfit if it hangs on rounding which of two is larger."""
    scale = max(1.0, left.largest, right.largest)
    if (left.exact is None or right.exact is None) and abs(left.number - right.number) < 1e-6 * scale:
        raise Unfit


def _whole(number: Value) -> None:
    """Raise Unfit if it hangs on rounding whether a number is whole."""
    if number.exact is None and abs(number.number - round(number.number)) < 1e-6 * max(1.0, number.largest):
        raise Unfit


def _divided(left: Value, right: Value) -> Value:
    if abs(right.number) < 0.02:
        raise Unfit
    exact = left.exact / right.exact if left.exact is not None and right.exact else None
    return _of(left.number / right.number, None if exact is None else _dyadic(str(exact)))


def _safely(left: Value, right: Value, other: Value | None = None) -> Value:
    """ZIDZ and XIDZ: a divisor within 1e-6 of zero is zero."""
    if right.exact == 0:
        return other or _of(0.0, Fraction(0))
    return _divided(left, right)


def _power(base: Value, exponent: Value) -> Value:
    if base.number == 0 and (exponent.number <= 0 or base.exact is None or exponent.exact is None):
        raise Unfit
    if base.number < 0 and (exponent.exact is None or exponent.exact.denominator != 1):
        raise Unfit
    if 0 < abs(base.number) < 0.01 or abs(exponent.number) > 30:
        raise Unfit
    try:
        number = base.number**exponent.number
    except OverflowError:
        raise Unfit from None
    exact = None
    if base.exact is not None and exponent.exact in (1, 2, 3):
        exact = base.exact ** int(exponent.exact)
    return _of(number, None if exact is None else _dyadic(str(exact)))


def _root(x: Value) -> Value:
    if x.number < 0.01 and x.exact != 0:
        raise Unfit
    return _of(math.sqrt(x.number))


def _log(x: Value) -> Value:
    if x.number < 0.01:
        raise Unfit
    return _of(math.log(x.number))


def _log_to(x: Value, base: Value) -> Value:
    if x.number < 0.01 or base.number < 0.05 or abs(math.log(base.number)) < 0.05:
        raise Unfit
    return _of(math.log(x.number) / math.log(base.number))


def _tangent(x: Value) -> Value:
    if abs(math.cos(x.number)) < 0.05:
        raise Unfit
    return _of(math.tan(x.number))


def _inverse(function: Callable[[float], float]) -> Callable[[Value], Value]:
    def made(x: Value) -> Value:
        if abs(x.number) > 0.98 and x.exact not in (1, -1):
            raise Unfit
        return _of(function(x.number))

    return made


def _truncated(x: Value) -> Value:
    _whole(x)
    return _of(float(math.trunc(x.number)), Fraction(math.trunc(x.number)))


def _floored(x: Value) -> Value:
    _whole(x)
    return _of(float(math.floor(x.number)), Fraction(math.floor(x.number)))


def _quantum(a: Value, b: Value) -> Value:
    """Vensim: ``b`` times the whole part of a/b; ``a`` itself if b is no more than zero."""
    if b.exact is None and abs(b.number) < 0.02:
        raise Unfit
    if b.number <= 0:
        return a
    quotient = _divided(a, b)
    _whole(quotient)
    exact = None if b.exact is None or quotient.exact is None else b.exact * math.trunc(quotient.number)
    return _of(b.number * math.trunc(quotient.number), exact)


def _modulo(a: Value, b: Value) -> Value:
    part = _quantum(a, b)
    return _of(
        a.number - part.number, None if a.exact is None or part.exact is None else a.exact - part.exact
    )


def _floor_modulo(a: Value, b: Value) -> Value:
    """XMILE: the rest of floored division, with the sign of the divisor."""
    quotient = _divided(a, b)
    _whole(quotient)
    down = math.floor(quotient.number)
    exact = None if a.exact is None or b.exact is None else a.exact - b.exact * down
    return _of(a.number - b.number * down, exact)


def _looked_up(x: Value) -> Value:
    if x.number <= TABLE[0][0]:
        return _of(TABLE[0][1])
    for (x0, y0), (x1, y1) in itertools.pairwise(TABLE):
        if x.number <= x1:
            return _of(y0 + (y1 - y0) * (x.number - x0) / (x1 - x0))
    return _of(TABLE[-1][1])


def _truth(function: Callable[..., bool]) -> Callable[..., Value]:
    def made(*arguments: Value) -> Value:
        for argument in arguments:
            if argument.exact is None and abs(argument.number) < 1e-6:
                raise Unfit
        found = function(*(argument.number != 0 for argument in arguments))
        return _of(float(found), Fraction(found))

    return made


def _larger(left: Value, right: Value) -> Value:
    return left if left.number >= right.number else right


def _smaller(left: Value, right: Value) -> Value:
    return left if left.number <= right.number else right


_EXACT: dict[str, Callable[..., Value]] = {
    "+": _exactly(lambda a, b: a + b),
    "-": _exactly(lambda a, b: a - b),
    "*": _exactly(lambda a, b: a * b),
    "/": _divided,
    "^": _power,
    "power": _power,
    "neg": _exactly(lambda a: -a),
    "plus": _exactly(lambda a: a),
    "abs": _exactly(abs),
    "max": _larger,
    "min": _smaller,
    "not": _truth(lambda a: not a),
    "and": _truth(lambda a, b: a and b),
    "or": _truth(lambda a, b: a or b),
    "=": _compared(lambda a, b: a == b),
    "<>": _compared(lambda a, b: a != b),
    "<": _compared(lambda a, b: a < b),
    "<=": _compared(lambda a, b: a <= b),
    ">": _compared(lambda a, b: a > b),
    ">=": _compared(lambda a, b: a >= b),
    "modulo": _modulo,
    "mod": _floor_modulo,
    "quantum": _quantum,
    "zidz": _safely,
    "xidz": _safely,
}
_ROUNDED: dict[str, Callable[..., Value]] = {
    "exp": _rounded(math.exp),
    "sqrt": _root,
    "ln": _log,
    "log": _log_to,
    "sin": _rounded(math.sin),
    "cos": _rounded(math.cos),
    "tan": _tangent,
    "arctan": _rounded(math.atan),
    "arcsin": _inverse(math.asin),
    "arccos": _inverse(math.acos),
    "sinh": _rounded(math.sinh),
    "cosh": _rounded(math.cosh),
    "tanh": _rounded(math.tanh),
    "table": _looked_up,
}


# Vensim's help on STEP, RAMP, PULSE and PULSE TRAIN; XMILE 1.0, 3.5.4. Of fractions nothing is rounded.


def _step(now: Fraction, height: Fraction, start: Fraction) -> Fraction:
    return height if now + STEP / 2 > start else Fraction(0)


def _ramp(now: Fraction, slope: Fraction, start: Fraction, finish: Fraction) -> Fraction:
    if now <= start:
        return Fraction(0)
    return slope * ((now if now < finish else finish) - start)


def _pulse(now: Fraction, start: Fraction, width: Fraction) -> Fraction:
    plus = now + STEP / 2
    return Fraction(start < plus < start + (width or STEP))


def _pulse_train(
    now: Fraction, start: Fraction, width: Fraction, between: Fraction, end: Fraction
) -> Fraction:
    lasting, plus = max(width, STEP), now + STEP / 2
    if now > end or plus < start:
        return Fraction(0)
    return Fraction(between <= lasting or (plus - start) % between < lasting)


def _one_pulse(now: Fraction, amount: Fraction, start: Fraction) -> Fraction:
    return amount / STEP if 0 <= now + STEP / 2 - start < STEP else Fraction(0)


def _pulses(now: Fraction, amount: Fraction, start: Fraction, between: Fraction) -> Fraction:
    since = now + STEP / 2 - start
    return amount / STEP if since >= 0 and (since % between if between else since) < STEP else Fraction(0)


_TIMED: dict[str, Callable[..., Fraction]] = {
    "step": _step,
    "ramp": _ramp,
    "pulse": _pulse,
    "pulse train": _pulse_train,
    "xramp": lambda now, slope, start: slope * max(now - start, Fraction(0)),
    "xpulse": _one_pulse,
    "xpulse2": _pulses,
}
