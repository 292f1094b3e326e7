"""Numbers and names from CSV files beside the model, and that a changed file is read again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.engine import load_model
from sim.errors import BadInput
from sim.translate import load_spec

TIMES = "INITIAL TIME = 0 ~ ~ |\nFINAL TIME = 4 ~ ~ |\nTIME STEP = 1 ~ ~ |\nSAVEPER = 1 ~ ~ |\n"
TEXT = """{UTF-8}
d: p, q ~ ~ |
r: GET DIRECT SUBSCRIPT('names.csv', ',', 'A2', 'A', 'n ') ~ ~ |
one = GET DIRECT CONSTANTS('table.csv', ',', 'B2') ~ ~ |
row[d] = GET DIRECT CONSTANTS('table.csv', ',', 'B2') ~ ~ |
column[d] = GET DIRECT CONSTANTS('table.csv', ',', 'B2*') ~ ~ |
block[d, r] = GET DIRECT CONSTANTS('table.csv', ',', 'B2') ~ ~ |
line := GET DIRECT DATA('series.csv', ',', 'A', 'B2') ~ ~ |
before :HOLD BACKWARD: := GET DIRECT DATA('series.csv', ',', 'A', 'B2') ~ ~ |
after :LOOK FORWARD: := GET DIRECT DATA('series.csv', ',', 'A', 'B2') ~ ~ |
both[d] := GET DIRECT DATA('series.csv', ',', 'A', 'B2') ~ ~ |
table(GET DIRECT LOOKUPS('rows.csv', ';', '1', 'B2')) ~ ~ |
looked = table(Time) ~ ~ |
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "names.csv").write_text("name\na\nb\n", encoding="utf-8")
    (tmp_path / "table.csv").write_text("x,1,2\ny,3,4\nz,5,6\n", encoding="utf-8")
    (tmp_path / "series.csv").write_text("year,b,c\n0,1,10\n2,5,20\n,9,9\n3,,30\n4,7,40\n", encoding="utf-8")
    (tmp_path / "rows.csv").write_text("x;0;2;4\ny;1;5;1\n", encoding="utf-8")
    model = tmp_path / "external.mdl"
    model.write_text(TEXT + TIMES, encoding="utf-8")
    return model


def test_values(path: Path) -> None:
    result = load_model(path).run()
    assert result["one"][0, 0] == 3
    assert result["row"][0, 0].tolist() == [3, 4]
    assert result["column"][0, 0].tolist() == [3, 5]
    assert result["block"][0, 0].tolist() == [[3, 4], [5, 6]]
    assert result["line"][0].tolist() == [1, 3, 5, 6, 7]
    assert result["before"][0].tolist() == [1, 1, 5, 5, 7]
    assert result["after"][0].tolist() == [1, 5, 5, 7, 7]
    assert result["both"][0, :, 1].tolist() == [10, 15, 20, 30, 40]
    assert result["looked"][0].tolist() == [1, 3, 5, 3, 1]
    assert load_spec(path).dimensions["r"].elements == ("n a", "n b")


def test_a_changed_file_is_read_again(path: Path) -> None:
    before = load_spec(path)
    assert load_spec(path) == before
    (path.parent / "table.csv").write_text("x,1,2\ny,8,4\nz,5,6\n", encoding="utf-8")
    after = load_spec(path)
    assert after.hash != before.hash
    assert load_model(path).run(outputs=["one"])["one"][0, 0] == 8


def test_a_missing_number_is_named(path: Path) -> None:
    (path.parent / "table.csv").write_text("x,1,2\ny,8,none\nz,5,6\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"row \(line 5\).*a cell without a number at B2"):
        load_spec(path)


OUTSIDE = [
    "/etc/passwd",
    "../secret.csv",
    "data/../../secret.csv",
    "data/../table.csv",
    "..\\secret.csv",
    "C:\\secret.csv",
    "c:secret.csv",
    "\\secret.csv",
    "\\\\server\\share\\secret.csv",
    "//server/share/secret.csv",
    "file:///etc/passwd",
    "https://example.org/secret.csv",
    "link.csv",
    "linked/secret.csv",
    "loop.csv",
    "secret\x00.csv",
]
NAMED = {
    "subscript": "d: GET DIRECT SUBSCRIPT('{file}', ',', 'A1', 'A', '') ~ ~ |\n",
    "constants": "a = GET DIRECT CONSTANTS('{file}', ',', 'A1') ~ ~ |\n",
    "xls constants": "a = GET XLS CONSTANTS('{file}', ',', 'A1') ~ ~ |\n",
    "data": "a := GET DIRECT DATA('{file}', ',', 'A', 'A1') ~ ~ |\n",
    "lookups": "a(GET DIRECT LOOKUPS('{file}', ',', '1', 'A1')) ~ ~ |\n",
}


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_outside_the_models_folder_is_read(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, secret = tmp_path / "place", tmp_path / "secret.csv"
    (folder / "data").mkdir(parents=True)
    secret.write_text("0,1\n1,2\n", encoding="utf-8")
    (folder / "table.csv").write_text("0,1\n1,2\n", encoding="utf-8")
    if name.startswith(("link", "loop")):
        try:
            (folder / "link.csv").symlink_to(secret)
            (folder / "linked").symlink_to(tmp_path)
            (folder / "loop.csv").symlink_to(folder / "loop.csv")
        except OSError:
            pytest.skip("this system makes no links")
    model = folder / "model.mdl"
    model.write_text("{UTF-8}\n" + NAMED[kind].replace("{file}", name) + TIMES, encoding="utf-8")
    opened: list[str] = []
    real = os.open

    def watched(path: str, *rest: int, **more: int) -> int:
        opened.append(os.fspath(path))
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", watched)
    with pytest.raises(BadInput) as caught:
        load_spec(model)
    assert "is not inside the model's folder" in str(caught.value)
    assert not any("secret" in path or "passwd" in path or "link" in path for path in opened)


def test_files_in_folders_and_by_links_inside(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "table.csv").write_text("7\n", encoding="utf-8")
    names = ["data/table.csv", "data\\table.csv", "./data/table.csv"]
    try:
        (tmp_path / "link.csv").symlink_to(tmp_path / "data" / "table.csv")
        names.append("link.csv")
    except OSError:
        pass
    for name in names:
        model = tmp_path / "model.mdl"
        text = f"a = GET DIRECT CONSTANTS('{name}', ',', 'A1') ~ ~ |\n"
        model.write_text("{UTF-8}\n" + text + TIMES, encoding="utf-8")
        assert load_model(model).defaults()["a"] == 7


def test_a_file_that_became_a_link_outside_is_not_read_again(path: Path, tmp_path: Path) -> None:
    load_spec(path)
    outside = tmp_path.parent / f"{tmp_path.name} outside.csv"
    outside.write_bytes((path.parent / "table.csv").read_bytes())
    (path.parent / "table.csv").unlink()
    try:
        (path.parent / "table.csv").symlink_to(outside)
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(BadInput, match="is not inside the model's folder"):
        load_spec(path)
