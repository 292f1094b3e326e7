"""Plots of the measurements."""

from __future__ import annotations

from pathlib import Path

from benchmarks.writing import ENGINES, Findings

__all__ = ["draw"]

_COLOURS = ("#0072B2", "#111111", "#56B4E9", "#009E73", "#D55E00", "#E69F00", "#5f6368")
_MARKS = ("o", "+", "s", "^", "D", "v", "x")


def draw(found: Findings, folder: Path) -> None:
    """Write one SVG for each model: runs per second over lanes, both axes logarithmic."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 9}):
        for subject in found.subjects:
            figure = Figure(figsize=(6.5, 4), layout="constrained")
            axes = figure.subplots()
            for engine, colour, mark in zip(ENGINES, _COLOURS, _MARKS, strict=True):
                rows = [row for row in found.rows if (row.subject, row.engine) == (subject, engine)]
                if rows:
                    axes.plot(
                        [row.lanes for row in rows], [row.rate for row in rows],
                        color=colour, marker=mark, label=engine, linewidth=1.3,
                    )  # fmt: skip
            axes.set(xscale="log", yscale="log", xlabel="lanes", ylabel="runs per second", title=subject)
            axes.grid(alpha=0.3)
            axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
            figure.savefig(folder / f"{subject}.svg", metadata={"Date": None, "Creator": None})
