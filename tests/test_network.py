"""The network: exact in any batch, blind across sentences, and trained by the right gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from secclass import _network_training as training
from secclass import _pretraining
from secclass._features import Extractor, Features
from secclass._lexicon import Lexicon
from secclass._network import REACH, WIDTHS, Network, columns, places
from secclass._network_training import DIMENSIONS, Trainer
from secclass._pretraining import Guesser, pretrained
from secclass._sentences import Sentences
from secclass.labels import AXES

TEXTS = ["red fox saw grey wolf", "grey wolf saw red fox", "", "Fox", "a wolf and a fox and a wolf and a fox"] * 8


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    root = Path(__file__).resolve().parent.parent
    return Extractor(Lexicon.read(root / "seeds" / "en" / "lexicon", AXES["crimes"]), {})


@pytest.fixture(scope="module")
def found(extractor: Extractor) -> Features:
    return extractor.extract(TEXTS)


@pytest.fixture
def sentences(found: Features) -> Sentences:
    return Sentences.build([found], 1)


@pytest.fixture
def trainer(sentences: Sentences) -> Trainer:
    start = np.random.default_rng(0).normal(0, 0.1, (len(sentences.keys), DIMENSIONS))
    return Trainer(sentences, 2, start)


def raw(network: Network, extractor: Extractor, texts: Sequence[str]) -> np.ndarray:
    return network.raw(extractor.extract(texts))


def test_every_place_of_every_window_has_columns_of_its_own() -> None:
    parts = columns(8)
    assert [offset for offset, _, _ in parts] == [o for w in WIDTHS for o in range(-(w // 2), w // 2 + 1)]
    taken = np.concatenate([np.arange(c.start, c.stop) for _, c, _ in parts])
    assert (taken == np.arange(2 * sum(WIDTHS))).all()


def test_sentences_stand_too_far_apart_for_one_window(found: Features) -> None:
    tokens = found.tokens
    place = places(tokens.sentence, np.arange(len(tokens.key)))[~tokens.boundary]
    apart = np.diff(place)[np.diff(tokens.sentence[~tokens.boundary]) > 0]
    assert place[0] >= REACH
    assert apart.min() > REACH


def test_capitals_that_tell_nothing_are_not_seen(extractor: Extractor) -> None:
    """All words have them, and stand in no name; that of an ordinary opening is seen."""
    text = "the ministers of all six countries agreed on friday to fight cross-border drug trafficking."
    lower, upper, title, opening = (
        {name: (part.key.tolist(), part.token.tolist()) for name, part in extractor.extract([form]).attributes.items()}
        for form in (text, text.upper(), text.title(), text.capitalize())
    )
    assert lower == upper == title
    assert {name for name in lower if lower[name] != opening[name]} == {"shape"}


def test_scores_do_not_depend_on_the_batch(trainer: Trainer, extractor: Extractor, found: Features) -> None:
    network = trainer.network()
    together = network.raw(found)
    for text, scores in zip(TEXTS[:5], together, strict=False):
        assert (raw(network, extractor, [text])[0] == scores).all()
    assert (together[2] == network.raw(extractor.extract([""]))[0]).all()


def test_whole_numbers_score_as_the_weights_do(trainer: Trainer, found: Features) -> None:
    rows = np.arange(len(TEXTS))
    gold = np.zeros((len(TEXTS), 2), bool)
    gold[::5, 0] = gold[1::5, 1] = True
    fitted = trainer.fit(rows, gold, np.ones_like(gold))
    exact = fitted.raw(rows)
    assert np.abs(fitted.network().raw(found) + fitted.weights["constant"] - exact).max() < 0.05 * exact.std()


def test_a_network_begins_with_what_another_was_taught(trainer: Trainer) -> None:
    """Its filters say the same up to a scale; embeddings that the other does not have stay as they were."""
    rows = np.arange(len(TEXTS))
    gold = np.eye(len(TEXTS), 2, dtype=bool)
    fitted = trainer.fit(rows, gold, np.ones_like(gold))
    taught = fitted.network()
    nothing = np.zeros_like(trainer.weights["embedding"])
    begun = training.Trainer(trainer.sentences, 2, nothing, taught, seed=5)
    assert fitted.weights["bias"].any()
    token, place, opens, size = trainer.sentences.part(rows)
    values = []
    for one in (fitted, begun):
        laid = np.zeros((size, DIMENSIONS))
        laid[place] = one.sentences.matrix[token] @ one.weights["embedding"]
        values.append(one._strongest(laid, place, opens)[0].ravel())
    assert np.corrcoef(*values)[0, 1] > 0.999
    known = replace(taught, keys=taught.keys[5:], embedding=taught.embedding[5:])
    begun = training.Trainer(trainer.sentences, 2, nothing + 7, known)
    assert (begun.weights["embedding"] == 7).all(axis=1).sum() == 5


def test_order_is_learnt(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first two texts are the same bag of words."""
    monkeypatch.setattr(training, "EPOCHS", 120)
    gold = np.zeros((len(TEXTS), 2), bool)
    gold[::5, 0] = gold[1::5, 1] = True
    scores = trainer.fit(np.arange(len(TEXTS)), gold, np.ones_like(gold)).raw(np.arange(5))
    assert scores[0, 0] > 1 > -1 > scores[1, 0]
    assert scores[1, 1] > 1 > -1 > scores[0, 1]


def test_contributions_add_up(trainer: Trainer, extractor: Extractor) -> None:
    network = trainer.network()
    found = extractor.extract(TEXTS[:1])
    words = len(found.tokens.key) - 2
    for label in (0, 1):
        parts = network.contributions(label, found)
        assert parts
        assert all(1 <= first <= last <= words for _, first, last, _ in parts)
        assert sum(share for *_, share in parts) == pytest.approx(float(network.raw(found)[0, label]), abs=1e-9)


def test_the_gradient_is_that_of_the_loss(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_DROPPED", 0.0)
    trainer.sentences.hidden[:] = 0
    batch = np.array([0, 1, 3, 4])
    gold = np.array([[1, 0], [0, 1], [0, 0], [1, 1]], bool)
    counts = np.array([[1, 1], [1, 0], [0, 0], [1, 1]], bool)
    gradient = trainer._gradient(batch, gold, counts)

    def loss() -> float:
        scores = trainer.raw(batch)
        return float((counts * np.logaddexp(0, np.where(gold, -scores, scores))).mean())

    check_gradient(trainer.weights, gradient, loss)


def check_gradient(
    weights: dict[str, np.ndarray], gradient: Mapping[str, np.ndarray], loss: Callable[[], float]
) -> None:
    """The gradient is what small changes of some weights do to the loss."""
    random = np.random.default_rng(1)
    for name, values in weights.items():
        flat, slope = values.reshape(-1), gradient[name].reshape(-1)
        for place in random.choice(len(flat), min(12, len(flat)), replace=False):
            old = flat[place]
            flat[place] = old + 1e-6
            above = loss()
            flat[place] = old - 1e-6
            below = loss()
            flat[place] = old
            assert slope[place] == pytest.approx((above - below) / 2e-6, abs=1e-6), name


def test_the_gradient_of_guessing_words_is_that_of_its_loss(sentences: Sentences) -> None:
    guesser = Guesser(sentences, 4)
    guesser.weights["mix bias"] += 0.01  # off the kink
    targets = np.flatnonzero(sentences.words() >= 0)[:20]

    def loss() -> tuple[float, Mapping[str, np.ndarray]]:
        guesser._random = np.random.default_rng(0)  # the same attributes hidden, the same noise
        return guesser.loss(targets)

    check_gradient(guesser.weights, loss()[1], lambda: loss()[0])


def test_guessing_words_learns_which_stand_in_like_places(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pretraining, "EPOCHS", 150)
    texts = [f"the {animal} {deed} the gate" for animal in ("fox", "wolf") for deed in ("saw", "shut")] * 10
    found = extractor.extract(texts)
    sentences = Sentences.build([found], 1)
    words = sentences.words()
    embedding = pretrained(sentences, 8)
    the, fox, saw, wolf = (vector / np.linalg.norm(vector) for vector in embedding[words[[0, 1, 2, 11]]])
    assert embedding.std() == pytest.approx(0.1)
    assert fox @ wolf > max(fox @ saw, fox @ the)


def test_guessing_words_needs_no_words(extractor: Extractor) -> None:
    assert pretrained(Sentences.build([extractor.extract(["", "!"])], 1), 4).shape[1] == 4
