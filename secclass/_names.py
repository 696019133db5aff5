"""Capitalised names: which tokens stand in one, and what it is the name of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from secclass._tokens import NUMBER_KEY, YEAR_KEY, BoolArray, Tokens, shifted

# What the name that a token stands in is the name of; the later kinds win where a name has several heads.
FREE, NAME, GROUP, LAW, BODY = range(5)
_LONGEST_TITLE = 18  # words of more than three letters
_LONGEST_DATELINE = 12  # tokens
HEADS = {"group_heads": GROUP, "law_heads": LAW, "body_heads": BODY}


def title_case(tokens: Tokens) -> BoolArray:
    """The sentences in which most longer words, or nearly all words, have a capital: there it tells nothing."""
    count = tokens.size + 1
    shouted = np.bincount(tokens.sentence[tokens.capital], minlength=count) > 0.85 * np.bincount(
        tokens.sentence[tokens.word], minlength=count
    )
    long = tokens.word & (tokens.end - tokens.start > 3)
    letters = np.bincount(tokens.sentence[long], minlength=count)
    capitals = np.bincount(tokens.sentence[long & tokens.capital], minlength=count)
    return (capitals >= 3) & (((capitals > 0.75 * letters) & (letters <= _LONGEST_TITLE)) | shouted)


def datelines(tokens: Tokens) -> BoolArray:
    """The tokens of a dateline, with its last mark: "NAIROBI, May 4 (Reuters) -", "NEW DELHI, 3 March 2024:".

    It stands at the beginning of a sentence, and all its words are capitalised or numbers.
    """
    places = np.arange(len(tokens.key))
    opening = tokens.boundary.nonzero()[0][tokens.sentence]
    number = (tokens.key == NUMBER_KEY) | (tokens.key == YEAR_KEY)
    plain = np.cumsum(tokens.word & ~tokens.capital & ~number)
    names = np.cumsum(tokens.word & tokens.capital)
    closes = (tokens.key == np.uint64(ord("-"))) | ((tokens.key == np.uint64(ord(":"))) & shifted(number, -1))
    closes &= (places - opening <= _LONGEST_DATELINE) & (plain == plain[opening]) & (names > names[opening])
    closes &= shifted(tokens.word | (tokens.key == np.uint64(ord('"'))), 1)
    last = opening.copy()
    at = closes.nonzero()[0]
    np.maximum.at(last, opening[at], at)  # each opening carries the place of its sentence's last such mark
    return (places > opening) & (places <= last[opening])


def name_runs(
    tokens: Tokens, capital: BoolArray, function: BoolArray, connector: BoolArray, heads: Mapping[str, BoolArray]
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int64]]:
    """For each token the kind of name it stands in (FREE outside), and the first token of that name.

    A name is a run of capitals, with connectors ("Office on Drugs and Crime") between them. ``capital`` flags the
    capitals that tell something, ``function`` and ``connector`` the tokens that are such words; ``heads`` those that
    head a kind of name.
    """
    opens = shifted(tokens.boundary | ~tokens.word, -1)
    capital = capital & ~(opens & function)
    capital |= tokens.joined & shifted(capital, -1)  # "Counter-terrorism"
    connector = connector & ~capital
    link = connector & shifted(capital, -1) & (shifted(capital, 1) | shifted(capital, 2))
    link |= connector & shifted(link, -1) & shifted(capital, 1)
    link &= shifted(capital, 1) | shifted(link, 1)
    # A capital that opens the sentence is a name only where another one follows.
    inside = (capital & ~(opens & ~shifted(capital, 1) & ~shifted(link, 1))) | link
    begins = inside & ~shifted(inside, -1)
    number = np.cumsum(begins) * inside
    kind = np.full(int(np.max(number, initial=0)) + 1, NAME, np.int8)
    for name, head in HEADS.items():
        kind[number[heads[name] & inside]] = head
    kind[0] = FREE
    first = np.append(0, begins.nonzero()[0])[number]
    return kind[number], np.where(inside, first, np.arange(len(inside)))
