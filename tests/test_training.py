"""The shipped model is what the seeds give."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

import secclass
from secclass import _network_training, _pretraining, _store, training
from secclass._calibration import precision_recall, unsure_bands
from secclass._card import card
from secclass._data import digest, read_labelled
from secclass._features import Extractor
from secclass._linear import Axis, FloatArray
from secclass._tokens import IntArray
from secclass.labels import AXES
from secclass.training import TrainingReport, train

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds" / "en"


OPEN = {"text": "He urged them to act.", "crimes": [], "stances": ["proposal"], "free": ["assessment"]}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainingReport]:
    """A model of a tenth of the seeds, its networks barely trained."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "seeds").mkdir()
    (folder / "seeds" / "lexicon").symlink_to(SEEDS / "lexicon")
    lines = [line for path in sorted(SEEDS.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    lines = [*lines[::10], json.dumps(OPEN)]
    (folder / "seeds" / "part.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_network_training, "EPOCHS", 1)
        patch.setattr(_pretraining, "EPOCHS", 1)
        report = train(folder / "seeds", folder / "en", log=lambda line: None)
    return folder / "en", report


def code_width(axis: Axis, rows: IntArray) -> FloatArray:
    """How far apart coded weights stand there: rounding may end on either side."""
    assert axis.scale is not None
    return (2 * np.sqrt(np.abs(axis.weights_of(rows)) / axis.scale) + 1) * axis.scale


def same_solvers() -> bool:
    """Whether scikit-learn and scipy are those that the shipped model was trained with: others end elsewhere."""
    manifest = json.loads((_store.find("en") / "manifest.json").read_text(encoding="utf-8"))
    return all(manifest["trained_with"][name] == version(name) for name in ("scipy", "scikit-learn"))


def one_small_fold(count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cross-validation cut short: thresholds and calibration come from it, weights do not."""
    rows = np.arange(count)
    return [(rows[::5], rows)]


def assert_same_weights(shipped: Axis, again: Axis) -> None:
    """Weights within the noise of solvers, but for those that lie on the edge of being kept."""
    settings = training.SETTINGS[shipped.name]
    assert settings is not None
    tolerance = 1e-3 if same_solvers() else 0.2
    common, left, right = np.intersect1d(shipped.keys, again.keys, return_indices=True)
    assert len(common) > 0.99 * max(len(shipped.keys), len(again.keys))
    weights, repeated = shipped.weights_of(left), again.weights_of(right)
    allowed = tolerance + code_width(shipped, left)
    dropped = (weights == 0) != (repeated == 0)
    edge = dropped & (np.maximum(np.abs(weights), np.abs(repeated)) <= settings.weight_floor + allowed)
    assert edge.sum() < 0.001 * np.count_nonzero(weights)
    assert (edge | (np.abs(weights - repeated) <= allowed)).all()


@pytest.mark.skipif(
    os.environ.get("SECCLASS_TESTS") not in ("all", "training"),
    reason="learning crimes from all seeds takes a minute; CI does it with SECCLASS_TESTS=all",
)
def test_learning_crimes_again_gives_the_shipped_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "random_folds", one_small_fold)
    rows = read_labelled(SEEDS)
    extractor = Extractor(training._lexicon(SEEDS, None), training.LENGTHS)
    again = training._train_axis(
        "crimes", AXES["crimes"], training.SETTINGS["crimes"], extractor, rows, np.ones(len(rows), np.int64), n_jobs=1
    )
    assert_same_weights(_store.read(_store.find("en")).axes[0], again.axis)


@pytest.mark.skipif(
    os.environ.get("SECCLASS_TESTS") not in ("weights", "training"),
    reason="training takes a quarter of an hour or more; set SECCLASS_TESTS=weights",
)
def test_training_again_gives_the_shipped_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "random_folds", one_small_fold)
    train(SEEDS, tmp_path / "en", n_jobs=2, log=lambda line: None)
    for shipped, again in zip(_store.read(_store.find("en")).axes, _store.read(tmp_path / "en").axes, strict=True):
        assert_same_weights(shipped, again)
        if shipped.network:
            assert again.network
            assert (shipped.network.embedding == again.network.embedding).mean() > 0.999
            assert (shipped.network.weights == again.network.weights).mean() > 0.999


@pytest.mark.skipif(
    os.environ.get("SECCLASS_TESTS") != "training", reason="takes a quarter of an hour; set SECCLASS_TESTS=training"
)
def test_training_again_gives_the_shipped_model(tmp_path: Path) -> None:
    train(SEEDS, tmp_path / "en", n_jobs=2, log=lambda line: None)
    texts = [row.text for row in read_labelled(SEEDS)]
    shipped = secclass.load().tag_sentences(texts)
    again = secclass.load(tmp_path / "en").tag_sentences(texts)
    for axis in ("crime_scores", "stance_scores"):
        left, right = ([list(getattr(s, axis).values()) for s in tagged] for tagged in (shipped, again))
        assert np.abs(np.array(left) - np.array(right)).max() < (1e-3 if same_solvers() else 0.05)
    if same_solvers():
        assert [(s.crimes, s.stances) for s in shipped] == [(s.crimes, s.stances) for s in again]
        assert (tmp_path / "en" / "card.md").read_bytes() == (_store.find("en") / "card.md").read_bytes()


def test_the_shipped_manifest_names_these_seeds() -> None:
    manifest = json.loads((_store.find("en") / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seeds"] == {"sha256": digest(SEEDS), "sentences": len(read_labelled(SEEDS))}
    assert manifest["axes"]["crimes"]["labels"] == [label.value for label in secclass.CrimeType]
    assert manifest["axes"]["stances"]["labels"] == [label.value for label in secclass.Stance]
    assert manifest["cross_validated"]["reliability"]["error"] <= 0.02


def test_the_manifest_keeps_the_cross_validated_scores(trained: tuple[Path, TrainingReport]) -> None:
    found = json.loads((trained[0] / "manifest.json").read_text(encoding="utf-8"))["cross_validated"]
    for score in trained[1].scores:
        assert found[score.axis]["macro_f1"] == pytest.approx(score.macro_f1, abs=1e-4)
        assert 0.3 < score.macro_f1 < 1
    rows = read_labelled(trained[0].parent / "seeds")
    open_rows = [row for row in rows if set(row.free) & set(secclass.Stance)]
    assert OPEN["text"] in [row.text for row in open_rows]
    for label in ("proposal", "assessment"):
        known = sum(label in row.stances and label not in row.free for row in rows)
        assert found["stances"]["labels"][label]["support"] == known
    assert 0 < found["reliability"]["error"] <= 0.02
    assert found["unsure"]["sentences"] == pytest.approx(0.1, abs=0.02)
    assert found["unsure"]["errors"] > found["unsure"]["sentences"]


def test_the_curves_are_those_of_precision_and_recall() -> None:
    chance = np.random.default_rng(0)
    gold = chance.random(2000) < 0.3
    scores = np.clip(0.3 * gold + chance.random(2000) * 0.7, 0, 1).round(5)
    curve = precision_recall(gold, scores, np.ones(2000), 0.4)
    assert 0.4 in curve.threshold
    assert len(curve.threshold) <= 42
    for threshold, precision, recall in zip(curve.threshold, curve.precision, curve.recall, strict=True):
        given = scores >= threshold
        assert precision == pytest.approx(precision_score(gold, given), abs=1e-4)
        assert recall == pytest.approx(recall_score(gold, given), abs=1e-4)
    least = min(t for t in scores if t >= 0.4 and precision_score(gold, scores >= t) >= 0.95)
    assert curve.threshold_at("precision", 0.4) == least


def test_the_band_holds_a_tenth_of_the_sentences_and_most_doubt() -> None:
    scores = np.random.default_rng(0).random((1000, 2)) ** 3
    thresholds, natural = np.array([0.5, 0.3]), np.arange(1000) < 800
    low, high = unsure_bands(scores, thresholds, natural)
    unsure = ((scores >= low) & (scores < high)).any(axis=1)
    assert unsure[natural].mean() == pytest.approx(0.1, abs=0.01)
    assert (low <= thresholds).all()
    assert (thresholds <= high).all()
    assert low[0] == pytest.approx(1 - high[0], abs=1e-4)


def test_the_card_is_what_the_manifest_says(trained: tuple[Path, TrainingReport]) -> None:
    for directory in (trained[0], _store.find("en")):
        model = _store.read(directory)
        written = (directory / "card.md").read_text(encoding="utf-8")
        assert card(model.manifest, model.axes) == written
        for label in (*secclass.CrimeType, *secclass.Stance):
            assert written.count(f"| {label} |") == 3  # definition, scores, operating points
        assert "no finding of guilt" in written


def test_seed_ids_are_unique_and_rows_complete() -> None:
    ids = set()
    for path in sorted(SEEDS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert row.keys() - {"natural", "free"} == {"id", "text", "crimes", "stances", "genre"}
            assert row["id"] not in ids
            ids.add(row["id"])
