"""Model directories: find, verify, read, write.

A model is a directory with ``manifest.json`` (format, labels in order, thresholds, settings, a sha256 for each
other file), ``manifest.sha256``, ``arrays.npz`` (numbers only) and ``card.md``. Reading never unpickles, takes at most
``MOST_MEMORY``, and checks that the files are the ones that were written before it looks into them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from secclass import _archive, _manifest
from secclass._features import Extractor
from secclass._linear import Axis
from secclass._scope import Scope
from secclass.errors import InputError, ModelDamagedError, ModelError, ModelFormatError, ModelNotFoundError

FORMAT = 5
# Format 1 had no manifest.sha256 and no probe, format 2 no networks, format 3 nothing of cross-validation and scope;
# format 4 had a vocabulary.txt, and whole beginnings of expressions for states.
READABLE = (1, 2, 3, 4, 5)
MOST_MEMORY = 1 << 30  # bytes that reading takes at most, because of these bounds on its parts:
_MOST_MANIFEST = 4 << 20
_MOST_FILES = 32 << 20
_MOST_UNPACKED = 64 << 20
_MOST_VOCABULARY = 1 << 20
_VOCABULARY = "vocabulary.txt"  # the words of a model before format 5
_FILE_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)
# In a wheel the models lie in the package, in an editable install beside it.
_SHIPPED = (Path(__file__).parent / "_models", Path(__file__).parent.parent / "models")


class Model(NamedTuple):
    """A model as it was read."""

    manifest: dict[str, Any]
    extractor: Extractor
    axes: tuple[Axis, ...]
    scope: Scope


def find(name_or_path: str | os.PathLike[str]) -> Path:
    """The directory of a shipped model ("en") or of a path.

    Raises
    ------
    ModelNotFoundError
        If there is no such directory.
    InputError
        If it is neither a name nor a path.
    """
    if not isinstance(name_or_path, (str, os.PathLike)):
        raise InputError(f"a model is given by its name or path, got {type(name_or_path).__name__}")
    places = [*(folder / name_or_path for folder in _SHIPPED), Path(name_or_path)]
    for place in places:
        if (place / "manifest.json").is_file():
            return place
    known = sorted({p.parent.name for folder in _SHIPPED for p in folder.glob("*/manifest.json")})
    raise ModelNotFoundError(
        f"no model {str(name_or_path)!r}: neither a shipped model ({', '.join(known) or 'none found'}) "
        "nor a directory with a manifest.json"
    )


def reference(directory: Path) -> str:
    """What ``find`` needs to find this model in another process: the name if it is shipped, else the whole path."""
    return directory.name if directory.parent in [folder.resolve() for folder in _SHIPPED] else str(directory)


def read(directory: Path) -> Model:
    """Read a model.

    Raises
    ------
    ModelNotFoundError, ModelDamagedError, ModelFormatError
        If files are missing or do not match the manifest, or the format is not known here.
    """
    manifest = read_manifest(directory)
    try:
        contents = _read_files(directory, _manifest.entry(manifest, "files", dict))
        vocabulary = contents.get(_VOCABULARY, b"")
        if len(vocabulary) > _MOST_VOCABULARY:
            raise ValueError(f"{_VOCABULARY} must take at most {_MOST_VOCABULARY} bytes")
        arrays = _archive.unpack(contents["arrays.npz"], _MOST_UNPACKED)
        extractor, axes, scope = _manifest.decode(manifest, arrays, vocabulary.decode().split())
    except ModelError:
        raise
    except ValueError as error:
        raise ModelDamagedError(f"model {directory} does not hold together: {error}; install it again") from error
    return Model(manifest, extractor, axes, scope)


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest, with the sha256 of its file as ``digest``.

    Raises
    ------
    ModelNotFoundError, ModelDamagedError, ModelFormatError
        If it is missing, is not the one that was written, or is of a format that is not known here.
    """
    path = directory / "manifest.json"
    if not path.is_file():
        raise ModelNotFoundError(f"{path} does not exist; a model is a directory with a manifest.json")
    content = _content(path, _MOST_MANIFEST)
    digest = hashlib.sha256(content).hexdigest()
    seal = directory / "manifest.sha256"
    sealed = seal.is_file()
    if sealed and _content(seal, 1000) != _seal(digest):
        raise ModelDamagedError(f"{path} is not the one that {seal.name} names; install the model again")
    try:
        manifest = json.loads(content)
        found = manifest["format"]
        if type(found) is not int or "arrays.npz" not in manifest["files"]:
            raise ValueError("format must be a whole number and files must name arrays.npz")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelDamagedError(f"{path} is not a model manifest: {error!r}; install the model again") from error
    if found not in READABLE:
        cure = "upgrade secclass" if found > FORMAT else "train the model again with this version"
        raise ModelFormatError(f"{path} has format {found}, this secclass reads {READABLE}; {cure}")
    if found > 1 and not (sealed and "probe" in manifest):
        raise ModelDamagedError(f"{directory} has no {seal.name} or no probe; install the model again")
    return {**manifest, "digest": digest}


def _seal(digest: str) -> bytes:
    """Content of manifest.sha256, as ``sha256sum --check`` reads it."""
    return f"{digest}  manifest.json\n".encode()


def _content(path: Path, most: int) -> bytes:
    """The content of a file that is no longer than it may be."""
    try:
        if not path.is_file():
            raise ModelDamagedError(f"model file {path} does not exist or is no file; install the model again")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise ModelDamagedError(f"model file {path} cannot be read ({error}); install the model again") from error
    if len(content) > most:
        raise ModelDamagedError(f"model file {path} is longer than {most} bytes; install the model again")
    return content


def _read_files(directory: Path, files: Mapping[str, Any]) -> dict[str, bytes]:
    """The contents of all files of a model, which must be those that its manifest names."""
    sizes = {}
    for name in files:
        if not _FILE_NAME.fullmatch(name):
            raise ValueError(f"it names a file outside the model: {name[:100]!r}")
        sizes[name] = _manifest.entry(_manifest.entry(files, name, dict), "bytes", int)
    if min(sizes.values()) < 0 or sum(sizes.values()) > _MOST_FILES:
        raise ValueError(f"its files must take at most {_MOST_FILES} bytes")
    contents = {name: _content(directory / name, size) for name, size in sizes.items()}
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != files[name].get("sha256"):
            raise ValueError(f"{name} is not the one that its manifest names")
    return contents


def write(directory: Path, model: Model, card: str) -> None:
    """Write a model; its manifest needs only what is not known from the other parts.

    All files are written beside their places first and renamed after, the manifest last: what fails leaves the old
    model, and what is killed between two renames leaves a model that is read as damaged.

    Raises
    ------
    ValueError
        If it could not be read, e.g. because a weight is no number.
    """
    entries, arrays = _manifest.encode(model.extractor, model.axes, model.scope)
    contents = {"arrays.npz": _archive.pack(arrays), "card.md": card.encode()}
    files = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in contents.items()
    }
    full = {"format": FORMAT, **model.manifest, **entries, "files": files}
    _manifest.decode(full, arrays)  # what could not be read is not written
    content = (json.dumps(full, indent=1, ensure_ascii=False) + "\n").encode()
    contents |= {"manifest.sha256": _seal(hashlib.sha256(content).hexdigest()), "manifest.json": content}
    _replace(directory, contents)


def _replace(directory: Path, contents: Mapping[str, bytes]) -> None:
    """Put files in the place of those that are there: none before all are written."""
    directory.mkdir(parents=True, exist_ok=True)
    beside = {directory / name: directory / f"{name}.{os.getpid()}.part" for name in contents}
    try:
        for part, content in zip(beside.values(), contents.values(), strict=True):
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path, part in beside.items():
            part.replace(path)
    finally:
        for part in beside.values():
            part.unlink(missing_ok=True)
