"""SentenceClassifier: the engine of the shipped model as a scikit-learn estimator, for labels of one's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, is_multilabel, type_of_target
from sklearn.utils.validation import check_is_fitted

from secclass import _store
from secclass._axis_training import Lesson, even_folds, fit_axis, ungated
from secclass._features import Extractor
from secclass._lexicon import no_lexicon
from secclass._linear import FloatArray
from secclass._linear_training import AxisSettings
from secclass._network import Network
from secclass._text import check_texts
from secclass._tokens import BoolArray
from secclass.errors import OptionError

_BATCH = 128  # texts that are scored at once; they may be documents


class SentenceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Learns labels of any kind from texts, as a scikit-learn estimator.

    The texts are sentences, or paragraphs and documents of up to some thousand words. One linear model a label over
    words, their characters and, with a lexicon, its word classes and expressions, as in the shipped model.
    Probabilities are calibrated by cross-validation on the training texts. The same input gives the same classifier.

    Parameters
    ----------
    lexicon
        Whose word classes and crime expressions are features as well: the name or directory of a model ("en", the
        shipped one), or None.
    expressions
        Further expressions that tell something, under any names: ``{"sanction": ["blacklist+", "? embargo~"]}``, in
        lexicon notation (docs/lexicon.md). Those of one name share a weight; those marked as hints have one each too.
    words, opening, characters
        Lengths of the shortest and longest n-gram of words, of the first 200 words and marks, which tell more of a
        document than the others, and of the characters of a word. None leaves them out.
    network
        Whether a small network that reads the words in order is learnt beside the linear models (as the shipped model
        has one for stance): better by a little, five to ten times slower to learn. With a lexicon it begins with what
        the network of that model knows, if it has one of the same shape, as the shipped one has.
    C
        Inverse strength of regularisation: smaller values are smoother models.
    min_count
        A feature must stand in so many training texts.
    class_weight
        "balanced" gives all classes the same weight, a mapping from labels weights of its own, None leaves classes as
        frequent as they are. Where a text can have several labels, "balanced" gives for each label the texts with it
        as much weight as those without, and a mapping weighs the texts with it.
    n_jobs
        How many labels are learnt at a time, as joblib counts them.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted; of an indicator matrix the numbers of its columns.

    Examples
    --------
    >>> texts = ["Sanctions were imposed.", "They imposed bans.", "Sanctions were lifted.", "They lifted bans."]
    >>> SentenceClassifier().fit(texts, ["on", "on", "off", "off"]).predict(["Bans were imposed."])
    array(['on'], dtype='<U3')
    """

    def __init__(
        self,
        *,
        lexicon: str | os.PathLike[str] | None = "en",
        expressions: Mapping[str, Sequence[str]] | None = None,
        words: tuple[int, int] | None = (1, 2),
        opening: tuple[int, int] | None = None,
        characters: tuple[int, int] | None = (2, 5),
        network: bool = False,
        C: float = 3.0,  # noqa: N803
        min_count: int = 2,
        class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.lexicon = lexicon
        self.expressions = expressions
        self.words = words
        self.opening = opening
        self.characters = characters
        self.network = network
        self.C = C
        self.min_count = min_count
        self.class_weight = class_weight
        self.n_jobs = n_jobs

    def fit(self, X: Iterable[str], y: Any, sample_weight: npt.ArrayLike | None = None) -> SentenceClassifier:  # noqa: N803
        """Learn.

        Parameters
        ----------
        X
            The texts.
        y
            The label of each text; or its labels, as an indicator matrix (a row a text, a column a label) or as a
            list, tuple or set a text. scikit-learn's tools (cross-validation, metrics) know no lists of labels: give
            them the matrix, which ``MultiLabelBinarizer`` makes.
        sample_weight
            How much each text counts, an entry a text.

        Raises
        ------
        InputError
            If ``X`` holds something else than str.
        OptionError
            If ``words`` or ``characters`` are no lengths.
        ValueError
            If ``y`` or ``sample_weight`` does not fit ``X``, or there is no class to be learnt.
        """
        texts = check_texts(X)
        gold, weight = self._targets(y, len(texts))
        if sample_weight is not None:
            counts = np.asarray(sample_weight, float)
            if counts.shape != (len(texts),) or not np.all(np.isfinite(counts) & (counts >= 0)):
                raise ValueError(f"sample_weight must hold {len(texts)} finite numbers from 0, got {counts!r:.100}")
            if not counts.any():
                raise ValueError("sample_weight is zero for all texts: there is nothing to learn from")
            texts = [text for text, count in zip(texts, counts, strict=True) if count]
            gold, weight = gold[counts > 0], (weight * counts[:, None])[counts > 0]
        positive = gold.sum(axis=0)
        learnt = np.flatnonzero((positive > 1) & (positive < len(gold) - 1))
        if not len(learnt):
            raise ValueError(
                f"no class can be learnt: each needs two texts with it and two without it; found {len(texts)} texts "
                f"and {len(self.classes_)} classes, the most frequent on {positive.max(initial=0)}"
            )
        self._learnt, self._share = learnt, gold.mean(axis=0)
        self._extractor, settings, taught = self._engine()
        lesson = Lesson(texts, gold[:, learnt], weight[:, learnt], weight[:, learnt], even_folds(gold[:, learnt]))
        self._axis, held_out = fit_axis(
            "classes", [str(self.classes_[i]) for i in learnt], settings, self._extractor, lesson, self.n_jobs, taught
        )
        # As many texts are left without a label as have none: of the others each gets at least its strongest.
        strongest = np.sort(self._margins(self._spread(held_out))[:, learnt].max(axis=1))
        self._least = np.append(-np.inf, strongest)[np.count_nonzero(~gold.any(axis=1))]
        return self

    def decision_function(self, X: Iterable[str]) -> FloatArray:  # noqa: N803
        """How far each class is from being given: log-odds of its probability, above those at which it is given.

        Returns
        -------
        ndarray
            A row a text, a column a class; with two classes an entry a text, above 0 for ``classes_[1]``.
        """
        margins = self._margins(self._probabilities(X))
        return margins[:, 0] if self._kind == "binary" else margins

    def predict_proba(self, X: Iterable[str]) -> FloatArray:  # noqa: N803
        """Calibrated probability of each class (columns) for each text (rows).

        Rows sum to 1, but where a text can have several labels: there each label is a question of its own.
        """
        known = self._probabilities(X)
        if self._kind == "binary":
            return np.hstack([1 - known, known])
        return known / known.sum(axis=1, keepdims=True) if self._kind == "multiclass" else known

    def predict(self, X: Iterable[str]) -> Any:  # noqa: N803
        """The class of each text, in the form in which ``fit`` was given them.

        Where a text can have several labels, a label is given above a threshold at which as many training texts get
        it in cross-validation as have it; and a text without any gets its likeliest, unless training texts had none.

        Returns
        -------
        ndarray or list of tuple
            A label a text; an indicator matrix; or the labels of each text as a tuple, if ``fit`` was given lists.
        """
        margins = self._margins(self._probabilities(X))
        if self._kind == "binary":
            return self.classes_[(margins[:, 0] > 0).astype(int)]
        if self._kind == "multiclass":
            return self.classes_[margins.argmax(axis=1)]
        given = margins >= 0
        strongest = self._learnt[margins[:, self._learnt].argmax(axis=1)]
        rows = np.flatnonzero(margins[np.arange(len(margins)), strongest] > self._least)
        given[rows, strongest[rows]] = True
        if self._kind == "label sets":
            return [tuple(self.classes_[row].tolist()) for row in given]
        return given.astype(int)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.classifier_tags.multi_label = True
        tags.target_tags.two_d_labels = True
        return tags

    def _targets(self, y: Any, count: int) -> tuple[BoolArray, FloatArray]:
        """Which text has which class, and how much it weighs for it; the one class counts where there are two."""
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        several = not isinstance(y, np.ndarray) and any(isinstance(item, (list, tuple, set, frozenset)) for item in y)
        if several and not is_multilabel(y):
            binarizer = MultiLabelBinarizer()
            self._kind, y = "label sets", binarizer.fit_transform(y)
            self.classes_ = binarizer.classes_
        else:
            check_classification_targets(y)
            self._kind, y = type_of_target(y), y.toarray() if sparse.issparse(y) else np.asarray(y)
            if self._kind == "multilabel-indicator":
                self.classes_ = np.arange(y.shape[1])
            else:
                y = column_or_1d(y, warn=True)
                self.classes_ = np.unique(y)
        if len(y) != count:
            raise ValueError(f"X and y must be of one length: found {count} texts and {len(y)} of y")
        if self._kind in ("binary", "multiclass"):
            if len(self.classes_) < 2:
                raise ValueError(f"there must be two classes at least, got one class: {self.classes_[:1]}")
            gold = y[:, None] == (self.classes_[1:] if self._kind == "binary" else self.classes_)
            return gold, np.repeat(compute_sample_weight(self.class_weight, y)[:, None], gold.shape[1], axis=1)
        gold = y.astype(bool)
        weight = np.ones(gold.shape)
        if self.class_weight == "balanced":
            share = gold.mean(axis=0).clip(1 / count, 1 - 1 / count)
            weight = np.where(gold, 0.5 / share, 0.5 / (1 - share))
        elif self.class_weight is not None:
            weight[gold] = np.tile([self.class_weight.get(label, 1.0) for label in self.classes_], (count, 1))[gold]
        return gold, weight

    def _engine(self) -> tuple[Extractor, AxisSettings, Network | None]:
        """What finds the features, how they are learnt, and what network there is to begin with."""
        lengths = {}
        for view, name in (("word", "words"), ("opening", "opening"), ("character", "characters")):
            pair = getattr(self, name)
            if pair is not None:
                if len(pair) != 2 or not 1 <= pair[0] <= pair[1]:
                    raise OptionError(f"{name} must be the shortest and longest n-gram, such as (1, 2), got {pair!r}")
                lengths[view] = (pair[0], pair[1])
        lexicon, taught = no_lexicon(), None
        if self.lexicon is not None:
            model = _store.read(_store.find(self.lexicon))
            lexicon = model.extractor.lexicon
            taught = next((axis.network for axis in model.axes if axis.network), None)
            lengths["symbol"] = (1, 2)
        if self.expressions:
            lexicon = lexicon.with_expressions(self.expressions)
        cues = self.lexicon is not None
        settings = ungated(lengths, c=self.C, min_count=self.min_count, cues=cues, network=self.network)
        return Extractor(lexicon, lengths), settings, taught

    def _probabilities(self, X: Iterable[str]) -> FloatArray:  # noqa: N803
        check_is_fitted(self, "classes_")
        texts = check_texts(X)
        raw = [self._axis.raw(self._extractor.extract(texts[i : i + _BATCH])) for i in range(0, len(texts), _BATCH)]
        return self._spread(self._axis.probabilities(np.concatenate([*raw, np.empty((0, len(self._learnt)))])))

    def _spread(self, learnt: FloatArray) -> FloatArray:
        """Probabilities of all classes: a class that could not be learnt is as likely as it is frequent."""
        probabilities = np.tile(self._share, (len(learnt), 1))
        probabilities[:, self._learnt] = learnt
        return probabilities

    def _margins(self, probabilities: FloatArray) -> FloatArray:
        """Log-odds of probabilities; where a text can have several labels, above the log-odds of their thresholds."""
        thresholds = np.full(len(self._share), 0.5)
        if self._kind not in ("binary", "multiclass"):
            thresholds[self._learnt] = self._axis.threshold
        odds = np.clip(probabilities, 1e-12, 1 - 1e-12)
        return np.log(odds / (1 - odds)) - np.log(thresholds / (1 - thresholds))
