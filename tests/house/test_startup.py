"""The command line starts without loading what only some commands need."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("jax", "matplotlib", "numpy", "pandas", "pint", "pysd", "scipy", "sqlite_utils", "typst", "xarray")
HELP = """
import sys
from sim.cli.main import main
sys.argv = ["sim", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(*sys.modules, file=sys.stderr)
"""


def modules_after(program: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_help_loads_no_heavy_library() -> None:
    assert modules_after(HELP) & set(HEAVY) == set()


def test_importing_sim_loads_no_heavy_library() -> None:
    assert modules_after("import sys, sim; print(*sys.modules, file=sys.stderr)") & set(HEAVY) == set()
