"""Sentences to features: keys of what stands in them, the same for training and inference.

Six views of a sentence:

* **words**: the tokens themselves, as n-grams;
* **opening**: the words with which a text begins, apart: a document's title and first paragraphs;
* **symbols**: each token as its word class, crime, country, name or function word, in order, as n-grams;
* **characters**: of each word, as n-grams;
* **skeleton**: of the symbols only the word classes: the cues of stance;
* **attributes**: of each token its word, endings, word classes and shape, for the network that reads tokens in order.

Crime expressions found by the lexicon give features of their own (what kind of match, whether inside a name,
what stands beside it), shared by all expressions of a crime type: a new expression needs no training.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from secclass._characters import character_ngrams
from secclass._cues import Cues, find_cues
from secclass._lexicon import FALLBACK, FALSE_FRIEND, HINT, PLAIN, Lexicon, inside_another
from secclass._names import BODY, FREE, HEADS, LAW, datelines, name_runs, title_case
from secclass._spelling import Spelling
from secclass._tokens import BoolArray, IntArray, KeyArray, Tokens, among, combine, ending_key, phrase_keys, tokenize
from secclass._views import Attributes, Occurrences, Stream, joined, named, names

VIEWS = ("word", "opening", "symbol", "character")  # as n-grams
GROUPS = (*VIEWS, "crime", "context", "shape", "list", "mention")
_GENERIC = "cross_border_crime"
# How an expression matched: a kind of the lexicon, or in the company that it needs, a hint in such company, or as a
# blocked fallback.
COMPANY, _BLOCKED, _HINT_MET = 4, 5, 6
_KINDS = 7
_MET = np.array([COMPANY, _HINT_MET, FALSE_FRIEND, FALLBACK])  # by kind
_ACTORS = ("official", "public_body", "joint_subject", "country", "nationality")  # classes that stay visible in names
_SUBJECTS = (
    *_ACTORS,
    *("company", "crime_anaphor", "expert_media", "first_person", "first_singular", "person_private"),
    *("second_person", "suspect", "third_person", "third_thing"),
)  # classes that can be the subject of an act
_SINGLE_WORDS = ("function", "connector")  # lists of which only single words count
_FORMAL = (*HEADS, *_SINGLE_WORDS, "countries")  # lists that tell what words do, not what they are about
_SUFFIXES = ("ing", "ed", "ly", "s")
_OPENING = 200  # tokens with which a text begins: of a document its title and first paragraphs
ATTRIBUTES = ("word", "ending", "class", "shape")


class Features(NamedTuple):
    """What was found in a batch of sentences.

    ``function`` flags the tokens that are function words. ``groups`` holds the occurrences of each feature group,
    ``cues`` the cues of stance, ``attributes`` those of each kind that the tokens have. ``candidates`` says for each
    sentence (row) and crime type (column) whether any expression of that type stands in it, be it a hint, as the
    group "mention" tells too; ``owner`` for each occurrence of the group "crime" which crime type it speaks of (-1:
    no single one).
    """

    tokens: Tokens
    function: BoolArray
    groups: dict[str, Occurrences]
    cues: Cues
    attributes: dict[str, Attributes]
    candidates: BoolArray
    owner: IntArray


class _Crimes(NamedTuple):
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
        For each n-gram view ("word", "opening", "symbol", "character") the shortest and longest n-gram, e.g.
        ``{"word": (1, 2)}``; a view that is not named is not looked at.
    spelling
        The words that are known: misspelt ones are read as those. Without it, words are taken as they stand.
    """

    def __init__(self, lexicon: Lexicon, lengths: dict[str, tuple[int, int]], spelling: Spelling | None = None) -> None:
        self.lexicon = lexicon
        self.lengths = lengths
        self.spelling = spelling
        self._salt = {name: named(f"view {name}") for name in GROUPS}
        self._symbol_of_class = names(f"class{symbol}" for symbol in lexicon.symbols)
        context = [s.split(":")[0] in lexicon.context for s in lexicon.symbols]
        self._context = np.sort(np.append(self._symbol_of_class[np.array(context, bool)], np.uint64(ord("?"))))
        subject = [s.split(":")[0] in _SUBJECTS for s in lexicon.symbols]
        self._actors = np.sort(np.append(self._symbol_of_class[np.array(subject, bool)], named("name")))
        self._is_actor = np.array([s in _ACTORS for s in lexicon.symbols], bool)
        self._lists = lexicon.list_count
        self._list_keys = np.zeros(self._lists, np.uint64)
        telling = {name: place for name, place in lexicon.lists.items() if name not in _FORMAL}
        self._list_keys[[*telling.values()]] = names(f"list {name}" for name in telling)
        crimes = lexicon.crime_names
        self._specific = np.array([name != _GENERIC for name in crimes], bool)
        self._suffixes = [(ending_key(s), named(f"suffix{s}")) for s in _SUFFIXES]
        self._articles = np.sort([key for (key,) in phrase_keys(["the", "a", "an", "its", "their"])])
        self._mention_keys = names(f"mention {name}" for name in crimes)
        hits = itertools.product(crimes, range(_KINDS), range(BODY + 1))
        self._match_keys = names(f"match{name}{how}{place}" for name, how, place in hits).reshape(-1, _KINDS, BODY + 1)

    def extract(self, texts: Sequence[str]) -> Features:
        """All features of a batch of sentences."""
        written = tokenize(texts)
        # Capitals throughout tell neither names nor a title.
        shouted = np.array([*map(str.isupper, texts), False])
        titles = title_case(written) & ~shouted
        capital = written.capital & ~(titles | shouted)[written.sentence]
        tokens = self.spelling.corrected(texts, written, capital) if self.spelling else written
        present, flags, listed = self._word_lists(tokens)
        function = flags["function"]
        run, opening = name_runs(tokens, capital, function, flags["connector"], flags)
        crimes = self._crime_matches(tokens, present, run)
        hidden = _names_hidden(tokens, function, flags["countries"], run)
        dateline = datelines(tokens)
        symbols, skeleton, attributes = self._symbol_view(tokens, capital, function, hidden, dateline, run, crimes)
        places = (~dateline).nonzero()[0]
        words = Stream(hidden[places], tokens.sentence[places], tokens.boundary[places], places, places)
        found: dict[str, Occurrences] = {}
        begins = tokens.boundary.nonzero()[0][tokens.sentence[places]]
        opening_words = words.part(places - begins <= _OPENING)
        for name, stream in (("word", words), ("opening", opening_words), ("symbol", symbols)):
            if name in self.lengths:
                found[name] = stream.ngrams(self._salt[name], *self.lengths[name])
        if "character" in self.lengths:
            salt = self._salt["character"]
            found["character"] = character_ngrams(texts, tokens, salt, *self.lengths["character"])
        found["crime"], owner = self._crime_features(tokens, crimes)
        found["context"] = self._context_features(tokens, symbols, crimes, opening)
        found["list"] = listed
        found["mention"] = self._mentions(crimes)
        found["shape"] = self._shape(tokens, titles[: tokens.size])
        candidates = np.zeros((tokens.size, len(self.lexicon.crime_names)), bool)
        real = crimes.how != FALSE_FRIEND
        candidates[crimes.sentence[real], crimes.crime[real]] = True
        cues = find_cues(tokens, symbols, skeleton, self._context, self._actors)
        return Features(written, function, found, cues, attributes, candidates, owner)

    def _word_lists(self, tokens: Tokens) -> tuple[BoolArray, dict[str, BoolArray], Occurrences]:
        """Which lists each sentence has words of, which tokens are those of the formal ones, and where others stand."""
        first, size, sets = self.lexicon.words.find(tokens)
        place, member = self.lexicon.words.spread(sets)
        present: BoolArray = np.zeros((tokens.size, self._lists), bool)
        present[tokens.sentence[first[place]], member] = True
        flags: dict[str, BoolArray] = {}
        for name in _FORMAL:
            flag: BoolArray = np.zeros(len(tokens.key), bool)
            hits = place[member == self.lexicon.lists.get(name, -1)]
            if name in _SINGLE_WORDS:
                hits = hits[size[hits] == 1]
            flag[first[hits]] = True
            flag[first[hits] + size[hits] - 1] = True
            flags[name] = flag
        key = self._list_keys[member]
        some = key.nonzero()[0]
        hits = place[some]
        found = Occurrences(key[some], tokens.sentence[first[hits]], first[hits], (first + size - 1)[hits])
        return present, flags, _once(found)

    def function_words(self, tokens: Tokens) -> BoolArray:
        """Which tokens are function words."""
        return self._word_lists(tokens)[1]["function"]

    def _crime_matches(self, tokens: Tokens, present: BoolArray, run: npt.NDArray[np.int8]) -> _Crimes:
        """The crime expressions that count.

        An expression inside a longer one of the same crime type is hidden by it, and a generic one also inside
        one of a specific type ("drug syndicate").
        """
        first, size, sets = self.lexicon.crimes.find(tokens)
        number, member = self.lexicon.crimes.spread(sets)
        crime, kind, company = self.lexicon.crime_parts(member)
        # Without its company an expression says nothing, and a false friend speaks of the crime.
        accompanied = company >= 0
        alone = accompanied.copy()
        alone[accompanied] = ~self.lexicon.company.met(
            company[accompanied], present, tokens.sentence[first[number[accompanied]]]
        )
        how = np.where(alone, PLAIN, np.where(accompanied, _MET[kind], kind))
        keep = ~alone
        number, crime, how = number[keep], crime[keep], how[keep]
        speaks = np.zeros(len(first), bool)
        speaks[number] = True
        first, size, number = first[speaks], size[speaks], (np.cumsum(speaks) - 1)[number]
        hidden = inside_another(first, size)
        hint = (how == HINT) | (how == _HINT_MET)
        generic = ~self._specific[crime]
        keep = ~(hidden[number] & generic)
        for own in set(crime[hidden[number] & ~generic].tolist()):
            rows = (crime == own).nonzero()[0]
            inside = rows[inside_another(first[number[rows]], size[number[rows]])]
            keep[inside[hint[inside]]] = False
            rows = rows[~hint[rows]]  # a hint does not hide what is sure
            keep[rows[inside_another(first[number[rows]], size[number[rows]])]] = False
        number, crime, how = number[keep], crime[keep], how[keep]
        first, last = first[number], (first + size - 1)[number]
        sentence = tokens.sentence[first]
        place = np.where(run[first] == run[last], run[first], FREE).astype(np.int64)
        certain = ((how == PLAIN) | (how == COMPANY)) & (place < LAW)
        specific = certain & self._specific[crime]
        has_specific = np.zeros(tokens.size, bool)
        has_specific[sentence[specific]] = True
        how = np.where((how == FALLBACK) & has_specific[sentence], _BLOCKED, how)
        return _Crimes(first, last, sentence, crime, how, place, specific, has_specific)

    def _symbol_view(
        self,
        tokens: Tokens,
        capital: BoolArray,
        function: BoolArray,
        hidden: KeyArray,
        dateline: BoolArray,
        run: npt.NDArray[np.int8],
        crimes: _Crimes,
    ) -> tuple[Stream, Stream, dict[str, Attributes]]:
        """The symbols of a batch in order, of them the word classes, and the attributes of all tokens."""
        count = len(tokens.key)
        symbol = np.where(tokens.word, named("word"), tokens.key)
        for (value, mask), key in self._suffixes:
            symbol[tokens.word & ((tokens.ending & mask) == value) & (symbol == named("word"))] = key
        symbol[function] = tokens.key[function]
        numeric = tokens.word & ~function & (tokens.ending & np.uint64(0x1FFFFF) < np.uint64(58))
        symbol[numeric] = named("number")
        in_name = (run != FREE) & ~function
        symbol = np.where(hidden != tokens.key, hidden, symbol)
        drop = dateline.copy()
        last = np.arange(count)
        taken = np.zeros(count, bool)

        solid = ~np.isin(crimes.how, (HINT, _HINT_MET, FALSE_FRIEND)) & (crimes.place < LAW)
        first_c, steps = crimes.first[solid], (crimes.last - crimes.first)[solid]
        for step in range(int(np.max(steps, initial=-1)) + 1):
            at = first_c[steps >= step] + step
            taken[at] = True
            drop[at] = step > 0
        last[first_c] = first_c + steps
        symbol[first_c] = named("crime")

        first_s, size_s, sets = self.lexicon.classes.find(tokens)
        outer = ~inside_another(first_s, size_s)
        first_s, size_s, sets = first_s[outer], size_s[outer], sets[outer]
        number, member = self.lexicon.classes.spread(sets)
        combined = np.zeros(len(first_s), np.uint64)
        actor = np.zeros(len(first_s), bool)
        np.add.at(combined, number, self._symbol_of_class[member])
        np.logical_or.at(actor, number, self._is_actor[member])
        use = ~taken[first_s] & ~taken[first_s + size_s - 1] & ((run[first_s] == FREE) | actor)
        attributes = self._attributes(tokens, capital, hidden, dateline, run, taken)
        within = (use & ~dateline[first_s])[number]
        attributes["class"] = _class_attributes(
            self._symbol_of_class[member[within]], first_s[number[within]], size_s[number[within]]
        )
        first_s, size_s, combined = first_s[use], size_s[use], combined[use]
        symbol[first_s] = combined
        classed = np.zeros(count, bool)
        classed[first_s] = True
        last[first_s] = first_s + size_s - 1
        for further in range(1, int(np.max(size_s, initial=1))):
            drop[first_s[size_s > further] + further] = True
        # Runs of one open symbol count once.
        plain = in_name | (symbol == named("word")) | (symbol == named("name"))
        repeated = np.zeros(count, bool)
        repeated[1:] = (symbol[1:] == symbol[:-1]) & plain[1:] & ~classed[1:]
        link = (run != FREE) & function
        keep = ~(drop | repeated | link)
        keep |= tokens.boundary
        where = keep.nonzero()[0]
        full = Stream(symbol[where], tokens.sentence[where], tokens.boundary[where], where, last[where])
        question = tokens.key == np.uint64(ord("?"))
        bones = ((classed & ~dateline) | tokens.boundary | question).nonzero()[0]
        return (
            full,
            Stream(symbol[bones], tokens.sentence[bones], tokens.boundary[bones], bones, last[bones]),
            attributes,
        )

    def _attributes(
        self,
        tokens: Tokens,
        capital: BoolArray,
        word: KeyArray,
        dateline: BoolArray,
        run: npt.NDArray[np.int8],
        crime: BoolArray,
    ) -> dict[str, Attributes]:
        """Word, endings and shape of each token that is in no dateline; of capitals those that tell something."""
        at = (~tokens.boundary & ~dateline).nonzero()[0]
        plain = at[(word[at] == tokens.key[at]) & tokens.word[at]]
        endings = [
            combine(tokens.ending[plain] & np.uint64((1 << 21 * length) - 1), named(f"ending{length}"))
            for length in (2, 3)
        ]
        shape = run[at] + 8 * crime[at] + 16 * capital[at] + 32 * tokens.word[at]
        return {
            "word": Attributes(combine(word[at], named("attribute word")), at),
            "ending": Attributes(np.concatenate(endings), np.tile(plain, len(endings))),
            "shape": Attributes(combine(shape.astype(np.uint64), named("attribute shape")), at),
        }

    def mention_keys(self, names: Sequence[str]) -> KeyArray:
        """The keys that tell that a sentence holds an expression of these crime types."""
        return self._mention_keys[[self.lexicon.crime_names.index(name) for name in names]]

    def _mentions(self, crimes: _Crimes) -> Occurrences:
        """For each crime type of each sentence the first expression that may speak of it."""
        return _once(crimes.occurrences(self._mention_keys[crimes.crime], crimes.how != FALSE_FRIEND))

    def _crime_features(self, tokens: Tokens, crimes: _Crimes) -> tuple[Occurrences, IntArray]:
        """What matched and how, each feature once a sentence; and the crime type that each speaks of."""
        keys = self._match_keys[crimes.crime, crimes.how, crimes.place]
        beside = (~self._specific[crimes.crime] & crimes.has_specific[crimes.sentence]).nonzero()[0]
        found = joined(
            [
                crimes.occurrences(keys),
                crimes.occurrences(combine(keys, named("beside specific")), beside),
                crimes.occurrences(np.full(len(keys), named("match specific"), np.uint64), crimes.specific),
            ]
        )
        pooled = np.full(int(crimes.specific.sum()), -1)
        owner = np.concatenate([crimes.crime, crimes.crime[beside], pooled])
        kept = _first_ones(found)
        return found.part(kept), owner[kept]

    def _context_features(self, tokens: Tokens, symbols: Stream, crimes: _Crimes, opening: IntArray) -> Occurrences:
        """The words of a crime expression, what stands on either side of it, and before the name it stands in."""
        keys = self._match_keys[crimes.crime, crimes.how, crimes.place]
        # Each hint may prove better or worse than hints do; sure expressions share one weight, also new ones.
        hinting = (crimes.how != PLAIN) & (crimes.how != COMPANY)
        itself = combine(combine(keys, named("expression")), _span_keys(tokens, crimes.first, crimes.last))
        broad = np.where(self._specific[crimes.crime], named("specific"), named("generic"))
        # Left and right neighbours as they stand in the symbol view and as words.
        # In a dateline, which the symbol view leaves out, the sentence's boundary stands in for what is on the left.
        edge = symbols.boundary.nonzero()[0][crimes.sentence]
        slot = np.searchsorted(symbols.first, crimes.first, side="right") - 1
        left_symbol = symbols.key[np.maximum(slot - 1, edge)]
        right_symbol = symbols.key[np.minimum(slot + 1, len(symbols.key) - 1)]
        left_word, right_word = tokens.key[crimes.first - 1], tokens.key[crimes.last + 1]
        neighbours = np.array([left_symbol, left_word, right_symbol, right_word])[:, None]
        sides = np.array([named("left")] * 2 + [named("right")] * 2)[:, None, None]
        contexts = combine(combine(np.array([broad, keys]), neighbours), sides).reshape(8, len(keys))
        after = ~tokens.boundary[crimes.first - 1]  # an opening tells nothing of what follows
        both = combine(combine(combine(broad, left_word), right_word), named("both"))
        # Before the name that it stands in, if any: "under the ... Act", "signed the ... Protocol".
        name = np.searchsorted(symbols.first, opening[crimes.first], side="right") - 1
        article = among(symbols.key[np.maximum(name - 1, edge)], self._articles)
        before = symbols.key[np.maximum(name - 1 - article, edge)]
        named_place = combine(combine(named("place") + crimes.place.astype(np.uint64), before), named("before name"))
        return joined(
            [
                *(crimes.occurrences(keys, after) for keys in contexts[:4]),
                *map(crimes.occurrences, contexts[4:]),
                crimes.occurrences(itself, hinting),
                crimes.occurrences(both),
                crimes.occurrences(named_place, crimes.place != FREE),
            ]
        )

    def _shape(self, tokens: Tokens, titles: BoolArray) -> Occurrences:
        """Length band, title case."""
        words = np.bincount(tokens.sentence[tokens.word], minlength=tokens.size + 1)[: tokens.size]
        band = np.searchsorted([4, 8, 14, 22, 32, 45], words)
        bands = np.array([named(f"length{i}") for i in range(7)], np.uint64)
        rows = np.arange(tokens.size)
        opening = tokens.boundary.nonzero()[0]
        title = rows[titles]
        key = np.concatenate([bands[band], np.full(len(title), named("title"), np.uint64)])
        sentence = np.concatenate([rows, title])
        return Occurrences(key, sentence, opening[sentence] + 1, opening[sentence + 1] - 1)


def _names_hidden(tokens: Tokens, function: BoolArray, country: BoolArray, run: npt.NDArray[np.int8]) -> KeyArray:
    """The keys of the tokens, but that the words of names, and countries, are not told apart."""
    hidden = np.where((run != FREE) & ~function, named("name"), tokens.key)
    return np.where(country, named("country"), hidden)


def _first_ones(found: Occurrences) -> IntArray:
    """Of each feature in each sentence the first occurrence."""
    order = np.lexsort((found.first, found.key, found.sentence))
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(found.sentence[order]) != 0) | (found.key[order][1:] != found.key[order][:-1])
    return order[new]


def _once(found: Occurrences) -> Occurrences:
    """The same, each feature once a sentence."""
    return found.part(_first_ones(found))


def _class_attributes(key: KeyArray, first: IntArray, size: IntArray) -> Attributes:
    """The class of each expression, for its first token and, apart, for those inside it."""
    parts = [(combine(key, named("begins")), first)]
    for step in range(1, int(np.max(size, initial=1))):
        longer = size > step
        parts.append((combine(key[longer], named("inside")), first[longer] + step))
    keys, tokens = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Attributes(keys, tokens)


def _span_keys(tokens: Tokens, first: IntArray, last: IntArray) -> KeyArray:
    """One key for the tokens of each span."""
    key = tokens.key[first]
    for step in range(1, int(np.max(last - first, initial=0)) + 1):
        longer = (first + step <= last).nonzero()[0]
        key[longer] = combine(key[longer], tokens.key[first[longer] + step])
    return key
