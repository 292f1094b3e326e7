"""No figure is used twice without being named: fitted, anchored, or in the centre of a prior."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.spec.anchors import Anchor, load_anchors
from sim.spec.double_uses import DoubleUse, double_uses, load_double_uses
from sim.spec.observations import Observation, UnusedFact, load_observations, load_unused_facts
from sim.spec.priors import Prior, load_priors
from sim.spec.references import parse_reference


def prior(constant: str, source: str, distribution: str = "uniform") -> Prior:
    return Prior(parse_reference(constant), "dmnl", 1, 0, 2, distribution, "judgement", source, "", 2)


def anchor(constant: str, target: str, source: str) -> Anchor:
    variable = parse_reference("level")
    return Anchor(parse_reference(constant), variable, parse_reference(target), 2024, source, "", 2)


def observation(*facts: str) -> Observation:
    return replace(load_observations()[0], facts=facts)


def test_the_table_names_every_double_use_and_no_other() -> None:
    found = double_uses(load_priors(), load_anchors(), load_observations(), load_unused_facts())
    listed = [use for use, _ in load_double_uses()]
    assert [use for use in found if use not in listed] == [], "new: say why in double_uses.csv, or mend it"
    assert [use for use in listed if use not in found] == [], "stale: no longer so"


def test_what_is_known_to_be_used_twice_is_found() -> None:
    """The figures that were once said to be used once."""
    found = double_uses(load_priors(), load_anchors(), load_observations(), load_unused_facts())
    both = {use.fact for use in found if (use.first, use.second) == ("fitted", "anchored")}
    centres = {use.fact for use in found if (use.first, use.second) == ("fitted", "prior")}
    assert both == {"F186"}
    assert centres >= {"F002", "F134", "F153", "F186", "F188", "F195"}


def test_each_pair_of_uses() -> None:
    priors = [prior("rate", "R001 F001"), prior("share[city]", "see (F002)"), prior("other", "F009")]
    anchors = [anchor("scale", "level in 2024", "F001 F003")]
    found = double_uses(priors, anchors, [observation("F003", "F002")])
    assert found == (
        DoubleUse("anchored", "prior", "F001", "rate"),
        DoubleUse("fitted", "anchored", "F003", "scale"),
        DoubleUse("fitted", "prior", "F002", "share[city]"),
    )


def test_the_width_of_an_anchor_is_no_second_use() -> None:
    anchors = [anchor("scale", "level in 2024", "F001")]
    own = [prior("Level in 2024", "F001"), prior("scale", "F001")]
    assert double_uses(own, anchors, []) == ()
    assert len(double_uses([prior("level of others in 2024", "F001")], anchors, [])) == 1


def test_a_constant_in_which_members_do_not_differ_has_no_centre() -> None:
    assert double_uses([prior("rate", "F001", "fixed")], [], [observation("F001")]) == ()


def test_what_follows_from_a_figure_is_that_figure() -> None:
    unused = [
        UnusedFact("F004", "derived", "follows from F001 and F005"),
        UnusedFact("F005", "derived", "a part of F002, and so of F004"),
        UnusedFact("F006", "definition", "as F003"),
    ]
    found = double_uses([prior("rate", "F004 F006")], [], [observation("F002", "F003")], unused)
    assert found == (DoubleUse("fitted", "prior", "F002", "rate"),)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("prior,prior,F001,rate,why", "'first'.*'prior' is not known"),
        ("fitted,fitted,F001,rate,why", "'second'.*'fitted' is not known"),
        ("fitted,prior,F001,rate,", "'reason'.*empty"),
        ("fitted,prior,F001,rate,why\nfitted,prior,F001,rate,why", "row 3.*there twice"),
    ],
)
def test_a_faulty_table_is_refused(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "double_uses.csv"
    path.write_text(f"first,second,fact,constant,reason\n{row}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        load_double_uses(path)


def test_the_architecture_says_which() -> None:
    text = " ".join((Path(__file__).parents[2] / "ARCHITECTURE.md").read_text("utf-8").split())
    found = double_uses(load_priors(), load_anchors(), load_observations(), load_unused_facts())
    centred = [use for use in found if (use.first, use.second) == ("fitted", "prior")]
    assert (
        f"centred on figures that are fitted too ({', '.join(sorted({use.fact for use in centred}))})" in text
    )
    assert len({use.constant for use in centred}) == 14
    assert "ranges of fourteen constants" in text
