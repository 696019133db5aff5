"""Models to break: a small one in memory, ways to change its parts, and writing it so that its digests agree again.

As a command it fuzzes the loader with atheris (``pip install atheris``): what can be loaded must tag, and what
cannot must say so with a ModelError.

    python -m tests.fuzz.models -runs=100000 -max_len=64
"""

from __future__ import annotations

import copy
import functools
import hashlib
import io
import json
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

import secclass
from secclass import _archive, _store
from secclass._features import Extractor
from secclass._lexicon import Matcher
from secclass._linear import Axis, coded
from secclass._network import Network, columns
from secclass._table import in_order
from secclass._validated import Curve, Validated

FORMAT_1 = Path(__file__).resolve().parent.parent / "data" / "models" / "format-1"
TEXTS = ["The ministers agreed to fight money laundering and drug trafficking.", "", "Pirates \ud800 held the crew!"]
ODD = (
    *(None, True, False, 0, -1, 1, 2, 10**6, 2**70, 0.0, -0.5, 1e308, float("nan"), float("inf"), "", "0.5", "crimes"),
    *([], [0], [1, 2], [1, 10**9], ["x"], ["x", "x"], [[]], {}, {"x": 1}, "../x", "a" * 5000, ["x"] * 5000),
)
OWN_LABELS = ("cross words", "mild", "<Ärger & Zorn>")
Arrays = dict[str, Any]
_Item = TypeVar("_Item")


class Choices:
    """Takes its decisions from bytes, four for each, so that a fuzzer can learn which ones lead on; then zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def below(self, count: int) -> int:
        return int.from_bytes(self._data.read(4), "little") % count

    def of(self, items: Sequence[_Item]) -> _Item:
        return items[self.below(len(items))]


def rewritten(
    source: Path,
    directory: Path,
    *,
    network: bool = False,
    validated: bool = False,
    states: bool = False,
    own: bool = False,
) -> Path:
    """A model as this version writes it.

    With a small network of stances, with curves, and with an automaton of few expressions, if that is asked for. With
    ``own`` it has a third axis, the stances under labels that no codebook knows and with coded weights, and a name in
    the lexicon.
    """
    model = _store.read(source)
    if states:
        lexicon = replace(model.extractor.lexicon, crimes=Matcher.build({})).with_expressions(
            {
                "money_laundering": ["money laundering", "money laundering ring"],
                "drug_trafficking": ["drug trafficking", "drug trafficking ring"],
            }
        )
        model = model._replace(extractor=Extractor(lexicon, model.extractor.lengths))
    axes = model.axes
    if own:
        axes = (*axes, *(_own_axis(a) for a in axes if a.name == "stances"))
        lexicon = model.extractor.lexicon.with_expressions({"cross words": ["outrage", "list & shame"]})
        model = model._replace(extractor=Extractor(lexicon, model.extractor.lengths))
    if network:
        axes = tuple(replace(a, network=_small_network(model.extractor)) if a.name == "stances" else a for a in axes)
    if validated:
        axes = tuple(replace(a, validated=_validated(len(a.labels))) for a in axes)
    kept = {name: model.manifest[name] for name in ("name", "version", "language")}
    scope = replace(model.scope, known=0.5) if validated else model.scope
    card = (source / "card.md").read_text(encoding="utf-8")
    _store.write(directory, _store.Model(kept, model.extractor, axes, scope), card)
    return directory


def _own_axis(stances: Axis) -> Axis:
    codes, scale = coded(stances.weights.astype(np.float64))
    return replace(stances, name="tone", labels=OWN_LABELS, weights=codes, scale=scale)


def _validated(labels: int) -> Validated:
    """Curves of two points, and a band in the middle, for each label."""
    curve = Curve(np.array([0.2, 0.9]), np.array([0.6, 0.97]), np.array([0.9, 0.5]))
    return Validated((curve,) * labels, np.full(labels, 0.3), np.full(labels, 0.7))


def _small_network(extractor: Extractor) -> Network:
    """A network of chance weights that knows the attributes of ``TEXTS``."""
    found = extractor.extract(TEXTS).attributes.values()
    keys, order = in_order(np.unique(np.concatenate([part.key for part in found])))
    chance = np.random.default_rng(0)

    def whole(*shape: int) -> Any:
        return chance.integers(-127, 128, shape)

    return Network(
        keys,
        whole(len(keys), 4)[order].astype(np.int8),
        whole(4, columns(8)[-1][1].stop).astype(np.int8),
        whole(8).astype(np.float32),
        (whole(8, 3) * 1e-6).astype(np.float32),
    )


def put(directory: Path, manifest: Any, arrays: bytes | None = None) -> None:
    """Write a manifest, and perhaps arrays, so that all digests agree."""
    if arrays is not None:
        (directory / "arrays.npz").write_bytes(arrays)
        if isinstance(manifest, dict) and isinstance(manifest.get("files"), dict):
            digest = {"sha256": hashlib.sha256(arrays).hexdigest(), "bytes": len(arrays)}
            manifest = manifest | {"files": manifest["files"] | {"arrays.npz": digest}}
    content = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    (directory / "manifest.json").write_bytes(content)
    (directory / "manifest.sha256").write_bytes(_store._seal(hashlib.sha256(content).hexdigest()))


def freshly_loaded(directory: Path) -> secclass.Tagger:
    """A tagger from what the directory holds now, not from what was read of it before."""
    secclass.tagger._read.cache_clear()
    return secclass.load(directory)


def answers(directory: Path) -> list[secclass.Sentence] | secclass.ModelError:
    """What the model of a directory makes of some texts, or why it cannot be loaded. Warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            tagger = freshly_loaded(directory)
        except secclass.ModelError as error:
            return error
        for text in TEXTS:
            tagger.explain(text)
        return tagger.tag_sentences(TEXTS)


def places(part: Any) -> list[tuple[Any, Any]]:
    """Every container in a manifest with every key or index in it; of long lists the first three."""
    keys = list(part) if isinstance(part, dict) else range(min(3, len(part))) if isinstance(part, list) else []
    return [place for key in keys for place in ((part, key), *places(part[key]))]


def with_odd_entry(manifest: dict[str, Any], chance: Choices) -> dict[str, Any]:
    """A copy of a manifest in which one entry is missing, or is something odd."""
    changed = copy.deepcopy(manifest)
    part, key = chance.of(places(changed))
    if not chance.below(5):
        del part[key]
    else:
        part[key] = chance.of(ODD)
    return changed


def with_odd_array(arrays: Arrays, chance: Choices) -> Arrays:
    """Arrays of which one is missing, or has another type, shape, order or number in it."""
    name = chance.of(sorted(arrays))
    array = arrays[name].copy()
    rest = {key: value for key, value in arrays.items() if key != name}
    change = chance.below(6)
    if change == 0:
        return rest
    if change == 1:
        with np.errstate(all="ignore"):
            array = array.astype(chance.of(["u1", "i4", "i8", "u8", "f2", "f4", "f8"]), casting="unsafe")
    elif change == 2:
        array = array.reshape(chance.of([(-1, 1), (1, -1), (-1,)]))
    elif change == 3:
        array = array[: chance.below(len(array) + 1)]
    elif change == 4:
        array = np.concatenate([array, array[: chance.below(9)]])
    else:
        bits = array.reshape(-1).view(np.uint8)
        if len(bits):
            bits[chance.below(len(bits))] ^= 1 << chance.below(8)
    return rest | {name: array}


def with_odd_bytes(content: bytes, chance: Choices) -> bytes:
    """Bytes of which some are changed, cut off, or doubled."""
    changed = bytearray(content)
    at = chance.below(len(changed))
    change = chance.below(4)
    if change == 0:
        changed[at] ^= 1 << chance.below(8)
    elif change == 1:
        del changed[at:]
    elif change == 2:
        changed[at:at] = changed[max(0, at - 1 - chance.below(100)) : at]
    else:
        changed[at : at + 1 + chance.below(8)] = bytes([chance.below(256)]) * chance.below(9)
    return bytes(changed)


@functools.cache
def _model() -> tuple[Path, dict[str, Any], bytes, Arrays]:
    directory = rewritten(FORMAT_1, Path(tempfile.mkdtemp()), network=True, validated=True, states=True, own=True)
    content = (directory / "arrays.npz").read_bytes()
    manifest = json.loads((directory / "manifest.json").read_bytes())
    return directory, manifest, content, _archive.unpack(content, 1 << 30)


def check(data: bytes) -> bool:
    """One input: it chooses the changes. Whether the changed model could be loaded."""
    directory, manifest, content, arrays = _model()
    chance = Choices(data)
    kind = chance.below(4)
    if kind == 0:
        for _ in range(1 + chance.below(2)):
            manifest = with_odd_entry(manifest, chance)
        put(directory, manifest, content)
    elif kind == 1:
        put(directory, manifest, _archive.pack(with_odd_array(arrays, chance)))
    elif kind == 2:
        put(directory, manifest, with_odd_bytes(content, chance))
    else:
        put(directory, with_odd_bytes(json.dumps(manifest).encode(), chance), content)
    return isinstance(answers(directory), list)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, lambda data: check(data) and None)
    atheris.Fuzz()
