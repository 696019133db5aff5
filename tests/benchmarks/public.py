"""Public benchmarks: SentenceClassifier beside TF-IDF with a linear SVM, by each benchmark's own metrics.

    python tests/benchmarks/public.py BENCH [NAME ...]

BENCH holds a directory a benchmark with train.tsv and test.tsv (dev.tsv where there is one): a text and its labels a
row, without header. The settings below were chosen on train and dev; train and dev together teach what is tested.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from secclass import SentenceClassifier
from secclass._lexicon import read_expressions

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Benchmark:
    """A public benchmark: best published figures, and the settings of SentenceClassifier."""

    published: str
    settings: dict[str, Any] = field(default_factory=dict)
    with_expressions: str = ""  # file of expressions, for a second run with them


BENCHMARKS = {
    "insightcrime": Benchmark(
        "example-based F1 0.695, macro F1 0.707 (ConfliBERT)",
        {"lexicon": None, "words": (1, 1), "opening": (1, 1), "characters": None},
    ),
    "satp_relevant": Benchmark("example-based F1 0.894, macro F1 0.877 (ConfliBERT)", {"network": True}),
    "cameo": Benchmark("macro F1 0.895 (ConfliBERT)", {"C": 10.0, "network": True}, "cameo_expressions.txt"),
}


def read(folder: Path, splits: Sequence[str]) -> tuple[list[str], Labels]:
    """Texts, and their labels: a column a label, or a class a text."""
    rows = []
    csv.field_size_limit(2**31 - 1)
    for split in splits:
        path = folder / f"{split}.tsv"
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                rows += list(csv.reader(file, delimiter="\t"))
    labels = np.array([[int(value) for value in row[1:]] for row in rows])
    return [row[0] for row in rows], labels[:, 0] if labels.shape[1] == 1 else labels


def svm() -> ClassifierMixin:
    """TF-IDF of words 1-2 and characters 2-5, and a linear SVM a label: untuned."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    return make_pipeline(make_union(words, characters), OneVsRestClassifier(LinearSVC()))


def figures(gold: Labels, given: Labels) -> str:
    """The official metrics."""
    macro = f1_score(gold, given, average="macro")
    if gold.ndim == 1:
        return f"macro F1 {macro:.3f}"
    sizes = gold.sum(axis=1) + given.sum(axis=1)
    some = sizes > 0  # rows without any label, gold or given, are left out
    example_based = np.mean(2 * (gold & given).sum(axis=1)[some] / sizes[some])
    return f"example-based F1 {example_based:.3f}, macro F1 {macro:.3f}"


def run(name: str, folder: Path) -> None:
    """Print the rows of one benchmark."""
    benchmark = BENCHMARKS[name]
    texts, labels = read(folder, ("train", "dev"))
    new, gold = read(folder, ("test",))
    unseen = np.array([text not in set(texts) for text in new])
    contenders = {"TF-IDF + SVM": svm(), "SentenceClassifier": SentenceClassifier(**benchmark.settings)}
    if benchmark.with_expressions:
        expressions = read_expressions(Path(__file__).with_name(benchmark.with_expressions))
        classifier = SentenceClassifier(**benchmark.settings, expressions=expressions)
        contenders["SentenceClassifier with expressions"] = classifier
    print(f"{name}: {len(texts)} texts to learn from, {len(new)} to test on")
    print(f"  {'published best':<38}{benchmark.published}")
    for title, classifier in contenders.items():
        begin = time.perf_counter()
        classifier.fit(texts, labels)
        learnt = time.perf_counter()
        given = classifier.predict(new)
        took = f"learnt in {learnt - begin:.0f} s, tagged in {time.perf_counter() - learnt:.1f} s"
        print(f"  {title:<38}{figures(gold, given)}   ({took})", flush=True)
        if not unseen.all():
            left = f"  without the {np.count_nonzero(~unseen)} that training has"
            print(f"  {left:<38}{figures(gold[unseen], given[unseen])}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="BENCH")
    parser.add_argument("names", nargs="*", default=list(BENCHMARKS), metavar="NAME")
    options = parser.parse_args()
    for each in options.names:
        run(each, options.folder / each)
