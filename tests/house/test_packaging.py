"""setup.cfg, constraints.txt, the content folders and the documents agree with the code."""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import re
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import sim

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTED = ("options.extras_require", "distributed")
CONTENT = ("model", "calibration", "runs", "reports")


def setup_cfg() -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def lines(section: str, key: str) -> list[str]:
    return setup_cfg()[section][key].split("\n")[1:]


def run_requirements() -> dict[str, Requirement]:
    requirements = map(Requirement, lines("options", "install_requires"))
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def all_requirements() -> dict[str, Requirement]:
    found = run_requirements()
    for extra in setup_cfg()["options.extras_require"]:
        for requirement in map(Requirement, lines("options.extras_require", extra)):
            found[canonicalize_name(requirement.name)] = requirement
    return found


def imported_names() -> dict[str, set[Path]]:
    """Map each top-level name that ``sim`` imports to the files that import it."""
    found: dict[str, set[Path]] = {}
    for path in (ROOT / "sim").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                found.setdefault(name.partition(".")[0], set()).add(path.relative_to(ROOT))
    return found


def test_every_package_is_listed() -> None:
    packages = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "sim").rglob("__init__.py")}
    assert set(lines("options", "packages")) == packages | {f"sim.content.{name}" for name in CONTENT}


def test_content_folders_hold_no_python() -> None:
    assert [path for name in CONTENT for path in (ROOT / name).rglob("*.py*")] == []


def test_run_dependencies_are_what_the_code_imports() -> None:
    distributions = importlib.metadata.packages_distributions()
    used = {
        canonicalize_name(distributions.get(name, [name])[0]): files
        for name, files in imported_names().items()
        if name not in sys.stdlib_module_names and name != "sim"
    }
    optional = {canonicalize_name(Requirement(line).name) for line in lines(*DISTRIBUTED)}
    declared = {*run_requirements(), *optional}
    undeclared = {name: files for name, files in used.items() if name not in declared}
    assert undeclared == {}, "imported by sim but not in install_requires"
    assert optional <= set(used), "an extra that is imported nowhere"
    assert set(run_requirements()) - set(used) == set(), "in install_requires but imported nowhere"


def test_constraints_meet_every_requirement() -> None:
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    exact = {canonicalize_name(name): version for name, version in pins.items()}
    for name, requirement in all_requirements().items():
        assert name in exact, f"{name} has no exact version in constraints.txt"
        assert requirement.specifier.contains(exact[name]), f"{requirement} excludes {exact[name]}"


def test_every_dependency_has_a_reason() -> None:
    table = re.findall(
        r"^\| ([\w-]+) \| (.+) \|$", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE
    )
    reasons = {canonicalize_name(name): reason for name, reason in table}
    assert sorted(name for name in all_requirements() if len(reasons.get(name, "")) < 10) == []


def test_changelog_has_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(sim.__version__)}\]", changelog, re.MULTILINE)
