"""Gold against predictions: precision, recall and F1 a label, averages, calibration, and what is unsure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from secclass._data import Labelled, read_labelled, read_own
from secclass.errors import OptionError, SeedError, optional
from secclass.labels import AXES, CODEBOOK
from secclass.tagger import Tagger

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
MIN_SUPPORT = 8  # labels with fewer positives are shown but left out of the macro average
_BINS = 15  # of equal mass, for the calibration error
_STEPS = 10  # of equal width, for the diagram
_RESAMPLES = 1000


@dataclass(frozen=True)
class LabelScore:
    """Counts of one label; rows where the label is free are in none of them."""

    label: str
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int = 0

    @property
    def support(self) -> int:
        """How many sentences have the label in gold."""
        return self.true_positives + self.false_negatives

    @property
    def precision(self) -> float:
        """Share of given labels that are right (0 where none was given)."""
        return _ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of gold labels that were given (0 where there are none)."""
        return _ratio(self.true_positives, self.support)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, as in scikit-learn (0 where nothing is right)."""
        return _ratio(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)

    @property
    def f1_interval(self) -> tuple[float, float]:
        """In which F1 lies in 95% of 1,000 draws of as many sentences from these, with replacement (bootstrap)."""
        cells = np.array([self.true_positives, self.false_positives, self.false_negatives, self.true_negatives])
        total = int(cells.sum())
        if not total:
            return 0.0, 0.0
        # Of a draw only the four counts matter, and these are multinomial.
        right, wrong, missed, _ = np.random.default_rng(0).multinomial(total, cells / total, _RESAMPLES).T
        f1 = 2 * right / np.maximum(1, 2 * right + wrong + missed)
        low, high = np.quantile(f1, [0.025, 0.975])
        return float(low), float(high)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-safe dict of the figures."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "f1_interval": list(self.f1_interval),
            "support": self.support,
        }


@dataclass(frozen=True)
class AxisScore:
    """Scores of all labels of one axis. ``macro_f1`` averages labels with at least ``MIN_SUPPORT`` positives."""

    axis: str
    labels: tuple[LabelScore, ...]

    @property
    def macro_f1(self) -> float:
        """Mean F1 over labels with enough support."""
        scores = [score.f1 for score in self.labels if score.support >= MIN_SUPPORT]
        return sum(scores) / len(scores) if scores else 0.0

    @property
    def micro_f1(self) -> float:
        """F1 of the counts summed over all labels."""
        sums = [
            sum(getattr(s, part) for s in self.labels)
            for part in ("true_positives", "false_positives", "false_negatives")
        ]
        return LabelScore("", *sums).f1

    def to_dict(self) -> dict[str, Any]:
        """A JSON-safe dict of the figures."""
        return {
            "macro_f1": self.macro_f1,
            "micro_f1": self.micro_f1,
            "labels": {score.label: score.to_dict() for score in self.labels},
        }


@dataclass(frozen=True)
class Reliability:
    """Whether scores are what they say, all labels together.

    Attributes
    ----------
    error
        Expected calibration error: how far the mean score and the share that has the label lie apart, mean over 15
        bins that hold equally many scores.
    predicted, observed, share
        For each of ten steps from 0 to 1 that holds any scores their mean, the share of them that has the label, and
        how many of all scores it holds.
    """

    error: float
    predicted: tuple[float, ...]
    observed: tuple[float, ...]
    share: tuple[float, ...]

    @classmethod
    def measure(cls, scores: FloatArray, gold: BoolArray, weight: FloatArray | None = None) -> Reliability:
        """From scores, whether each label was right, and how much each counts; all of one shape."""
        order = np.argsort(scores, axis=None, kind="stable")
        scores, gold = scores.ravel()[order], gold.ravel()[order]
        weight = np.ones(len(scores)) if weight is None else weight.ravel()[order]
        before = np.cumsum(weight) - weight
        predicted, observed, share = _binned(scores, gold, weight, (before / weight.sum() * _BINS).astype(np.int64))
        steps = _binned(scores, gold, weight, np.minimum(scores * _STEPS, _STEPS - 1).astype(np.int64))
        return cls(float(share @ np.abs(predicted - observed)), *(tuple(part.tolist()) for part in steps))

    @classmethod
    def from_dict(cls, parts: Mapping[str, Any]) -> Reliability:
        """From what ``dataclasses.asdict`` made of it."""
        return cls(parts["error"], *(tuple(parts[name]) for name in ("predicted", "observed", "share")))


@dataclass(frozen=True)
class Unsure:
    """How many sentences have an unsure label, and how many wrong labels, given or missing, are unsure ones.

    Both are shares; ``errors`` is 0 where nothing is wrong.
    """

    sentences: float
    errors: float

    @classmethod
    def measure(cls, unsure: BoolArray, wrong: BoolArray) -> Unsure:
        """From flags, a row a sentence and a column a label."""
        return cls(_ratio(int(unsure.any(axis=1).sum()), len(unsure)), _ratio(int((unsure & wrong).sum()), wrong.sum()))


@dataclass(frozen=True)
class Evaluation:
    """Result of ``evaluate``: the axes, how many off-topic sentences were given any crime, what scores tell."""

    sentences: int
    axes: tuple[AxisScore, ...]
    offtopic: int  # off-topic sentences that have no crime in gold
    offtopic_tagged: int
    reliability: Reliability
    unsure: Unsure
    outside: int  # sentences outside what the model knows

    def to_dict(self) -> dict[str, Any]:
        """A JSON-safe dict of all figures."""
        return {
            "sentences": self.sentences,
            "offtopic": self.offtopic,
            "offtopic_tagged": self.offtopic_tagged,
            "outside": self.outside,
            "reliability": asdict(self.reliability),
            "unsure": asdict(self.unsure),
        } | {axis.axis: axis.to_dict() for axis in self.axes}

    def __str__(self) -> str:
        lines = [f"{self.sentences} sentences"]
        for axis in self.axes:
            lines += ["", f"{axis.axis:<26}{'precision':>10}{'recall':>10}{'F1':>10}{'95% of F1':>16}{'support':>10}"]
            lines += [
                f"  {s.label:<24}{s.precision:>10.3f}{s.recall:>10.3f}{s.f1:>10.3f}"
                f"{'{:.3f} to {:.3f}'.format(*s.f1_interval):>16}{s.support:>10}"
                for s in axis.labels
            ]
            lines.append(f"  {'micro F1 (all labels)':<44}{axis.micro_f1:>10.3f}")
            lines.append(f"  {f'macro F1 (labels with at least {MIN_SUPPORT} positives)':<44}{axis.macro_f1:>10.3f}")
        if self.offtopic:
            counts = f"{self.offtopic_tagged} of {self.offtopic} ({self.offtopic_tagged / self.offtopic:.1%})"
            lines += ["", f"off-topic sentences without a crime that were given one: {counts}"]
        lines += [
            "",
            f"expected calibration error ({_BINS} bins of equal mass, all labels): {self.reliability.error:.4f}",
            f"unsure: {self.unsure.sentences:.1%} of sentences, with {self.unsure.errors:.1%} of the wrong labels",
            f"outside what the model knows: {self.outside} sentences",
        ]
        return "\n".join(lines)


def _ratio(part: int, whole: int) -> float:
    return float(part / whole) if whole else 0.0


def _binned(
    scores: FloatArray, gold: BoolArray, weight: FloatArray, bins: npt.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of each bin that is not empty mean score, share of gold, and share of all weight."""
    mass = np.bincount(bins, weight)
    used = mass > 0
    predicted, observed = (np.bincount(bins, weight * part)[used] / mass[used] for part in (scores, gold))
    return predicted, observed, mass[used] / mass.sum()


def indicator(rows: Sequence[Collection[str]], labels: Sequence[str]) -> BoolArray:
    """Label sets as a matrix, a row each and a column a label."""
    return np.array([[label in row for label in labels] for row in rows], bool).reshape(len(rows), len(labels))


def score(
    axis: str, gold: BoolArray, predicted: BoolArray, free: BoolArray | None = None, labels: Sequence[str] | None = None
) -> AxisScore:
    """Scores of predictions, all matrices with a row a sentence and a column a label of the axis.

    ``labels`` are those of the axis, if it is none of the codebook's.
    """
    counted = np.ones_like(gold) if free is None else ~free
    return AxisScore(
        axis,
        tuple(
            LabelScore(
                label,
                int((gold & predicted & counted)[:, column].sum()),
                int((~gold & predicted & counted)[:, column].sum()),
                int((gold & ~predicted & counted)[:, column].sum()),
                int((~gold & ~predicted & counted)[:, column].sum()),
            )
            for column, label in enumerate(AXES[axis] if labels is None else labels)
        ),
    )


def evaluate(tagger: Tagger, gold: Sequence[Labelled] | Path) -> Evaluation:
    """Tag gold sentences and compare. Labels under a row's ``free`` are not counted on that row.

    Gold for a model with axes of one's own is read as training reads it; an axis on which a sentence is not labelled is
    not counted on it.

    Raises
    ------
    SeedError
        If ``gold`` is a path and the file has a fault, or labels that the model does not know.
    """
    if isinstance(gold, Path):
        rows = read_labelled(gold) if tagger.info.scheme == CODEBOOK else _read_gold(gold, tagger)
    else:
        rows = list(gold)
    tagged = tagger.tag_sentences([row.text for row in rows])
    scheme = {axis: AXES.get(axis, names) for axis, names in tagger.info.scheme}
    labels = [label for names in scheme.values() for label in names]
    right = indicator([[label for axis in scheme for label in row.labels(axis)] for row in rows], labels)
    given = indicator([[label for names in s.labels.values() for label in names] for s in tagged], labels)
    free = indicator([set().union(*(row.open(axis, scheme[axis]) for axis in scheme)) for row in rows], labels)
    unsure = indicator([s.unsure for s in tagged], labels)
    by_label = [{label: score for part in s.scores.values() for label, score in part.items()} for s in tagged]
    scores = np.array([[row.get(label, 0.0) for label in labels] for row in by_label]).reshape(right.shape)
    axes, begin = [], 0
    for axis, names in scheme.items():
        part = slice(begin, begin + len(names))
        axes.append(score(axis, right[:, part], given[:, part], free[:, part], names))
        begin = part.stop
    off = [s for row, s in zip(rows, tagged, strict=True) if row.offtopic and not row.crimes]
    return Evaluation(
        len(rows),
        tuple(axes),
        len(off),
        sum(bool(s.crimes) for s in off),
        Reliability.measure(scores[~free], right[~free]),
        Unsure.measure(unsure, (right != given) & ~free),
        sum(s.reason is not None for s in tagged),
    )


def _read_gold(path: Path, tagger: Tagger) -> list[Labelled]:
    """Gold sentences with labels of the model's scheme."""
    known = {axis: AXES.get(axis, names) for axis, names in tagger.info.scheme}
    rows = read_own(path)
    for row in rows:
        for axis in (*AXES, *row.own):
            unknown = [label for label in row.labels(axis) if label not in known.get(axis, ())]
            if unknown or (axis in row.own and axis not in known):
                told = "; ".join(f"{name}: {', '.join(names)}" for name, names in known.items())
                raise SeedError(f"{row.where}: {axis!r}: the model knows no labels {unknown} there; it knows {told}")
    return rows


def plot(curves: Mapping[str, Reliability], path: Path) -> None:
    """Draw a reliability diagram: for each curve the share that has the label, by score.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    OptionError
        If the name of the file says no kind of picture that matplotlib can write.
    """
    with optional("plots", "a reliability diagram"):
        import matplotlib
        from matplotlib.figure import Figure
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot(xlabel="mean score", ylabel="share that has the label", aspect="equal")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.plot([0, 1], [0, 1], color="#888888", linewidth=1, label="what scores should be")
    for (name, curve), colour, mark in zip(curves.items(), ("#0072b2", "#d55e00"), ("o", "s"), strict=False):
        axes.plot(curve.predicted, curve.observed, color=colour, marker=mark, label=f"{name} (error {curve.error:.3f})")
    axes.legend(frameon=False, loc="upper left")
    # The same figures give the same bytes.
    with matplotlib.rc_context({"svg.hashsalt": "secclass", "svg.fonttype": "none"}):
        try:
            figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        except ValueError as error:
            raise OptionError(f"{path}: {error}") from None
