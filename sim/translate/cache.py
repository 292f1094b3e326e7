"""Typed models kept between processes, as JSON named by the content of the model file."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from sim.cache import MODELS, code_digest
from sim.spec.depth import DEEP
from sim.spec.model import Model
from sim.spec.plain import model_from_plain, model_to_plain
from sim.translate.reading import decode, read_bytes

__all__ = ["load_spec", "translated"]


@DEEP
def load_spec(path: str | os.PathLike[str], *, encoding: str | None = None) -> Model:
    """Return the checked typed model of a Vensim or XMILE file; BadInput if it cannot be read or run.

    A translation is kept in the cache folder under the hash of the file and of this package.
    """
    source = Path(path)
    data = read_bytes(source)
    digest = hashlib.sha256(data).hexdigest()
    name = _name(digest, source, encoding)
    model = _load(name)
    if model is None or not _unchanged(source, model):
        model = _translate(source, data, digest, encoding)
        MODELS.write(name, json.dumps(model_to_plain(model), ensure_ascii=False).encode())
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
    from sim.translate.scanning import parts
    from sim.translate.vensim import abstract_model

    read = parts(text, source.name)
    entries = [entry for part in read for entry in part.entries]
    return build(source, digest, abstract_model(source, read), entries, problems)


def _name(digest: str, source: Path, encoding: str | None) -> str:
    parts = digest, source.stem, source.suffix.lower(), encoding, code_digest("translate", "spec")
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _load(name: str) -> Model | None:
    data = MODELS.read(name)
    if data is None:
        return None
    try:
        return model_from_plain(json.loads(data))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None
