"""Model directories: find, verify, read, write.

A model is a directory with ``manifest.json`` (format, labels in order, thresholds, settings, a sha256 for each
file), ``arrays.npz`` (numbers only), ``vocabulary.txt`` (the words it has weights for) and ``card.md``.
Reading never unpickles and checks every file against the manifest first.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from secclass._features import GROUPS, Extractor
from secclass._lexicon import Lexicon, Matcher
from secclass._linear import Axis
from secclass.errors import ModelDamagedError, ModelFormatError, ModelNotFoundError

FORMAT = 1
_MATCHERS = ("crimes", "classes", "words")
_MATCHER_ARRAYS = {"keys": np.uint64, "values": np.int32, "bounds": np.int32, "members": np.int32}
_AXIS_ARRAYS = {"keys": np.uint64, "rarity": np.float16, "weights": np.float16, "bias": np.float64}
_AXIS_LISTS = ("labels", "groups", "unit", "gated")
# In a wheel the models lie in the package, in an editable install beside it.
_SHIPPED = (Path(__file__).parent / "_models", Path(__file__).parent.parent / "models")
_CALIBRATION = ("slope", "intercept", "threshold")


def find(name_or_path: str | os.PathLike[str]) -> Path:
    """The directory of a shipped model ("en") or of a path.

    Raises
    ------
    ModelNotFoundError
        If there is no such directory.
    """
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


def read(directory: Path) -> tuple[dict[str, Any], Extractor, tuple[Axis, ...]]:
    """Manifest, feature extractor and axes of a model.

    Raises
    ------
    ModelNotFoundError, ModelDamagedError, ModelFormatError
        If files are missing or do not match the manifest, or the format is not known here.
    """
    manifest = _read_manifest(directory)
    contents = {name: _verified(directory, name, entry) for name, entry in manifest["files"].items()}
    try:
        with np.load(io.BytesIO(contents["arrays.npz"]), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        settings = manifest["features"]
        lexicon = Lexicon(
            tuple(manifest["lexicon"]["crimes"]),
            tuple(manifest["lexicon"]["symbols"]),
            tuple(manifest["lexicon"]["lists"]),
            tuple(manifest["lexicon"]["context"]),
            *(Matcher(**_take(arrays, matcher, _MATCHER_ARRAYS)) for matcher in _MATCHERS),
        )
        lengths = {view: (int(low), int(high)) for view, (low, high) in settings["lengths"].items()}
        axes = tuple(_read_axis(name, manifest["axes"][name], arrays) for name in manifest["axes"])
        return manifest, Extractor(lexicon, lengths), axes
    except (KeyError, ValueError, TypeError, IndexError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise ModelDamagedError(f"model {directory} does not hold together: {error!r}; install it again") from error


def _read_manifest(directory: Path) -> dict[str, Any]:
    path = directory / "manifest.json"
    if not path.is_file():
        raise ModelNotFoundError(f"{path} does not exist; a model is a directory with a manifest.json")
    try:
        manifest = json.loads(path.read_bytes())
        found = manifest["format"]
        files = manifest["files"]
        if not isinstance(found, int) or "arrays.npz" not in files:
            raise ValueError("format must be a whole number and files must name arrays.npz")
    except (ValueError, KeyError, TypeError) as error:
        raise ModelDamagedError(f"{path} is not a model manifest: {error!r}; install the model again") from error
    if found != FORMAT:
        cure = "upgrade secclass" if found > FORMAT else "train the model again with this version"
        raise ModelFormatError(f"{path} has format {found}, this secclass reads {FORMAT}; {cure}")
    return dict(manifest)


def _verified(directory: Path, name: str, entry: Mapping[str, Any]) -> bytes:
    path = directory / name
    if path.parent != directory:
        raise ModelDamagedError(f"the manifest of {directory} names a file outside the model: {name!r}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelDamagedError(f"model file {path} cannot be read ({error}); install the model again") from error
    if hashlib.sha256(content).hexdigest() != entry.get("sha256"):
        raise ModelDamagedError(f"model file {path} is not the one that its manifest names; install the model again")
    return content


def _take(arrays: Mapping[str, npt.NDArray[Any]], prefix: str, types: Mapping[str, type]) -> dict[str, Any]:
    taken = {}
    for name, dtype in types.items():
        array = arrays[f"{prefix}.{name}"]
        if array.dtype != dtype:
            raise ValueError(f"array {prefix}.{name} is {array.dtype}, expected {np.dtype(dtype)}")
        taken[name] = array
    return taken


def _read_axis(name: str, entry: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Axis:
    taken = _take(arrays, f"axis.{name}", _AXIS_ARRAYS)
    labels, groups, unit, gated = (tuple(entry[part]) for part in _AXIS_LISTS)
    cues = bool(entry["cues"])
    numbers = {part: np.array([entry[part][label] for label in labels], np.float64) for part in _CALIBRATION}
    count = len(taken["keys"])
    if (taken["weights"].shape, taken["rarity"].shape) != ((count, len(labels)), (count,)):
        raise ValueError(f"the arrays of axis {name} have shapes that do not fit its labels")
    if not set(groups) <= set(GROUPS) or not np.isfinite(taken["weights"]).all():
        raise ValueError(f"axis {name} has unknown feature groups or weights that are no numbers")
    rarity, weights = taken["rarity"].astype(np.float32), taken["weights"].astype(np.float32)
    return Axis(name, labels, groups, unit, gated, cues, taken["keys"], rarity, weights, taken["bias"], **numbers)


def write(
    directory: Path, manifest: Mapping[str, Any], extractor: Extractor, axes: tuple[Axis, ...], texts: Mapping[str, str]
) -> None:
    """Write a model; the manifest last, so that a half-written model is none. ``texts`` are further files."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for matcher_name in _MATCHERS:
        matcher = getattr(extractor.lexicon, matcher_name)
        arrays |= {f"{matcher_name}.{part}": getattr(matcher, part) for part in _MATCHER_ARRAYS}
    described = {}
    for axis in axes:
        arrays |= {f"axis.{axis.name}.{p}": getattr(axis, p).astype(t) for p, t in _AXIS_ARRAYS.items()}
        described[axis.name] = (
            {part: list(getattr(axis, part)) for part in _AXIS_LISTS}
            | {"cues": axis.cues}
            | {part: dict(zip(axis.labels, getattr(axis, part).tolist(), strict=True)) for part in _CALIBRATION}
        )
    contents = {"arrays.npz": _npz(arrays)} | {name: text.encode() for name, text in texts.items()}
    full = {"format": FORMAT, **manifest, "axes": described}
    full["lexicon"] = {
        "crimes": list(extractor.lexicon.crime_names),
        "symbols": list(extractor.lexicon.symbols),
        "lists": list(extractor.lexicon.lists),
        "context": list(extractor.lexicon.context),
    }
    full["features"] = {"lengths": {view: list(pair) for view, pair in extractor.lengths.items()}}
    full["files"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in contents.items()
    }
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "manifest.json").unlink(missing_ok=True)
    for name, content in contents.items():
        _replace(directory / name, content)
    _replace(directory / "manifest.json", (json.dumps(full, indent=1, ensure_ascii=False) + "\n").encode())


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(content)
    beside.replace(path)


def _npz(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """An .npz of these arrays with fixed dates, so that the same arrays give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)  # type: ignore[no-untyped-call,unused-ignore]
            info = zipfile.ZipInfo(f"{name}.npy", (2020, 1, 1, 0, 0, 0))
            archive.writestr(info, content.getvalue(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
