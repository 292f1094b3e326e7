"""The wheel, built from a clean copy, holds everything that a run and a report need.

The new environment sees the dependencies of the present one through a ``.pth`` line instead of
installing them again: the test stays quick and needs no network, and since Python does not follow
``.pth`` files found that way, an editable install of ``sim`` beside them stays out of sight.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ("model", "calibration", "runs", "reports")
PACKAGED = (*CONTENT, "sim", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
QUIET_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def project_files() -> list[Path]:
    """Return what a clone would hold: tracked files and new ones that git does not ignore."""
    if (ROOT / ".git").exists():
        list_files = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        # The checkout may belong to another user, as it does in many containers.
        listed = run("git", "-c", "safe.directory=*", *list_files, cwd=ROOT).split("\0")
        paths = [Path(name) for name in listed if name]
    else:
        paths = [path.relative_to(ROOT) for name in (*CONTENT, "sim") for path in (ROOT / name).rglob("*")]
        paths += [Path(name) for name in PACKAGED]
    wanted = (path for path in paths if path.parts[0] in PACKAGED and "__pycache__" not in path.parts)
    return [path for path in wanted if (ROOT / path).is_file()]


def shipped_files() -> set[str]:
    """Return what the wheel must hold beside its own metadata."""
    kept = [path for path in project_files() if path.name != ".gitkeep"]
    content = {f"sim/content/{path.as_posix()}" for path in kept if path.parts[0] in CONTENT}
    return content | {path.as_posix() for path in kept if path.parts[0] == "sim"}


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in project_files():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, source / path)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", target)
    run(sys.executable, *QUIET_PIP, "wheel", *offline, source, cwd=target)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel in a new environment and return its folder of scripts."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / Path(sys.executable).name
    into = ("--python", python, "install", "--no-deps", "--no-index", "--no-compile")
    run(sys.executable, *QUIET_PIP, *into, wheel, cwd=folder)
    site = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    )
    present = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("\n".join(sorted(present)) + "\n", encoding="utf-8")
    return scripts


def test_wheel_ships_code_and_content(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name for name in names if ".dist-info/" not in name} == shipped_files()


def test_run_and_report_from_another_folder(environment: Path, tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SIM_", "PYTHON"))}
    env |= {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "SIM_CACHE": str(tmp_path / "cache"),
        "SIM_DATA": str(tmp_path / "data"),
        "SIM_DB": str(tmp_path / "runs.db"),
    }
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    where = "import pathlib, sim; print(pathlib.Path(sim.__file__).parent)"
    python = environment / Path(sys.executable).name
    package = Path(run(python, "-c", where, cwd=elsewhere, env=env).strip())
    assert package.is_relative_to(environment.parent)
    before = snapshot(package)

    arguments = ("run", "--lever=headquarters", "--members", "20", "--json")
    result = json.loads(run(environment / "sim", *arguments, cwd=elsewhere, env=env))
    run(environment / "sim", "report", "@last", "--output", "report.pdf", cwd=elsewhere, env=env)

    assert result["members"] == 20
    assert (elsewhere / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "runs.db").is_file()
    assert [path.name for path in elsewhere.iterdir()] == ["report.pdf"]
    assert snapshot(package) == before
