"""The table of assumptions: every uncertain constant with its range and grade of evidence."""

from __future__ import annotations

from collections import Counter

from documentation.markdown import MADE, joined, number, table
from documentation.material import Material, slug
from sim.spec.priors import Prior

__all__ = ["assumptions_page"]

INTRODUCTION = """\
Every row of `calibration/priors.csv`, and the lever effects. A range is the 5 to 95 % interval for normal and
lognormal, the support for triangular, uniform and pert; a fixed constant is not sampled. The grade says what
the middle value rests on, from strong to weak:"""
GRADES = {
    "official_statistic": "read in an official statistic, or arithmetic on one",
    "published": "read in a publication",
    "document": "stands in the plan documents",
    "model_code": "taken from another model's code",
    "memory": "known, but not looked up again",
    "judgement": "chosen with evidence nearby",
    "assumption": "chosen for the model; no evidence",
}


def assumptions_page(material: Material) -> str:
    """Return ``docs/assumptions.md``."""
    blocks = [MADE, "# Assumptions", INTRODUCTION, _counts(material)]
    blocks += ["## Levers", _levers(material)]
    for group, variables in material.groups.items():
        rows = [prior for variable in variables for prior in material.priors_of.get(variable.name, ())]
        if rows:
            blocks += [f"## {group} {material.glossary.zh('group', group)}", _ranges(material, rows)]
    return joined(blocks)


def _counts(material: Material) -> str:
    sampled = Counter(prior.evidence for prior in material.priors if prior.sampled)
    fixed = Counter(prior.evidence for prior in material.priors if not prior.sampled)
    share = len(material.priors) / 100
    rows = [
        [
            grade,
            what,
            str(sampled[grade]),
            str(fixed[grade]),
            f"{(sampled[grade] + fixed[grade]) / share:.0f} %",
        ]
        for grade, what in GRADES.items()
    ]
    rows.append(["**all**", "", str(sampled.total()), str(fixed.total()), "100 %"])
    return table(["grade", "meaning", "sampled", "fixed", "share of rows"], rows)


def _levers(material: Material) -> str:
    counts = Counter(lever.evidence for lever in material.levers)
    text = ", ".join(f"{count} {grade}" for grade, count in sorted(counts.items()))
    return f"Evidence for the effects of the {len(material.levers)} levers: {text}. The documents give none."


def _ranges(material: Material, priors: list[Prior]) -> str:
    rows = [
        [
            _constant(material, prior),
            material.zh(material.model.find(prior.constant.name).name),
            prior.unit,
            number(prior.value),
            number(prior.low),
            number(prior.high),
            prior.distribution,
            prior.evidence,
            prior.source,
        ]
        for prior in priors
    ]
    head = ["constant", "常量", "unit", "value", "low", "high", "distribution", "grade", "source"]
    return table(head, rows)


def _constant(material: Material, prior: Prior) -> str:
    variable = material.model.find(prior.constant.name)
    elements = f"\\[{', '.join(prior.constant.elements)}\\]" if prior.constant.elements else ""
    return f"[{variable.name}](reference/{slug(variable.group)}.md#{slug(variable.name)}){elements}"
