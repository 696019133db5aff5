"""Seeds and lexicon to a model directory, with scikit-learn. The same input gives the same model."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import numpy as np
import scipy
import sklearn
from scipy import optimize, sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from secclass import _store
from secclass._data import AXES, Labelled, digest, read_labelled
from secclass._features import Extractor
from secclass._lexicon import Lexicon
from secclass._linear import Axis, FloatArray, logistic
from secclass._network import Network
from secclass._network_training import Sentences, Trainer
from secclass._tokens import BoolArray, IntArray, KeyArray, tokenize
from secclass._views import Occurrences
from secclass.errors import SeedError
from secclass.evaluation import AxisScore, indicator, score

LENGTHS = {"word": (1, 2), "symbol": (1, 2)}
FOLDS = 5


@dataclass(frozen=True)
class AxisSettings:
    """How one axis is learnt.

    ``groups`` are its feature groups, those in ``unit`` scaled to length 1 a sentence, those in ``gated`` counted
    for a label only beside an expression of that label; ``c`` is the inverse regularisation of logistic
    regression; a feature must occur in ``min_count`` seeds. With ``cues`` the cues of stance are learnt too, with
    the inverse regularisation ``cue_c``; with ``network`` a network, beside the linear models.
    """

    groups: tuple[str, ...]
    unit: tuple[str, ...]
    gated: tuple[str, ...]
    c: float
    min_count: int = 2
    cues: bool = False
    cue_c: float = 0.7
    network: bool = False


SETTINGS = {
    "crimes": AxisSettings(("symbol", "crime", "context"), ("symbol", "context"), ("symbol", "context"), c=3.0),
    "stances": AxisSettings(("word", "symbol", "shape"), ("word", "symbol"), (), c=10.0, cues=True, network=True),
}
MIN_TOKENS = 3  # an attribute of tokens must stand on so many to be known to a network
WEIGHT_FLOOR = 0.1  # features whose weights are all smaller are left out of the model


@dataclass(frozen=True)
class TrainingReport:
    """What training did: the cross-validated scores a axis, and how many sentences and features."""

    sentences: int
    features: Mapping[str, int]
    scores: tuple[AxisScore, ...]


def train(
    seeds: Path,
    output: Path,
    *,
    name: str = "en",
    version: str = "1",
    n_jobs: int = 1,
    log: Callable[[str], None] = print,
) -> TrainingReport:
    """Train a model from a seed directory (``*.jsonl`` and ``lexicon/``) and write it.

    Raises
    ------
    SeedError
        If a seed or lexicon file has a fault, or a label has too few positives to learn from.
    """
    rows = read_labelled(seeds)
    extractor = Extractor(Lexicon.read(seeds / "lexicon", AXES["crimes"]), LENGTHS)
    log(f"{len(rows)} sentences from {seeds}")
    axes, scores = [], []
    for axis_name, settings in SETTINGS.items():
        axis, axis_score = _train_axis(axis_name, settings, extractor, rows, n_jobs)
        log(
            f"{axis_name}: {len(axis.keys)} features, cross-validated macro F1 {axis_score.macro_f1:.3f}, "
            f"micro F1 {axis_score.micro_f1:.3f}"
        )
        axes.append(axis)
        scores.append(axis_score)
    report = TrainingReport(len(rows), {axis.name: len(axis.keys) for axis in axes}, tuple(scores))
    manifest = {
        "name": name,
        "version": version,
        "language": "en",
        "seeds": {"sha256": digest(seeds), "sentences": len(rows)},
        "trained_with": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "cross_validated": {
            s.axis: {"macro_f1": round(s.macro_f1, 4), "micro_f1": round(s.micro_f1, 4)}
            | {label.label: round(label.f1, 4) for label in s.labels}
            for s in scores
        },
    }
    texts = {"vocabulary.txt": _vocabulary(rows, extractor), "card.md": _card(name, version, report)}
    _store.write(output, manifest, extractor, tuple(axes), texts)
    return report


@dataclass(frozen=True)
class _Matrix:
    """Features of all seeds: a block a group, with the key and rarity of each column.

    The values are those that ``Axis.raw`` weighs: counts, times rarity and scaled in the groups in ``unit``.
    """

    blocks: dict[str, sparse.csr_matrix]
    keys: dict[str, KeyArray]
    rarity: dict[str, FloatArray]
    candidates: BoolArray
    owner: IntArray  # the crime type of each column of the group "crime", -1 for none
    cues: sparse.csr_matrix  # a row a cue
    cue_keys: KeyArray
    cue_sentence: IntArray

    @classmethod
    def build(cls, extractor: Extractor, texts: Sequence[str], settings: AxisSettings) -> _Matrix:
        parts: dict[str, list[Occurrences]] = {group: [] for group in settings.groups}
        candidates, owner, cue_key, cue_sentence = [], [], [], []
        for begin in range(0, len(texts), 512):
            found = extractor.extract(texts[begin : begin + 512])
            candidates.append(found.candidates)
            owner.append(found.owner)
            cue_key.append(found.cues.key)
            cue_sentence.append(found.cues.sentence + begin)
            for group in settings.groups:
                occurring = found.groups[group]
                parts[group].append(replace(occurring, sentence=occurring.sentence + begin))
        blocks, keys, rarity = {}, {}, {}
        owner_of = np.empty(0, np.int64)
        for group in settings.groups:
            key, column = np.unique(np.concatenate([part.key for part in parts[group]]), return_inverse=True)
            row = np.concatenate([part.sentence for part in parts[group]])
            counts = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(texts), len(key)))
            counts.sum_duplicates()
            frequency = np.bincount(counts.indices, minlength=len(key))
            often = frequency >= settings.min_count
            counts = counts[:, often]
            if group == "crime":
                owner_of = np.full(len(key), -1)
                owner_of[column] = np.concatenate(owner)
                owner_of = owner_of[often]
            keys[group] = key[often]
            rarity[group] = np.ones(counts.shape[1])
            if group in settings.unit:
                rarity[group] = np.log(len(texts) / frequency[often])
                lengths = np.sqrt(counts @ rarity[group] ** 2)
                scale = np.divide(1.0, lengths, out=np.zeros(len(texts)), where=lengths > 0)
                counts = sparse.diags(scale) @ counts @ sparse.diags(rarity[group])
            blocks[group] = counts.tocsr()
        cues, cue_keys = _cue_matrix(np.concatenate(cue_key, axis=1), settings)
        sentence = np.concatenate(cue_sentence)
        return cls(blocks, keys, rarity, np.concatenate(candidates), owner_of, cues, cue_keys, sentence)

    def for_label(self, column: int, settings: AxisSettings) -> sparse.csr_matrix:
        """The matrix of one label: gated groups only in its candidates, of "crime" only its own features."""
        blocks = []
        for group, block in self.blocks.items():
            if group == "crime":
                block = block @ sparse.diags(((self.owner == column) | (self.owner < 0)).astype(float))
            if group in settings.gated:
                block = sparse.diags(self.candidates[:, column].astype(float)) @ block
            blocks.append(block)
        return sparse.hstack(blocks).tocsr()


def _cue_matrix(keys: KeyArray, settings: AxisSettings) -> tuple[sparse.csr_matrix, KeyArray]:
    """Which features each cue has (a row a cue), and the key of each column."""
    if not settings.cues:
        return sparse.csr_matrix((keys.shape[1], 0)), np.empty(0, np.uint64)
    known, column = np.unique(keys.ravel(), return_inverse=True)
    row = np.tile(np.arange(keys.shape[1]), keys.shape[0])
    matrix = sparse.csr_matrix((np.ones(len(row)), (row, column.ravel())), shape=(keys.shape[1], len(known)))
    often = np.bincount(matrix.indices, minlength=len(known)) >= settings.min_count
    return matrix[:, often].tocsr(), known[often]


def _train_axis(
    name: str, settings: AxisSettings, extractor: Extractor, rows: Sequence[Labelled], n_jobs: int
) -> tuple[Axis, AxisScore]:
    labels = AXES[name]
    gold = indicator([row.labels(name) for row in rows], labels)
    for label, count in zip(labels, gold.sum(axis=0), strict=True):
        if count < FOLDS:
            raise SeedError(f"label {label!r} has {count} positive seeds; it needs at least {FOLDS}")
    matrix = _Matrix.build(extractor, [row.text for row in rows], settings)
    natural = np.array([row.natural for row in rows])
    # A crime that no expression points to is out of reach: it is no example to learn from.
    reach = matrix.candidates if settings.gated else np.ones_like(gold)
    fitted = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_fit_label)(
            _Fitter(matrix.for_label(column, settings), matrix.cues, matrix.cue_sentence, settings),
            gold[:, column],
            reach[:, column],
        )
        for column in range(len(labels))
    )
    weights = np.stack([weights for weights, _ in fitted], axis=1)
    raw = np.stack([held_out for _, held_out in fitted], axis=1)
    network, constant, beside = None, np.zeros(len(labels)), np.zeros_like(raw)
    if settings.network:
        network, constant, beside = _fit_network(extractor, [row.text for row in rows], gold, n_jobs)
    calibrated = [
        _calibrate(raw[:, column], beside[:, column], gold[:, column], reach[:, column], natural)
        for column in range(len(labels))
    ]
    share = np.array([label.share for label in calibrated])
    if network:
        network = replace(network, output=(network.output * share).astype(np.float32))
    rarity = np.concatenate([*matrix.rarity.values(), np.ones(len(matrix.cue_keys))])
    keys = np.concatenate([*matrix.keys.values(), matrix.cue_keys])
    by_feature = weights[:-1] * rarity[:, None]
    felt = np.abs(by_feature).max(axis=1) >= WEIGHT_FLOOR
    axis = Axis(
        name,
        labels,
        settings.groups,
        settings.unit,
        settings.gated,
        settings.cues,
        keys[felt],
        rarity[felt].astype(np.float32),
        by_feature[felt].astype(np.float32),
        weights[-1] + constant * share,
        np.array([label.slope for label in calibrated]),
        np.array([label.intercept for label in calibrated]),
        np.array([label.threshold for label in calibrated]),
        network,
    )
    held_out = np.stack([label.held_out for label in calibrated], axis=1)
    return axis, score(name, gold, held_out >= axis.threshold)


def _folds(count: int) -> list[tuple[IntArray, IntArray]]:
    """For each fold the sentences to learn from and those held out."""
    return list(KFold(FOLDS, shuffle=True, random_state=0).split(np.empty(count)))


def _fit_label(fitter: _Fitter, gold: BoolArray, reach: BoolArray) -> tuple[FloatArray, FloatArray]:
    """One linear model: its weights, the bias last, and out-of-fold raw scores."""
    use = ~gold | reach
    raw = np.zeros(len(gold))
    for fit, held in _folds(len(gold)):
        raw[held] = fitter.raw(fitter.fit(fit[use[fit]], gold), held)
    return fitter.fit(np.flatnonzero(use), gold), raw


def _fit_network(
    extractor: Extractor, texts: Sequence[str], gold: BoolArray, n_jobs: int
) -> tuple[Network, FloatArray, FloatArray]:
    """One network for all labels: with its constants (an entry a label), and out-of-fold raw scores."""
    sentences = Sentences.build(
        (extractor.extract(texts[begin : begin + 512]) for begin in range(0, len(texts), 512)), MIN_TOKENS
    )
    everything = np.arange(len(texts))
    folds = [*_folds(len(texts)), (everything, everything[:0])]
    trainers = joblib.Parallel(n_jobs=n_jobs)(joblib.delayed(_fit_trainer)(sentences, fit, gold) for fit, _ in folds)
    raw = np.zeros(gold.shape)
    for trainer, (_, held) in zip(trainers, folds, strict=True):
        raw[held] = trainer.raw(held)
    return trainers[-1].network(), trainers[-1].weights["constant"], raw


def _fit_trainer(sentences: Sentences, rows: IntArray, gold: BoolArray) -> Trainer:
    return Trainer(sentences, gold.shape[1]).fit(rows, gold)


@dataclass(frozen=True)
class _Calibrated:
    slope: float
    intercept: float
    share: float  # weight of the network beside the linear model
    threshold: float
    held_out: FloatArray  # calibrated out-of-fold probabilities


def _calibrate(
    raw: FloatArray, beside: FloatArray, gold: BoolArray, reach: BoolArray, natural: BoolArray
) -> _Calibrated:
    """Turn out-of-fold scores of one label into probabilities, and set its threshold."""
    use = ~gold | reach
    weight = _natural_weight(gold, natural)
    scores = np.stack([raw, beside], axis=1)
    platt = LogisticRegression(C=1e6).fit(scores[use], gold[use], sample_weight=weight[use])
    slope, of_network = map(float, platt.coef_[0])
    intercept = float(platt.intercept_[0])
    held_out = logistic(scores @ platt.coef_[0] + intercept)
    threshold = _threshold(gold[use], held_out[use], weight[use])
    return _Calibrated(slope, intercept, of_network / slope, threshold, held_out)


@dataclass(frozen=True)
class _Fitter:
    """Fits one label: logistic regression over the sentence's features and, if there are any, its strongest cue.

    The cues are pooled by a soft maximum, log(1 + sum(exp(s * v))) / s over their scores v, which the gradient can
    follow; scoring takes the maximum itself.
    """

    features: sparse.csr_matrix
    cues: sparse.csr_matrix
    cue_sentence: IntArray
    settings: AxisSettings
    sharpness: float = 4.0

    def fit(self, rows: IntArray, gold: BoolArray) -> FloatArray:
        """Weights of the features, of the cue features, and the bias, learnt from these sentences."""
        if not self.settings.cues:
            model = LogisticRegression(C=self.settings.c, solver="liblinear", max_iter=300, random_state=0)
            model.fit(self.features[rows], gold[rows])
            return np.append(model.coef_[0], model.intercept_)
        features, cues, sentence = self._of(rows)
        transposed = features.T.tocsr(), cues.T.tocsr()
        count, cut = len(rows), features.shape[1]
        sign = np.where(gold[rows], 1.0, -1.0)
        penalty = np.repeat([1 / self.settings.c, 1 / self.settings.cue_c, 0.0], [cut, cues.shape[1], 1])

        def loss(weights: FloatArray) -> tuple[float, FloatArray]:
            scaled = self.sharpness * (cues @ weights[cut:-1])
            top = np.zeros(count)
            np.maximum.at(top, sentence, scaled)
            powers = np.exp(scaled - top[sentence])
            total = np.exp(-top) + np.bincount(sentence, powers, minlength=count)
            raw = features @ weights[:cut] + (top + np.log(total)) / self.sharpness + weights[-1]
            value = np.logaddexp(0, -sign * raw).sum() + 0.5 * penalty @ weights**2
            slope = -sign * logistic(-sign * raw)
            of_cue = slope[sentence] * powers / total[sentence]
            gradient = np.concatenate([transposed[0] @ slope, transposed[1] @ of_cue, [slope.sum()]])
            return value, gradient + penalty * weights

        start = np.zeros(len(penalty))
        start[-1] = -1.0
        found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 80})
        return np.asarray(found.x)

    def raw(self, weights: FloatArray, rows: IntArray) -> FloatArray:
        """Raw scores of these sentences."""
        features, cues, sentence = self._of(rows)
        cut = features.shape[1]
        strongest = np.zeros(len(rows))
        np.maximum.at(strongest, sentence, cues @ weights[cut:-1])
        return features @ weights[:cut] + strongest + weights[-1]

    def _of(self, rows: IntArray) -> tuple[sparse.csr_matrix, sparse.csr_matrix, IntArray]:
        """Features of these sentences, their cues, and the place in ``rows`` of each cue's sentence."""
        place = np.full(self.features.shape[0], -1)
        place[rows] = np.arange(len(rows))
        mine = np.flatnonzero(place[self.cue_sentence] >= 0)
        return self.features[rows], self.cues[mine], place[self.cue_sentence[mine]]


def _natural_weight(gold: BoolArray, natural: BoolArray) -> FloatArray:
    """Weights under which a label is as frequent among the seeds as it is among the natural ones.

    Seeds written to teach a point are richer in labels than running text, but their near misses are what real
    text holds too: so they count, at natural frequency.
    """
    share = (gold[natural].sum() + gold.mean()) / (natural.sum() + 1)
    return np.where(gold, share / gold.mean(), (1 - share) / (1 - gold.mean()))


def _threshold(gold: BoolArray, probability: FloatArray, weight: FloatArray) -> float:
    """The threshold at which as many sentences are given the label as have it (precision equals recall).

    The F1 curve is flat around its peak, which lies lower: this choice costs little F1, gives unbiased counts,
    and does not lean on recall where real text holds more near misses than the seeds.
    """
    order = np.argsort(-probability, kind="stable")
    given = np.cumsum(weight[order])
    last = int(np.searchsorted(given, weight[gold].sum()))
    return float(np.clip(np.round(probability[order][min(last, len(order) - 1)], 3), 0.05, 0.9))


def _vocabulary(rows: Sequence[Labelled], extractor: Extractor) -> str:
    """The words that stand in at least two seeds, sorted, a line each."""
    tokens = tokenize([row.text for row in rows])
    counts: dict[str, set[int]] = {}
    for at in np.flatnonzero(tokens.word):
        sentence = int(tokens.sentence[at])
        word = rows[sentence].text[tokens.start[at] : tokens.end[at]].lower()
        counts.setdefault(word, set()).add(sentence)
    return "".join(f"{word}\n" for word in sorted(word for word, where in counts.items() if len(where) > 1))


def _card(name: str, version: str, report: TrainingReport) -> str:
    lines = [
        f"# Model card: secclass {name}, version {version}",
        "",
        f"Linear models over lexicon and n-gram features, one a label, and a small network for stance, trained on "
        f"{report.sentences} sentences written for the purpose (seeds/en). It tags English sentences of "
        "regional-security text with crime types and stance, as defined in docs/codebook.md.",
        "",
        "Scores from 5-fold cross-validation on the seeds; real text is harder or easier, see docs/accuracy.md.",
        "",
        "| axis | label | precision | recall | F1 | support |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {axis.axis} | {s.label} | {s.precision:.3f} | {s.recall:.3f} | {s.f1:.3f} | {s.support} |"
        for axis in report.scores
        for s in axis.labels
    ]
    lines += [
        "",
        "Meant for: finding, counting and sorting statements in texts. Not meant for: evidence against anybody; "
        "a mention is no finding of guilt.",
    ]
    return "\n".join(lines) + "\n"
