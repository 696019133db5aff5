"""A model as its manifest and arrays, and back.

What is read must be what a model can be: every entry of its type, every place inside its row, every number finite,
so that nothing fails later; and the model must score its probe as it did when it was written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from secclass._company import Company
from secclass._features import GROUPS, VIEWS, Extractor
from secclass._lexicon import KINDS, Lexicon, Matcher
from secclass._linear import Axis, FloatArray
from secclass._network import WIDTHS, Network, columns
from secclass._scope import Scope
from secclass._table import BITS, in_order
from secclass._tokens import KeyArray, tokenize
from secclass._validated import Curve, Validated
from secclass.errors import ModelFormatError
from secclass.labels import AXES, MOST_LABELS, check_name, check_scheme

Arrays = Mapping[str, npt.NDArray[Any]]

_MATCHERS = ("crimes", "classes", "words")
_STEP_ARRAYS = {"keys": np.uint64, "values": np.uint16}
_COMPANY_ARRAYS = {"sets": np.uint16, "needs": np.uint16}
_SET_ARRAYS = {"bounds": np.int32, "members": np.int32}
_AXIS_ARRAYS: dict[str, type] = {"keys": np.uint64, "rarity": np.float16, "bias": np.float64}
_WEIGHTS: dict[str, type] = {"weights": np.float16}
_CODED_WEIGHTS: dict[str, type] = {"weights": np.int8, "scale": np.float64}
_NETWORK_ARRAYS = {
    "keys": np.uint64,
    "embedding": np.int8,
    "weights": np.int8,
    "bias": np.float32,
    "output": np.float32,
}
_TABLES = ("weights", "embedding", "output", "sets", "needs")  # arrays of two axes
_AXIS_LISTS = ("labels", "groups", "unit", "gated")
_CALIBRATION = ("slope", "intercept", "threshold")
_CURVE = ("threshold", "precision", "recall")
_PROBE = [
    "The ministers agreed to fight telecom fraud, which remains a grave threat, one of them said.",
    "He urged the Anti-Drug Office in Vientiane to seize 40 kg of heroin!",
]
# Far above what a model needs; what goes beyond is no model, and might take memory or time without bound.
_MOST_NAMES = 20_000
_MOST_UNDER = 1  # matchers under one another: a lexicon of one's own stands on that of the seeds
_MOST_LISTS = 1 << 16
_MOST_OWNERS = 1_000  # word lists, classes or crimes that one expression belongs to
_MOST_NUMBER = 1e5
_LONGEST_NGRAM = 5
_MOST_DIMENSIONS, _MOST_FILTERS = 128, 1_024
_MOST_PROBES, _LONGEST_PROBE = 10, 1_000
_MOST_POINTS = 1_000  # of a curve
_Kind = TypeVar("_Kind")


def decode(
    manifest: Mapping[str, Any], arrays: Arrays, vocabulary: Sequence[str] = ()
) -> tuple[Extractor, tuple[Axis, ...], Scope]:
    """Feature extractor, axes and scope of a model; ``vocabulary`` are the words it knows, before format 5.

    Raises
    ------
    ValueError
        If manifest and arrays are not those of a model.
    ModelFormatError
        If the model has labels that are not known here, or scores its probe otherwise than it did.
    """
    for name in ("name", "version", "language"):
        entry(manifest, name, str)
    described_lexicon = entry(manifest, "lexicon", dict)
    if entry(manifest, "format", int) >= 5:
        arrays = {name: _unpacked(values) if name.endswith("keys") else values for name, values in arrays.items()}
    else:
        lists = _names(described_lexicon, "lists")
        described_lexicon = {**described_lexicon, "lists": {name: place for place, name in enumerate(lists)}}
        arrays = _as_format_5(entry(manifest, "format", int), arrays, vocabulary, len(lists))
    lexicon = _read_lexicon(described_lexicon, arrays)
    lengths = _read_lengths(entry(entry(manifest, "features", dict), "lengths", dict))
    described = entry(manifest, "axes", dict)
    described_scope = {"known": 0.0}
    if entry(manifest, "format", int) < 4:  # what format 3, and before it format 2, had not
        described = {name: {"network": False, "validated": {}, **entry(described, name, dict)} for name in described}
    else:
        described_scope = entry(manifest, "scope", dict)
    known = entry(described_scope, "known", float)
    if not 0 <= known <= 1:
        raise ValueError(f"the share of known words must be between 0 and 1, got {known}")
    if entry(manifest, "format", int) < 4 and described.keys() != AXES.keys():
        raise ValueError(f"its axes are {list(described)}, not {list(AXES)}")
    axes = tuple(_read_axis(name, entry(described, name, dict), arrays, lexicon) for name in described)
    check_scheme(tuple((axis.name, axis.labels) for axis in axes))
    for axis in axes:
        if not {*VIEWS} & set(axis.groups) <= lengths.keys():
            raise ValueError(f"axis {axis.name} needs n-grams of {axis.groups}, there are only {tuple(lengths)}")
    extractor = Extractor(lexicon, lengths)
    if "probe" in manifest:
        _check_probe(entry(manifest, "probe", dict), extractor, axes)
    scope = Scope(_take(arrays, "scope", {"keys": np.uint64})["keys"], known)
    extractor.spelling = scope.spelling  # after the probe, whose words are taken as they stand
    return extractor, axes, scope


def encode(extractor: Extractor, axes: Sequence[Axis], scope: Scope) -> tuple[dict[str, Any], Arrays]:
    """What ``decode`` reads: entries of the manifest, and the arrays."""
    lexicon = extractor.lexicon
    unspelled = Extractor(lexicon, extractor.lengths)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name in _MATCHERS:
        arrays |= _matcher_arrays(name, getattr(lexicon, name), _STEP_ARRAYS | _SET_ARRAYS)
    arrays |= _named("company", lexicon.company, _COMPANY_ARRAYS)
    arrays |= _named("scope", scope, {"keys": np.uint64})
    described = {}
    for axis in axes:
        arrays |= _named(f"axis.{axis.name}", axis, _AXIS_ARRAYS | (_WEIGHTS if axis.scale is None else _CODED_WEIGHTS))
        if axis.network:
            arrays |= _named(f"axis.{axis.name}.network", axis.network, _NETWORK_ARRAYS)
        described[axis.name] = (
            {part: list(getattr(axis, part)) for part in _AXIS_LISTS}
            | {"cues": axis.cues, "network": axis.network is not None}
            | {part: dict(zip(axis.labels, getattr(axis, part).tolist(), strict=True)) for part in _CALIBRATION}
            | {"validated": _validated(axis)}
        )
    own = [name for name in lexicon.crime_names if name not in AXES["crimes"]]
    manifest = {
        "axes": described,
        "lexicon": {
            "crimes": [name for name in lexicon.crime_names if name in AXES["crimes"]],
            "symbols": list(lexicon.symbols),
            "lists": dict(lexicon.lists),
            "context": list(lexicon.context),
        }
        | ({"own": own} if own else {}),
        "features": {"lengths": {view: list(pair) for view, pair in extractor.lengths.items()}},
        "scope": {"known": scope.known},
        "probe": {"texts": _PROBE, "raw": _raw(unspelled, [_as_stored(axis) for axis in axes], _PROBE).tolist()},
    }
    return manifest, arrays


def _matcher_arrays(name: str, matcher: Matcher, parts: Mapping[str, type]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a matcher, and of those under it, whose sets are among its own."""
    arrays = _named(name, matcher, parts)
    if matcher.links is not None:
        arrays[f"{name}.links"] = matcher.links
    if matcher.under:
        arrays |= _matcher_arrays(f"{name}.under", matcher.under, _STEP_ARRAYS)
    return arrays


def _named(name: str, table: Any, parts: Mapping[str, type]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a table by their names in the file."""
    return {
        f"{name}.{part}": _packed(table.keys) if part == "keys" else getattr(table, part).astype(kind)
        for part, kind in parts.items()
    }


def _packed(keys: KeyArray) -> npt.NDArray[np.uint8]:
    """How far each key lies above the one before it: a row a byte, the lowest first, and a column a key."""
    steps = np.diff(keys, prepend=np.uint64(0)).astype("<u8")
    return np.ascontiguousarray(steps.view(np.uint8).reshape(-1, 8)[:, : BITS // 8].T)


def _unpacked(packed: npt.NDArray[Any]) -> KeyArray:
    if packed.dtype != np.uint8 or packed.ndim != 2 or len(packed) != BITS // 8:
        raise ValueError(f"keys must have {BITS // 8} rows of bytes")
    steps = np.zeros((packed.shape[1], 8), np.uint8)
    for place, row in enumerate(packed):  # a row at a time takes a third of the time of all at once
        steps[:, place] = row
    keys: KeyArray = steps.view("<u8")[:, 0].astype(np.uint64, copy=False)
    return np.cumsum(keys, out=keys)


def _as_format_5(number: int, arrays: Arrays, vocabulary: Sequence[str], lists: int) -> dict[str, npt.NDArray[Any]]:
    """Arrays of an older format, with keys as they are stored now, what belongs to them, and those of all words."""
    company = Company.of_lists(lists)
    changed = {**arrays, "company.sets": company.sets, "company.needs": company.needs}
    for name, keys in arrays.items():
        if name.endswith(".keys"):
            if keys.dtype != np.uint64 or keys.ndim != 1:
                raise ValueError("keys must be a row of whole numbers of 64 bits")
            changed[name], order = in_order(np.cumsum(keys) if number == 4 else keys)
            table = name.removesuffix("keys")
            for part in ("embedding",) if table.endswith(".network.") else ("values", "rarity", "weights"):
                beside = arrays.get(table + part)
                if beside is not None and len(beside) == len(keys):
                    changed[table + part] = beside[order]
                    if part == "values" and beside.dtype == np.int32 and _between(beside, 1 << 16):
                        changed[table + part] = beside[order].astype(np.uint16)
    tokens = tokenize(vocabulary)
    return changed | {"scope.keys": in_order(np.unique(tokens.key[~tokens.boundary]))[0]}


def _validated(axis: Axis) -> dict[str, Any]:
    """An entry a label; none where cross-validation is not told of."""
    if axis.validated is None:
        return {}
    parts = zip(axis.labels, axis.validated.curves, axis.validated.low, axis.validated.high, strict=True)
    return {
        label: {"unsure": [float(low), float(high)]} | {part: getattr(curve, part).tolist() for part in _CURVE}
        for label, curve, low, high in parts
    }


def entry(parts: Mapping[str, Any], name: str, kind: type[_Kind]) -> _Kind:
    """An entry of the manifest, which must be of this kind: 1 is no true, and "0.5" no number."""
    value = parts.get(name)
    if type(value) is not kind:
        raise ValueError(f"{name} must be of type {kind.__name__}, got {str(value)[:60]!r}")
    return value


def _names(parts: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of different names."""
    values = entry(parts, name, list)
    if len(values) > _MOST_NAMES or not all(type(value) is str for value in values):
        raise ValueError(f"{name} must be a list of at most {_MOST_NAMES} str")
    if len(set(values)) < len(values):
        raise ValueError(f"{name} holds a name twice")
    return tuple(values)


def _take(arrays: Arrays, prefix: str, types: Mapping[str, type]) -> dict[str, Any]:
    taken = {}
    for name, dtype in types.items():
        array = arrays.get(f"{prefix}.{name}")
        if array is None:
            raise ValueError(f"there is no array {prefix}.{name}")
        if array.dtype != dtype or array.ndim != (2 if name in _TABLES else 1):
            raise ValueError(f"array {prefix}.{name} is {array.dtype}{list(array.shape)}, not {np.dtype(dtype)}")
        taken[name] = array
    return taken


def _read_lexicon(described: Mapping[str, Any], arrays: Arrays) -> Lexicon:
    crimes, symbols, context = (_names(described, name) for name in ("crimes", "symbols", "context"))
    _check_labels(crimes, AXES["crimes"])
    own = _names(described, "own") if "own" in described else ()
    for name in own:
        check_name(name)
    names = (*crimes, *own)
    if set(own) & {*AXES["crimes"]} or len(names) > MOST_LABELS:
        raise ValueError(f"own names in the lexicon must be no crime types, and at most {MOST_LABELS} with these")
    lists = entry(described, "lists", dict)
    if not all(type(place) is int and 0 <= place < _MOST_LISTS for place in lists.values()):
        raise ValueError(f"the places of word lists must be whole numbers from 0 to {_MOST_LISTS - 1}")
    company = Company(**_take(arrays, "company", _COMPANY_ARRAYS))
    members = ((len(company) + 1) * len(names) * KINDS, len(symbols), _MOST_LISTS)
    found, classes, words = (_read_matcher(n, arrays, most) for n, most in zip(_MATCHERS, members, strict=True))
    lexicon = Lexicon(names, symbols, lists, context, company, found, classes, words)
    if not (_between(company.needs, len(company.sets)) and _between(company.sets, lexicon.list_count)):
        raise ValueError("company names sets or lists that are not there")
    return lexicon


def _check_labels(labels: Sequence[str], known: Sequence[str]) -> None:
    unknown = [label for label in labels if label not in known]
    if unknown:
        raise ModelFormatError(f"the model has labels that this secclass does not know: {unknown}; upgrade secclass")
    if not labels or list(labels) != [label for label in known if label in labels]:
        raise ValueError(f"its labels are not in the order of the codebook: {', '.join(labels)}")


def _read_matcher(name: str, arrays: Arrays, members: int) -> Matcher:
    sets = _take(arrays, name, _SET_ARRAYS)
    bounds, found = sets.values()
    sizes = np.diff(bounds)
    if not len(sizes) or not (
        bounds[0] == 0 and bounds[-1] == len(found) and sizes.min() >= 0 and sizes.max() <= _MOST_OWNERS
    ):
        raise ValueError(f"the sets of {name} are not laid end to end")
    if not _between(found, members):
        raise ValueError(f"the members of {name} name what is not there")
    return _read_steps(name, arrays, sets, _MOST_UNDER)


def _read_steps(name: str, arrays: Arrays, sets: Mapping[str, Any], most_under: int) -> Matcher:
    """A matcher of these sets, with as many under it as there may be."""
    taken = _take(arrays, name, _STEP_ARRAYS)
    keys, values = taken.values()
    links = _take(arrays, name, {"links": np.uint16})["links"] if f"{name}.links" in arrays else None
    if not (len(keys) == len(values) and (links is None or links.shape == keys.shape)):
        raise ValueError(f"the keys of {name} are not as many as its values and links")
    if not _between(values, len(sets["bounds"]) - 1):
        raise ValueError(f"the values of {name} name what is not there")
    under = None
    if any(part.startswith(f"{name}.under.") for part in arrays):
        if not most_under:
            raise ValueError(f"no matcher may stand under {name}")
        under = _read_steps(f"{name}.under", arrays, sets, most_under - 1)
    return Matcher(**taken, links=links, **sets, under=under)


def _between(places: npt.NDArray[np.integer], count: int) -> bool:
    """Whether all are places in a row of this length."""
    return not len(places) or bool(np.min(places) >= 0 and np.max(places) < count)


def _read_lengths(described: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    lengths = {}
    for view in described:
        pair = entry(described, view, list)
        if view not in VIEWS or not all(type(length) is int for length in pair) or len(pair) != 2:
            raise ValueError(f"lengths of n-grams must be two whole numbers for {', '.join(VIEWS)}, got {view[:60]!r}")
        if not 1 <= pair[0] <= pair[1] <= _LONGEST_NGRAM:
            raise ValueError(f"n-grams have 1 to {_LONGEST_NGRAM} tokens, got {pair}")
        lengths[view] = (pair[0], pair[1])
    return lengths


def _read_axis(name: str, described: Mapping[str, Any], arrays: Arrays, lexicon: Lexicon) -> Axis:
    coded = f"axis.{name}.scale" in arrays
    taken = _take(arrays, f"axis.{name}", _AXIS_ARRAYS | (_CODED_WEIGHTS if coded else _WEIGHTS))
    labels, groups, unit, gated = (_names(described, part) for part in _AXIS_LISTS)
    if name in AXES:
        _check_labels(labels, AXES[name])
    if not (set(groups) <= set(GROUPS) and {*unit, *gated} <= set(groups)):
        raise ValueError(f"axis {name} has feature groups that are not known: {groups}, {unit}, {gated}")
    if gated and labels != lexicon.crime_names[: len(labels)]:
        raise ValueError(f"axis {name} is gated by other labels than the lexicon has")
    numbers = {part: _numbers(entry(described, part, dict), labels, part) for part in _CALIBRATION}
    keys, rarity, weights, bias = (taken[part] for part in ("keys", "rarity", "weights", "bias"))
    scale = taken.get("scale")
    if (weights.shape, rarity.shape, bias.shape) != ((len(keys), len(labels)), keys.shape, (len(labels),)):
        raise ValueError(f"the arrays of axis {name} have shapes that do not fit its labels")
    if not ((coded or np.isfinite(weights).all()) and np.isfinite(rarity).all() and (rarity > 0).all()):
        raise ValueError(f"axis {name} has weights that are no numbers")
    if not (np.abs(bias) < _MOST_NUMBER).all():
        raise ValueError(f"axis {name} has a bias that is no number")
    if scale is not None and not (scale.shape == bias.shape and ((scale > 0) & (scale < _MOST_NUMBER)).all()):
        raise ValueError(f"axis {name} must have a scale above 0 for each label")
    if entry(described, "cues", bool) and not len(keys):
        raise ValueError(f"axis {name} scores cues and has no features")
    network = _read_network(name, arrays, len(labels)) if entry(described, "network", bool) else None
    return Axis(
        name,
        labels,
        groups,
        unit,
        gated,
        entry(described, "cues", bool),
        keys,
        rarity,
        weights,
        bias,
        **numbers,
        network=network,
        validated=_read_validated(entry(described, "validated", dict), labels),
        scale=scale,
    )


def _read_validated(described: Mapping[str, Any], labels: Sequence[str]) -> Validated | None:
    if not described:
        return None
    if described.keys() != set(labels):
        raise ValueError(f"what cross-validation found must have an entry a label, has {', '.join(described)[:200]}")
    curves, bands = [], []
    for label in labels:
        parts = entry(described, label, dict)
        found = [_shares(parts, part) for part in _CURVE]
        if not 0 < len(found[0]) == len(found[1]) == len(found[2]) <= _MOST_POINTS or (np.diff(found[0]) <= 0).any():
            raise ValueError(f"the curve of {label} must have at most {_MOST_POINTS} points, their thresholds rising")
        curves.append(Curve(*found))
        bands.append(_shares(parts, "unsure"))
        if len(bands[-1]) != 2 or bands[-1][0] > bands[-1][1]:
            raise ValueError(f"the unsure band of {label} must be two numbers that rise")
    low, high = np.array(bands).T
    return Validated(tuple(curves), low, high)


def _shares(parts: Mapping[str, Any], name: str) -> FloatArray:
    """A list of numbers between 0 and 1."""
    values = entry(parts, name, list)
    if not all(type(value) is float and 0 <= value <= 1 for value in values):
        raise ValueError(f"{name} must be a list of numbers between 0 and 1")
    return np.array(values, np.float64)


def _read_network(axis: str, arrays: Arrays, labels: int) -> Network:
    taken = _take(arrays, f"axis.{axis}.network", _NETWORK_ARRAYS)
    keys, embedding, weights, bias, output = taken.values()
    dimensions, filters = embedding.shape[1], len(bias)
    if not (0 < dimensions <= _MOST_DIMENSIONS and 0 < filters <= _MOST_FILTERS and filters % len(WIDTHS) == 0):
        raise ValueError(f"the network of axis {axis} has {dimensions} dimensions and {filters} filters")
    shapes = (len(embedding), weights.shape, output.shape)
    if shapes != (len(keys), (dimensions, columns(filters)[-1][1].stop), (filters, labels)):
        raise ValueError(f"the arrays of the network of axis {axis} have shapes that do not fit each other")
    if not ((np.abs(output) < _MOST_NUMBER).all() and (np.abs(bias) < 1 << 24).all()):
        raise ValueError(f"the network of axis {axis} has weights that are no numbers")
    return Network(**taken)


def _numbers(values: Mapping[str, Any], labels: Sequence[str], what: str) -> npt.NDArray[np.float64]:
    """One finite number of each label."""
    numbers = [entry(values, label, float) for label in labels]
    if values.keys() != set(labels) or not all(abs(number) < _MOST_NUMBER for number in numbers):
        raise ValueError(f"{what} must have one finite number a label")
    return np.array(numbers, np.float64)


def _check_probe(probe: Mapping[str, Any], extractor: Extractor, axes: Sequence[Axis]) -> None:
    """Whether this version of secclass scores as the one did that wrote the model."""
    texts, expected = _names(probe, "texts"), entry(probe, "raw", list)
    if len(texts) > _MOST_PROBES or any(len(text) > _LONGEST_PROBE for text in texts):
        raise ValueError(f"its probe must be at most {_MOST_PROBES} sentences of {_LONGEST_PROBE} characters")
    raw = _raw(extractor, axes, texts)
    if len(raw) != len(expected) or not all(type(value) is float for value in expected):
        raise ValueError(f"its probe must have {len(raw)} raw scores")
    if not all(math.isclose(a, b, abs_tol=1e-4) for a, b in zip(raw, expected, strict=True)):
        raise ModelFormatError(
            "the model scores its probe otherwise than when it was written: this secclass sees other features than "
            "the one that trained it; train it again"
        )


def _raw(extractor: Extractor, axes: Sequence[Axis], texts: Sequence[str]) -> FloatArray:
    """The raw scores of some sentences on all axes, in one row."""
    found = extractor.extract(texts)
    return np.concatenate([axis.raw(found).ravel() for axis in axes]).round(6)


def _as_stored(axis: Axis) -> Axis:
    """The axis with the precision that the file keeps."""
    stored = replace(axis, rarity=axis.rarity.astype(np.float16))
    return stored if axis.scale is not None else replace(stored, weights=axis.weights.astype(np.float16))
