"""The shipped place's names, and the shipped table of shares."""

from __future__ import annotations

from sim.spec.places import load_place
from sim.spec.shares import load_shares


def test_the_shipped_place() -> None:
    place = load_place().plain()
    assert place["city"] == {"zh": "昌吉市", "en": "Changji City"}
    assert set(place) == {"city", "prefecture", "pole", "within"}
    assert all(set(names) == {"zh", "en"} for names in place.values())


def test_the_shipped_shares() -> None:
    shares = {one.constant: one for one in load_shares()}
    assert shares["group share in 2024"].total == 100
    assert shares["group share in 2024"].scaled
    assert not shares["intermediate use"].scaled
