"""Cues of stance: each word-class expression in its surroundings.

A sentence has a stance if any of its cues has it, so cues are scored one by one and the strongest decides
(multiple-instance learning with max pooling). What is told of a cue: its class and form, its words, the symbols
and cues around it, how its clause opens, the actor before it, and the word that binds its clause.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from secclass._tokens import BoolArray, IntArray, KeyArray, Tokens, among, combine, phrase_keys
from secclass._views import Stream, named

_CUTS = np.sort(np.array([ord(mark) for mark in ',;:-("'], np.uint64))  # marks at which a clause may begin
_REACH = 2


class Cues(NamedTuple):
    """The cues of a batch: ``key[f, i]`` is feature f of cue i, covering tokens ``first[f, i]`` to ``last[f, i]``."""

    key: KeyArray
    sentence: IntArray
    first: IntArray
    last: IntArray


@functools.cache
def _links() -> KeyArray:
    """Words that bind a clause to what stands before it."""
    words = "which who whom whose that where when if unless after before since until while because under as than to"
    return np.sort(np.array([key for (key,) in phrase_keys(words.split())], np.uint64))


def _nearest(flag: BoolArray, key: KeyArray, part: IntArray, cue: IntArray) -> KeyArray:
    """Key of the last flagged place before each cue, in the same part; a key for none."""
    last = np.maximum.accumulate(np.where(flag, np.arange(len(flag)), -1))[cue - 1]
    there = (last >= 0) & (part[last] == part[cue])
    return np.where(there, key[last], named("none"))


def find_cues(tokens: Tokens, symbols: Stream, skeleton: Stream, context: KeyArray, actors: KeyArray) -> Cues:
    """The cues of a batch: what stands in the skeleton, but for the symbols in ``context``.

    ``actors`` are the symbols that can be the subject of an act; both are sorted.
    """
    key, boundary, size = symbols.key, symbols.boundary, len(symbols.key)
    in_skeleton = np.zeros(len(tokens.key), bool)
    in_skeleton[skeleton.first] = True
    cue = (in_skeleton[symbols.first] & ~boundary & ~among(key, context)).nonzero()[0]

    around: dict[int, KeyArray] = {0: key[cue]}
    for side in (-1, 1):
        beyond = np.zeros(len(cue), bool)
        for distance in range(1, _REACH + 1):
            place = np.minimum(np.maximum(cue + side * distance, 0), size - 1)
            around[side * distance] = np.where(beyond, named("beyond"), key[place])
            beyond |= boundary[place]
    cut = (among(key, _CUTS) | boundary).nonzero()[0]
    opening = cut[np.searchsorted(cut, cue) - 1]  # the last mark before the cue
    opener, second = key[np.minimum(opening + 1, size - 1)], key[np.minimum(opening + 2, size - 1)]
    main = np.where(boundary[opening], named("first clause"), named("later clause"))
    word = tokens.key[symbols.first[cue]]
    slot = np.searchsorted(skeleton.first, symbols.first[cue])
    previous, following = skeleton.key[slot - 1], skeleton.key[np.minimum(slot + 1, len(skeleton.key) - 1)]
    earlier = np.where(skeleton.boundary[slot - 1], named("beyond"), skeleton.key[slot - 2])

    actor = _nearest(among(key, actors), key, symbols.sentence, cue)
    clause: IntArray = np.cumsum(among(key, _CUTS) | boundary)
    link = _nearest(among(key, _links()), key, clause, cue)

    # Each template: a name, the keys that are combined, and the places (beside the cue) that it covers.
    templates: list[tuple[str, list[KeyArray], int, int]] = [
        (f"run {low} {high}", [around[place] for place in range(low, high + 1)], low, high)
        for low, high in ((0, 0), (0, 1), (-1, 0), (-2, 0), (0, 2), (-1, 1))
    ]
    templates += [
        ("word", [word], 0, 0),
        ("word after", [word, around[1]], 0, 1),
        ("word before", [around[-1], word], -1, 0),
        ("previous cue", [previous, around[0]], 0, 0),
        ("previous cues", [earlier, previous, around[0]], 0, 0),
        ("following cue", [around[0], following], 0, 0),
        ("opener", [opener, around[0]], 0, 0),
        ("openers", [opener, second, around[0]], 0, 0),
        ("clause", [around[0], main], 0, 0),
        ("actor", [actor, around[0]], 0, 0),
        ("link", [link, around[0]], 0, 0),
        ("actor and link", [actor, link, around[0]], 0, 0),
    ]
    names, parts, low, high = zip(*templates, strict=True)
    salt = np.array([named(f"cue {name}") for name in names])
    keys = combine(np.array([first for first, *_ in parts]), salt[:, None])
    for rank in (1, 2):
        longer = [number for number, part in enumerate(parts) if len(part) > rank]
        keys[longer] = combine(keys[longer], np.array([parts[number][rank] for number in longer]))
    first = symbols.first[np.maximum(cue + np.array(low)[:, None], 0)]
    last = symbols.last[np.minimum(cue + np.array(high)[:, None], size - 1)]
    return Cues(keys, symbols.sentence[cue], first, last)
