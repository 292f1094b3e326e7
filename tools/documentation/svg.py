"""SVG with text that stays text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from documentation.layered import Point

__all__ = ["BLUE", "GREY", "INK", "arrow", "box", "curve", "label", "line", "page", "text_width", "wrapped"]

INK, GREY, BLUE = "#1b1f24", "#5f6b7a", "#1f5fa8"
FONTS = "DejaVu Sans, Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif"
STYLE = (
    f"text{{font-family:{FONTS};fill:{INK};text-anchor:middle}}"
    f".zh,.note{{fill:{GREY}}}.left{{text-anchor:start}}"
    ".into{fill:#1f7a4d}.out{fill:#a4541a}.sign{fill:inherit}"
)
MARGIN = 24


def text_width(text: str, size: float) -> float:
    """Return an upper estimate of a text's width in pixels: Chinese signs are square, letters narrower."""
    return sum(size * (1.0 if ord(sign) > 0x2E80 else 0.64) for sign in text)


def wrapped(text: str, most: int) -> list[str]:
    """Break a text between words into lines of at most ``most`` signs where possible."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= most:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def label(x: float, y: float, text: str, size: float = 13, kind: str = "", bold: bool = False) -> str:
    """Return one line of text; ``y`` is its base line."""
    extra = (f" class={quoteattr(kind)}" if kind else "") + (' font-weight="bold"' if bold else "")
    return f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}"{extra}>{escape(text)}</text>'


def box(centre: Point, size: Point, fill: str, stroke: str, *, width: float = 1, radius: float = 0) -> str:
    """Return a rectangle about its centre."""
    x, y = centre[0] - size[0] / 2, centre[1] - size[1] / 2
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(size[0])}" height="{_n(size[1])}" rx="{_n(radius)}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{_n(width)}"/>'
    )


def curve(points: Sequence[Point], stroke: str, width: float = 1, *, dash: str = "") -> str:
    """Return a line through the points that is level at each of them."""
    path = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        if y1 == y2:
            path += f" L{_n(x2)} {_n(y2)}"
        else:
            middle = (x1 + x2) / 2
            path += f" C{_n(middle)} {_n(y1)} {_n(middle)} {_n(y2)} {_n(x2)} {_n(y2)}"
    extra = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{_n(width)}"{extra}/>'


def line(start: Point, end: Point, stroke: str, width: float = 1.3) -> str:
    """Return a straight line."""
    ends = f'x1="{_n(start[0])}" y1="{_n(start[1])}" x2="{_n(end[0])}" y2="{_n(end[1])}"'
    return f'<line {ends} stroke="{stroke}" stroke-width="{_n(width)}"/>'


def arrow(tip: Point, direction: Point, fill: str, size: float = 8) -> str:
    """Return an arrow head; ``direction`` is a vector of length one along which it points."""
    (x, y), (dx, dy) = tip, direction
    back = (x - dx * size, y - dy * size)
    half = size * 0.45
    corners = [tip, (back[0] - dy * half, back[1] + dx * half), (back[0] + dy * half, back[1] - dx * half)]
    points = " ".join(f"{_n(a)},{_n(b)}" for a, b in corners)
    return f'<polygon points="{points}" fill="{fill}"/>'


def page(title: str, size: Point, parts: Iterable[str]) -> str:
    """Return the whole picture with a margin, on white."""
    width, height = size[0] + 2 * MARGIN, size[1] + 2 * MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="{-MARGIN} {-MARGIN} {_n(width)} {_n(height)}" role="img">'
    )
    ground = f'<rect x="{-MARGIN}" y="{-MARGIN}" width="{_n(width)}" height="{_n(height)}" fill="#fff"/>'
    body = "\n".join(parts)
    return f"{head}\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n{ground}\n{body}\n</svg>\n"


def _n(value: float) -> str:
    """Round to a tenth of a pixel, so that the last digits of a layout do not matter."""
    return f"{round(value, 1) + 0.0:g}"
