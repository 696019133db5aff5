"""Embeddings of the attributes of tokens, learnt from text before any label is seen.

A word is guessed from the tokens around it, as in the neural language model of Mnih and Hinton (2007, Three new
graphical models for statistical language modelling), among words drawn as noise (Jean et al. 2015, On using very
large target vocabulary for neural machine translation). What words mean in the seeds is so known to a network before
it learns their labels; that pretraining on the very text of a task pays was shown by Krishna et al. (2023, Downstream
datasets make surprisingly good pretraining corpora).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from secclass._adam import Adam
from secclass._network import FloatArray
from secclass._sentences import Sentences
from secclass._tokens import BoolArray, IntArray

EPOCHS = 6
_REACH = 5  # tokens on each side that a word is guessed from
_HIDDEN_UNITS = 128
_BATCH, _NOISE = 2048, 512
_FREQUENT = 1e-3  # words more frequent than that are guessed less often (Mikolov et al. 2013)
_RATE, _WARM = 2e-3, 100
_DEVIATION = 0.1  # standard deviation of the embeddings that a network starts from


def pretrained(sentences: Sentences, dimensions: int) -> FloatArray:
    """What a network starts from: a row an attribute, a column a dimension."""
    embedding = Guesser(sentences, dimensions).fit().weights["embedding"]
    return embedding * (_DEVIATION / embedding.std()) if embedding.size else embedding


class Guesser:
    """The weights with which words are guessed, while they are learnt."""

    def __init__(self, sentences: Sentences, dimensions: int, seed: int = 0) -> None:
        self._sentences = sentences
        self._random = np.random.default_rng(seed)
        self._word = sentences.words()
        count = np.bincount(self._word[self._word >= 0], minlength=len(sentences.keys)).astype(float)
        self._share = count / max(1.0, count.sum())
        noise = count**0.75
        self._noise = noise / max(1.0, noise.sum())
        self._sentence = np.repeat(np.arange(len(sentences.bounds) - 1), np.diff(sentences.bounds))
        self._offsets = np.array([offset for offset in range(-_REACH, _REACH + 1) if offset])
        wide = len(self._offsets) * dimensions
        self.weights: dict[str, FloatArray] = {
            "embedding": self._random.normal(0, _DEVIATION, (len(sentences.keys), dimensions)),
            "mix": self._random.uniform(-1, 1, (wide, _HIDDEN_UNITS)) / np.sqrt(wide),
            "mix bias": np.zeros(_HIDDEN_UNITS),
            "guess": self._random.uniform(-1, 1, (_HIDDEN_UNITS, dimensions)) / np.sqrt(_HIDDEN_UNITS),
            "words": self._random.normal(0, 0.1, (len(sentences.keys), dimensions)),
            "words bias": np.log(np.maximum(self._share, 1e-9)),
        }

    def fit(self) -> Guesser:
        """Learn from all sentences."""
        adam = Adam(self.weights, decay=0.0)
        words = np.flatnonzero(self._word >= 0)
        often = np.minimum(1.0, np.sqrt(_FREQUENT / np.maximum(self._share, 1e-12)))[self._word[words]]
        steps = EPOCHS * (1 + int(often.sum()) // _BATCH)
        step = 0
        for _ in range(EPOCHS):
            order = self._random.permutation(words[self._random.random(len(words)) < often])
            for begin in range(0, len(order), _BATCH):
                rate = _RATE * min(1.0, (step + 1) / _WARM) * max(0.02, 1 - step / steps)
                adam.step(self.loss(order[begin : begin + _BATCH])[1], rate)
                step += 1
        return self

    def loss(self, targets: IntArray) -> tuple[float, Mapping[str, FloatArray]]:
        """Mean loss of guessing the words at these tokens, and its gradient."""
        weights = self.weights
        tokens, place, inside = self._near(targets)
        attributes = self._sentences.shown(tokens, self._random)
        around = (attributes @ weights["embedding"])[place] * inside[:, :, None]
        around = around.reshape(len(targets), -1)
        mixed = np.maximum(around @ weights["mix"] + weights["mix bias"], 0)
        guess = mixed @ weights["guess"]

        # Sampled softmax: the right word against noise, each less what its frequency as noise explains.
        word = self._word[targets]
        noise = self._random.choice(len(self._noise), _NOISE, p=self._noise)
        bias = weights["words bias"] - np.log(_NOISE * np.maximum(self._noise, 1e-12))
        right = (guess * weights["words"][word]).sum(axis=1) + bias[word]
        wrong = guess @ weights["words"][noise].T + bias[noise]
        wrong[noise == word[:, None]] = -np.inf
        total = np.logaddexp(right, np.logaddexp.reduce(wrong, axis=1))
        to_right = (np.exp(right - total) - 1)[:, None] / len(targets)
        to_wrong = np.exp(wrong - total[:, None]) / len(targets)

        to_words, to_bias = np.zeros_like(weights["words"]), np.zeros_like(bias)
        np.add.at(to_words, word, to_right * guess)
        np.add.at(to_words, noise, to_wrong.T @ guess)
        np.add.at(to_bias, word, to_right[:, 0])
        np.add.at(to_bias, noise, to_wrong.sum(axis=0))
        to_guess = to_right * weights["words"][word] + to_wrong @ weights["words"][noise]
        to_mixed = (to_guess @ weights["guess"].T) * (mixed > 0)
        to_around = (to_mixed @ weights["mix"].T).reshape(*place.shape, -1) * inside[:, :, None]
        spread = sparse.csr_matrix(
            (np.ones(place.size), (place.ravel(), np.arange(place.size))), shape=(len(tokens), place.size)
        )
        return float((total - right).mean()), {
            "embedding": attributes.T @ (spread @ to_around.reshape(place.size, -1)),
            "mix": around.T @ to_mixed,
            "mix bias": to_mixed.sum(axis=0),
            "guess": mixed.T @ to_guess,
            "words": to_words,
            "words bias": to_bias,
        }

    def _near(self, targets: IntArray) -> tuple[IntArray, IntArray, BoolArray]:
        """Tokens around these; for each target (row) and offset (column) which it is, and if the sentence has it."""
        near = targets[:, None] + self._offsets
        inside = (near >= 0) & (near < len(self._sentence))
        near = np.clip(near, 0, len(self._sentence) - 1)
        inside &= self._sentence[near] == self._sentence[targets][:, None]
        tokens, place = np.unique(near, return_inverse=True)
        return tokens, place.reshape(near.shape), inside
