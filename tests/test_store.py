from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import secclass
from secclass import ModelDamagedError, ModelFormatError, ModelNotFoundError, _store


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(_store.find("en"), tmp_path / "copy"))


def edit(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = model / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_a_copy_of_a_model_answers_alike(model: Path) -> None:
    text = "They agreed to fight cybercrime."
    assert secclass.load(model).tag(text) == secclass.load(str(model)).tag(text) == secclass.tag(text)


def test_no_such_model() -> None:
    with pytest.raises(ModelNotFoundError, match=r"no model 'xx'.*en") as caught:
        secclass.load("xx")
    assert isinstance(caught.value, FileNotFoundError)


def test_missing_file(model: Path) -> None:
    (model / "arrays.npz").unlink()
    with pytest.raises(ModelDamagedError, match="cannot be read"):
        secclass.load(model)


@pytest.mark.parametrize("at", [0, 1000, -1])
def test_changed_byte(model: Path, at: int) -> None:
    content = bytearray((model / "arrays.npz").read_bytes())
    content[at] ^= 1
    (model / "arrays.npz").write_bytes(content)
    with pytest.raises(ModelDamagedError, match="not the one that its manifest names"):
        secclass.load(model)


def test_truncated_manifest(model: Path) -> None:
    path = model / "manifest.json"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ModelDamagedError, match="not a model manifest"):
        secclass.load(model)


@pytest.mark.parametrize("text", ["[]", "{}", '{"format": "1", "files": {}}', '{"format": 1, "files": {}}', "null"])
def test_manifest_of_the_wrong_shape(model: Path, text: str) -> None:
    (model / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelDamagedError, match="not a model manifest"):
        secclass.load(model)


def test_newer_and_older_format(model: Path) -> None:
    edit(model, lambda m: m.update(format=_store.FORMAT + 1))
    with pytest.raises(ModelFormatError, match="upgrade secclass"):
        secclass.load(model)
    edit(model, lambda m: m.update(format=0))
    with pytest.raises(ModelFormatError, match="train the model again"):
        secclass.load(model)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["axes"]["crimes"]["labels"].pop(),
        lambda m: m["axes"]["stances"]["threshold"].pop("proposal"),
        lambda m: m["axes"].pop("stances"),
        lambda m: m["axes"]["crimes"].update(groups=["word", "smell"]),
        lambda m: m["features"].update(lengths={"word": "many"}),
        lambda m: m["lexicon"].pop("symbols"),
    ],
)
def test_manifest_that_does_not_fit(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    edit(model, change)
    with pytest.raises(ModelDamagedError):
        secclass.load(model)


def test_a_file_outside_the_model_is_not_read(model: Path) -> None:
    edit(model, lambda m: m["files"].update({"../secret": {"sha256": "0"}}))
    with pytest.raises(ModelDamagedError, match="outside the model"):
        secclass.load(model)


def test_no_pickle_is_loaded(model: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("a pickle was loaded",))

    content = pickle.dumps(Bomb())
    objects = np.array([None], dtype=object)
    np.savez(model / "arrays.npz", **{"crimes.keys": objects}, allow_pickle=True)
    for payload in (content, (model / "arrays.npz").read_bytes()):
        (model / "arrays.npz").write_bytes(payload)
        edit(model, lambda m, payload=payload: m["files"]["arrays.npz"].update(sha256=_sha(payload)))
        with pytest.raises(ModelDamagedError):
            secclass.load(model)


def _sha(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def test_loading_is_cached(model: Path) -> None:
    assert secclass.load(model)._extractor is secclass.load(model)._extractor
