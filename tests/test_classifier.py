"""SentenceClassifier is a scikit-learn estimator over texts, for labels of any kind."""

from __future__ import annotations

import pickle
from typing import Any
from unittest import SkipTest

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MultiLabelBinarizer
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # before scikit-learn 1.6

    def validate_data(estimator: Any, *args: Any, **options: Any) -> Any:
        return estimator._validate_data(*args, **options)


import secclass
from secclass import InputError, OptionError, SeedError, SentenceClassifier
from secclass._network import Network

WHO = ["The ministers", "Police", "Two banks", "A court in Paris", "The envoy", "Farmers", "The company", "Rebels"]
DEEDS = {
    "sanction": ["imposed sanctions on the firm", "froze the assets", "widened the embargo"],
    "meeting": ["met in Geneva", "held talks on trade", "discussed the border"],
    "weather": ["were hit by the storm", "saw heavy rain", "waited for the snow"],
}
TEXTS = [f"{who} {deed}." for who in WHO for deeds in DEEDS.values() for deed in deeds]
LABELS = [label for _ in WHO for label, deeds in DEEDS.items() for _ in deeds]
NEW = ["Rivals froze assets.", "They held talks.", "Heavy snow."]
PAIRS = [f"{a[:-1]} and {b[4:]}" for a, b in zip(TEXTS[:60], TEXTS[7:67], strict=True)]
PAIR_LABELS = [{a, b} - {"weather"} for a, b in zip(LABELS[:60], LABELS[7:67], strict=True)]


def quick(**options: Any) -> SentenceClassifier:
    """One without lexicon, which learns faster."""
    return SentenceClassifier(**{"lexicon": None, "characters": None, **options})


@pytest.mark.parametrize("options", [{}, {"lexicon": None}, {"lexicon": None, "words": None}])
def test_learns_several_classes(options: dict[str, Any]) -> None:
    classifier = SentenceClassifier(**options).fit(TEXTS, LABELS)
    assert list(classifier.classes_) == ["meeting", "sanction", "weather"]
    assert list(classifier.predict(NEW)) == ["sanction", "meeting", "weather"]
    probabilities = classifier.predict_proba(NEW)
    assert probabilities.shape == (3, 3)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert list(classifier.decision_function(NEW).argmax(axis=1)) == [1, 0, 2]
    assert classifier.predict([]).shape == (0,)


def test_learns_two_classes() -> None:
    truth = np.array(LABELS) == "weather"
    classifier = quick().fit(TEXTS, truth)
    assert list(classifier.predict(NEW)) == [False, False, True]
    decision = classifier.decision_function(NEW)
    assert decision.shape == (3,)
    assert np.array_equal(decision > 0, classifier.predict_proba(NEW)[:, 1] > 0.5)


def test_label_sets_and_indicators_are_the_same_task() -> None:
    binarizer = MultiLabelBinarizer()
    matrix = binarizer.fit_transform(PAIR_LABELS)
    sets = quick().fit(PAIRS, PAIR_LABELS)
    indicators = quick().fit(PAIRS, matrix)
    assert list(sets.classes_) == ["meeting", "sanction"]
    assert list(indicators.classes_) == [0, 1]
    given = indicators.predict(PAIRS)
    assert np.array_equal(binarizer.transform(sets.predict(PAIRS)), given)
    assert (given == matrix).mean() > 0.9
    assert sets.predict_proba(PAIRS).shape == matrix.shape
    held_out = cross_val_predict(quick(), PAIRS, matrix, cv=3)
    assert (held_out == matrix).mean() > 0.8


def test_no_text_is_left_without_a_label_where_none_was() -> None:
    always = [labels or {"none"} for labels in PAIR_LABELS]
    bare = [text for text, labels in zip(PAIRS, PAIR_LABELS, strict=True) if not labels]
    assert quick().fit(PAIRS, always).predict(bare) == [("none",)] * len(bare)
    assert all(quick().fit(PAIRS, always).predict(["Ships sail.", "One thing more."]))
    assert quick().fit(PAIRS, PAIR_LABELS).predict(bare).count(()) > len(bare) / 2


def test_a_label_that_cannot_be_learnt_is_never_given() -> None:
    matrix = np.zeros((len(TEXTS), 3), int)
    matrix[:, 0] = np.array(LABELS) == "weather"
    matrix[0, 1] = 1  # a single text has it; column 2 none
    classifier = quick().fit(TEXTS, matrix)
    assert classifier.predict(TEXTS)[:, 1:].sum() == 0
    assert list(classifier.predict_proba(NEW)[0, 1:]) == [1 / len(TEXTS), 0]


def test_weights() -> None:
    truth = np.arange(len(TEXTS)) < 36
    contradiction = [*TEXTS, *TEXTS], np.append(truth, ~truth)
    first = np.repeat([1.0, 0.0], len(TEXTS))
    weighted = quick().fit(*contradiction, sample_weight=first)
    alone = quick().fit(TEXTS, truth)
    assert np.allclose(weighted.predict_proba(NEW), alone.predict_proba(NEW))
    assert quick().fit(*contradiction, sample_weight=1.01 - first).score(TEXTS, ~truth) > 0.8
    rare = np.array(LABELS) == "weather"
    plain, balanced, heavy = (
        quick(class_weight=weight).fit(TEXTS, rare).predict_proba(["The bus."])[0, 1]
        for weight in (None, "balanced", {True: 9, False: 1})
    )
    assert plain < balanced < heavy
    several = np.stack([rare, ~rare], axis=1).astype(int)
    plain, balanced, heavy = (
        quick(class_weight=weight).fit(TEXTS, several).predict_proba(["The bus."])[0, 0]
        for weight in (None, "balanced", {0: 9})
    )
    assert plain < balanced < heavy


def test_works_with_the_tools_of_scikit_learn() -> None:
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    assert list(Pipeline([("lower", lower), ("label", quick())]).fit(TEXTS, LABELS).predict(NEW[:1])) == ["sanction"]
    search = GridSearchCV(quick(), {"C": [0.1, 3.0], "words": [(1, 1), (1, 2)]}, cv=2, scoring="f1_macro")
    assert search.fit(TEXTS, LABELS).best_score_ > 0.9
    calibrated = CalibratedClassifierCV(quick(), cv=2).fit(TEXTS, np.array(LABELS))
    assert list(calibrated.predict(NEW)) == ["sanction", "meeting", "weather"]
    matrix = MultiLabelBinarizer().fit_transform(PAIR_LABELS)
    assert OneVsRestClassifier(quick()).fit(PAIRS, matrix).predict(PAIRS).shape == matrix.shape


def test_the_same_input_gives_the_same_classifier() -> None:
    classifier = SentenceClassifier().fit(TEXTS, LABELS)
    again = clone(classifier).fit(np.array(TEXTS, object), np.array(LABELS))
    assert np.array_equal(classifier.predict_proba(NEW), again.predict_proba(NEW))
    revived = pickle.loads(pickle.dumps(classifier))
    assert np.array_equal(classifier.predict_proba(NEW), revived.predict_proba(NEW))
    one_by_one = np.concatenate([classifier.decision_function([text]) for text in NEW])
    assert np.array_equal(classifier.decision_function(NEW), one_by_one)


def test_characters_know_words_that_were_never_seen() -> None:
    without, with_characters = (quick(characters=lengths).fit(TEXTS, LABELS) for lengths in (None, (2, 5)))
    unseen = ["Sanctioning", "Snowstorms"]
    assert np.array_equal(*without.predict_proba(unseen)[:, None])  # both say nothing
    assert list(with_characters.predict(unseen)) == ["sanction", "weather"]


def test_expressions_of_ones_own() -> None:
    words = {"weather": ["rain|snow|storm", "? hail+"], "sanction": ["black list & firm"]}
    own, none = (quick(expressions=expressions).fit(TEXTS, LABELS) for expressions in (words, None))
    assert list(own.predict(["A cold rain hailed."])) == ["weather"]
    assert own.predict_proba(["More snow, more storm."])[0, 2] > none.predict_proba(["More snow, more storm."])[0, 2]
    beside = SentenceClassifier(expressions=words).fit(TEXTS, LABELS)
    assert list(beside.predict(["A cold rain hailed."])) == ["weather"]
    with pytest.raises(SeedError, match="expression of 'weather': '& snow' is not"):
        quick(expressions={"weather": ["& snow"]}).fit(TEXTS, LABELS)


def test_a_network_beside() -> None:
    classifier = quick(network=True).fit(TEXTS, LABELS)
    assert list(classifier.predict(NEW)) == ["sanction", "meeting", "weather"]
    linear = quick().fit(TEXTS, LABELS)
    assert not np.allclose(classifier.decision_function(NEW), linear.decision_function(NEW))


def test_a_network_beside_begins_with_that_of_the_shipped_model(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = SentenceClassifier(network=True).fit(TEXTS, LABELS).decision_function(NEW)
    monkeypatch.setattr(Network, "knows", False)
    assert not np.allclose(SentenceClassifier(network=True).fit(TEXTS, LABELS).decision_function(NEW), begun)


@pytest.mark.parametrize(
    ("texts", "y", "weight", "error", "said"),
    [
        ("one text", ["a"], None, InputError, "str"),
        ([["a"], ["b"]], ["a", "b"], None, InputError, "str"),
        (TEXTS, LABELS[:5], None, ValueError, "72 texts and 5 of y"),
        (TEXTS, ["a"] * len(TEXTS), None, ValueError, "one class"),
        (TEXTS, None, None, ValueError, "requires y"),
        (TEXTS, np.arange(len(TEXTS)) * 0.5, None, ValueError, "continuous"),
        (TEXTS[:3], [*LABELS[:2], "weather"], None, ValueError, "no class can be learnt"),
        (TEXTS, LABELS, [1.0], ValueError, "sample_weight must hold 72"),
        (TEXTS, LABELS, [-1.0] * len(TEXTS), ValueError, "sample_weight must hold 72"),
    ],
)
def test_bad_input_is_told(texts: Any, y: Any, weight: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        quick().fit(texts, y, sample_weight=weight)


@pytest.mark.parametrize("pair", [(0, 1), (2, 1), (1, 2, 3)])
def test_lengths_must_be_lengths(pair: Any) -> None:
    with pytest.raises(OptionError, match="such as \\(1, 2\\)"):
        quick(words=pair).fit(TEXTS, LABELS)


def test_it_must_be_fitted() -> None:
    with pytest.raises(NotFittedError):
        SentenceClassifier().predict(NEW)


class OverNumbers(SentenceClassifier):
    """The classifier over rows of numbers, each number a word, so that scikit-learn's common checks can run on it."""

    def __init__(self, *, C: float = 3.0, class_weight: Any = None, n_jobs: int | None = None) -> None:  # noqa: N803
        super().__init__(
            lexicon=None, words=(1, 1), characters=None, C=C, min_count=1, class_weight=class_weight, n_jobs=n_jobs
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = False, True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:  # noqa: N803
        if y is not None:
            X, y = validate_data(self, X, y, multi_output=True)  # noqa: N806
        return super().fit(_as_texts(X), y, sample_weight)

    def _probabilities(self, X: Any) -> Any:  # noqa: N803
        check_is_fitted(self, "classes_")
        return super()._probabilities(_as_texts(validate_data(self, X, reset=False)))


def _as_texts(rows: Any) -> list[str]:
    """Each number as a word that tells its column and its value, rounded to halves."""
    values = np.round(np.asarray(rows, float) * 2).astype(int) % 1000
    words = np.char.add([f"c{chr(97 + column % 26) * (1 + column // 26)}" for column in range(values.shape[1])], "x")
    return [
        " ".join(
            word + "abcdefghij"[v // 100] + "abcdefghij"[v // 10 % 10] + "abcdefghij"[v % 10]
            for word, v in zip(words, row, strict=True)
        )
        for row in values
    ]


# Rarity of words and folds count texts, not their weights; and folds depend on the order of the texts, by which the
# check before scikit-learn 1.6 moves probabilities in the eighth digit. A text of weight 0 is left out: test_weights.
NOT_MET = {
    ("check_sample_weights_invariance", "zeros"),  # before scikit-learn 1.6
    ("check_sample_weight_equivalence_on_dense_data", None),
}


@pytest.mark.filterwarnings("ignore")
def test_common_checks() -> None:
    """All checks of this scikit-learn but those that are told above."""
    if hasattr(estimator_checks, "estimator_checks_generator"):
        checks = list(estimator_checks.estimator_checks_generator(OverNumbers()))
    else:
        checks = list(estimator_checks.check_estimator(OverNumbers(), generate_only=True))
    assert len(checks) > 40
    failed, known = {}, set()
    for estimator, check in checks:
        name = check.func.__name__, check.keywords.get("kind")
        known.add(name)
        try:
            check(estimator)
        except SkipTest:  # as scikit-learn's own runner takes it
            continue
        except Exception as error:  # any error is a check that is not met
            failed[name] = error
    assert failed.keys() == NOT_MET & known, failed


def test_is_imported_where_asked_for() -> None:
    assert secclass.SentenceClassifier is SentenceClassifier
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = secclass.Nothing
