"""Which figures a calibration uses twice, and what that means, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.cli.texts import Texts

if TYPE_CHECKING:
    from sim.ensemble.project import Project

__all__ = ["twice_used"]


def twice_used(project: Project, texts: Texts) -> str:
    """Return which fitted figures are anchored, or in the centre of a range, too; "" where none is."""
    from sim.spec.double_uses import double_uses
    from sim.spec.observations import load_unused_facts

    path = project.study.find("calibration", "unused_facts.csv")
    unused = load_unused_facts(path, project.facts) if path else ()
    uses = double_uses(project.priors, project.anchors, project.observations, unused)
    anchored = {use.fact for use in uses if (use.first, use.second) == ("fitted", "anchored")}
    centred = [use for use in uses if (use.first, use.second) == ("fitted", "prior")]
    if not anchored and not centred:
        return ""
    joint, none = texts("data.twice_joint"), texts("data.twice_none")
    return texts(
        "data.twice",
        anchored=joint.join(sorted(anchored)) or none,
        facts=joint.join(sorted({use.fact for use in centred})) or none,
        constants=len({use.constant for use in centred}),
    )
