from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import secclass
from secclass import ModelDamagedError, ModelError, ModelFormatError, ModelNotFoundError, _archive, _store
from secclass._features import Extractor
from tests.fuzz.damage import damage
from tests.fuzz.models import FORMAT_1, answers, check, put, rewritten

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return rewritten(FORMAT_1, tmp_path / "copy", network=True, validated=True, states=True, own=True)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    return Path(shutil.copytree(_store.find("en"), tmp_path / "shipped"))


def edit(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((model / "manifest.json").read_bytes())
    change(manifest)
    put(model, manifest)


def edit_arrays(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = (model / "arrays.npz").read_bytes()
    arrays = {name: array.copy() for name, array in _archive.unpack(content, len(content) * 10).items()}
    change(arrays)
    put(model, json.loads((model / "manifest.json").read_bytes()), _archive.pack(arrays))


def test_the_tools_of_these_tests_do_no_damage_themselves(model: Path) -> None:
    before = answers(model)
    edit(model, lambda manifest: None)
    edit_arrays(model, lambda arrays: None)
    assert isinstance(before, list)
    assert answers(model) == before


def test_a_copy_of_a_model_answers_alike(shipped: Path) -> None:
    text = "They agreed to fight cybercrime."
    assert secclass.load(shipped).tag(text) == secclass.load(str(shipped)).tag(text) == secclass.tag(text)


def test_no_such_model() -> None:
    with pytest.raises(ModelNotFoundError, match=r"no model 'xx'.*en") as caught:
        secclass.load("xx")
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(secclass.InputError, match="name or path, got int"):
        secclass.load(3)  # type: ignore[arg-type]


def test_a_damaged_model_is_refused_wherever_the_damage_is(model: Path) -> None:
    tried = damage(model, 200)
    assert len(tried) == 8  # flipped and cut, for each of four files
    assert tried.total() > 1200


def test_a_damaged_shipped_model_is_refused(shipped: Path) -> None:
    assert damage(shipped, 20).total() > 140


def test_a_model_with_a_file_missing_or_emptied_is_refused(model: Path) -> None:
    for path in sorted(model.iterdir()):
        content = path.read_bytes()
        path.write_bytes(b"")
        with pytest.raises(ModelDamagedError):
            _store.read(model)
        path.unlink()
        with pytest.raises(ModelNotFoundError if path.name == "manifest.json" else ModelDamagedError):
            _store.read(model)
        path.mkdir()
        with pytest.raises(ModelError):
            _store.read(model)
        path.rmdir()
        path.write_bytes(content)
    assert isinstance(answers(model), list)


def test_files_of_another_model_are_refused(model: Path, shipped: Path) -> None:
    for path in sorted(model.iterdir()):
        content = path.read_bytes()
        shutil.copyfile(shipped / path.name, path)
        with pytest.raises(ModelDamagedError):
            _store.read(model)
        path.write_bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"[]",
            b"{}",
            b'{"format": "1", "files": {}}',
            b'{"format": 1, "files": {}}',
            b"null",
            b'{"format": 2',
            b"\xff",
        ),
        *(b'{"format": true, "files": ["arrays.npz"]}', b"[" * 100_000, b" " * (5 << 20), b'{"format": ' + b"9" * 9999),
    ],
    ids=lambda content: content[:40].decode(errors="replace"),
)
def test_manifest_of_the_wrong_shape(model: Path, content: bytes) -> None:
    put(model, content)
    with pytest.raises(ModelDamagedError, match=r"not a model manifest|longer than"):
        _store.read(model)


def test_newer_and_older_format(model: Path) -> None:
    edit(model, lambda m: m.update(format=_store.FORMAT + 1))
    with pytest.raises(ModelFormatError, match="upgrade secclass"):
        _store.read(model)
    edit(model, lambda m: m.update(format=0))
    with pytest.raises(ModelFormatError, match="train the model again"):
        _store.read(model)


def test_a_model_of_format_1_is_still_read() -> None:
    """The first format: no manifest.sha256, no probe. This model was trained on 216 seeds by secclass 0.1.0."""
    assert json.loads((FORMAT_1 / "manifest.json").read_bytes())["format"] == 1
    tagger = secclass.load(FORMAT_1)
    found = {
        text: (" ".join(s.crimes), " ".join(s.stances))
        for text in (
            "The ministers agreed to fight money laundering.",
            "Pirates boarded the ship and held the crew for ransom.",
            "The two sides agreed to combat human trafficking.",
            "The bus left at nine.",
        )
        for s in tagger.tag(text)
    }
    assert list(found.values()) == [
        ("money_laundering", "agreement"),
        ("maritime_piracy", ""),
        ("human_trafficking", "agreement"),
        ("", ""),
    ]


def test_a_model_of_format_1_keeps_its_answers_when_it_is_written_again(tmp_path: Path) -> None:
    model = rewritten(FORMAT_1, tmp_path / "copy")
    assert json.loads((model / "manifest.json").read_bytes())["format"] == _store.FORMAT
    assert answers(model) == answers(FORMAT_1)


def test_a_model_of_format_2_is_still_read() -> None:
    """Without networks. It is the model of format 1 in the layout of format 2, with a probe of today's features."""
    model = FORMAT_1.with_name("format-2")
    assert json.loads((model / "manifest.json").read_bytes())["format"] == 2
    assert answers(model) == answers(FORMAT_1)


def test_a_model_of_format_3_is_still_read(tmp_path: Path) -> None:
    """With a network, without curves. It is the model of format 1 with a network of chance weights."""
    model = FORMAT_1.with_name("format-3")
    assert json.loads((model / "manifest.json").read_bytes())["format"] == 3
    assert answers(model) == answers(rewritten(FORMAT_1, tmp_path / "copy", network=True))
    assert answers(model) != answers(FORMAT_1)


def test_a_model_of_format_4_is_still_read(tmp_path: Path) -> None:
    """With curves and a vocabulary, without states. It is the model of format 1 with a network and curves."""
    model = FORMAT_1.with_name("format-4")
    assert json.loads((model / "manifest.json").read_bytes())["format"] == 4
    assert answers(model) == answers(rewritten(FORMAT_1, tmp_path / "new", network=True, validated=True))
    again = rewritten(model, tmp_path / "again")
    assert answers(again) == answers(rewritten(FORMAT_1, tmp_path / "plain", network=True))
    for directory in (model, again):
        extractor = secclass.load(directory, extra_expressions={"telecom_fraud": ["honey garden~"]})._extractor
        found = extractor.extract(["Two honey gardens.", "Money laundering."]).candidates
        names = [[extractor.lexicon.crime_names[crime] for crime in np.flatnonzero(row)] for row in found]
        assert names == [["telecom_fraud"], ["money_laundering"]]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_model_of_an_old_format_has_only_balanced_thresholds(number: int) -> None:
    model = FORMAT_1.with_name(f"format-{number}")
    text = "The ministers agreed to fight money laundering."
    balanced = secclass.load(model, thresholds="balanced")
    assert balanced.tag(text) == secclass.load(model).tag(text)
    assert balanced.tag(text, thresholds={"money_laundering": 1})[0].crimes == ()
    for point in ("precision", "recall"):
        with pytest.raises(
            secclass.OptionError, match=f"{point}: it was written before model format 4; train it again"
        ):
            secclass.load(model, thresholds=point)
    (sentence,) = secclass.load(model).tag_sentences(["Wo ist der nächste Bahnhof, bitte sehr?"])
    assert (sentence.unsure, sentence.reason) == ((), None)


def test_what_cross_validation_found_is_kept(model: Path) -> None:
    again = rewritten(model, model.with_name("again"))
    for before, after in zip(_store.read(model).axes, _store.read(again).axes, strict=True):
        assert before.validated
        assert after.validated
        assert np.array_equal(before.validated.low, after.validated.low)
        for left, right in zip(before.validated.curves, after.validated.curves, strict=True):
            assert left.threshold_at("precision", 0.5) == right.threshold_at("precision", 0.5) == 0.9
            assert left.threshold_at("recall", 0.5) == right.threshold_at("recall", 0.5) == 0.2
    left_scope, right_scope = _store.read(again).scope, _store.read(model).scope
    assert left_scope.known == right_scope.known == 0.5
    assert np.array_equal(left_scope.keys, right_scope.keys)


def test_a_vocabulary_without_end_is_refused(tmp_path: Path) -> None:
    model = Path(shutil.copytree(FORMAT_1.with_name("format-4"), tmp_path / "copy"))
    (model / "vocabulary.txt").write_bytes(b"word\n" * 300_000)
    manifest = json.loads((model / "manifest.json").read_bytes())
    content = (model / "vocabulary.txt").read_bytes()
    digest = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    put(model, manifest | {"files": manifest["files"] | {"vocabulary.txt": digest}})
    with pytest.raises(ModelDamagedError, match=r"vocabulary\.txt must take at most"):
        _store.read(model)


def test_expressions_on_top_of_others_are_kept(model: Path) -> None:
    """The lexicon of the seeds, one's own on top of it as the file holds both, and more on top of both at a load."""
    text = "Outrage at money laundering."
    assert names_found(secclass.load(model), text) == {"cross words", "money_laundering"}
    more = secclass.load(model, extra_expressions={"terrorism": ["outrage"], "cross words": ["laundering"]})
    assert names_found(more, text) == {"cross words", "money_laundering", "terrorism"}
    again = names_found(secclass.load(rewritten(model, model.with_name("again"))), text)
    assert again == {"cross words", "money_laundering"}


def names_found(tagger: secclass.Tagger, text: str) -> set[str]:
    """The names in the lexicon of which expressions stand in a text."""
    extractor = tagger._extractor
    (row,) = extractor.extract([text]).candidates
    return {extractor.lexicon.crime_names[crime] for crime in np.flatnonzero(row)}


def test_more_levels_of_expressions_than_can_be_read_are_not_written(model: Path) -> None:
    found = written_anew(_store.read(model))
    extractor = found.extractor
    higher = Extractor(extractor.lexicon.with_expressions({"terrorism": ["outrage"]}), extractor.lengths)
    with pytest.raises(ValueError, match=r"no matcher may stand under crimes\.under"):
        _store.write(model, found._replace(extractor=higher), "")


def nested(*path: str, to: Any) -> Callable[[dict[str, Any]], object]:
    """A change that puts a value somewhere inside the manifest."""

    def change(manifest: dict[str, Any]) -> None:
        for key in path[:-1]:
            manifest = manifest[key]
        manifest[path[-1]] = to

    return change


def own_label(label: str) -> Callable[[dict[str, Any]], object]:
    """A change that gives a label of the axis ``tone`` this name wherever it stands."""

    def change(manifest: dict[str, Any]) -> None:
        axis = manifest["axes"]["tone"]
        old = axis["labels"][0]
        axis["labels"][0] = label
        for part in ("threshold", "slope", "intercept", "validated"):
            axis[part] = {label if name == old else name: value for name, value in axis[part].items()}

    return change


NOT_A_NUMBER = float("nan")
HOSTILE = {
    "label missing": lambda m: m["axes"]["crimes"]["labels"].pop(),
    "label twice": lambda m: m["axes"]["crimes"]["labels"].append("terrorism"),
    "labels in another order": lambda m: m["axes"]["stances"]["labels"].reverse(),
    "no labels at all": nested("lexicon", "crimes", to=[]),
    "threshold missing": lambda m: m["axes"]["stances"]["threshold"].pop("proposal"),
    "threshold of no label": nested("axes", "stances", "threshold", "theft", to=0.5),
    "threshold a str": nested("axes", "stances", "threshold", "proposal", to="0.5"),
    "threshold NaN": nested("axes", "stances", "threshold", "proposal", to=NOT_A_NUMBER),
    "slope infinite": nested("axes", "stances", "slope", "proposal", to=float("inf")),
    "intercept true": nested("axes", "stances", "intercept", "proposal", to=True),
    "axis missing": lambda m: m["axes"].pop("stances"),
    "axis unknown": lambda m: m["axes"].update(mood=m["axes"]["stances"]),
    "group unknown": nested("axes", "crimes", "groups", to=["word", "smell"]),
    "group scaled but not there": nested("axes", "crimes", "unit", to=["word"]),
    "stances gated": nested("axes", "stances", "gated", to=["word"]),
    "network a number": nested("axes", "stances", "network", to=1),
    "network of no arrays": nested("axes", "crimes", "network", to=True),
    "curve of one label missing": lambda m: m["axes"]["stances"]["validated"].pop("proposal"),
    "curve that falls": nested("axes", "stances", "validated", "proposal", "threshold", to=[0.9, 0.2]),
    "curve without end": nested("axes", "stances", "validated", "proposal", "recall", to=[0.5] * 3),
    "precision above 1": nested("axes", "stances", "validated", "proposal", "precision", to=[0.5, 1.5]),
    "band of one number": nested("axes", "crimes", "validated", "terrorism", "unsure", to=[0.5]),
    "band NaN": nested("axes", "crimes", "validated", "terrorism", "unsure", to=[0.5, NOT_A_NUMBER]),
    "validated a list": nested("axes", "crimes", "validated", to=[]),
    "scope missing": lambda m: m.pop("scope"),
    "scope above 1": nested("scope", "known", to=2.0),
    "own axis missing": lambda m: m["axes"].pop("tone"),
    "own label missing": lambda m: m["axes"]["tone"]["labels"].pop(),
    "own label twice": lambda m: m["axes"]["tone"]["labels"].append("mild"),
    "own label on two axes": own_label("proposal"),
    "own label empty": own_label(""),
    "own label with a divider": own_label("cross;words"),
    "own label with a control character": own_label("cross\x1bwords"),
    "own label of half a character": own_label("cross\ud800"),
    "own label with spaces around": own_label(" cross words"),
    "own label without end": own_label("cross words" * 1000),
    "own name a crime type": nested("lexicon", "own", to=["terrorism"]),
    "own name empty": nested("lexicon", "own", to=[""]),
    "own names a str": nested("lexicon", "own", to="cross words"),
    "own names without number": nested("lexicon", "own", to=[str(i) for i in range(1000)]),
    "own names twice": nested("lexicon", "own", to=["x", "x"]),
    "cues a str": nested("axes", "stances", "cues", to="false"),
    "n-grams of many": nested("features", "lengths", to={"word": "many"}),
    "n-grams without end": nested("features", "lengths", "word", to=[1, 10**9]),
    "n-grams of too few views": nested("features", "lengths", to={"word": [1, 2]}),
    "symbols missing": lambda m: m["lexicon"].pop("symbols"),
    "symbols too few": lambda m: m["lexicon"]["symbols"].pop(),
    "lists no mapping": nested("lexicon", "lists", to=["here"]),
    "list at no place": nested("lexicon", "lists", to={"here": "there"}),
    "list at a place beyond any": nested("lexicon", "lists", to={"here": 1 << 40}),
    "names without number": nested("lexicon", "symbols", to=[str(i) for i in range(100_000)]),
    "name missing": lambda m: m.pop("name"),
    "version a number": nested("version", to=1),
    "files a list": nested("files", to=["arrays.npz"]),
    "file a list": nested("files", "card.md", to=[]),
    "size missing": lambda m: m["files"]["card.md"].pop("bytes"),
    "size negative": nested("files", "card.md", "bytes", to=-2),
    "size huge": nested("files", "card.md", "bytes", to=10**15),
    "digest a number": nested("files", "card.md", "sha256", to=0),
    "file above": nested("files", "../secret", to={"sha256": "0", "bytes": 1}),
    "file above by dots": nested("files", "..", to={"sha256": "0", "bytes": 1}),
    "file at an absolute path": nested("files", "/etc/hostname", to={"sha256": "0", "bytes": 1}),
    "file with NUL": nested("files", "a\x00b", to={"sha256": "0", "bytes": 1}),
    "probe missing": lambda m: m.pop("probe"),
    "probe too long": nested("probe", "texts", to=["word " * 10_000]),
    "probe without scores": nested("probe", "raw", to=[]),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_manifest_that_cannot_be(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    edit(model, change)
    with pytest.raises(ModelDamagedError):
        _store.read(model)


@pytest.mark.parametrize("name", ["a b", "a.network", "../a", "9", "", "text", "mild_score", "x" * 60])
def test_an_axis_of_a_name_that_cannot_be(model: Path, name: str) -> None:
    edit_arrays(
        model, lambda a: a.update({f"axis.{name}{k[9:]}": v for k, v in a.items() if k.startswith("axis.tone")})
    )
    edit(model, lambda m: m["axes"].update({name: m["axes"].pop("tone")}))
    with pytest.raises(ModelDamagedError, match=r"an axis has a name of|the name of the column"):
        _store.read(model)


def test_an_own_axis_is_renamed_only_by_what_stands_in_the_file(model: Path) -> None:
    """The change that the test above makes does no damage with a name that can be."""
    edit_arrays(model, lambda a: a.update({f"axis.mood{k[9:]}": v for k, v in a.items() if k.startswith("axis.tone")}))
    edit(model, own_label("mit Leerzeichen (ä)"))
    edit(model, lambda m: m["axes"].update({"mood": m["axes"].pop("tone")}))
    assert secclass.load(model).info.scheme[2] == ("mood", ("mit Leerzeichen (ä)", "mild", "<Ärger & Zorn>"))


def test_a_model_of_an_old_format_has_no_own_axes(tmp_path: Path) -> None:
    model = Path(shutil.copytree(FORMAT_1.with_name("format-3"), tmp_path / "copy"))
    edit(model, lambda m: m["axes"].update(tone=m["axes"]["stances"]))
    with pytest.raises(ModelDamagedError, match="its axes are"):
        _store.read(model)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/b"])
def test_a_file_outside_the_model_is_not_read(model: Path, name: str) -> None:
    edit(model, lambda m: m["files"].update({name: {"sha256": "0", "bytes": 1}}))
    with pytest.raises(ModelDamagedError, match="outside the model"):
        _store.read(model)


@pytest.mark.parametrize("where", [("axes", "crimes", "labels"), ("lexicon", "crimes")])
def test_labels_that_this_version_does_not_know(model: Path, where: tuple[str, ...]) -> None:
    labels = [*(label.value for label in secclass.CrimeType), "littering"]
    edit(model, nested(*where, to=labels))
    with pytest.raises(ModelFormatError, match=r"littering.*upgrade"):
        _store.read(model)


def test_a_model_of_other_features_is_refused(model: Path) -> None:
    edit(model, lambda m: m["probe"]["raw"].__setitem__(3, m["probe"]["raw"][3] + 0.001))
    with pytest.raises(ModelFormatError, match="train it again"):
        _store.read(model)


def set_item(name: str, place: Any, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda arrays: arrays[name].__setitem__(place, value)


NETWORK = "axis.stances.network"
STEPS = ("keys", "values", "links")
BAD_ARRAYS: dict[str, Callable[[dict[str, Any]], object]] = {
    "weight NaN": set_item("axis.crimes.weights", (0, 0), np.nan),
    "weight infinite": set_item("axis.stances.weights", (0, 0), np.inf),
    "rarity zero": set_item("axis.crimes.rarity", 0, 0),
    "bias NaN": set_item("axis.crimes.bias", 0, np.nan),
    "key twice": set_item("axis.crimes.keys", (slice(None), 1), 0),
    "keys beyond 40 bits": set_item("crimes.keys", 4, 255),
    "links too few": lambda a: a.update({"crimes.links": a["crimes.links"][1:]}),
    "value without set": set_item("classes.values", 0, 65535),
    "value of another type": lambda a: a.update({"words.values": a["words.values"].astype(np.int16)}),
    "member of no crime": set_item("crimes.members", 0, 2**30),
    "key under twice": set_item("crimes.under.keys", (slice(None), 1), 0),
    "keys under missing": lambda a: a.pop("crimes.under.keys"),
    "links under too few": lambda a: a.update({"crimes.under.links": a["crimes.under.links"][1:]}),
    "value under without set": set_item("words.under.values", 0, 65535),
    "matchers under one another": lambda a: a.update({f"crimes.under.under.{k}": a[f"crimes.{k}"] for k in STEPS}),
    "company of a list that is not there": set_item("company.sets", (0, 0), 2**16 - 1),
    "company of a set that is not there": set_item("company.needs", (0, 0), 2**16 - 1),
    "sets that go backwards": set_item("crimes.bounds", 1, 10**6),
    "bounds of nothing": lambda a: a.update({"words.bounds": a["words.bounds"][:0]}),
    "array missing": lambda a: a.pop("axis.stances.bias"),
    "array of another type": lambda a: a.update({"axis.stances.bias": a["axis.stances.bias"].astype(np.float32)}),
    "array of another shape": lambda a: a.update({"axis.stances.keys": a["axis.stances.keys"][0]}),
    "weights too few": lambda a: a.update({"axis.stances.weights": a["axis.stances.weights"][1:]}),
    "scale zero": set_item("axis.tone.scale", 0, 0),
    "scale negative": set_item("axis.tone.scale", 0, -1),
    "scale infinite": set_item("axis.tone.scale", 0, np.inf),
    "cues without features": lambda a: a.update(
        {f"axis.stances.{part}": a[f"axis.stances.{part}"][..., :0] for part in ("keys", "rarity")}
        | {"axis.stances.weights": a["axis.stances.weights"][:0]}
    ),
    "scale NaN": set_item("axis.tone.scale", 0, np.nan),
    "scale too short": lambda a: a.update({"axis.tone.scale": a["axis.tone.scale"][1:]}),
    "codes without scale": lambda a: a.pop("axis.tone.scale"),
    "scale without codes": lambda a: a.update({"axis.crimes.scale": np.ones(16)}),
    "network key twice": set_item(f"{NETWORK}.keys", (slice(None), 1), 0),
    "network of many dimensions": lambda a: a.update({f"{NETWORK}.embedding": np.zeros((2, 10**5), np.int8)}),
    "network of three filters": lambda a: a.update({f"{NETWORK}.bias": a[f"{NETWORK}.bias"][:3]}),
    "network weights too few": lambda a: a.update({f"{NETWORK}.weights": a[f"{NETWORK}.weights"][:, 1:]}),
    "network output NaN": set_item(f"{NETWORK}.output", (0, 0), np.nan),
    "network bias infinite": set_item(f"{NETWORK}.bias", 0, np.inf),
    "keys that crowd": lambda a: a.update(crowded()),
}


def crowded() -> dict[str, Any]:
    """Keys that all stand in one place of the table: next to each other."""
    steps = np.zeros((6, 10_000), np.uint8)
    steps[0] = 1
    return {"words.keys": steps, "words.values": np.zeros(10_000, np.uint16)}


@pytest.mark.parametrize("change", BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_arrays_that_cannot_be(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    edit_arrays(model, change)
    with pytest.raises(ModelDamagedError):
        _store.read(model)


@pytest.mark.parametrize("kind", range(4))
def test_a_model_that_loads_also_tags(kind: int) -> None:
    """Odd entries, odd arrays, odd bytes in either file, all digests right: see ``tests.fuzz.models``."""
    chance = np.random.default_rng(kind)
    loaded = [check(kind.to_bytes(4, "little") + chance.bytes(40)) for _ in range(100)]
    assert not all(loaded)


def zipped(content: bytes, **member: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("crimes.keys.npy", content, **member)
    return buffer.getvalue()


def npy(shape: str, descr: str = "<u8") -> bytes:
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


def lying(content: bytes) -> bytes:
    """A zip of this content that says that it unpacks to 200 bytes."""
    packed = bytearray(zipped(content, compress_type=zipfile.ZIP_DEFLATED))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = packed.index(mark) + at
        packed[place : place + 4] = (200).to_bytes(4, "little")
    return bytes(packed)


def double() -> bytes:
    """A zip with two members of one name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("crimes.keys.npy", "crimes.keyz.npy"):
            archive.writestr(name, npy("(0,)"))
    return buffer.getvalue().replace(b"keyz", b"keys")


BOMBS = {
    "zeros": zipped(npy("(9000000,)") + bytes(72_000_000), compress_type=zipfile.ZIP_DEFLATED),
    "zeros that lie": lying(npy("(9000000,)") + bytes(72_000_000)),
    "huge shape": zipped(npy("(900000000000,)"), compress_type=zipfile.ZIP_DEFLATED),
    "huge shapes": zipped(npy("(900000000000, 900000000000)"), compress_type=zipfile.ZIP_DEFLATED),
    "code as shape": zipped(npy("(__import__('os').abort(),)"), compress_type=zipfile.ZIP_DEFLATED),
    "nested header": zipped(npy("(" * 9000 + ")" * 9000), compress_type=zipfile.ZIP_DEFLATED),
    "objects": zipped(npy("(1,)", "|O"), compress_type=zipfile.ZIP_DEFLATED),
    "lzma": zipped(npy("(0,)"), compress_type=zipfile.ZIP_LZMA),
    "two of one name": double(),
    "no zip": b"PK\x05\x06" + b"\xff" * 18,
}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux tells it")
def test_no_bomb_takes_more_memory_than_the_bound(model: Path, tmp_path: Path) -> None:
    for number, bomb in enumerate(BOMBS.values()):
        put(
            Path(shutil.copytree(model, tmp_path / str(number))),
            json.loads((model / "manifest.json").read_bytes()),
            bomb,
        )
    program = f"""
import resource, secclass
from secclass import _store
from pathlib import Path
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + _store.MOST_MEMORY,) * 2)
for number in range({len(BOMBS)}):
    try:
        _store.read(Path({str(tmp_path)!r}) / str(number))
    except secclass.ModelDamagedError:
        print("refused", number)
print(*[line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.count("refused") == len(BOMBS), done.stdout + done.stderr
    assert int(done.stdout.split()[-1]) < 200 * 1024  # KiB: most of it is Python and numpy


def test_no_pickle_is_loaded(model: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("a pickle was loaded",))

    content = pickle.dumps(Bomb())
    objects = np.array([None], dtype=object)
    np.savez(model / "arrays.npz", **{"crimes.keys": objects}, allow_pickle=True)
    for payload in (content, (model / "arrays.npz").read_bytes()):
        put(model, json.loads((model / "manifest.json").read_bytes()), payload)
        with pytest.raises(ModelDamagedError):
            _store.read(model)


def test_loading_is_cached(model: Path) -> None:
    assert secclass.load(model)._extractor is secclass.load(model)._extractor


def written_anew(model: _store.Model) -> _store.Model:
    """The model with only those entries in its manifest that it does not get when it is written."""
    return model._replace(manifest={name: model.manifest[name] for name in ("name", "version", "language")})


def test_what_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    found = _store.read(FORMAT_1)
    crimes, stances = found.axes
    broken = replace(crimes, weights=crimes.weights * np.float32(np.nan))
    with pytest.raises(ValueError, match="weights that are no numbers"):
        _store.write(tmp_path / "model", written_anew(found)._replace(axes=(broken, stances)), "")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("fails_at", range(9))
def test_an_interrupted_write_leaves_no_other_model(
    model: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """Four files are written, then four renamed. What fails before the first rename leaves the old model."""
    before = answers(model)
    found = written_anew(_store.read(shipped))
    steps = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps > fails_at:
                raise OSError("no space left on device")
            return real(*arguments)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", counted(os.fsync))
        patch.setattr(Path, "replace", counted(Path.replace))
        if fails_at < 8:
            with pytest.raises(OSError, match="no space left"):
                _store.write(model, found, "")
        else:
            _store.write(model, found, "")
    after = answers(model)
    if fails_at < 5:
        assert after == before
    elif fails_at < 8:
        assert isinstance(after, ModelDamagedError)
    else:
        assert after == answers(shipped)
    assert not list(model.glob("*.part"))
