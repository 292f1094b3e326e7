"""XMILE files: what they give, the same through PySD, and one message for each way they can be wrong."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.engine import LoadedModel, load_model
from sim.errors import BadInput

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><name>small</name><vendor>test</vendor><product version="1">test</product></header>
<sim_specs time_units="Year"><start>0</start><stop>4</stop><dt reciprocal="true">2</dt></sim_specs>
"""
BODY = """<dimensions><dim name="d"><elem name="p"/><elem name="q"/></dim></dimensions>
<model><variables>
<stock name="tank"><eqn>3</eqn><inflow>filling</inflow><outflow>leaving</outflow><units>m3</units>
<doc>Water in it.</doc></stock>
<flow name="filling"><eqn>2</eqn></flow>
<flow name="leaving"><eqn>tank / 2 { of it }</eqn></flow>
<stock name="dry"><eqn>1</eqn><outflow>drain</outflow><non_negative/></stock>
<flow name="drain"><eqn>1</eqn></flow>
<flow name="one way"><eqn>1 - TIME</eqn><non_negative/></flow>
<aux name="choice"><eqn>if TIME &gt; 1 then 5 else 6</eqn></aux>
<aux name="notable"><eqn>7</eqn></aux>
<aux name="uses notable"><eqn>notable + DT + STARTTIME + STOPTIME</eqn></aux>
<aux name="remainder"><eqn>TIME mod 3</eqn></aux>
<aux name="climb"><eqn>RAMP(2, 1)</eqn></aux>
<aux name="bump"><eqn>PULSE(4, 1)</eqn></aux>
<aux name="bumps"><eqn>PULSE(4, 1, 2)</eqn></aux>
<aux name="safe"><eqn>SAFEDIV(6, TIME, -1)</eqn></aux>
<aux name="late"><eqn>DELAY(TIME, 1, -1)</eqn></aux>
<aux name="slow"><eqn>SMTH1(TIME, 2, 0)</eqn></aux>
<aux name="slower"><eqn>SMTHN(TIME, 2, 2, 1)</eqn></aux>
<aux name="started"><eqn>INIT(tank * 2)</eqn></aux>
<aux name="before"><eqn>PREVIOUS(TIME, 9)</eqn></aux>
<aux name="curve"><eqn>TIME</eqn><gf><xscale min="0" max="2"/><ypts>0,4,2</ypts></gf></aux>
<aux name="beyond"><eqn>TIME</eqn><gf type="extrapolate"><xpts>0,1,2</xpts><ypts>0,4,2</ypts></gf></aux>
<aux name="stairs"><eqn>TIME</eqn><gf type="discrete"><xpts>0,1.2,3</xpts><ypts>1,4,2</ypts></gf></aux>
<gf name="table"><xpts>0,4</xpts><ypts>0,8</ypts></gf>
<aux name="looked"><eqn>table(TIME)</eqn></aux>
<aux name="also looked"><eqn>LOOKUP(table, TIME)</eqn></aux>
<aux name="sizes"><dimensions><dim name="d"/></dimensions><element subscript="p"><eqn>2</eqn></element>
<element subscript="q"><eqn>3</eqn></element></aux>
<aux name="grown"><dimensions><dim name="d"/></dimensions><eqn>sizes[d] * TIME</eqn></aux>
<aux name="largest"><eqn>MAX(grown)</eqn></aux>
<aux name="tens"><eqn>LOG10(100)</eqn></aux>
<aux name="noise"><eqn>UNIFORM(2, 3)</eqn></aux>
</variables></model>
"""
# PySD reads inline graphical functions of all types as continuous; the others it does not know.
OURS = {"beyond", "stairs", "before", "also looked", "tens", "noise", "uses notable", "notable"}


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., LoadedModel]:
    def build(body: str, name: str = "small.xmile", head: str = HEAD) -> LoadedModel:
        path = tmp_path / name
        path.write_text(head + body + "</xmile>\n", encoding="utf-8")
        return load_model(path)

    return build


@pytest.mark.parametrize("name", ["small.xmile", "small.stmx"])
def test_values(name: str, build: Callable[..., LoadedModel]) -> None:
    model = build(BODY, name)
    result = model.run(save_every=1)
    wanted = {
        "tank": [3, 3.4375, 3.68359375, 3.822021484375, 3.89988708496094],
        "dry": [1, 0, 0, 0, 0],
        "one way": [1, 0, 0, 0, 0],
        "choice": [6, 6, 5, 5, 5],
        "uses notable": [11.5] * 5,
        "remainder": [0, 1, 2, 0, 1],
        "climb": [0, 0, 2, 4, 6],
        "bump": [0, 8, 0, 0, 0],
        "bumps": [0, 8, 0, 8, 0],
        "safe": [-1, 6, 3, 2, 1.5],
        "late": [-1, 0, 1, 2, 3],
        "started": [6] * 5,
        "before": [9, 0.5, 1.5, 2.5, 3.5],
        "curve": [0, 4, 2, 2, 2],
        "beyond": [0, 4, 2, 0, -2],
        "stairs": [1, 1, 4, 2, 2],
        "looked": [0, 2, 4, 6, 8],
        "also looked": [0, 2, 4, 6, 8],
        "grown": [[0, 0], [2, 3], [4, 6], [6, 9], [8, 12]],
        "largest": [0, 3, 6, 9, 12],
        "tens": [2] * 5,
    }
    for variable, values in wanted.items():
        np.testing.assert_allclose(result[variable][0], values, rtol=1e-12, err_msg=variable)
    assert 2 < result["noise"].min() < result["noise"].max() < 3
    tank = model.variables["tank"]
    assert (tank.units, tank.doc, tank.components[0].line) == ("m3", "Water in it.", 7)


def test_the_same_through_pysd(build: Callable[..., LoadedModel], tmp_path: Path) -> None:
    import pysd

    ours = [f'name="{name}"' for name in OURS]
    lines = [line for line in BODY.splitlines() if not any(mark in line for mark in ours)]
    body = "\n".join(lines).replace("if TIME", "IF TIME").replace("then", "THEN").replace("else", "ELSE")
    model = build(body)
    path = tmp_path / "small.xmile"
    path.write_text(path.read_text().replace("{ of it }", ""), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = pysd.read_xmile(str(path)).run(flatten_output=False)
    result = model.run()
    for column in table.columns:
        variable = model.spec.find(str(column))
        if variable.kind in ("stock", "auxiliary"):
            wanted = np.array([np.asarray(getattr(v, "values", v), float) for v in table[column]])
            np.testing.assert_allclose(result[variable.name][0], wanted, rtol=1e-12, err_msg=str(column))


def _variables(text: str) -> str:
    return f"<model><variables>\n{text}\n</variables></model>\n"


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (_variables('<aux name="a"><eqn>1 +* 2</eqn></aux>'), ["line 6", "syntax error in: 1 +* 2"]),
        (_variables('<aux name="a"><eqn>b + 1</eqn></aux>'), ["a (line 6)", "'b' is not defined"]),
        (_variables('<module name="inner"/>'), ["line 6: inner: modules are not supported"]),
        (_variables("") + '<model name="inner"/>', ["more than one <model>"]),
        (_variables('<stock name="belt"><eqn>1</eqn><conveyor/></stock>'), ["belt: conveyors"]),
        ("<macro/>" + _variables(""), ["macros of XMILE"]),
        (_variables('<aux name="a"><eqn>GAMMALN(2)</eqn></aux>'), ["GAMMALN in: a (line 6)"]),
        ("<model>", ["this is no XML"]),
    ],
)
def test_faults_are_named(body: str, parts: list[str], build: Callable[..., LoadedModel]) -> None:
    with pytest.raises(BadInput) as raised:
        build(body)
    for part in parts:
        assert part in str(raised.value)


def test_entities_are_refused(build: Callable[..., LoadedModel]) -> None:
    head = HEAD.replace("<xmile", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>\n<xmile')
    with pytest.raises(BadInput, match="DOCTYPE is not allowed"):
        build(BODY, head=head)
    with pytest.raises(BadInput, match="no XMILE model"):
        build("", head='<xmile version="1.0">')


OLD = Path(__file__).parents[1] / "fuzz" / "seeds" / "old.stmx"


def test_an_old_file_with_variables_straight_below_the_model() -> None:
    model = load_model(OLD)
    kinds = {name: variable.kind for name, variable in model.variables.items() if variable.kind != "control"}
    assert kinds == {
        "birth rate": "auxiliary", "life": "constant", "births": "auxiliary", "deaths": "auxiliary",
        "Population": "stock",
    }  # fmt: skip
    result = model.run(lanes=1)
    # By hand: 100, then each half month its births at 10 % rising by 2.5 points, less a fiftieth.
    expected, time = [100.0], 0.0
    while time < 4:
        expected.append(expected[-1] * (1 + 0.5 * (0.1 + 0.05 * time - 1 / 50)))
        time += 0.5
    np.testing.assert_allclose(result["Population"][0], expected, rtol=1e-12)


@pytest.mark.parametrize("namespace", ["http://www.systemdynamics.org/XMILE", "http://iseesystems.com/XMILE"])
def test_old_namespaces(namespace: str, build: Callable[..., LoadedModel]) -> None:
    head = HEAD.replace("http://docs.oasis-open.org/xmile/ns/XMILE/v1.0", namespace)
    np.testing.assert_array_equal(
        build(BODY, head=head).run(lanes=1)["tank"], build(BODY).run(lanes=1)["tank"]
    )


def _with(text: str) -> str:
    return BODY.replace("</variables>", text + "</variables>")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<model><views/></model>", "no equation beside its time settings"),
        ("<model/>", "no equation beside its time settings"),
        ("", "no equation beside its time settings"),
        (BODY.replace("variables>", "equations>"), "<equations> is not understood"),
        (_with('<agent name="a"><eqn>1</eqn></agent>'), "<agent> is not understood"),
        (_with('<aux name="a"><eqn>1</eqn><delay_aux/></aux>'), "a: <delay_aux> is not understood"),
        (_with('<aux name="a"/>'), "a: there is no <eqn>"),
        (_with("<aux><eqn>1</eqn></aux>"), "a variable has no name"),
        (_with('<aux name="Tank"><eqn>1</eqn></aux>'), "tank is defined 2 times"),
        (_with('<gf name="g"><xpts>0,1</xpts><ypts>0,1,2</ypts></gf>'), "with as many numbers as <ypts>"),
        (_with('<gf name="g"><xpts>0,1</xpts><ypts>0,one</ypts></gf>'), "not a finite number"),
        (_with('<gf name="g"><ypts>0,1</ypts></gf>'), "a table needs <xscale>"),
        (_with('<gf name="g"><xpts>0,1</xpts></gf>'), "a table needs <ypts> once"),
        (_with('<gf name="g" type="odd"><xpts>0,1</xpts><ypts>0,1</ypts></gf>'), "'odd' is not supported"),
        (BODY + '<data><import type="CSV" resource="a.csv"/></data>', "data from other files"),
        (BODY + '<header><includes><include resource="a"/></includes></header>', "are not included"),
        (_with('<aux name="a"><eqn>1 { open</eqn></aux>'), "a comment ({) is not closed"),
    ],
)
def test_nothing_is_passed_over_in_silence(body: str, words: str, build: Callable[..., LoadedModel]) -> None:
    with pytest.raises(BadInput) as caught:
        build(body)
    assert words in str(caught.value)


def test_a_vendors_own_elements_and_an_unknown_namespace(build: Callable[..., LoadedModel]) -> None:
    vendor = _with('<aux name="a" xmlns:v="http://vendor"><eqn>1</eqn><v:note>x</v:note></aux>')
    assert build(vendor).defaults()["a"] == 1
    with pytest.raises(BadInput, match="the namespace 'http://other' is not known"):
        build(BODY, head=HEAD.replace("http://docs.oasis-open.org/xmile/ns/XMILE/v1.0", "http://other"))


def test_a_declared_encoding_does_not_change_the_text(build: Callable[..., LoadedModel]) -> None:
    head = HEAD.replace('encoding="utf-8"', 'encoding="iso-8859-1"')
    assert "水" in build(_with('<aux name="水"><eqn>1</eqn></aux>'), head=head).variables
