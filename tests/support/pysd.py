"""PySD as a reference, where it is set to what Vensim does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["keep_delay_orders", "own_delays"]


def keep_delay_orders() -> None:
    """Stop PySD from lowering the order of DELAY1 and DELAY3 that are short against the time step.

    Vensim does not (``tests/engine/test_worked_by_hand.py`` has its output); of DELAY N both do.
    """
    from pysd.py_backend.statefuls import Delay

    if not hasattr(Delay, "own_initialize"):
        Delay.own_initialize = Delay.initialize

        def initialize(self: Any, *given: Any, **named: Any) -> None:
            self.tstep = lambda: 0.0
            Delay.own_initialize(self, *given, **named)

        Delay.initialize = initialize


@contextmanager
def own_delays() -> Iterator[None]:
    """Give PySD its own delays back for a while."""
    from pysd.py_backend.statefuls import Delay

    given = Delay.initialize
    Delay.initialize = getattr(Delay, "own_initialize", given)
    try:
        yield
    finally:
        Delay.initialize = given
