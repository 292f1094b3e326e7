"""Make the Chinese fonts in ``reports/fonts``: TrueType subsets of Noto Sans CJK SC, renamed.

Reports must show and let one search Chinese on machines without Chinese fonts, so the repository
carries two small fonts. They hold the characters of GB2312, Latin letters and the signs that
reports use. The outlines are turned from cubic (CFF) into quadratic (TrueType) curves, which every
PDF reader and matplotlib handle, and the family gets a new name, as the licence asks of changed fonts.

Needs Debian's ``fonts-noto-cjk`` (``apt-get install fonts-noto-cjk``) and fonttools (it comes with
matplotlib). From the repository root::

    python tools/make_fonts.py

The same source fonts give the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont, newTable

FAMILY = "Sim Sans SC"
SOURCE_FAMILY = "Noto Sans CJK SC"
WEIGHTS = ("Regular", "Bold")
NOTO = Path("/usr/share/fonts/opentype/noto")
DEBIAN_COPYRIGHT = Path("/usr/share/doc/fonts-noto-cjk/copyright")

# Curves may leave the original by this much, in units of 1/1000 em: too little to see in print.
MAX_ERROR = 1.0

# Signs beyond GB2312 and Latin-1 that reports and units use.
EXTRA = "–—‘’“”…‰′″€™←↑→↓−≈≠≤≥✓✗△▲▼■□●○◆◇※"

COPYRIGHT = (
    "© 2014-2021 Adobe (http://www.adobe.com/), with Reserved Font Name 'Source'. "
    "Subset of Noto Sans CJK SC 2.004 with TrueType outlines, renamed."
)
LICENSE = (
    "This Font Software is licensed under the SIL Open Font License, Version 1.1. "
    "This license is available with a FAQ at: https://openfontlicense.org"
)


def wanted_characters() -> set[int]:
    """Return the code points of GB2312 (rows 1-9 and 16-87), ASCII, Latin-1 and ``EXTRA``."""
    points = set(range(0x20, 0x7F)) | set(range(0xA0, 0x100)) | {ord(sign) for sign in EXTRA}
    for row in (*range(0xA1, 0xAA), *range(0xB0, 0xF8)):
        for cell in range(0xA1, 0xFF):
            try:
                points.add(ord(bytes([row, cell]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return points


def source_font(weight: str) -> TTFont:
    """Return the simplified-Chinese face of Debian's font collection."""
    path = NOTO / f"NotoSansCJK-{weight}.ttc"
    if not path.exists():
        raise SystemExit(f"{path} is missing. Install it with: apt-get install fonts-noto-cjk")
    for font in TTCollection(str(path)).fonts:
        if font["name"].getDebugName(1) == SOURCE_FAMILY:
            return font
    raise SystemExit(f"{path} has no face named {SOURCE_FAMILY!r}.")


def reduced(font: TTFont) -> TTFont:
    """Return ``font`` cut down to the wanted characters, without vertical setting and hints."""
    options = subset.Options()
    options.layout_features = ["kern"]
    options.hinting = False
    options.desubroutinize = True
    options.glyph_names = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GSUB", "GDEF"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted_characters())
    cutter.subset(font)
    return font


def with_quadratic_curves(font: TTFont) -> TTFont:
    """Return ``font`` with TrueType outlines in place of its CFF table."""
    order = font.getGlyphOrder()
    glyphs = font.getGlyphSet()
    drawn: dict[str, Any] = {}
    for name in order:
        pen = TTGlyphPen(None)
        glyphs[name].draw(Cu2QuPen(pen, MAX_ERROR, reverse_direction=True))
        drawn[name] = pen.glyph(dropImpliedOnCurves=True)
    font["loca"] = newTable("loca")
    table = font["glyf"] = newTable("glyf")
    table.glyphOrder = order
    table.glyphs = drawn
    del font["CFF "]
    for name in order:
        drawn[name].recalcBounds(table)
        advance, _ = font["hmtx"][name]
        font["hmtx"][name] = (advance, getattr(drawn[name], "xMin", 0))
    _set_profile(font, len(order))
    return font


def _set_profile(font: TTFont, count: int) -> None:
    """Set the tables that tell a reader that the outlines are TrueType."""
    profile = font["maxp"] = newTable("maxp")
    profile.tableVersion = 0x00010000
    profile.numGlyphs = count
    for field in (
        "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements",
        "maxSizeOfInstructions", "maxComponentElements", "maxPoints", "maxContours", "maxCompositePoints",
        "maxCompositeContours", "maxComponentDepth",
    ):  # fmt: skip
        setattr(profile, field, 0)
    profile.maxZones = 1
    font["post"].formatType = 3.0
    font["head"].glyphDataFormat = 0
    font.sfntVersion = "\x00\x01\x00\x00"


def rename(font: TTFont, weight: str) -> None:
    """Give ``font`` the family name, and names that tell where it comes from."""
    table = newTable("name")
    table.names = []
    texts = {
        0: COPYRIGHT,
        1: FAMILY,
        2: weight,
        3: f"2.004;{FAMILY} {weight}",
        4: f"{FAMILY} {weight}",
        5: "Version 2.004; GB2312 subset",
        6: f"{FAMILY.replace(' ', '')}-{weight}",
        13: LICENSE,
        14: "https://openfontlicense.org",
    }
    for number, text in texts.items():
        table.setName(text, number, 3, 1, 0x409)
    font["name"] = table


def licence_text() -> str:
    """Return the SIL Open Font License as Debian ships it, without its indentation."""
    lines = DEBIAN_COPYRIGHT.read_text(encoding="utf-8").splitlines()
    start = [number for number, line in enumerate(lines) if line == "License: SIL-1.1"][-1] + 1
    end = lines.index("", start)
    body = ["" if line.strip() == "." else line.strip() for line in lines[start:end]]
    return "\n".join([COPYRIGHT, "", LICENSE, "", *body]) + "\n"


def main() -> None:
    """Write both fonts and the licence."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("reports/fonts"), help="folder to write to")
    folder: Path = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    for weight in WEIGHTS:
        font = with_quadratic_curves(reduced(source_font(weight)))
        rename(font, weight)
        font.recalcTimestamp = False
        font.save(folder / f"SimSansSC-{weight}.ttf")
    (folder / "OFL.txt").write_text(licence_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
