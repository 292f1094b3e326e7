"""The committed files under ``docs/`` are what the generator makes of the present model."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import unquote

import make_docs
import pytest
from documentation.material import Material, load_material, slug

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def material() -> Material:
    return load_material(ROOT)


@pytest.fixture(scope="module")
def made(material: Material) -> dict[str, str]:
    return make_docs.pages(material)


def test_committed_files_are_fresh(made: dict[str, str]) -> None:
    stale = [
        name
        for name, text in made.items()
        if not (DOCS / name).exists() or (DOCS / name).read_bytes() != text.encode("utf-8")
    ]
    assert not stale, "run make docs"


def test_no_file_is_left_over(made: dict[str, str]) -> None:
    kept = {path.relative_to(DOCS).as_posix() for kind in make_docs.KINDS for path in DOCS.glob(kind)}
    assert kept - set(made) == set()


def test_files_are_written_and_old_ones_removed(tmp_path: Path) -> None:
    make_docs.write({"a.md": make_docs.MADE + "\n", "reference/b.md": make_docs.MADE + "\n"}, tmp_path)
    (tmp_path / "own.md").write_text("kept\n", "utf-8")
    make_docs.write({"a.md": make_docs.MADE + "\n"}, tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.md")) == ["a.md", "own.md"]


def test_links_lead_somewhere(made: dict[str, str]) -> None:
    headings = {
        name: {slug(line.lstrip("# ")) for line in text.splitlines() if line.startswith("#")}
        for name, text in made.items()
    }
    broken = []
    for name, text in made.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", text if name.endswith(".md") else ""):
            path, _, anchor = unquote(target).partition("#")
            page = (DOCS / name).parent.joinpath(path).resolve() if path else DOCS / name
            inside = page.relative_to(DOCS).as_posix() if page.is_relative_to(DOCS) else ""
            if not (inside in made or page.exists()) or (
                anchor and anchor not in headings.get(inside, set())
            ):
                broken.append((name, target))
    assert not broken


def test_every_variable_has_an_entry(material: Material, made: dict[str, str]) -> None:
    for group, variables in material.groups.items():
        page = made[f"reference/{slug(group)}.md"]
        for variable in variables:
            entry = page.partition(f"\n## {variable.name}\n")[2].partition("\n## ")[0]
            assert f"```\n{variable.name}" in entry, variable.name
            assert f"`{variable.units}`" in entry, variable.name
            assert material.zh(variable.name) in entry, variable.name


def test_diagrams_are_svg_with_text(made: dict[str, str]) -> None:
    pictures = [text for name, text in made.items() if name.endswith(".svg")]
    assert len(pictures) > 20
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        assert any(node.tag.endswith("text") and node.text for node in root.iter())
