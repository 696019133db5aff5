"""Sentences to features: keys of what stands in them, the same for training and inference.

Three views of a sentence give n-grams:

* **words**: the tokens themselves;
* **symbols**: each token as its word class, crime, country, name or function word, in order;
* **skeleton**: of the symbols only the word classes, so that distant cues meet.

Crime expressions found by the lexicon give features of their own (what kind of match, whether inside a name,
what stands beside it), shared by all expressions of a crime type: a new expression needs no training.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from secclass._lexicon import FALLBACK, FALSE_FRIEND, HINT, PLAIN, Lexicon, inside_another
from secclass._table import KeyTable
from secclass._tokens import BoolArray, IntArray, KeyArray, Tokens, combine, ending_key, phrase_keys, tokenize

GROUPS = ("word", "symbol", "skeleton", "crime", "context", "shape")
_GENERIC = "cross_border_crime"
_COMPANY = 4  # how an expression matched: a kind of the lexicon, or this: in the company that it needs
_FREE, _NAME, _GROUP, _LAW, _BODY = range(5)  # where a crime expression stands
_HEADS = (("group_heads", _GROUP), ("law_heads", _LAW), ("body_heads", _BODY))  # the later ones win
_ACTORS = ("official", "public_body", "joint_subject", "country", "nationality")  # classes that stay visible in names
_SUFFIXES = ("ing", "ed", "ly", "s")


@functools.cache
def _named(name: str) -> np.uint64:
    """Key of a symbol that no text can hold: lexicon and feature names live apart from words."""
    key = phrase_keys([name.replace("_", "").replace(":", "")])[0]
    return np.uint64(combine(np.array([0x5EC], np.uint64), key[0])[0])


@dataclass(frozen=True)
class Occurrences:
    """Features found in a batch, an entry each: key, sentence, first and last token."""

    key: KeyArray
    sentence: IntArray
    first: IntArray
    last: IntArray


@dataclass(frozen=True)
class Features:
    """What was found in a batch of sentences.

    ``groups`` holds the occurrences of each feature group; ``candidates`` says for each sentence (row) and crime
    type (column) whether any expression of that type stands in it, be it a hint.
    """

    tokens: Tokens
    groups: dict[str, Occurrences]
    candidates: BoolArray


@dataclass(frozen=True)
class _Stream:
    """One view of the tokens: a key each, and the tokens (first to last) that it covers."""

    key: KeyArray
    sentence: IntArray
    boundary: BoolArray
    first: IntArray
    last: IntArray

    def ngrams(self, salt: np.uint64, shortest: int, longest: int) -> list[Occurrences]:
        """All n-grams inside sentences; those of two and more may begin or end with the boundary."""
        found = []
        key = combine(self.key, salt)
        inside = np.ones(len(key), bool)
        for n in range(1, longest + 1):
            ends = slice(n - 1, None)
            if n > 1:
                if len(self.key) < n:
                    break
                key = combine(key[:-1], self.key[ends])
                inside = inside[:-1]
                if n > 2:
                    inside = inside & ~self.boundary[n - 2 : -1]
            if n >= shortest:
                begins = len(key)
                if n == 1:
                    whole = ~self.boundary
                elif n == 2:
                    whole = ~(self.boundary[:-1] & self.boundary[1:])
                else:
                    whole = inside
                found.append(
                    Occurrences(
                        key[whole],
                        self.sentence[:begins][whole],
                        self.first[:begins][whole],
                        self.last[ends][whole],
                    )
                )
        return found


@dataclass(frozen=True)
class _Crimes:
    """Crime expressions found, an entry each; ``specific`` are those that name a specific crime for certain."""

    first: IntArray
    last: IntArray
    sentence: IntArray
    crime: IntArray
    how: IntArray
    place: IntArray
    specific: BoolArray
    has_specific: BoolArray  # an entry a sentence

    def occurrences(self, keys: KeyArray, rows: BoolArray | IntArray | slice = slice(None)) -> Occurrences:
        return Occurrences(keys[rows], self.sentence[rows], self.first[rows], self.last[rows])


class Extractor:
    """Finds the features of sentences by a lexicon.

    Parameters
    ----------
    lexicon
        The compiled lexicon.
    lengths
        For each n-gram view the shortest and longest n-gram, e.g. ``{"word": (1, 2)}``.
    """

    def __init__(self, lexicon: Lexicon, lengths: dict[str, tuple[int, int]]) -> None:
        self.lexicon = lexicon
        self.lengths = lengths
        self._salt = {name: _named(f"view {name}".replace(" ", "")) for name in GROUPS}
        self._symbol_of_class = np.array([_named(f"class{s}") for s in lexicon.symbols], np.uint64)
        self._is_actor = np.array([s in _ACTORS for s in lexicon.symbols], bool)
        self._list = {name: index for index, name in enumerate(lexicon.lists)}
        names = lexicon.crime_names
        self._specific = np.array([name != _GENERIC for name in names], bool)
        self._suffixes = [(ending_key(s), _named(f"suffix{s}")) for s in _SUFFIXES]
        self._crime_symbol = np.array([_named(f"crimeis{name}") for name in names], np.uint64)
        self._function = self._flag_table("function")
        self._connector = self._flag_table("connector")
        self._match_keys = np.array(
            [[[_named(f"match{name}{how}{place}") for place in range(5)] for how in range(5)] for name in names],
            np.uint64,
        )

    def _flag_table(self, name: str) -> KeyTable:
        """Single words of a list, as a table."""
        index = self._list.get(name, -1)
        words = self.lexicon.words
        member_of = [index in words.members[a:b] for a, b in zip(words.bounds[:-1], words.bounds[1:], strict=True)]
        keys = words.keys[np.array([member_of[v] for v in words.values], bool)] if len(words.keys) else words.keys
        return KeyTable(keys, np.zeros(len(keys), np.int32))

    def extract(self, texts: Sequence[str]) -> Features:
        """All features of a batch of sentences."""
        tokens = tokenize(texts)
        present, flags = self._word_lists(tokens)
        in_title = self._title_case(tokens)
        run = self._name_runs(tokens, flags, in_title)
        crimes = self._crime_matches(tokens, present, run)
        symbols, skeleton = self._symbol_view(tokens, flags, run, in_title, crimes)
        words = _Stream(
            tokens.key,
            tokens.sentence,
            tokens.boundary,
            np.arange(len(tokens.key)),
            np.arange(len(tokens.key)),
        )
        found: dict[str, Occurrences] = {}
        for name, stream in (("word", words), ("symbol", symbols), ("skeleton", skeleton)):
            if name in self.lengths:
                found[name] = _joined(stream.ngrams(self._salt[name], *self.lengths[name]))
        found["crime"], found["context"] = self._crime_features(tokens, symbols, crimes)
        found["shape"] = self._shape(tokens, in_title)
        candidates = np.zeros((tokens.size, len(self.lexicon.crime_names)), bool)
        real = crimes.how != FALSE_FRIEND
        candidates[crimes.sentence[real], crimes.crime[real]] = True
        return Features(tokens, found, candidates)

    def owner(self, keys: KeyArray) -> IntArray:
        """For features of the group "crime" the crime type that they speak of, -1 for those of no single one."""
        own = np.full(len(keys), -1)
        beside = combine(self._match_keys.ravel(), _named("besidespecific")).reshape(self._match_keys.shape)
        for crime, known in enumerate(zip(self._match_keys, beside, strict=True)):
            own[np.isin(keys, np.array(known).ravel())] = crime
        return own

    def _word_lists(self, tokens: Tokens) -> tuple[BoolArray, dict[str, BoolArray]]:
        """Which lists each sentence has words of, and for the named lists which tokens."""
        first, size, sets = self.lexicon.words.find(tokens)
        place, member = self.lexicon.words.spread(sets)
        present = np.zeros((tokens.size, max(1, len(self.lexicon.lists))), bool)
        present[tokens.sentence[first[place]], member] = True
        flags = {}
        for name in ("body_heads", "law_heads", "group_heads", "countries"):
            flag = np.zeros(len(tokens.key), bool)
            hits = place[member == self._list.get(name, -1)]
            flag[first[hits]] = True
            flag[first[hits] + size[hits] - 1] = True
            flags[name] = flag
        return present, flags

    def _title_case(self, tokens: Tokens) -> BoolArray:
        """Sentences in which most longer words have a capital: there it tells nothing."""
        long = tokens.word & (tokens.end - tokens.start > 3)
        letters = np.bincount(tokens.sentence[long], minlength=tokens.size + 1)
        capitals = np.bincount(tokens.sentence[long & tokens.capital], minlength=tokens.size + 1)
        title: BoolArray = (capitals >= 3) & (capitals > 0.7 * letters)
        return title

    def _name_runs(self, tokens: Tokens, flags: dict[str, BoolArray], in_title: BoolArray) -> npt.NDArray[np.int8]:
        """For each token: 0 outside names, else what the name it stands in is headed by."""
        count = len(tokens.key)
        function = self._function.find(tokens.key) >= 0
        opens = np.zeros(count, bool)
        opens[1:] = tokens.boundary[:-1] | ~tokens.word[:-1]
        capital = tokens.capital & ~in_title[tokens.sentence] & ~(opens & function)
        follows = np.zeros(count, bool)
        follows[1:] = tokens.joined[1:] & capital[:-1]
        capital |= follows
        # A capital that opens the sentence is a name only where another capital follows.
        before, after = np.zeros(count, bool), np.zeros(count, bool)
        before[1:], after[:-1] = capital[:-1], capital[1:]
        after2 = np.zeros(count, bool)
        after2[:-2] = capital[2:]
        connector = (self._connector.find(tokens.key) >= 0) & ~capital
        link = connector & before & (after | after2)
        link[1:] |= connector[1:] & link[:-1] & after[1:]
        link &= after | np.append(link[1:], False)
        first_capital = opens & capital
        inside = (capital & ~(first_capital & ~after & ~np.append(link[1:], False))) | link
        begins = inside & ~np.append(False, inside[:-1])
        number = np.cumsum(begins) * inside
        kind_of_run = np.full(int(number.max(initial=0)) + 1, _NAME, np.int8)
        for name, kind in _HEADS:
            kind_of_run[number[flags[name] & inside]] = kind
        kind_of_run[0] = _FREE
        return kind_of_run[number]

    def _crime_matches(self, tokens: Tokens, present: BoolArray, run: npt.NDArray[np.int8]) -> _Crimes:
        """The crime expressions that count.

        An expression inside a longer one of the same crime type is hidden by it, and a generic one also inside
        one of a specific type ("drug syndicate").
        """
        first, size, sets = self.lexicon.crimes.find(tokens)
        hidden = inside_another(first, size)
        number, member = self.lexicon.crimes.spread(sets)
        crime, kind, company = self.lexicon.crime_parts(member)
        generic = ~self._specific[crime]
        keep = ~(hidden[number] & generic)
        for own in np.unique(crime[hidden[number] & ~generic]):
            rows = np.flatnonzero(crime == own)
            keep[rows[inside_another(first[number[rows]], size[number[rows]])]] = False
        number, crime, kind, company = number[keep], crime[keep], kind[keep], company[keep]
        first, last = first[number], (first + size - 1)[number]
        sentence = tokens.sentence[first]
        place = np.where(run[first] == run[last], run[first], _FREE).astype(np.int64)
        # Without its company an expression is but a hint, and a false friend is none.
        accompanied = company >= 0
        alone = accompanied & ~present[sentence, company]
        how = np.where(accompanied & (kind == PLAIN), _COMPANY, kind)
        how = np.where(alone, np.where(kind == FALSE_FRIEND, PLAIN, HINT), how)
        named = ((how == PLAIN) | (how == _COMPANY)) & (place < _LAW)
        specific = named & self._specific[crime]
        has_specific = np.zeros(tokens.size, bool)
        has_specific[sentence[specific]] = True
        how = np.where((how == FALLBACK) & has_specific[sentence], HINT, how)
        return _Crimes(first, last, sentence, crime, how, place, specific, has_specific)

    def _symbol_view(
        self,
        tokens: Tokens,
        flags: dict[str, BoolArray],
        run: npt.NDArray[np.int8],
        in_title: BoolArray,
        crimes: _Crimes,
    ) -> tuple[_Stream, _Stream]:
        count = len(tokens.key)
        symbol = np.where(tokens.word, _named("word"), tokens.key)
        for (value, mask), key in self._suffixes:
            symbol[tokens.word & ((tokens.ending & mask) == value) & (symbol == _named("word"))] = key
        function = self._function.find(tokens.key) >= 0
        symbol[function] = tokens.key[function]
        numeric = tokens.word & ~function & (tokens.ending & np.uint64(0x1FFFFF) < np.uint64(58))
        symbol[numeric] = _named("number")
        named = (run != _FREE) & ~function
        symbol[named] = _named("name")
        symbol[flags["countries"]] = _named("country")
        drop = np.zeros(count, bool)
        last = np.arange(count)
        taken = np.zeros(count, bool)

        solid = (crimes.how != HINT) & (crimes.how != FALSE_FRIEND) & (crimes.place < _LAW)
        first_c, steps = crimes.first[solid], (crimes.last - crimes.first)[solid]
        for step in range(int(steps.max(initial=-1)) + 1):
            at = first_c[steps >= step] + step
            taken[at] = True
            drop[at] = step > 0
        last[first_c] = first_c + steps
        symbol[first_c] = _named("crime")

        first_s, size_s, sets = self.lexicon.classes.find(tokens)
        outer = ~inside_another(first_s, size_s)
        first_s, size_s, sets = first_s[outer], size_s[outer], sets[outer]
        number, member = self.lexicon.classes.spread(sets)
        combined = np.zeros(len(first_s), np.uint64)
        actor = np.zeros(len(first_s), bool)
        np.add.at(combined, number, self._symbol_of_class[member])
        np.logical_or.at(actor, number, self._is_actor[member])
        use = ~taken[first_s] & ~taken[first_s + size_s - 1] & ((run[first_s] == _FREE) | actor)
        first_s, size_s, combined = first_s[use], size_s[use], combined[use]
        symbol[first_s] = combined
        classed = np.zeros(count, bool)
        classed[first_s] = True
        last[first_s] = first_s + size_s - 1
        for at in range(1, int(size_s.max(initial=1))):
            drop[first_s[size_s > at] + at] = True
        # Runs of one open symbol count once.
        plain = named | (symbol == _named("word")) | (symbol == _named("name"))
        repeated = np.zeros(count, bool)
        repeated[1:] = (symbol[1:] == symbol[:-1]) & plain[1:] & ~classed[1:]
        link = (run != _FREE) & function
        keep = ~(drop | repeated | link)
        keep |= tokens.boundary
        where = np.flatnonzero(keep)
        full = _Stream(symbol[where], tokens.sentence[where], tokens.boundary[where], where, last[where])
        question = tokens.key == np.uint64(ord("?"))
        bones = np.flatnonzero(classed | tokens.boundary | question)
        return full, _Stream(symbol[bones], tokens.sentence[bones], tokens.boundary[bones], bones, last[bones])

    def _crime_features(self, tokens: Tokens, symbols: _Stream, crimes: _Crimes) -> tuple[Occurrences, Occurrences]:
        """What matched and how; and what stands on either side of it."""
        keys = self._match_keys[crimes.crime, crimes.how, crimes.place]
        beside = np.flatnonzero(~self._specific[crimes.crime] & crimes.has_specific[crimes.sentence])
        own = _joined(
            [
                crimes.occurrences(keys),
                crimes.occurrences(np.full(len(keys), _named("matchspecific"), np.uint64), crimes.specific),
                crimes.occurrences(combine(keys, _named("besidespecific")), beside),
            ]
        )
        broad = np.where(self._specific[crimes.crime], _named("specific"), _named("generic"))
        # Left and right neighbours as they stand in the symbol view and as words.
        slot = np.searchsorted(symbols.first, crimes.first, side="right") - 1
        left_symbol, right_symbol = symbols.key[slot - 1], symbols.key[np.minimum(slot + 1, len(symbols.key) - 1)]
        left_word, right_word = tokens.key[crimes.first - 1], tokens.key[crimes.last + 1]
        contexts = [
            crimes.occurrences(combine(combine(what, neighbour), _named(side)))
            for side, neighbours in (("left", (left_symbol, left_word)), ("right", (right_symbol, right_word)))
            for neighbour in neighbours
            for what in (broad, keys)
        ]
        both = combine(combine(combine(broad, left_word), right_word), _named("both"))
        return own, _joined([*contexts, crimes.occurrences(both)])

    def _shape(self, tokens: Tokens, in_title: BoolArray) -> Occurrences:
        """Length band, title case, last mark."""
        words = np.bincount(tokens.sentence[tokens.word], minlength=tokens.size + 1)[: tokens.size]
        band = np.searchsorted([4, 8, 14, 22, 32, 45], words)
        bands = np.array([_named(f"length{i}") for i in range(7)], np.uint64)
        rows = np.arange(tokens.size)
        opening = np.flatnonzero(tokens.boundary)
        title = rows[in_title[: tokens.size]]
        key = np.concatenate([bands[band], np.full(len(title), _named("title"), np.uint64)])
        sentence = np.concatenate([rows, title])
        return Occurrences(key, sentence, opening[sentence] + 1, opening[sentence + 1] - 1)


def _joined(parts: list[Occurrences]) -> Occurrences:
    return Occurrences(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("key", "sentence", "first", "last"))
    )
