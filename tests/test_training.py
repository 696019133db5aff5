"""The shipped model is what the seeds give."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import secclass
from secclass import _network_training, _store
from secclass._data import digest, read_labelled
from secclass.training import TrainingReport, train

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds" / "en"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainingReport]:
    """A model of a tenth of the seeds, its networks barely trained."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "seeds").mkdir()
    (folder / "seeds" / "lexicon").symlink_to(SEEDS / "lexicon")
    lines = [line for path in sorted(SEEDS.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    (folder / "seeds" / "part.jsonl").write_text("\n".join(lines[::10]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_network_training, "EPOCHS", 1)
        report = train(folder / "seeds", folder / "en", log=lambda line: None)
    return folder / "en", report


def same_solvers() -> bool:
    """Whether scikit-learn and scipy are those that the shipped model was trained with: others end elsewhere."""
    manifest = json.loads((_store.find("en") / "manifest.json").read_text(encoding="utf-8"))
    return all(manifest["trained_with"][name] == version(name) for name in ("scipy", "scikit-learn"))


@pytest.mark.skipif(
    os.environ.get("SECCLASS_TESTS") != "all", reason="training takes minutes; set SECCLASS_TESTS=all to repeat it"
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


def test_the_manifest_keeps_the_cross_validated_scores(trained: tuple[Path, TrainingReport]) -> None:
    manifest = json.loads((trained[0] / "manifest.json").read_text(encoding="utf-8"))
    for score in trained[1].scores:
        assert manifest["cross_validated"][score.axis]["macro_f1"] == pytest.approx(score.macro_f1, abs=1e-4)
        assert 0.3 < score.macro_f1 < 1


def test_the_card_has_every_label(trained: tuple[Path, TrainingReport]) -> None:
    card = (trained[0] / "card.md").read_text(encoding="utf-8")
    assert all(f"| {label} |" in card for label in (*secclass.CrimeType, *secclass.Stance))


def test_seed_ids_are_unique_and_rows_complete() -> None:
    ids = set()
    for path in sorted(SEEDS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert row.keys() - {"natural"} == {"id", "text", "crimes", "stances", "genre"}
            assert row["id"] not in ids
            ids.add(row["id"])
