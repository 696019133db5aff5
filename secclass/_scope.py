"""Whether a sentence is one that a model can judge: prose in its language, of words that it has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from secclass._names import title_case
from secclass._spelling import Spelling
from secclass._table import KeyTable, in_order
from secclass._tokens import NUMBER_KEY, YEAR_KEY, BoolArray, IntArray, KeyArray, Tokens, among, tokenize

REASONS = ("not prose", "other language", "unknown words")
_OUTSIDE = 0.002  # share of the seeds that may fall outside by their words
_FEWEST_TOKENS, _FEWEST_WORDS = 4, 3  # of fewer nothing is said
_SYMBOLS = np.sort(np.array([ord(mark) for mark in "={}_|\\+~^@$"], np.uint64))  # marks of code and tables
_GRAMMAR = 0.15  # share of function words from which on a sentence is in the model's language
# Characters of scripts without spaces and beyond are tokens of their own; between them stand arrows and frames.
_SINGLE, _SIGNS, _BEYOND = np.uint64(0x0E00), np.uint64(0x2000), np.uint64(0x3000)


@dataclass(frozen=True)
class Scope:
    """What a model knows of its language.

    ``keys`` (stored, rising) are those of the words that it has seen in at least two seeds, and of its lexicon. Of a
    sentence of the language at least the share ``known`` of words is known; with 0 no sentence is ever outside.
    """

    keys: KeyArray
    known: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "_table", KeyTable(self.keys))

    @classmethod
    def learn(cls, texts: Sequence[str], function: Callable[[Tokens], BoolArray], vocabulary: KeyArray) -> Scope:
        """Words and bound from the seeds; for the bound no seed knows its own.

        ``function`` flags function words; the words of ``vocabulary`` are known as well.
        """
        tokens = tokenize(texts)
        at = (_words(tokens)).nonzero()[0]
        keys, inverse = np.unique(tokens.key[at], return_inverse=True)
        pairs = np.unique(np.stack([inverse, tokens.sentence[at]]), axis=1)
        seeds = np.zeros(len(tokens.key), np.int64)  # how many seeds have this word
        count = np.bincount(pairs[0], minlength=len(keys))
        seeds[at] = count[inverse]
        shares = _known_shares(tokens, (seeds >= 3) | np.isin(tokens.key, vocabulary), function(tokens))
        known = np.union1d(keys[count >= 2], vocabulary)
        return cls(in_order(known)[0], float(np.round(np.quantile(shares, _OUTSIDE), 3)))

    @property
    def spelling(self) -> Spelling | None:
        """The words that are known, to read misspelt ones by; None if nothing is known of words."""
        table: KeyTable = self._table  # type: ignore[attr-defined]
        return Spelling((table,)) if self.known else None

    def reasons(self, tokens: Tokens, function: BoolArray) -> list[str | None]:
        """Why each sentence is outside what the model knows, or None. ``function`` flags the function words."""
        none: list[str | None] = [None] * tokens.size
        if not self.known:
            return none
        table: KeyTable = self._table  # type: ignore[attr-defined]
        words, grammar = _words(tokens), _each(tokens, function)
        shares = _known_shares(tokens, table.find(tokens.key) >= 0, function)
        count, total = _each(tokens, words), _each(tokens, ~tokens.boundary)
        symbols = _each(tokens, among(tokens.key, _SYMBOLS) & ~tokens.word)
        strange = (shares < self.known) & (count >= _FEWEST_WORDS)
        prose = (count + grammar - symbols >= 0.5 * (total + grammar)) | (total < _FEWEST_TOKENS)
        for row in strange.nonzero()[0]:
            none[row] = REASONS[2] if grammar[row] >= _GRAMMAR * count[row] else REASONS[1]
        for row in (~prose).nonzero()[0]:
            none[row] = REASONS[0]
        return none


def _each(tokens: Tokens, flags: BoolArray) -> IntArray:
    """How many tokens of each sentence have the flag."""
    return np.bincount(tokens.sentence[flags], minlength=tokens.size)[: tokens.size]


def _words(tokens: Tokens) -> BoolArray:
    """The tokens that are words, or characters of a script written without spaces."""
    single = (tokens.key >= _SINGLE) & ((tokens.key < _SIGNS) | (tokens.key >= _BEYOND)) & ~tokens.boundary
    number: KeyArray = (tokens.key == NUMBER_KEY) | (tokens.key == YEAR_KEY)
    return (tokens.word & ~number) | (~tokens.word & single)


def _known_shares(tokens: Tokens, known: BoolArray, function: BoolArray) -> npt.NDArray[np.float64]:
    """Of each sentence the share of its words that are known, function words counted twice and one known word added.

    Unknown words with a capital may be names, and do not count.
    """
    asked = _words(tokens) & (known | ~tokens.capital | title_case(tokens)[tokens.sentence])
    more = _each(tokens, function) + 1
    return (_each(tokens, asked & known) + more) / (_each(tokens, asked) + more)
