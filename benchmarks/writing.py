"""Measurements to RESULTS.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["ENGINES", "Findings", "Row", "text_of"]

ENGINES = (
    "sim float64",
    "sim float64, one thread",
    "sim float32",
    "NumPy",
    "pysimlin, all cores",
    "pysimlin",
    "PySD",
)


@dataclass(frozen=True)
class Row:
    """Seconds for a number of lanes; ``scaled``: measured with so many lanes and multiplied (0: measured)."""

    subject: str
    engine: str
    lanes: int
    seconds: float
    peak: float = 0.0
    spread: float = 1.0
    scaled: int = 0
    part: str = ""

    @property
    def rate(self) -> float:
        """Runs per second."""
        return self.lanes / self.seconds


@dataclass
class Findings:
    """Everything that was measured."""

    command: str
    rows: list[Row] = field(default_factory=list)
    ready: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    values: dict[tuple[str, str], list[float | None]] = field(default_factory=dict)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    startup: dict[str, float] = field(default_factory=dict)
    streams: dict[str, dict[str, Any]] = field(default_factory=dict)
    ablations: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    load: list[float] = field(default_factory=list)
    took: float = 0.0
    cores: int = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def row(self, subject: str, engine: str, lanes: int) -> Row | None:
        """Return one row, or None if it was not measured."""
        return next(
            (r for r in self.rows if (r.subject, r.engine, r.lanes) == (subject, engine, lanes)), None
        )

    def rate(self, subject: str, engine: str, lanes: int) -> float | None:
        """Return runs per second, or None."""
        row = self.row(subject, engine, lanes)
        return row.rate if row else None

    def best(self, subject: str, engine: str) -> float | None:
        """Return the highest runs per second over all numbers of lanes."""
        return max(
            (row.rate for row in self.rows if (row.subject, row.engine) == (subject, engine)), default=None
        )

    @property
    def subjects(self) -> list[str]:
        """Models, in the order measured."""
        return list(dict.fromkeys(row.subject for row in self.rows))


def text_of(found: Findings) -> str:
    """Return RESULTS.md."""
    parts = [_head(found)]
    for subject in found.subjects:
        parts += [f"## {subject}", _table(found, subject), _agreement(found, subject)]
        if found.took and subject in found.ablations:
            parts.append(_profile(found, subject))
    parts += ["## Streaming and start-up", _streams(found), "## Targets", _targets(found), _notes(found)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(found: Findings) -> str:
    noise = [row.spread for row in found.rows if row.engine.startswith("sim float") and row.lanes >= 10_000]
    spread = f"{max(noise, default=1.0):.2f}"
    busy = " and ".join(f"{load:.1f}" for load in found.load)
    return f"""# Benchmarks

Written by `{found.command}` in {found.took / 60:.0f} minutes; nothing here is typed by hand.
Repeat it with that command.

Machine: {_machine(found.cores)}.
Noise: the system's load average was {busy} at the beginning and the end, on {found.cores} cores (0 is
a quiet machine). Times are the best of two to five runs; the slowest of large cases took up to {spread}
times the best. Read small differences accordingly; engines were measured one after the other.

A lane is one run of the model with three constants of its own. Each engine keeps the same few outputs.
`sim` uses all cores; NumPy (our equations evaluated by NumPy over blocks of up to 1000 lanes), pysimlin
and PySD use one, except where it says all cores (one process on each). Start-up and compiling are not in
the rates; they are listed below. "From" says how much was measured where the rest is multiplied."""


def _machine(cores: int) -> str:
    name, flags = platform.processor() or platform.machine(), ""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            title, _, value = line.partition(":")
            if title.strip() == "model name":
                name = value.strip()
            if title.strip() in ("flags", "Features"):
                flags = f" {value} "
    except OSError:
        pass
    width = next((bits for flag, bits in ((" avx512f ", 512), (" avx2 ", 256)) if flag in flags), 128)
    python = platform.python_version()
    return f"{cores} cores, {name}, vectors of {width} bits, {platform.system()}, Python {python}"


def _table(found: Findings, subject: str) -> str:
    lines = [
        "| engine | lanes | seconds | runs per second | × PySD | × pysimlin, all cores | peak memory |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for engine in ENGINES:
        for row in (row for row in found.rows if (row.subject, row.engine) == (subject, engine)):
            ratios = [_ratio(row, found, other) for other in ("PySD", "pysimlin, all cores")]
            mark = f" ({_scaling(row)})" if row.scaled else ""
            lines.append(
                f"| {row.engine} | {row.lanes:,} | {_number(row.seconds)}{mark} | {_number(row.rate)} "
                f"| {ratios[0]} | {ratios[1]} | {row.peak:,.0f} MB |"
            )
    lines += [f"\n{engine}: {why}." for (name, engine), why in found.failures.items() if name == subject]
    return "\n".join(lines) + f"\n\n![Runs per second over lanes]({subject}.svg)"


def _scaling(row: Row) -> str:
    what = row.part or f"{row.scaled:,} run{'s' if row.scaled > 1 else ''}"
    return f"from {what}"


def _ratio(row: Row, found: Findings, other: str) -> str:
    rate = found.rate(row.subject, other, row.lanes) or found.best(row.subject, other)
    return f"{_number(row.rate / rate)}" if rate else "–"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _agreement(found: Findings, subject: str) -> str:
    reference = found.values.get((subject, "sim float64"))
    if not reference:
        return ""
    said = []
    for (name, engine), values in found.values.items():
        if name != subject or engine == "sim float64":
            continue
        if any(value is None for value in values):
            said.append(f"{engine} runs the model but gives NaN")
            continue
        numbers = [value for value in values if value is not None]
        off = max(abs(a - b) / abs(b) for a, b in zip(numbers, reference, strict=True) if b)
        said.append(f"{engine} differs by {off:.1g}")
    return (
        "Final values of the first lane against sim float64, which agrees with PySD to 1e-9 (tests/parity): "
        + "; ".join(said)
        + "."
    )


def _profile(found: Findings, subject: str) -> str:
    from benchmarks.ablation import VARIANTS

    parts = found.ablations[subject]
    if "whole" not in parts:
        return ""
    both = [parts[name] for name in ("whole", "whole again") if name in parts]
    whole = min(both, key=lambda part: float(part["us_per_lane"]))
    apart = max(part["us_per_lane"] for part in both) / whole["us_per_lane"] - 1
    lines = [
        f"What bounds the loop (one thread, one block of {whole['width']} lanes, float64). Each line is "
        "compiled anew with that work replaced by something cheap, so shares overlap and need not add up. "
        f"The whole was measured first and last, {apart:.0%} apart: shares smaller than that mean nothing.",
        "",
        "| program | µs per lane | saved | kernels in a step |",
        "|---|---:|---:|---:|",
    ]
    for variant, title in VARIANTS.items():
        if variant in parts:
            part = whole if variant == "whole" else parts[variant]
            share = 1 - part["us_per_lane"] / whole["us_per_lane"]
            lines.append(f"| {title} | {part['us_per_lane']:.1f} | {share:.0%} | {part['kernels']} |")
    if "few lanes" in parts:
        few = parts["few lanes"]
        share = few["us_per_step"] / whole["us_per_step"]
        lines.append(
            f"\nWith 8 lanes and all of the above left out a step takes {few['us_per_step']:.0f} µs, nearly "
            f"all of it starting {few['kernels']} kernels: about {share:.0%} of a step of the whole program. "
            f"Each step of a block reads {whole['given_kb']:,.0f} kB of values that stand still and "
            f"{whole['states_kb']:,.0f} kB of states."
        )
    return "\n".join(lines)


def _streams(found: Findings) -> str:
    lines = []
    for subject, got in found.streams.items():
        rate = got["lanes"] / got["seconds"][0]
        lines.append(
            f"- {subject}: {got['lanes']:,} lanes by `run_blocks` in blocks of {got['block']:,}: "
            f"{got['seconds'][0]:.0f} s ({_number(rate)} runs per second), peak memory "
            f"{got['early_mb']:.0f} MB after the first block and {got['peak_mb']:.0f} MB at the end."
        )
    for (subject, engine), times in found.ready.items():
        lines.append(
            f"- {subject}, {engine}: loading, compiling and a first run take {times[0]:.1f} s, and "
            f"{min(times[1:], default=times[0]):.2f} s from the cache."
        )
    names = {"help": "`sim --help`", "cold": "`sim run`, empty caches", "warm": "`sim run`, filled caches"}
    lines += [f"- {names[name]}: {value:.2f} s." for name, value in found.startup.items()]
    return "\n".join(lines)


def _targets(found: Findings) -> str:
    lines = ["| target | wanted | measured | |", "|---|---:|---:|---|"]
    world, main = "world3", "changji"
    many = 100_000 if found.row(main, "sim float64", 100_000) else 10_000
    lines += [
        _target(
            "× pysimlin, both using all cores, world3", 20, _over(found, world, "pysimlin, all cores", many)
        ),
        _target("× PySD (one process), changji", 20_000, _over(found, main, "PySD", many)),
        _target("`sim --help`, s", 0.2, found.startup.get("help"), least=False),
        _target("`sim run`, 1000 members, filled caches, s", 2.5, found.startup.get("warm"), least=False),
        _target("`sim run`, 1000 members, empty caches, s", 15.0, found.startup.get("cold"), least=False),
    ]
    row = found.row(main, "sim float64", 100_000)
    lines.append(
        _target("100 000 runs of changji, engine alone, s", 20, row.seconds if row else None, least=False)
    )
    lines.append(_target("their memory, MB", 2000, row.peak if row else None, least=False))
    low, high = found.row(main, "sim float64", 10_000), row
    if low and high:
        growth = (high.seconds / high.lanes) / (low.seconds / low.lanes)
        lines.append(_target("cost of a lane at 100 000 over that at 10 000 lanes", 1.1, growth, least=False))
    for subject, got in found.streams.items():
        growth = got["peak_mb"] / got["early_mb"]
        lines.append(
            _target(
                f"{subject}: memory after {got['lanes']:,} lanes over that after a block",
                1.1,
                growth,
                least=False,
            )
        )
    return "\n".join(lines)


def _over(found: Findings, subject: str, other: str, lanes: int) -> float | None:
    ours, theirs = found.rate(subject, "sim float64", lanes), found.rate(subject, other, lanes)
    return ours / theirs if ours and theirs else None


def _target(name: str, wanted: float, got: float | None, *, least: bool = True) -> str:
    sign = "≥" if least else "≤"
    if got is None:
        return f"| {name} | {sign} {wanted:,g} | – | not measured |"
    met = got >= wanted if least else got <= wanted
    short = wanted / got if least else got / wanted
    missed = f"missed by {short - 1:.0%}" if short < 2 else f"missed by a factor of {short:.2g}"
    said = "met" if met else missed
    return f"| {name} | {sign} {wanted:,g} | {_number(got)} | {said} |"


def _notes(found: Findings) -> str:
    gains = [
        f"{subject} {several / one:.2f} times"
        for subject in found.subjects
        if (one := found.rate(subject, "sim float64, one thread", 10_000))
        and (several := found.rate(subject, "sim float64", 10_000))
    ]
    return (
        f"{found.cores} threads give {' and '.join(gains)} the runs of one; where pysimlin gains as little "
        "from a second process, the cores of this machine share their vector units.\n\n"
        "Sweeps add drawing, indicators and storing to the engine's time; they are not measured here. PySD "
        f"runs one process: divide its ratio by {found.cores} for one process on each core."
    )
