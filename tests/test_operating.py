"""Operating points: which thresholds are asked for, and what unsure means beside them."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest

import secclass
from secclass import CrimeType, InputError, OptionError, Stance, Tagger, _store
from secclass._validated import PRECISION, Curve
from tests.fuzz.models import FORMAT_1, rewritten

TEXTS = [
    "The ministers agreed to fight money laundering and drug trafficking.",
    "Pirates held the crew, which is a grave threat.",
    "He urged them to stop human trafficking.",
    "The bus left at nine.",
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All its labels have precision at 0.9, recall at 0.2, and are unsure from 0.3 to 0.7."""
    return rewritten(FORMAT_1, tmp_path_factory.mktemp("operating") / "model", validated=True)


def test_points_numbers_and_mappings(model: Path) -> None:
    balanced = secclass.load(model).thresholds
    assert list(balanced) == [*CrimeType, *Stance]
    assert secclass.load(model, thresholds="balanced").thresholds == balanced
    assert set(secclass.load(model, thresholds=0.25).thresholds.values()) == {0.25}
    for label, threshold in secclass.load(model, thresholds="precision").thresholds.items():
        assert threshold == (0.9 if balanced[label] <= 0.9 else math.inf)
    assert set(secclass.load(model, thresholds="recall").thresholds.values()) == {0.2}
    mixed = secclass.load(model, thresholds={CrimeType.TERRORISM: 1, "proposal": "recall"}).thresholds
    assert mixed == {**balanced, "terrorism": 1.0, "proposal": 0.2}


def test_labels_follow_the_thresholds_in_every_method(model: Path) -> None:
    tagger = secclass.load(model)
    for asked in (0.05, {"money_laundering": 1, "assessment": 0.0}, "recall"):
        other = secclass.load(model, thresholds=asked)
        expected = other.tag_sentences(TEXTS)
        for s in expected:
            scores = {**s.crime_scores, **s.stance_scores}
            assert (*s.crimes, *s.stances) == tuple(x for x in scores if scores[x] >= other.thresholds[x])
        assert tagger.tag_sentences(TEXTS, thresholds=asked) == expected
        assert tagger.tag(" ".join(TEXTS), thresholds=asked) == other.tag(" ".join(TEXTS))
        assert list(tagger.stream(TEXTS, thresholds=asked)) == list(other.stream(TEXTS))
        assert list(tagger.stream(TEXTS, thresholds=asked, n_jobs=2)) == list(other.stream(TEXTS))
        assert tagger.explain(TEXTS[0], thresholds=asked) == other.explain(TEXTS[0])
        assert pickle.loads(pickle.dumps(other)).tag_sentences(TEXTS) == expected
    assert expected != tagger.tag_sentences(TEXTS)


def test_a_call_keeps_the_thresholds_of_the_tagger_for_other_labels(model: Path) -> None:
    tagger = secclass.load(model, thresholds=1)
    (sentence,) = tagger.tag_sentences(TEXTS[:1], thresholds={"money_laundering": 0})
    assert (sentence.crimes, sentence.stances) == ((CrimeType.MONEY_LAUNDERING,), ())


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ("precise", OptionError, "no operating point 'precise'; there are: balanced, precision, recall"),
        (1.5, OptionError, "between 0 and 1, got 1.5"),
        (math.nan, OptionError, "between 0 and 1, got nan"),
        ({"fraud": 0.5}, OptionError, "no label of the model, 'fraud'; there are: terrorism"),
        ({"terrorism": "x"}, OptionError, "no operating point 'x'"),
        ([0.5], InputError, "got list"),
        (True, InputError, "got bool"),
        ({"terrorism": None}, InputError, "got NoneType"),
    ],
)
def test_what_has_no_meaning_is_refused(model: Path, wrong: object, error: type[Exception], said: str) -> None:
    tagger = secclass.load(model)
    for call in (tagger.tag, tagger.explain, tagger.stream):
        with pytest.raises(error, match=said):
            call("A sentence.", thresholds=wrong)  # type: ignore[operator]
    with pytest.raises(error, match=said):
        secclass.load(model, thresholds=wrong)  # type: ignore[arg-type]


def test_unsure_is_the_band_and_what_lies_between_it_and_the_threshold(model: Path) -> None:
    tagger = secclass.load(model)
    for asked in ("balanced", 0.1, 0.5, 0.95):
        thresholds = secclass.load(model, thresholds=asked).thresholds
        for s in tagger.tag_sentences(TEXTS, thresholds=asked):
            scores = {**s.crime_scores, **s.stance_scores}
            low, high = ({x: f(b, thresholds[x]) for x in scores} for f, b in ((min, 0.3), (max, 0.7)))
            assert s.unsure == tuple(x for x in scores if low[x] <= scores[x] < high[x])
            explanation = tagger.explain(s, thresholds=asked)
            assert s.unsure == tuple(x for x in explanation if explanation[x].unsure)
    assert any(s.unsure for s in tagger.tag_sentences(TEXTS, thresholds=0.95))


def test_the_promise_of_precision_is_kept_by_every_label_of_the_shipped_model(tagger: Tagger) -> None:
    strict, wide = (secclass.load(thresholds=point).thresholds for point in ("precision", "recall"))
    for axis in _store.read(_store.find("en")).axes:
        assert axis.validated
        for label, curve in zip(axis.labels, axis.validated.curves, strict=True):
            known = {label.value: label for label in strict}[label]
            assert wide[known] <= tagger.thresholds[known] <= strict[known]
            reached = curve.precision[curve.threshold == strict[known]]
            assert all(reached >= PRECISION)
            assert len(reached) or not (curve.precision[curve.threshold >= tagger.thresholds[known]] >= PRECISION).any()


def test_a_label_that_cannot_be_precise_is_never_given() -> None:
    curve = Curve(np.array([0.1, 0.5, 0.8]), np.array([0.2, 0.94, 0.9]), np.array([0.9, 0.5, 0.1]))
    assert curve.threshold_at("precision", 0.4) == math.inf
    assert curve.threshold_at("recall", 0.4) == 0.1
    better = Curve(curve.threshold, np.array([0.95, 0.96, 0.9]), curve.recall)
    assert better.threshold_at("precision", 0.4) == 0.5  # not below the balanced one
    assert better.threshold_at("recall", 0.05) == 0.1
