"""Writing an output file in one step: it is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from sim.errors import BadInput, SimError
from sim.files import write_whole

__all__ = ["check_output", "write_atomically"]


def check_output(output: Path) -> None:
    """Raise BadInput unless ``output`` can be written: its folder is there and it is no folder itself."""
    folder = output.parent
    if not folder.is_dir():
        raise BadInput(
            f"The folder {str(folder)!r} for {output.name!r} does not exist. Make it first or choose another."
        )
    if output.is_dir():
        raise BadInput(f"{str(output)!r} is a folder. Give the name of a file.")
    if not os.access(folder, os.W_OK) or (output.exists() and not os.access(output, os.W_OK)):
        raise BadInput(f"{str(output)!r} cannot be written: no permission. Choose another place.")


def write_atomically(output: Path, data: bytes) -> None:
    """Write ``data`` to ``output``; on failure an older file there stays as it was.

    BadInput when the place cannot be written to, SimError when writing fails half-way (a full disk).
    """
    check_output(output)
    try:
        write_whole(output.resolve(), data, mode=0o666)
    except PermissionError as error:
        raise BadInput(
            f"{str(output)!r} cannot be written: {error.strerror}. Close the file or choose another place."
        ) from error
    except OSError as error:
        raise SimError(f"Writing {str(output)!r} failed: {error.strerror}.") from error
