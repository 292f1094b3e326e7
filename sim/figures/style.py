"""The common look of all figures: colours, fonts, sizes, and turning a figure into bytes.

Colours are from Okabe and Ito (2008), which people with any common colour blindness can tell apart;
baseline and scenario also differ in line style, for print in black and white.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.errors import BadInput, SimError
from sim.figures.files import write_atomically
from sim.folders import content

__all__ = [
    "BASELINE",
    "OBSERVED",
    "SCENARIO",
    "TARGET",
    "WIDTH",
    "figure_bytes",
    "figure_style",
    "font_files",
    "save_figure",
    "tidy",
]

# Column width of an A4 page with the report's margins, in inches.
WIDTH = 6.5

BASELINE = "#5f6368"
SCENARIO = "#0072B2"
TARGET = "#D55E00"
OBSERVED = "#111111"

FAMILIES = ["Sim Sans SC", "DejaVu Sans"]
# Neither file format may carry the date of its making, so that the same run gives the same bytes.
METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}

_STYLE: dict[str, Any] = {
    "font.family": FAMILIES,
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 6,
    "axes.labelsize": 8.5,
    "axes.labelcolor": "#333333",
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "xtick.major.size": 2.5,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "sim",
    "pdf.fonttype": 42,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
}


def font_files() -> tuple[Path, ...]:
    """Return the fonts of figures and reports: the vendored Chinese ones, then DejaVu for rare signs.

    A DejaVu in the vendored folder goes before the one that comes with matplotlib.
    """
    vendored = content("reports", "fonts")
    shipped = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    chinese = tuple(vendored / f"SimSansSC-{weight}.ttf" for weight in ("Regular", "Bold"))
    names = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
    return chinese + tuple((vendored if (vendored / name).exists() else shipped) / name for name in names)


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw with the common look, and put matplotlib's settings back afterwards."""
    known = {Path(entry.fname) for entry in font_manager.fontManager.ttflist}
    for path in font_files():
        if path not in known:
            font_manager.fontManager.addfont(path)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams
        settings.update(_STYLE)
        yield


def figure_bytes(figure: Figure, kind: str = "svg") -> bytes:
    """Return ``figure`` as svg, png or pdf; the same figure gives the same bytes.

    BadInput for another format, SimError for a character that the fonts lack.
    """
    if kind not in METADATA:
        raise BadInput(f"Unknown figure format {kind!r}. Allowed are: {', '.join(sorted(METADATA))}.")
    buffer = io.BytesIO()
    with figure_style(), warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph .* missing")
        try:
            figure.savefig(buffer, format=kind, metadata=METADATA[kind])
        except UserWarning as warning:
            raise SimError(
                f"A figure cannot show all its words: {warning}. The fonts cover GB2312 Chinese, Latin "
                "and common signs: use other words."
            ) from warning
    return buffer.getvalue()


def save_figure(figure: Figure, output: Path) -> None:
    """Write ``figure`` in the format of the extension of ``output`` (.svg, .png or .pdf)."""
    kind = output.suffix.lstrip(".").lower()
    if kind not in METADATA:
        raise BadInput(
            f"The format of a figure follows its extension, and {output.name!r} has none of them. "
            f"Allowed are: {', '.join('.' + name for name in sorted(METADATA))}."
        )
    write_atomically(output, figure_bytes(figure, kind))


def tidy(axes: Axes, ticks: int = 6) -> None:
    """Give ``axes`` whole years below and only horizontal grid lines."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=ticks, integer=True))
    axes.grid(visible=False, axis="x")
    axes.margins(x=0.01)
