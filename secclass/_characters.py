"""Character n-grams of words: what spelling tells of words that were never seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from secclass._tokens import Tokens, combine, spelled
from secclass._views import Occurrences, joined


def character_ngrams(texts: Sequence[str], tokens: Tokens, salt: np.uint64, shortest: int, longest: int) -> Occurrences:
    """All n-grams of the characters of each word, with an edge before and after it."""
    words = tokens.word.nonzero()[0]
    sizes = (tokens.end - tokens.start)[words] + 2
    owner = np.repeat(words, sizes)
    laid = np.full(len(owner), ord(" "), np.uint64)
    inside = np.ones(len(owner), bool)
    last = np.cumsum(sizes) - 1
    inside[last] = inside[last - sizes + 1] = False
    laid[inside] = spelled(texts, tokens, words)
    key = combine(laid, salt)
    found = []
    for n in range(1, min(longest, len(key)) + 1):
        if n > 1:
            key = combine(key[:-1], laid[n - 1 :])
        if n >= shortest:
            begins = (owner[: len(key)] == owner[n - 1 :]).nonzero()[0]
            word = owner[begins]
            found.append(Occurrences(key[begins], tokens.sentence[word], word, word))
    return joined(found) if found else Occurrences(key, words, words, words)
