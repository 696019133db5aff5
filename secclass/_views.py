"""Views of a batch of sentences as streams of keys, and the n-grams in them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from secclass._tokens import BoolArray, IntArray, KeyArray, combine, keys_of

_MARK = re.compile(r"[\W_]")


def _spelled(mark: re.Match[str]) -> str:
    return f"x{ord(mark[0])}"


def names(names: Iterable[str]) -> KeyArray:
    """Keys of symbols that no text can hold: lexicon and feature names live apart from words."""
    return combine(np.array([0x5EC], np.uint64), keys_of([_MARK.sub(_spelled, name).lower() for name in names]))


@functools.cache
def named(name: str) -> np.uint64:
    """Key of one such symbol."""
    return np.uint64(names([name])[0])


class Occurrences(NamedTuple):
    """Features found in a batch, an entry each: key, sentence, first and last token."""

    key: KeyArray
    sentence: IntArray
    first: IntArray
    last: IntArray

    def part(self, rows: BoolArray | IntArray) -> Occurrences:
        """Some of them."""
        return Occurrences(self.key[rows], self.sentence[rows], self.first[rows], self.last[rows])


class Attributes(NamedTuple):
    """Attributes that tokens have, an entry each: key, and the token."""

    key: KeyArray
    token: IntArray


def joined(parts: Sequence[Occurrences]) -> Occurrences:
    """All occurrences of the parts, in order."""
    return Occurrences(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class Stream(NamedTuple):
    """One view of the tokens: a key each, and the tokens (first to last) that it covers."""

    key: KeyArray
    sentence: IntArray
    boundary: BoolArray
    first: IntArray
    last: IntArray

    def part(self, where: BoolArray) -> Stream:
        """The places of the stream where this holds."""
        return Stream._make(column[where] for column in self)

    def ngrams(self, salt: np.uint64, shortest: int, longest: int) -> Occurrences:
        """All n-grams inside sentences; those of two and more may begin or end with the boundary."""
        found = []
        key: KeyArray = combine(self.key, salt)
        inside: BoolArray = np.ones(len(key), bool)
        for n in range(1, min(longest, len(key)) + 1):
            ends = slice(n - 1, None)
            if n > 1:
                key = combine(key[:-1], self.key[ends])
                inside = inside[:-1]
            if n > 2:
                inside = inside & ~self.boundary[n - 2 : -1]
            if n < shortest:
                continue
            whole = inside if n > 2 else ~(self.boundary[: len(key)] & self.boundary[ends])
            begins = whole.nonzero()[0]
            found.append(Occurrences(key[begins], self.sentence[begins], self.first[begins], self.last[begins + n - 1]))
        return joined(found)
