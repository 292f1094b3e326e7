"""Make the modules of setup.cfg's section [mutants] wrong in one place at a time, and count who notices.

``python tools/find_mutants.py [MODULE…]`` exits with 1 where fewer than 90 % are noticed, where one lives
that tests/mutants.csv has no reason for, or where more than a tenth are called equivalent.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from mutation.ledger import Excuse, Subject, excuses, subjects
from mutation.sites import mutants
from mutation.trying import Tried, duration, tried

Known = dict[tuple[str, str, str, str], Excuse]

LEAST, MOST_EQUIVALENT = 0.9, 0.1


def main(wanted: list[str]) -> int:
    """Try the mutants of the wanted modules, all if none is named, and print the outcome."""
    chosen = [one for one in subjects() if not wanted or one.module in wanted]
    known = {(one.module, one.function, one.line, one.what): one for one in excuses()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work = []
        for subject in chosen:
            usual = duration(subject, folder)
            made = list(mutants(Path(subject.module).read_text(encoding="utf-8")))
            say(f"{subject.module}: {len(made)} mutants, tests take {usual:.0f} s")
            work += [(subject, mutant, usual) for mutant in made]
        outcome = list(tried(work, folder, workers(), say))
    return report(chosen, outcome, known)


def report(chosen: list[Subject], outcome: list[Tried], known: Known) -> int:
    """Print a line for each module and each living mutant without a reason; return the exit status."""
    living = [one for one in outcome if not one.killed]
    excuse = {id(one): known.get((one.subject.module, *one.mutant.key)) for one in living}
    kinds = Counter(found.kind if found else "unexplained" for found in excuse.values())
    for subject in chosen:
        mine = [one for one in outcome if one.subject is subject]
        noticed = sum(one.killed for one in mine)
        print(f"{subject.module:36} {noticed:5} of {len(mine):5} noticed ({noticed / max(len(mine), 1):.1%})")
    for one in living:
        if excuse[id(one)] is None:
            print(f"lives: {one.subject.module}:{one.mutant.number} {' | '.join(one.mutant.key)}")
    real = len(outcome) - kinds["equivalent"]
    share = sum(one.killed for one in outcome) / max(real, 1)
    told = f"{kinds['survivor']} survivors with a reason, {kinds['unexplained']} without"
    print(f"{share:.1%} of {real} noticed; {kinds['equivalent']} equivalent, {told}")
    sound = share >= LEAST and not kinds["unexplained"]
    return 0 if sound and kinds["equivalent"] <= MOST_EQUIVALENT * len(outcome) else 1


def workers() -> int:
    """Return how many mutants are tried at once."""
    return int(os.environ.get("WORKERS", "") or min(os.cpu_count() or 1, 4))


def say(text: str) -> None:
    """Write progress to stderr."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
