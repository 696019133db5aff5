"""Text to tokens, vectorised over a batch: each token is a 64-bit key of its folded characters.

A token is a run of letters and digits, a number with its commas and points, a single character of a script
written without spaces, or a run of one punctuation mark. Hyphens and apostrophes inside words separate
tokens without being tokens ("cross-border" is ``cross border``). Keys come from one pass of prefix sums, so
no Python code runs for a token; the same code serves training and inference.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
KeyArray = npt.NDArray[np.uint64]
BoolArray = npt.NDArray[np.bool_]

_LIMIT = 0x3000  # characters from here on (CJK, kana, hangul, emoji ...) are tokens of their own
_BOUNDARY = _LIMIT + 1  # stands between the sentences of a batch
_SPACE, _WORD, _DIGIT, _SINGLE, _MARK = range(5)
_PRIME = 0x9E3779B97F4A7C15
_INVERSE = pow(_PRIME, -1, 1 << 64)
_KEPT_POWERS = 1 << 19  # 8 MiB of powers; batches of ordinary text need no more
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_FOLDED_MARKS = {
    **dict.fromkeys("“”„‟«»‹›″", '"'),
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": ".",
    "•": "*",
    "·": "*",
}
_UNSPACED = ((0x0E00, 0x0F00), (0x1000, 0x10A0), (0x1780, 0x1800))  # Thai and Lao, Myanmar, Khmer


class Tokens(NamedTuple):
    """The tokens of a batch of sentences, a boundary token before each sentence and one after the last.

    All arrays have one entry a token: ``key`` (uint64), ``sentence`` (index in the batch; a boundary carries
    the sentence that it opens), ``start`` and ``end`` (characters, counted from the sentence's first), and
    the flags ``boundary``, ``word`` (letters or digits), ``capital`` (begins with a capital letter),
    ``joined`` (glued to the token before it by a hyphen or apostrophe). ``ending`` holds the last three
    characters, 21 bits each. ``size`` is the number of sentences.
    """

    size: int
    key: KeyArray
    sentence: IntArray
    start: IntArray
    end: IntArray
    boundary: BoolArray
    word: BoolArray
    capital: BoolArray
    joined: BoolArray
    ending: KeyArray


def combine(left: KeyArray, right: KeyArray | np.uint64) -> KeyArray:
    """Key of each pair: order matters, and any number of tokens can be folded in from the left."""
    mixed = left * _MIX + right
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(_PRIME)
    return mixed


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _kind(category: str) -> int:
    """The class of the characters of a Unicode category."""
    if category[0] == "Z" or category in ("Cc", "Cf", "Cs"):
        return _SPACE
    if category == "Nd":
        return _DIGIT
    return _WORD if category[0] in "LMN" else _MARK


@functools.cache
def _tables() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8], BoolArray]:
    """Fold (to a plain lower-case character), class, and capital flag for each character below the limit."""
    chars = [*map(chr, range(_LIMIT))]
    categories = "".join(map(unicodedata.category, chars)).encode()  # two letters each
    pairs, category = np.unique(np.frombuffer(categories, np.uint16), return_inverse=True)
    names = [name.decode() for name in pairs.view("S2").tolist()]
    kind = np.append(np.array([*map(_kind, names)], np.uint8)[category], np.array([_SINGLE, _MARK], np.uint8))
    for low, high in _UNSPACED:
        kind[low:high][kind[low:high] == _WORD] = _SINGLE
    capital = np.append(np.array([name in ("Lu", "Lt") for name in names])[category], [False, False])
    lowered = [*map(str.lower, chars)]  # one character each, but of the Latin ones
    # Latin letters only: stripping marks elsewhere would destroy vowels.
    lowered[:0x250] = [unicodedata.normalize("NFD", char)[0] for char in lowered[:0x250]]
    fold = _codes("".join([*lowered, chr(_LIMIT), chr(_BOUNDARY)])).astype(np.uint64)
    fold[[ord(char) for char in _FOLDED_MARKS]] = [ord(mark) for mark in _FOLDED_MARKS.values()]
    return fold, kind, capital


def powers(length: int) -> tuple[KeyArray, KeyArray]:
    """The powers of the prime and of its inverse, at least ``length`` of each. Only small tables are kept."""
    size = 1 << max(12, (length - 1).bit_length())
    return _kept_powers(size) if size <= _KEPT_POWERS else _new_powers(size)


@functools.cache
def _kept_powers(size: int) -> tuple[KeyArray, KeyArray]:
    return _new_powers(size)


def _new_powers(size: int) -> tuple[KeyArray, KeyArray]:
    ones = np.ones(size, np.uint64)
    forward, backward = ones * np.uint64(_PRIME), ones * np.uint64(_INVERSE)
    forward[0] = backward[0] = 1
    return np.cumprod(forward), np.cumprod(backward)


def shifted(mask: BoolArray, by: int) -> BoolArray:
    """The mask of the neighbour ``by`` places to the right (or left, if negative)."""
    moved = np.zeros_like(mask)
    if by > 0:
        moved[:-by] = mask[by:]
    else:
        moved[-by:] = mask[:by]
    return moved


def keys_of(words: Sequence[str]) -> KeyArray:
    """Keys of tokens that are spelled like this, to the letter: nothing is folded. None may be empty."""
    sizes = np.fromiter(map(len, words), np.int64, len(words))
    begins = np.cumsum(sizes) - sizes
    place = np.arange(sizes.sum()) - np.repeat(begins, sizes)
    forward, _ = powers(int(sizes.max(initial=0)))
    return np.add.reduceat(_codes("".join(words)) * forward[place], begins) if words else np.empty(0, np.uint64)


BOUNDARY_KEY, NUMBER_KEY, YEAR_KEY = keys_of([chr(_BOUNDARY), "#number", "#year"])


def run_starts(values: IntArray) -> IntArray:
    """Where runs of equal values begin."""
    new = np.ones(len(values), bool)
    new[1:] = values[1:] != values[:-1]
    return new.nonzero()[0]


def among(keys: KeyArray, chosen: KeyArray) -> BoolArray:
    """Which keys are among some, which must be sorted and not none."""
    return chosen[np.searchsorted(chosen[:-1], keys)] == keys


def _characters(texts: Sequence[str]) -> tuple[IntArray, KeyArray, IntArray]:
    """Codes up to the limit and folded characters of a batch, and the place of the boundary before each text."""
    fold, kind_of, _ = _tables()
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    joined_text = "\x00" + "\x00".join(texts) + "\x00"
    raw = _codes(joined_text)
    code = np.minimum(raw, _LIMIT).astype(np.int64)
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(lengths + 1, out=offsets[1:])
    code[offsets] = _BOUNDARY
    char = fold[code]
    beyond = kind_of[code] == _SINGLE
    char[beyond] = raw[beyond]
    return code, char, offsets


def spelled(texts: Sequence[str], tokens: Tokens, which: IntArray) -> KeyArray:
    """The folded characters of some tokens of a batch, end to end."""
    _, char, offsets = _characters(texts)
    sizes = (tokens.end - tokens.start)[which]
    owner = np.repeat(which, sizes)
    inside = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return char[(offsets[tokens.sentence] + 1 + tokens.start)[owner] + inside]


def tokenize(texts: Sequence[str]) -> Tokens:
    """Tokens of a batch. Characters are counted as Python counts them; lone surrogates are allowed."""
    _, kind_of, capital_of = _tables()
    code, char, offsets = _characters(texts)
    kind = kind_of[code]

    digit = kind == _DIGIT
    word = (kind == _WORD) | digit
    before, after = shifted(word, -1), shifted(word, 1)
    glue = ((char == ord("-")) | (char == ord("'"))) & before & after
    point = char == ord(".")
    in_number = (point | (char == ord(","))) & shifted(digit, -1) & shifted(digit, 1)
    in_initials = point & before & ~shifted(word, -2) & ~shifted(digit, -1)  # "U.S.", "J. Smith"
    word |= in_number
    part = word | ((kind != _SPACE) & ~glue & ~in_initials)
    previous = shifted(word, -1)
    same_mark = np.zeros_like(word)
    same_mark[1:] = (char[1:] == char[:-1]) & (kind[1:] == _MARK) & (code[1:] != _BOUNDARY)
    begins = part & ~(word & previous) & ~same_mark
    starts = begins.nonzero()[0]
    # A token ends where the next begins or where its run of characters stops.
    inside = (word & previous) | same_mark
    breaks = (~inside).nonzero()[0]
    ends = np.append(breaks, len(char))[np.searchsorted(breaks, starts, side="right")]

    forward, backward = powers(len(char))
    sums = np.zeros(len(char) + 1, np.uint64)
    np.cumsum(char * forward[: len(char)], out=sums[1:])
    key = (sums[ends] - sums[starts]) * backward[starts]

    is_mark = kind[starts] == _MARK
    key[is_mark] = char[starts[is_mark]]
    boundary = code[starts] == _BOUNDARY
    numeric = digit[starts] & digit[ends - 1]
    if numeric.any():
        year = numeric & (ends - starts == 4) & ((char[starts] == ord("1")) | (char[starts] == ord("2")))
        key[numeric] = NUMBER_KEY
        key[year] = YEAR_KEY
    key[boundary] = BOUNDARY_KEY
    sentence = np.cumsum(boundary) - 1
    origin = offsets[sentence] + 1
    return Tokens(
        size=len(texts),
        key=key,
        sentence=sentence,
        start=starts - origin,
        end=ends - origin,
        boundary=boundary,
        word=word[starts],
        capital=capital_of[code[starts]],
        joined=glue[starts - 1],
        ending=_ending(char, starts, ends),
    )


def _ending(char: KeyArray, starts: IntArray, ends: IntArray) -> KeyArray:
    value = np.zeros(len(ends), np.uint64)
    for back in (3, 2, 1):
        value = (value << np.uint64(21)) | np.where(ends - back >= starts, char[ends - back], np.uint64(0))
    return value


def ending_key(suffix: str) -> tuple[np.uint64, np.uint64]:
    """Value and mask to test ``Tokens.ending`` for a suffix of at most three characters."""
    value = sum(ord(char) << (21 * place) for place, char in enumerate(reversed(suffix)))
    return np.uint64(value), np.uint64((1 << 21 * len(suffix)) - 1)


def phrase_keys(phrases: Sequence[str]) -> list[list[np.uint64]]:
    """The token keys of each phrase, as they would stand in running text."""
    tokens = tokenize(phrases)
    keys: list[list[np.uint64]] = [[] for _ in phrases]
    for key, sentence, boundary in zip(tokens.key, tokens.sentence, tokens.boundary, strict=True):
        if not boundary:
            keys[sentence].append(key)
    return keys
