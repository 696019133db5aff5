"""Misspelt words, read as the known word that they are one slip away from.

A slip is two neighbouring letters exchanged, a letter left out, one too many, or a wrong one (Damerau 1964, who found
four in five misspellings to be of these kinds), but not in the first letter, where few are made. Words are keys here,
not strings; the key of a word with one slip follows from its own key, so that only keys of known words are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from secclass._table import KeyTable, in_order
from secclass._tokens import BoolArray, IntArray, KeyArray, Tokens, powers, spelled

_SHORTEST, _LONGEST = 5, 24  # letters of a word that is looked at
_A, _Z = ord("a"), ord("z")
_LETTERS = np.arange(_A, _Z + 1, dtype=np.uint64)


@dataclass(frozen=True)
class Spelling:
    """The words that are known, by tables of their keys."""

    known: tuple[KeyTable, ...]

    def knowing(self, keys: KeyArray) -> Spelling:
        """The same with further words, by their keys, each once."""
        return Spelling((*self.known, KeyTable(in_order(keys)[0])))

    def corrected(self, texts: Sequence[str], tokens: Tokens, capital: BoolArray) -> Tokens:
        """The tokens of a batch, misspelt ones with the key of the word that is meant.

        A word that is not known takes the key of the one known word that exchanging two of its letters gives; if there
        is none, of the one that another slip gives. Where several are possible it stays. In words that may be names
        (``capital``) only exchanges are looked for.
        """
        size = tokens.end - tokens.start
        at = (tokens.word & (size >= _SHORTEST) & (size <= _LONGEST)).nonzero()[0]
        at = at[~self._knows(tokens.key[at])]
        if not len(at):
            return tokens
        letters = _letters(texts, tokens, at)
        plain = ((letters == 0) | ((letters >= _A) & (letters <= _Z))).all(axis=1)
        at, letters = at[plain], letters[plain]
        meant = self._only_known(tokens.key[at], *_exchanged(letters, size[at]))
        other = ((meant == tokens.key[at]) & ~capital[at]).nonzero()[0]
        if len(other):
            meant[other] = self._only_known(tokens.key[at[other]], *_changed(letters[other], size[at[other]]))
        key = tokens.key.copy()
        key[at] = meant
        return tokens._replace(key=key)

    def _knows(self, keys: KeyArray) -> BoolArray:
        found = np.zeros(len(keys), bool)
        for table in self.known:
            found |= table.find(keys) >= 0
        return found

    def _only_known(self, keys: KeyArray, tried: KeyArray, possible: BoolArray) -> KeyArray:
        """Of each row of keys to try the known one, if there is one only, else the word's own key."""
        row, column = possible.nonzero()
        candidate = tried[row, column]
        hit = self._knows(candidate)
        row, candidate = row[hit], candidate[hit]
        least, most = np.full(len(keys), np.uint64(2**64 - 1)), np.zeros(len(keys), np.uint64)
        np.minimum.at(least, row, candidate)
        np.maximum.at(most, row, candidate)
        return np.where(least == most, least, keys)


def _letters(texts: Sequence[str], tokens: Tokens, at: IntArray) -> KeyArray:
    """The folded characters of each token (row), 0 after its last."""
    size = (tokens.end - tokens.start)[at]
    rows = np.zeros((len(at), _LONGEST), np.uint64)
    rows[np.arange(_LONGEST) < size[:, None]] = spelled(texts, tokens, at)
    return rows


def _sums(letters: KeyArray) -> KeyArray:
    """The key of the first so many letters of each word, from none to all."""
    sums = np.zeros((len(letters), _LONGEST + 1), np.uint64)
    np.cumsum(letters * powers(_LONGEST)[0][:_LONGEST], axis=1, out=sums[:, 1:])
    return sums


def _exchanged(letters: KeyArray, size: IntArray) -> tuple[KeyArray, BoolArray]:
    """Keys of each word with two neighbouring letters exchanged, and which of them there are."""
    power = powers(_LONGEST)[0][:_LONGEST]
    left, right = letters[:, :-1], letters[:, 1:]
    keys = _sums(letters)[:, -1:] + (right - left) * (power[:-1] - power[1:])
    last = np.arange(1, _LONGEST)
    return keys, (left != right) & (last > 1) & (last < size[:, None])


def _changed(letters: KeyArray, size: IntArray) -> tuple[KeyArray, BoolArray]:
    """Keys of each word with one letter left out, put in or changed, and which of them there are."""
    forward, backward = powers(_LONGEST + 1)
    power = forward[:_LONGEST]
    sums = _sums(letters)
    begin, end, whole = sums[:, :-1], sums[:, 1:], sums[:, -1:]
    shorter = begin + (whole - end) * backward[1]
    changed = whole[:, :, None] + (_LETTERS - letters[:, :, None]) * power[:, None]
    longer = (begin + (whole - begin) * forward[1])[:, :, None] + _LETTERS * power[:, None]
    count = len(letters)
    place = np.arange(_LONGEST)
    inside = (place > 0) & (place < size[:, None])
    # After the last letter a further one may stand, but none can be left out or changed.
    after = (place > 0) & (place <= size[:, None])
    flat = (count, _LONGEST * len(_LETTERS))
    keys = np.concatenate([shorter, changed.reshape(flat), longer.reshape(flat)], axis=1)
    there = np.concatenate([inside, inside.repeat(len(_LETTERS), axis=1), after.repeat(len(_LETTERS), axis=1)], axis=1)
    return keys, there
