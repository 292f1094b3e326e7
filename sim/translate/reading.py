"""Model files to text: strict decoding, never dropping a byte."""

from __future__ import annotations

import re
from pathlib import Path

from sim.errors import BadInput
from sim.files import read_bytes as read_whole
from sim.limits import MODEL_FILE

__all__ = ["SUFFIXES", "decode", "read_bytes"]

SUFFIXES = (".mdl", ".xmile", ".stmx", ".itmx")
_HEADER = re.compile(rb"^(?:\xef\xbb\xbf)?\s*\{([\w.-]+)\}")


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a model file; BadInput if it is missing, of another kind, or too large."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{path} is not a model file: its name must end in {', '.join(SUFFIXES)}.")
    if not path.exists():
        raise BadInput(f"There is no model file {path}.")
    return read_whole(path, MODEL_FILE)


def decode(data: bytes, name: str, encoding: str | None = None) -> str:
    """Return the text of a model: by ``encoding``, else by its ``{UTF-8}`` header, else as UTF-8."""
    header = _HEADER.match(data)
    chosen = encoding or (header.group(1).decode("ascii", "replace") if header else "utf-8")
    if chosen.lower().replace("_", "-") in ("utf-8", "utf8"):
        chosen = "utf-8-sig"
    try:
        return data.decode(chosen).replace("\r\n", "\n").replace("\r", "\n")
    except LookupError:
        raise BadInput(
            f"{name}: unknown encoding {chosen!r}. Give one that Python knows, such as --encoding gbk."
        ) from None
    except UnicodeError as error:
        if not isinstance(error, UnicodeDecodeError):  # some codecs tell no place, "undefined" never any
            raise BadInput(
                f"{name} cannot be read as {chosen}. Save the file as UTF-8, or name its encoding, such as "
                "--encoding gbk."
            ) from None
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"{name}, line {line}: byte 0x{data[error.start]:02x} is not {chosen.removesuffix('-sig')}. "
            "Save the file as UTF-8, or name its encoding, such as --encoding gbk."
        ) from None
