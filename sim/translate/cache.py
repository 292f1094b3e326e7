"""Typed models kept between processes, as JSON named by the content of the model file."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import tempfile
from pathlib import Path

from sim.folders import cache_folder
from sim.spec.model import Model
from sim.spec.plain import model_from_plain, model_to_plain
from sim.translate.reading import decode, read_bytes

__all__ = ["load_spec", "translated", "write_whole"]


def load_spec(path: str | os.PathLike[str], *, encoding: str | None = None) -> Model:
    """Return the checked typed model of a Vensim or XMILE file; BadInput if it cannot be read or run.

    A translation is kept in the cache folder under the hash of the file and of this package.
    """
    source = Path(path)
    data = read_bytes(source)
    digest = hashlib.sha256(data).hexdigest()
    stored = _stored_as(digest, source.stem, encoding)
    model = _load(stored)
    if model is None or not _unchanged(source, model):
        model = _translate(source, data, digest, encoding)
        _store(stored, model)
    return model


def _unchanged(source: Path, model: Model) -> bool:
    """A translation is only good for the files that the model read."""
    if not model.files:
        return True
    from sim.translate.external import unchanged

    return unchanged(source.parent, model.files)


def _translate(source: Path, data: bytes, digest: str, encoding: str | None) -> Model:
    from sim.translate.checks import check

    model = translated(source, data, digest, encoding)
    check(model)
    return model


def translated(
    source: Path, data: bytes, digest: str, encoding: str | None, problems: list[str] | None = None
) -> Model:
    """Return the typed model of a file's bytes, not yet checked.

    BadInput if it cannot be read or built; problems of building go to ``problems`` if that is given.
    """
    from sim.translate.building import build

    text = decode(data, source.name, encoding)
    if source.suffix.lower() != ".mdl":
        from sim.translate.xmile import abstract_xmile

        abstract, found = abstract_xmile(source, text)
        return build(source, digest, abstract, found, problems, xmile=True)
    from sim.translate.scanning import entries
    from sim.translate.vensim import abstract_model

    return build(source, digest, abstract_model(source, text), entries(text), problems)


@functools.cache
def _translator_hash() -> str:
    """A translation is only good for the code that made it."""
    here = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for folder in (here, here.parent / "spec"):
        for file in sorted(folder.glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _stored_as(digest: str, stem: str, encoding: str | None) -> Path:
    mark = hashlib.sha256(f"{digest} {stem} {encoding} {_translator_hash()}".encode()).hexdigest()[:32]
    return cache_folder() / "models" / f"{mark}.json"


def _load(stored: Path) -> Model | None:
    try:
        return model_from_plain(json.loads(stored.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _store(stored: Path, model: Model) -> None:
    try:
        stored.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    write_whole(stored, json.dumps(model_to_plain(model), ensure_ascii=False).encode())


def write_whole(path: Path, data: bytes) -> None:
    """Write beside and rename, so that a reader never sees half a file; a full disk only costs time."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    except OSError:
        return
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
    except BaseException:  # Ctrl-C leaves nothing half-written.
        part.unlink(missing_ok=True)
        raise
