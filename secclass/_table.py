"""A read-only hash table from 64-bit keys to numbers, built and probed with whole numpy arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from secclass._tokens import IntArray, KeyArray

_MOST_PROBES = 256  # ten times what keys of text ever need
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
# Keys are told apart by their lower 48 bits: less to store, and of a billion strange keys one or two
# are taken for one of half a million known ones.
TOLD_APART = np.uint64((1 << 48) - 1)


class KeyTable:
    """Maps ``keys`` (distinct, uint64) to ``values`` (int32, not negative); a miss answers -1.

    Open addressing with linear probing, at most half full: nearly every look-up ends at the first probe.

    Raises
    ------
    ValueError
        If the keys are chosen so that they crowd in one place.
    """

    def __init__(self, keys: KeyArray, values: npt.NDArray[np.int32]) -> None:
        keys = keys & TOLD_APART
        bits = max(4, int(2 * len(keys)).bit_length())
        self._shift = np.uint64(64 - bits)
        self._keys = np.zeros(1 << bits, np.uint64)
        self._values = np.full(1 << bits, -1, np.int32)
        pending = np.arange(len(keys))
        slots = self._slots(keys)
        self._probes = 0
        while len(pending):
            # Of the keys that want one free slot the first gets it; the others move on.
            free = np.flatnonzero(self._values[slots] < 0)
            _, first = np.unique(slots[free], return_index=True)
            winners = free[first]
            self._keys[slots[winners]] = keys[pending[winners]]
            self._values[slots[winners]] = values[pending[winners]]
            rest = np.ones(len(pending), bool)
            rest[winners] = False
            pending, slots = pending[rest], (slots[rest] + 1) & (len(self._keys) - 1)
            self._probes += 1
            if self._probes > _MOST_PROBES:
                raise ValueError(f"{len(pending)} of {len(keys)} keys find no place in {_MOST_PROBES} probes")

    def _slots(self, keys: KeyArray) -> IntArray:
        return ((keys * _SPREAD) >> self._shift).astype(np.int64)

    def find(self, keys: KeyArray) -> npt.NDArray[np.int32]:
        """The value of each key, -1 where there is none."""
        keys = keys & TOLD_APART
        slots = self._slots(keys)
        found = self._values[slots]
        missed = np.flatnonzero((self._keys[slots] != keys) & (found >= 0))
        for _ in range(1, self._probes):
            if not len(missed):
                break
            slots[missed] = (slots[missed] + 1) & (len(self._keys) - 1)
            found[missed] = self._values[slots[missed]]
            missed = missed[(self._keys[slots[missed]] != keys[missed]) & (found[missed] >= 0)]
        found[missed] = -1
        return found
