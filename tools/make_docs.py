"""Write the committed files under ``docs/``: model reference, diagrams, boundary and assumptions.

From the repository root, with the ``docs`` extra installed::

    python tools/make_docs.py

The same model and tables give the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from documentation.assumptions import assumptions_page
from documentation.boundary import boundary_page
from documentation.limits import limits_page
from documentation.loops import load_loops, loop_diagram, loops_page
from documentation.markdown import MADE
from documentation.material import Material, load_material, slug
from documentation.overview import overview_diagram, overview_page
from documentation.reference import group_pages, index_page
from documentation.stocks import stock_diagram

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("*.md", "reference/*.md", "diagrams/stocks-*.svg", "diagrams/loop-*.svg")


def pages(material: Material) -> dict[str, str]:
    """Return every file by its path below ``docs/``."""
    made = {"reference.md": index_page(material)}
    made["limits.md"] = limits_page()
    made["assumptions.md"] = assumptions_page(material)
    made["boundary.md"] = boundary_page(material, (ROOT / "model" / "scope.md").read_text("utf-8"))
    made |= {f"reference/{name}": page for name, page in group_pages(material).items()}
    made["overview.md"] = overview_page(material)
    made["diagrams/overview.svg"] = overview_diagram(material)
    loops = load_loops(material, ROOT / "model" / "loops.csv")
    if loops:
        made["loops.md"] = loops_page(material, loops)
    made |= {f"diagrams/loop-{slug(loop.id)}.svg": loop_diagram(material, loop) for loop in loops}
    for group, variables in material.groups.items():
        if any(variable.kind == "stock" for variable in variables):
            made[f"diagrams/stocks-{slug(group)}.svg"] = stock_diagram(material, group)
    return made


def write(made: dict[str, str], folder: Path) -> None:
    """Write the files, and remove pages and diagrams of an earlier model."""
    found = {path for kind in KINDS for path in folder.glob(kind)}
    old = {path for path in found if path.suffix == ".svg" or path.read_text("utf-8").startswith(MADE)}
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
        old.discard(path)
    for path in old:
        path.unlink()


def main() -> None:
    """Read the arguments and write the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "docs", help="folder to write to")
    folder: Path = parser.parse_args().output
    made = pages(load_material(ROOT))
    write(made, folder)
    print(f"{len(made)} files in {folder}")


if __name__ == "__main__":
    main()
