from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.spec.glossary import load_glossary

HEAD = "name,kind,zh\n"


def written(folder: Path, rows: str) -> Path:
    path = folder / "glossary.csv"
    path.write_text(HEAD + rows, "utf-8")
    return path


def test_names_are_found_by_kind(tmp_path: Path) -> None:
    glossary = load_glossary(written(tmp_path, "Capital,group,资本\ncapital,variable,资本存量\n"))
    assert glossary.zh("group", "Capital") == "资本"
    assert glossary.zh("variable", "capital") == "资本存量"
    assert glossary.zh("variable", "unknown") == ""


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,variable,甲\na,variable,乙\n", "row 3, column 'name': the variable 'a' is there twice"),
        ("a,stock,甲\n", "'stock' is not known"),
        ("a,variable,\n", "column 'zh': the cell is empty"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        load_glossary(written(tmp_path, rows))
