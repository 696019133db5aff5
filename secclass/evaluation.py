"""Gold against predictions: precision, recall and F1 a label, micro and macro averages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from secclass._data import AXES, Labelled, read_labelled
from secclass.tagger import Tagger

MIN_SUPPORT = 8  # labels with fewer positives are shown but left out of the macro average


@dataclass(frozen=True)
class LabelScore:
    """Counts of one label; rows where the label is free are in none of them."""

    label: str
    true_positives: int
    false_positives: int
    false_negatives: int

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


@dataclass(frozen=True)
class Evaluation:
    """Result of ``evaluate``: the axes, and how many off-topic sentences were given any crime."""

    sentences: int
    axes: tuple[AxisScore, ...]
    offtopic: int  # off-topic sentences that have no crime in gold
    offtopic_tagged: int

    def to_dict(self) -> dict[str, Any]:
        """A JSON-safe dict of all figures."""
        return {"sentences": self.sentences, "offtopic": self.offtopic, "offtopic_tagged": self.offtopic_tagged} | {
            axis.axis: {
                "macro_f1": axis.macro_f1,
                "micro_f1": axis.micro_f1,
                "labels": {
                    s.label: {"precision": s.precision, "recall": s.recall, "f1": s.f1, "support": s.support}
                    for s in axis.labels
                },
            }
            for axis in self.axes
        }

    def __str__(self) -> str:
        lines = [f"{self.sentences} sentences"]
        for axis in self.axes:
            lines += ["", f"{axis.axis:<26}{'precision':>10}{'recall':>10}{'F1':>10}{'support':>10}"]
            lines += [
                f"  {s.label:<24}{s.precision:>10.3f}{s.recall:>10.3f}{s.f1:>10.3f}{s.support:>10}" for s in axis.labels
            ]
            lines.append(f"  {'micro F1 (all labels)':<44}{axis.micro_f1:>10.3f}")
            lines.append(f"  {f'macro F1 (labels with at least {MIN_SUPPORT} positives)':<44}{axis.macro_f1:>10.3f}")
        if self.offtopic:
            counts = f"{self.offtopic_tagged} of {self.offtopic} ({self.offtopic_tagged / self.offtopic:.1%})"
            lines += ["", f"off-topic sentences without a crime that were given one: {counts}"]
        return "\n".join(lines)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def indicator(rows: Sequence[Sequence[str]], labels: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Label sets as a matrix, a row each and a column a label."""
    return np.array([[label in row for label in labels] for row in rows], bool).reshape(len(rows), len(labels))


def score(
    axis: str, gold: npt.NDArray[np.bool_], predicted: npt.NDArray[np.bool_], free: npt.NDArray[np.bool_] | None = None
) -> AxisScore:
    """Scores of predictions, all matrices with a row a sentence and a column a label of the axis."""
    counted = np.ones_like(gold) if free is None else ~free
    return AxisScore(
        axis,
        tuple(
            LabelScore(
                label,
                int((gold & predicted & counted)[:, column].sum()),
                int((~gold & predicted & counted)[:, column].sum()),
                int((gold & ~predicted & counted)[:, column].sum()),
            )
            for column, label in enumerate(AXES[axis])
        ),
    )


def evaluate(tagger: Tagger, gold: Sequence[Labelled] | Path) -> Evaluation:
    """Tag gold sentences and compare. Labels under a row's ``free`` are not counted on that row.

    Raises
    ------
    SeedError
        If ``gold`` is a path and the file has a fault.
    """
    rows = read_labelled(gold) if isinstance(gold, Path) else list(gold)
    tagged = tagger.tag_sentences([row.text for row in rows])
    axes = tuple(
        score(
            axis,
            indicator([row.labels(axis) for row in rows], labels),
            indicator([getattr(sentence, axis) for sentence in tagged], labels),
            indicator([row.free for row in rows], labels),
        )
        for axis, labels in AXES.items()
    )
    off = [s for row, s in zip(rows, tagged, strict=True) if row.offtopic and not row.crimes]
    return Evaluation(len(rows), axes, len(off), sum(bool(sentence.crimes) for sentence in off))
