"""Reading Vensim files: what comes out, and one message for each way they can be wrong."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.cache import MODELS
from sim.errors import BadInput, CacheWarning
from sim.spec.expressions import Number, Operation, Reference
from sim.spec.plain import model_from_plain, model_to_plain
from sim.translate import load_spec

TIMES = """
********************************************************
\t.Control
********************************************************~
\t\tTime settings
\t|
INITIAL TIME = 0 ~ year ~ |
FINAL TIME = 10 ~ year ~ |
TIME STEP = 0.5 ~ year ~ |
SAVEPER = 1 ~ year ~ |
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str, times: str = TIMES, name: str = "small.mdl") -> Path:
        path = tmp_path / name
        path.write_text("{UTF-8}\n" + text + times, encoding="utf-8")
        return path

    return write


def _message(path: Path) -> str:
    with pytest.raises(BadInput) as raised:
        load_spec(path)
    return str(raised.value)


def test_names_units_docs_groups_and_kinds(write: Callable[..., Path]) -> None:
    path = write(
        "***************\n\t.Economy\n***************~\n\t|\n"
        "地区 capital_stock = INTEG(growth * 地区 Capital Stock, 3) ~ YiCNY [0,?] "
        "~ Machines\n\tand buildings. |\n"
        "growth = 1 / 20 ~ 1/year ~ |\n"
        "curve([(0,0)-(2,2)], (0, 1), (2, 3)) ~ dmnl ~ |\n"
        '"quoted: name" = curve(growth) ~ dmnl ~ :SUPPLEMENTARY |\n'
    )
    model = load_spec(path)
    capital = model.find("地区 CAPITAL stock")
    assert (capital.name, capital.kind, capital.units) == ("地区 capital stock", "stock", "YiCNY")
    assert (capital.doc, capital.group) == ("Machines and buildings.", "Economy")
    assert capital.limits == (0.0, None)
    assert capital.components[0].line == 6
    assert [model.find(name).kind for name in ("growth", "curve", "quoted: name", "time step")] == [
        "constant",
        "lookup",
        "auxiliary",
        "control",
    ]
    assert model.find("FINAL TIME").group == "Control"
    assert (model.control.initial_time, model.control.saveper) == (0.0, 1.0)


def test_precedence_of_operators(write: Callable[..., Path]) -> None:
    model = load_spec(
        write(
            "a = 2 ~ ~ |\nb = a - a - a * a ^ a ^ 2 ~ ~ |\n"
            "c = IF THEN ELSE(a=1 :OR: a=2 :AND: a=3, 1, 0) ~ ~ |\n"
        )
    )
    a = Reference("a")
    power = Operation("^", (a, Operation("^", (a, Number(2.0)))))
    wanted = Operation(
        "+", (a, Operation("negative", (a,)), Operation("negative", (Operation("*", (a, power)),)))
    )
    assert model.find("b").components[0].expression == wanted
    condition = model.find("c").components[0].expression.arguments[0]  # type: ignore[union-attr]
    assert condition.operator == "or"
    assert condition.arguments[1].operator == "and"


def test_axes_of_variables_in_parts(write: Callable[..., Path]) -> None:
    model = load_spec(
        write(
            "sector: farm, mine, shop, hotel ~ ~ |\nmarket: shop, hotel ~ ~ |\nregion: city, rest ~ ~ |\n"
            "x[region, farm] = 1 ~ ~ |\nx[region, market] = Time ~ ~ |\nx[region, mine] = 2 ~ ~ |\n"
            "y[market] = 3 ~ ~ |\nz[city] = 4 ~ ~ |\n"
        )
    )
    assert model.find("x").dimensions == ("region", "sector")
    assert model.find("y").dimensions == ("market",)
    assert model.shape(model.find("z")) == (1,)


def test_plain_data_and_back(write: Callable[..., Path]) -> None:
    model = load_spec(
        write(
            "d: p, q ~ ~ |\nx[d] = 1, 2 ~ ~ |\n"
            "y[d] = SMOOTH3I(x[d], 2, 1) + WITH LOOKUP(Time, ((0,1),(1,2))) ~ ~ |\n"
        )
    )
    assert model_from_plain(model_to_plain(model)) == model


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a = b + 1 ~ ~ |\nbb = 2 ~ ~ |\n", ["a (line 2)", "'b' is not defined", "'bb'"]),
        ("a = b ~ ~ |\nb = c * 2 ~ ~ |\nc = a ~ ~ |\n", ["algebraic loop", "a → b → c → a"]),
        (
            "a = GET TIME VALUE(2,0,1) + RANDOM POISSON(0,9,2,0,1,5) ~ ~ |\n"
            "b = RANDOM POISSON(0,9,2,0,1,5) ~ ~ |\n"
            "c = DELAY CONVEYOR(a, 1, 2, b, a, 3) ~ ~ |\n",
            [
                "GET TIME VALUE OF A CALENDAR OR CLOCK in: a (line 2)",
                "RANDOM POISSON in: a (line 2), b (line 3)",
                "DELAY CONVEYOR in: c (line 4)",
            ],
        ),
        ("a = 3 +* 4 ~ ~ |\n", ["line 2", "a = 3 +* 4", "cannot be understood"]),
        ("a = MAX(1, 2, 3) ~ ~ |\n", ["MAX takes 2 arguments, 3 given"]),
        ("d: p, q ~ ~ |\na[d] = 1 ~ ~ |\nb = a ~ ~ |\n", ["a is used with subscripts none; it has [d]"]),
        ("d: p, q ~ ~ |\na[d] = 1 ~ ~ |\nb = a[d] ~ ~ |\n", ["b (line 4)", "d is not on the left side"]),
        ("d: p, q ~ ~ |\na[d] = 1, 2, 3 ~ ~ |\n", ["(3,) numbers given for subscripts of sizes (2,)"]),
        ("d: p, q ~ ~ |\na[p] = 1 ~ ~ |\na[d] = 2 ~ ~ |\n", ["a[p] has more than one equation"]),
        ("d: p, q ~ ~ |\ne: u, v ~ ~ |\na[p, u] = 1 ~ ~ |\na[q, v] = 2 ~ ~ |\n", ["has no equation"]),
        ("a[nowhere] = 1 ~ ~ |\n", ["unknown subscript 'nowhere'"]),
        ("d: p, q ~ ~ |\na[d] = 1 ~ ~ |\nb = SUM(a[p]) ~ ~ |\n", ["SUM needs a subscript marked with !"]),
        ("t((0,1),(1,2)) ~ ~ |\na = t + 1 ~ ~ |\n", ["the lookup t needs an argument"]),
        (
            "d: p, q ~ ~ |\na[d] = 1 ~ ~ |\nb[d] = ALLOCATE AVAILABLE(a[d], a[d], 5) ~ ~ |\n",
            ["unsupported function ALLOCATE AVAILABLE in: b (line 4)"],
        ),
        ("n = Time ~ ~ |\na = SMOOTH N(1, 2, 3, n) ~ ~ |\n", ["a: the order must be a number or a constant"]),
        ("a = DELAY N(1, Time + 9, 3, 2) ~ ~ |\n", ["a: DELAY N needs a delay time that does not change"]),
        ("a = DELAY N(1, 2, 3, 0) ~ ~ |\n", ["order of a smooth or delay must be at least 1"]),
        ("d: p, q ~ ~ |\na[d] = 1 ~ ~ |\nb = VECTOR SELECT(a[d!], a[d!], 0, 11, 0) ~ ~ |\n", ["0 to 10"]),
        ("a = VECTOR RANK(3, 1) ~ ~ |\n", ["last subscript is a range"]),
        ("d: p, q -> (e: u) ~ ~ |\ne: u, v ~ ~ |\na[d] = 1 ~ ~ |\n", ["line 2", "each element of e once"]),
        ("d: p, q -> (e: u, w) ~ ~ |\ne: u, v ~ ~ |\na[d] = 1 ~ ~ |\n", ["'w' is no element of e"]),
        ("a :INTERPOLATE: ~ ~ |\n", ["a (line 2)", "GET DIRECT DATA"]),
        (
            "a = GET DIRECT CONSTANTS('x.xlsx', 'sheet', 'B2') ~ ~ |\n",
            ["a (line 2)", "Save the sheet as CSV"],
        ),
        (
            "a = GET DIRECT CONSTANTS('none.csv', ',', 'B2') ~ ~ |\n",
            ["a (line 2)", "none.csv cannot be read"],
        ),
        ("a = INTEG(1, b) ~ ~ |\nb = INTEG(1, a) ~ ~ |\n", ["initial values need each other"]),
        (":MACRO: m(x)\nm = x ~ ~ |\n:END OF MACRO:\na = m(1, 2) ~ ~ |\n", ["m takes 1 arguments, 2 given"]),
        (":MACRO: m(x)\nm = m(x) ~ ~ |\n:END OF MACRO:\na = m(1) ~ ~ |\n", ["the macro m calls itself"]),
        ("a = Time + 2 * 1e999 ~ ~ |\n", ["a (line 2)", "beyond 1.8e308"]),
        ("d: p, q ~ ~ |\na[d] = 1, -1e400 ~ ~ |\n", ["a (line 3)", "beyond 1.8e308"]),
        ("a((0, 1), (1, 1e309)) ~ ~ |\n", ["a (line 2)", "beyond 1.8e308"]),
        (":MACRO: m(x)\nm = x ~ ~ |\na = 1 ~ ~ |\n", ["no :END OF MACRO:"]),
        (
            ":MACRO: m(x)\nn = x ~ ~ |\n:END OF MACRO:\na = 1 ~ ~ |\n",
            ["no equation inside it has the macro's name"],
        ),
    ],
)
def test_faults_are_named(text: str, parts: list[str], write: Callable[..., Path]) -> None:
    message = _message(write(text))
    for part in parts:
        assert part in message


def test_all_problems_in_one_message(write: Callable[..., Path]) -> None:
    message = _message(write("a = nothing + RANDOM PINK NOISE(0,1,2,3) ~ ~ |\nb = nowhere ~ ~ |\n"))
    assert "'nothing'" in message
    assert "'nowhere'" in message
    assert "RANDOM PINK NOISE" in message


def test_missing_time_setting(write: Callable[..., Path]) -> None:
    assert "does not define TIME STEP" in _message(
        write("a = 1 ~ ~ |\n", "INITIAL TIME = 0 ~ ~ |\nFINAL TIME = 1 ~ ~ |\n")
    )


def test_bytes_are_never_dropped(tmp_path: Path) -> None:
    path = tmp_path / "gbk.mdl"
    path.write_bytes(("人口 = 1 ~ ~ |" + TIMES).encode("gbk"))
    assert "--encoding gbk" in _message(path)
    assert load_spec(path, encoding="gbk").find("人口").kind == "constant"


@pytest.mark.parametrize("encoding", ["undefined", "idna", "punycode", "rot13", "utf-16"])
def test_an_encoding_that_cannot_be_right_is_one_message(write: Callable[..., Path], encoding: str) -> None:
    path = write("x = 1 ~~|\n人口.. = 2 ~~|\n")
    with pytest.raises(BadInput, match="--encoding gbk"):
        load_spec(path, encoding=encoding)


def test_files_that_are_no_models(tmp_path: Path) -> None:
    assert "no model file" in _message(tmp_path / "missing.mdl")
    text = tmp_path / "notes.txt"
    text.write_text("a")
    assert "must end in .mdl" in _message(text)
    empty = tmp_path / "empty.mdl"
    empty.write_text("")
    assert "empty.mdl" in _message(empty)


@pytest.mark.parametrize(
    "equation",
    [
        "t([__import__('pathlib').Path('{}').touch()], (0,1),(1,2)) ~ ~ |\na = t(1) ~ ~ |",
        "a = WITH LOOKUP(1, ([__import__('pathlib').Path('{}').touch()], (0,1),(1,2))) ~ ~ |",
        "a = F('\"', WITH LOOKUP(1, ([__import__('pathlib').Path('{}').touch()], (0,1))), '\"') ~ ~ |",
        'a = 1 ~ ~ " |\n'
        "t( \\ [__import__('pathlib').Path('{}').touch()], (0,1),(1,2)) ~ \" ~ |\nb = t(1) ~ ~ |",
    ],
)
def test_a_model_cannot_run_code(equation: str, write: Callable[..., Path], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    path = write(equation.replace("{}", str(mark)) + "\n")
    with contextlib.suppress(BadInput):
        load_spec(path)
    assert not mark.exists()


def test_a_warm_load_imports_neither_pysd_nor_pandas(write: Callable[..., Path]) -> None:
    path = write("a = 1 ~ ~ |\n")
    load_spec(path)
    code = (
        "import sys; from sim.translate import load_spec; load_spec(sys.argv[1]);"
        "sys.exit(any(name in sys.modules for name in ('pysd', 'pandas', 'scipy', 'jax')))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 0


def test_a_damaged_cache_is_made_again(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    path = write("a = 1 ~ ~ |\n")
    model = load_spec(path)
    (stored,) = (tmp_path / "cache" / MODELS.kind).iterdir()
    stored.write_text('{"name": "small"')
    with pytest.warns(CacheWarning, match="signature"):
        assert load_spec(path) == model


def test_one_changed_digit_in_a_kept_model_changes_no_result(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    path = write("a = 1.25 ~ ~ |\n")
    model = load_spec(path)
    (stored,) = MODELS.folder().iterdir()
    whole = stored.read_bytes()
    assert whole.count(b"1.25") == 1
    stored.write_bytes(whole.replace(b"1.25", b"7.25"))
    with pytest.warns(CacheWarning, match="signature"):
        assert load_spec(path) == model
    assert load_spec(path) == model


def test_a_kept_model_is_that_of_its_own_kind_of_file_and_translator(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    path = write("a = 1 ~ ~ |\n")
    load_spec(path)
    with pytest.raises(BadInput):
        load_spec(path.rename(path.with_suffix(".xmile")))
    assert len(list(MODELS.folder().iterdir())) == 1
    monkeypatch.setattr("sim.translate.cache.code_digest", lambda *packages: "another version of PySD")
    load_spec(path.with_suffix(".xmile").rename(path))
    assert len(list(MODELS.folder().iterdir())) == 2
