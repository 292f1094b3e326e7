"""Random equations: the program, the equations one by one in NumPy, PySD, and plain arithmetic must agree.

A difference from PySD is allowed where ``pysd_faults.csv`` names a fault of PySD's and the equation shows it.
There, as everywhere, ours is the value that ``support.expressions`` works out from Vensim's help or XMILE.
"""

from __future__ import annotations

import csv
import random
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np
import pytest
from support.expressions import STEP, TABLE, TIMES, VARIABLES, Node, Unfit, drawn, nodes, value, written
from support.pysd import own_delays

from sim.engine import load_model
from sim.engine.packing import default_rows, layout
from sim.engine.planning import make_plan
from sim.engine.stepping import moments
from sim.engine.timing import timing

Language = Literal["vensim", "xmile"]
FAULTS = Path(__file__).with_name("pysd_faults.csv")
TOLERANCE = 1e-9
CONTROL = {
    "INITIAL TIME": 0,
    "FINAL TIME": float(TIMES[-1]),
    "TIME STEP": float(STEP),
    "SAVEPER": float(STEP),
}
_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><name>random</name><vendor>test</vendor><product version="1">test</product></header>
<sim_specs time_units="Year"><start>0</start><stop>{stop}</stop><dt>{step}</dt></sim_specs>
<model><variables>
"""


def model_text(equations: Sequence[str], language: Language) -> str:
    """Return a model in which variable e0 has the first equation, and so on."""
    given = {name: text for name, text in VARIABLES.items() if text != "time"}
    if language == "vensim":
        points = ",".join(f"({x:g},{y:g})" for x, y in TABLE)
        lines = [f"table({points}) ~~|", *(f"{name} = INTEG(0, {text}) ~~|" for name, text in given.items())]
        lines += [f"e{place} = {equation} ~~|" for place, equation in enumerate(equations)]
        lines += [f"{name} = {number:g} ~~|" for name, number in CONTROL.items()]
        return "{UTF-8}\n" + "\n".join(lines) + "\n"
    xs, ys = (",".join(f"{point[side]:g}" for point in TABLE) for side in (0, 1))
    lines = [f'<gf name="table"><xpts>{xs}</xpts><ypts>{ys}</ypts></gf>']
    lines += [f'<stock name="{name}"><eqn>{text}</eqn></stock>' for name, text in given.items()]
    for place, equation in enumerate(equations):
        escaped = equation.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        lines.append(f'<aux name="e{place}"><eqn>{escaped}</eqn></aux>')
    head = _HEAD.format(stop=CONTROL["FINAL TIME"], step=CONTROL["TIME STEP"])
    return head + "\n".join(lines) + "\n</variables></model></xmile>\n"


def computed(path: Path, count: int) -> tuple[Any, Any, Any]:
    """Return (times, equations) of the program, of the equations in NumPy, and of PySD."""
    model, names = load_model(path), [f"e{place}" for place in range(count)]
    result = model.run(outputs=names)
    program = np.stack([result[name][0] for name in names], axis=1)
    jax.clear_caches()  # Machine code of ten models with five hundred equations is large.
    plan = make_plan(model.spec, names)
    times = timing(model.spec.control, None, None, None)
    steps = [step for _, step in moments(plan, times, default_rows(plan.model, layout(plan))[:, None])][1:]
    plain = np.array([[float(np.ravel(step.variable(name))[0]) for name in names] for step in steps])
    return program, plain, by_pysd(path, names)


def by_pysd(path: Path, names: Sequence[str]) -> Any:
    """Return PySD's values (times, equations); NaN for an equation at which it stops, alone."""
    import pysd

    read = pysd.read_vensim if path.suffix == ".mdl" else pysd.read_xmile
    exact = np.printoptions(precision=17, threshold=sys.maxsize)
    with exact, own_delays(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = read(str(path))

    def run(some: list[str]) -> Any:
        try:
            with own_delays(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return model.run(return_columns=some, reload=True)[some].to_numpy(dtype=float)
        except (ArithmeticError, ValueError, TypeError):
            if len(some) == 1:
                return np.full((len(TIMES), 1), np.nan)
        half = len(some) // 2
        return np.hstack([run(some[:half]), run(some[half:])])

    return run(list(names))


# --- faults of PySD: where an equation shows one -----------------------------------------------------


def _sign_without_brackets(node: Node, language: Language, time: Fraction) -> bool:
    if node.kind in ("^", "power"):
        base, exponent = node.parts
        signed = base.kind in ("neg", "plus") and any(part.kind == "neg" for part in nodes(base))
        return signed or _negative_product(exponent)
    return node.kind in ("/", "mod") and _negative_product(node.parts[1])


def _negative_product(node: Node) -> bool:
    inner = node.parts[0] if node.kind in ("neg", "plus") else None
    return inner is not None and (inner.kind in ("*", "/", "mod") or _negative_product(inner))


def _and_beside_or(node: Node, language: Language, time: Fraction) -> bool:
    return node.kind == "or" and any(part.kind == "and" for part in node.parts)


def _not_compared(node: Node, language: Language, time: Fraction) -> bool:
    return node.kind in ("=", "<>", "<", "<=", ">", ">=") and node.parts[0].kind == "not"


def _mod(node: Node, language: Language, time: Fraction) -> bool:
    if node.kind in ("*", "/"):
        return node.parts[0].kind == "mod"
    if node.kind != "mod":
        return False
    rest, divisor = (value(part, language, time).number for part in node.parts)
    return rest < 0 or divisor < 0


def _whole_below_zero(node: Node, language: Language, time: Fraction) -> bool:
    return language == "xmile" and node.kind == "int" and value(node.parts[0], language, time).number < 0


def _given(node: Node) -> list[Fraction]:
    return [Fraction(part.parts[0]) for part in node.parts]


def _between_steps(*times: Fraction) -> bool:
    return any(time % STEP for time in times)


def _pulse_off_the_grid(node: Node, language: Language, time: Fraction) -> bool:
    if node.kind == "pulse":
        start, width = _given(node)
        return width == 0 or _between_steps(start, width)
    return False


def _train(node: Node, language: Language, time: Fraction) -> bool:
    if node.kind != "pulse train":
        return False
    start, width, between, end = _given(node)
    return _between_steps(start, width, between, end) or between < width or time == end


def _xmile_pulse(node: Node, language: Language, time: Fraction) -> bool:
    return node.kind in ("xpulse", "xpulse2") and _between_steps(*_given(node)[1:])


SHOWN: dict[str, Callable[[Node, Language, Fraction], bool]] = {
    "sign without brackets": _sign_without_brackets,
    "AND beside OR": _and_beside_or,
    "NOT before a comparison": _not_compared,
    "MOD": _mod,
    "INT below zero": _whole_below_zero,
    "PULSE between steps": _pulse_off_the_grid,
    "PULSE TRAIN": _train,
    "XMILE PULSE between steps": _xmile_pulse,
}
"""Kinds of faults that random equations can show, and how a node of an equation shows one at a time."""


def shown(tree: Node, language: Language, time: Fraction) -> set[str]:
    return {kind for kind, shows in SHOWN.items() for node in nodes(tree) if shows(node, language, time)}


@dataclass(frozen=True)
class Fault:
    kind: str
    language: str
    equation: str
    time: float
    pysd: float
    right: float
    why: str


def faults() -> list[Fault]:
    with FAULTS.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    return [
        Fault(kind, language, equation, float(time), float(pysd), float(right), why)
        for kind, language, equation, time, pysd, right, why in rows
    ]


def judge(trees: Sequence[Node], texts: Sequence[str], language: Language, path: Path) -> dict[str, int]:
    """Compare equations as one model; return how often each kind of fault explained a difference."""
    path.write_text(model_text(texts, language), encoding="utf-8")
    program, plain, pysd = computed(path, len(texts))
    named, wrong, used = {fault.kind for fault in faults()}, [], dict.fromkeys(SHOWN, 0)
    for place, (tree, text) in enumerate(zip(trees, texts, strict=True)):
        for row, time in enumerate(TIMES):
            right = value(tree, language, time)
            allowed = TOLERANCE * max(1.0, right.largest)
            ours, numpy, theirs = program[row, place], plain[row, place], pysd[row, place]
            line = f"{text} at {float(time):g}: {ours}, NumPy {numpy}, PySD {theirs}, right {right.number}"
            if not (abs(ours - right.number) <= allowed and abs(numpy - right.number) <= allowed):
                wrong.append(line)
            elif not abs(theirs - ours) <= allowed:
                kinds = shown(tree, language, time) & named
                for kind in kinds:
                    used[kind] += 1
                if not kinds:
                    wrong.append(f"{line} (no fault of PySD's that is named)")
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:25])
    return used


def compared(count: int, seed: int, language: Language, folder: Path) -> dict[str, int]:
    chance = random.Random(f"{language} {seed}")
    trees = [drawn(chance, language) for _ in range(count)]
    texts = [written(tree, language, chance) for tree in trees]
    return judge(trees, texts, language, folder / ("random.mdl" if language == "vensim" else "random.xmile"))


@pytest.mark.parametrize("language", ["vensim", "xmile"])
def test_random_equations(language: Language, tmp_path: Path) -> None:
    compared(150, 0, language, tmp_path)


@pytest.mark.parity
@pytest.mark.parametrize("seed", range(1, 11))
@pytest.mark.parametrize("language", ["vensim", "xmile"])
def test_many_random_equations(language: Language, seed: int, tmp_path: Path) -> None:
    used = compared(500, seed, language, tmp_path)
    assert sum(used.values())


def test_the_named_faults_are_faults(tmp_path: Path) -> None:
    """Each has an equation for which PySD gives what the file says, and we what is right."""
    found = faults()
    assert len({fault.kind for fault in found}) <= 10
    assert {fault.kind for fault in found} >= set(SHOWN)
    assert all(len(fault.why) > 40 for fault in found)
    for language in ("vensim", "xmile"):
        rows = [fault for fault in found if fault.language == language]
        path = tmp_path / ("faults.mdl" if language == "vensim" else "faults.xmile")
        path.write_text(model_text([fault.equation for fault in rows], language), encoding="utf-8")  # type: ignore[arg-type]
        program, plain, pysd = computed(path, len(rows))
        for place, fault in enumerate(rows):
            row = [float(time) for time in TIMES].index(fault.time)
            assert program[row, place] == pytest.approx(fault.right, rel=1e-9), fault
            assert plain[row, place] == pytest.approx(fault.right, rel=1e-9), fault
            assert pysd[row, place] == pytest.approx(fault.pysd, rel=1e-9), fault
            assert fault.pysd != fault.right


def test_the_judge_sees_a_wrong_value() -> None:
    """Values by hand for trees of every kind: the judge is no copy of what it judges."""
    two, less = Node("num", ("2",)), Node("var", ("less",))
    power = Node("^", (two, Node("num", ("3",))))
    assert value(Node("neg", (power,)), "vensim", TIMES[0]).number == -8
    assert value(Node("int", (less,)), "vensim", TIMES[0]).number == -1
    assert value(Node("int", (less,)), "xmile", TIMES[0]).number == -2
    assert value(Node("mod", (less, two)), "xmile", TIMES[0]).number == 0.5
    assert value(Node("modulo", (less, two)), "vensim", TIMES[0]).number == -1.5
    assert value(Node("table", (Node("var", ("none",)),)), "vensim", TIMES[0]).number == pytest.approx(
        -3 + 3.25 * 2 / 3
    )
    with pytest.raises(Unfit):
        value(Node("/", (two, Node("var", ("none",)))), "vensim", TIMES[0])
    with pytest.raises(Unfit):
        value(Node("<", (Node("num", ("0.3",)), Node("num", ("0.3",)))), "vensim", TIMES[0])
    chance = random.Random(3)
    texts = [written(Node("neg", (power,)), "vensim", chance).replace(" ", "") for _ in range(9)]
    assert "-2^3" in texts
    raised = Node("^", (Node("neg", (two,)), two))
    assert "(-2)^2" in written(raised, "vensim", chance).replace(" ", "")
