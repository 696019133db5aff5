"""The lexicon: expressions of each crime type, word classes for stance, shared word lists.

Notation of the files (full text in docs/lexicon.md): an entry of one to twelve words a line, ``noun~`` and ``verb+``
add regular inflections, ``a|b`` gives alternatives, ``expr & words`` needs company in the sentence, and
``expr & words & words`` company of each kind; ``? expr`` is a hint, ``! expr`` a false friend that hides what stands
inside it, ``/ expr`` a fallback that counts only where the sentence names no other crime type.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from secclass._company import LISTED, Company, numbered, sorted_out, taken_apart
from secclass._table import KeyTable, in_order
from secclass._tokens import BoolArray, IntArray, KeyArray, Tokens, combine, phrase_keys, tokenize
from secclass.errors import SeedError

PLAIN, HINT, FALSE_FRIEND, FALLBACK = range(4)
KINDS = 4
_MARKS = {"?": HINT, "!": FALSE_FRIEND, "/": FALLBACK}
_MAX_TOKENS = 12
_MOST_PHRASES = 20_000  # of one line
_MOST = 1 << 16  # states and sets of members of a matcher
Lists = Mapping[str, Sequence[str]]  # the phrases of ``@name``
_NO_LISTS: Lists = {}
_Tree = dict[int, tuple[set[int], "_Tree"]]  # key of a token: members of the expression that ends here, what goes on
_State = tuple[tuple[int, int, int], ...]  # steps: key of a token, member set, number of the next state


@dataclass(frozen=True)
class Entry:
    """One expanded expression: what it belongs to and, for crime types, its kind and the company it needs, as text."""

    phrase: str
    owner: str
    kind: int = PLAIN
    company: str = ""


def _add_s(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def _verb_forms(word: str) -> tuple[str, str, str, str]:
    past = word + "d" if word.endswith("e") else word + "ed"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        past = word[:-1] + "ied"
    drops_e = word.endswith("e") and not word.endswith(("ee", "ye", "oe"))
    return word, _add_s(word), past, (word[:-1] if drops_e else word) + "ing"


def _alternatives(item: str, lists: Lists) -> list[str]:
    words: list[str] = []
    for part in item.split("|"):
        if part.startswith(LISTED):
            if part not in lists:
                raise SeedError(f"{part!r} names no list; there are: {', '.join(sorted(lists)) or 'none'}")
            words += lists[part]
        elif part.endswith("~"):
            words += [part[:-1], _add_s(part[:-1])]
        elif part.endswith("+"):
            words += _verb_forms(part[:-1])
        else:
            words.append(part)
    return words


def expand(pattern: str, lists: Lists = _NO_LISTS) -> list[str]:
    """The phrases that an expression in lexicon notation stands for; ``lists`` are those that it may name.

    Raises
    ------
    SeedError
        If they are too many, or it names a list that is not there.
    """
    words = [_alternatives(item, lists) for item in pattern.split()]
    count = math.prod(map(len, words))
    if count > _MOST_PHRASES:
        raise SeedError(f"{pattern!r} stands for {count:,} phrases, more than {_MOST_PHRASES:,}: write several lines")
    return [" ".join(phrase) for phrase in itertools.product(*words)]


def _expand_class(pattern: str, name: str) -> list[tuple[str, str]]:
    """Phrases of a word-class entry, each with its symbol (``directive:ed``): forms of a verb differ."""
    pattern, _, form = pattern.partition(" :")
    head, _, rest = pattern.partition(" ")
    tails = expand(rest) if rest else [""]
    forms: Iterable[str]
    if head.startswith("="):
        forms = head[1:].split("|")
    elif head.endswith("+") and "|" not in head:
        forms = _verb_forms(head[:-1])
    else:
        symbol = f"{name}:{form}" if form else name
        return [(phrase, symbol) for phrase in expand(pattern)]
    pairs = [(word, suffix) for word, suffix in zip(forms, ("base", "s", "ed", "ing"), strict=False) if word]
    return [(f"{word} {tail}".strip(), f"{name}:{suffix}") for word, suffix in pairs for tail in tails]


def _lines(path: Path, lower: bool = True) -> list[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SeedError(f"{path}: not UTF-8 ({error}); save the file as UTF-8") from None
    rows = ((number, line.split("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line.lower() if lower else line) for number, line in rows if line]


def crime_entries(line: str, owner: str, where: str, lists: Lists = _NO_LISTS) -> list[Entry]:
    """The entries of a line in the notation of crime expressions.

    Raises
    ------
    SeedError
        If the line breaks the notation; the message begins with ``where``.
    """
    kind = _MARKS.get(line[:1], PLAIN)
    pattern, *company = (line[1:] if kind else line).split("&")
    if not pattern.strip() or not all(words.strip() for words in company):
        raise SeedError(f"{where}: {line!r} is not '[?, ! or /] expr [& words ...]'")
    needs = sorted_out(company)
    return [Entry(phrase, owner, kind, needs) for phrase in expand(pattern.strip(), lists)]


def read_crimes(folder: Path, lists: Iterable[Entry]) -> list[Entry]:
    """Entries of ``crimes/ID.txt``, which may name these lists."""
    by_name: dict[str, list[str]] = {}
    for entry in lists:
        by_name.setdefault(entry.owner, []).append(entry.phrase)
    return [
        entry
        for path in sorted(folder.glob("*.txt"))
        for number, line in _lines(path)
        for entry in crime_entries(line, path.stem, f"{path}:{number}", by_name)
    ]


def read_expressions(path: Path) -> dict[str, list[str]]:
    """Expressions of labels of one's own: a file with a line ``[label]`` before those of each label.

    Raises
    ------
    SeedError
        If a line breaks the notation, or stands before the first label.
    """
    found: dict[str, list[str]] = {}
    label = ""
    for number, line in _lines(path, lower=False):
        if line.startswith("[") and line.endswith("]"):
            label = line[1:-1].strip()
        elif not label:
            raise SeedError(f"{path}:{number}: {line!r} stands before the first line '[label]'")
        else:
            crime_entries(line, label, f"{path}:{number}")
            found.setdefault(label, []).append(line)
    return found


def read_classes(folder: Path) -> list[Entry]:
    """Entries of ``classes/NAME.txt``; the owner is the symbol, with its form where the entry has forms."""
    entries = []
    for path in sorted(folder.glob("*.txt")):
        for _, line in _lines(path):
            entries += [Entry(phrase, symbol) for phrase, symbol in _expand_class(line, path.stem)]
    return entries


def read_context(folder: Path) -> tuple[str, ...]:
    """The classes whose second line is ``# context``: they surround acts and are none."""
    paths = sorted(folder.glob("*.txt"))
    return tuple(p.stem for p in paths if p.read_text(encoding="utf-8").splitlines()[1:2] == ["# context"])


def read_lists(folder: Path) -> list[Entry]:
    """Entries of ``lists/NAME.txt``, owned by ``@NAME``."""
    return [
        Entry(phrase, LISTED + path.stem)
        for path in sorted(folder.glob("*.txt"))
        for _, line in _lines(path)
        for phrase in expand(line)
    ]


@dataclass(frozen=True)
class Matcher:
    """Finds expressions in tokens: a minimal automaton, whose steps are the entries of a key table.

    Each step has an entry in ``keys`` (stored, rising), ``values`` and ``links``. The first step of an expression has
    the key of its first token; the next ones combine the link of the step before with the key of their token. A link
    is the number of a state, 0 if no expression goes on. A value is 0 for a mere beginning, else the number of the
    set of members (``members[bounds[v] : bounds[v + 1]]``) that the expression belongs to.

    Models before format 5 have no states, and no ``links``: each step goes on with its own key.
    ``under`` is a matcher whose expressions are found as well, where this one does not know them.
    """

    keys: KeyArray
    values: npt.NDArray[np.uint16]
    links: npt.NDArray[np.uint16] | None
    bounds: npt.NDArray[np.int32]
    members: npt.NDArray[np.int32]
    under: Matcher | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "_table", KeyTable(self.keys))

    @classmethod
    def build(cls, phrases: Mapping[str, Iterable[int]]) -> Matcher:
        """A matcher from phrases to the members they stand for."""
        tree: _Tree = {}
        for phrase, keys in zip(phrases, phrase_keys(list(phrases)), strict=True):
            if not 0 < len(keys) <= _MAX_TOKENS:
                raise SeedError(f"expression {phrase!r} has {len(keys)} words; it must have 1 to {_MAX_TOKENS}")
            below = tree
            for key in keys:
                members, below = below.setdefault(int(key), (set(), {}))
            members.update(phrases[phrase])
        sets: dict[tuple[int, ...], int] = {(): 0}
        states: dict[_State, int] = {(): 0}

        def state(tree: _Tree) -> int:
            """The number of the state that goes on like this; equal states are one."""
            steps = tuple(
                (key, sets.setdefault(tuple(sorted(members)), len(sets)), state(below))
                for key, (members, below) in sorted(tree.items())
            )
            return states.setdefault(steps, len(states))

        start = state(tree)
        if max(len(sets), len(states)) > _MOST:
            raise SeedError(f"expressions have {len(states)} states and {len(sets)} sets of owners; at most {_MOST}")
        steps = [(number, *step) for entered, number in states.items() for step in entered]
        origin, token, value, link = np.array(steps, np.uint64).reshape(-1, 4).T
        stored, order = in_order(np.where(origin == start, token, combine(origin, token)))
        return cls(
            stored,
            value[order].astype(np.uint16),
            link[order].astype(np.uint16),
            np.cumsum([0, *map(len, sets)]).astype(np.int32),
            np.fromiter(itertools.chain.from_iterable(sets), np.int32),
        )

    def extended(self, phrases: Mapping[str, Iterable[int]]) -> Matcher:
        """A matcher that knows these phrases as well."""
        if not phrases:
            return self
        if not len(self.keys):
            return Matcher.build(phrases)
        merged = {phrase: {*members} for phrase, members in phrases.items()}
        listed = list(phrases)
        tokens = tokenize(listed)
        first, size, sets = self.find(tokens)
        whole = tokens.boundary[first - 1] & tokens.boundary[first + size]
        place, known = self.spread(sets[whole])
        for sentence, member in zip(tokens.sentence[first[whole][place]], known.tolist(), strict=True):
            merged[listed[sentence]].add(member)
        more = Matcher.build(merged)
        if len(self.bounds) + len(more.bounds) > _MOST:
            raise SeedError(f"expressions have more than {_MOST} sets of owners")
        return replace(
            more,
            values=np.where(more.values > 0, more.values + np.int32(len(self.bounds) - 1), 0).astype(np.uint16),
            bounds=np.append(self.bounds, self.bounds[-1] + more.bounds[1:]),
            members=np.append(self.members, more.members),
            under=self,
        )

    def find(self, tokens: Tokens) -> tuple[IntArray, IntArray, IntArray]:
        """First token, length and member set of each expression found, by first token, longer ones first."""
        first, size, sets = self._steps(tokens)
        if self.under:
            found = zip((first, size, sets), self.under.find(tokens), strict=True)
            first, size, sets = (np.concatenate(columns) for columns in found)
        place = first * (2 * _MAX_TOKENS) - size
        order = np.argsort(place, kind="stable")
        if self.under:
            order = order[np.diff(place[order], prepend=-_MAX_TOKENS) > 0]
        return first[order], size[order], sets[order]

    def _steps(self, tokens: Tokens) -> tuple[IntArray, IntArray, IntArray]:
        """First token, length and member set of each expression of this matcher alone."""
        table: KeyTable = self._table  # type: ignore[attr-defined]
        active = (~tokens.boundary).nonzero()[0]
        key = tokens.key[active]
        firsts, sets = [np.empty(0, np.int64)], [np.empty(0, np.uint16)]
        for length in range(1, _MAX_TOKENS + 1):
            step = table.find(key)
            known = (step >= 0).nonzero()[0]
            if not len(known):
                break
            active, step, key = active[known], step[known], key[known]
            value = self.values[step]
            whole = value.nonzero()[0]
            firsts.append(active[whole])
            sets.append(value[whole])
            link = key if self.links is None else self.links[step]
            goes_on = ((link > 0) & ~tokens.boundary[active + length]).nonzero()[0]
            active = active[goes_on]
            key = combine(link[goes_on].astype(np.uint64), tokens.key[active + length])
        sizes = np.repeat(np.arange(len(firsts)), [len(part) for part in firsts])
        return np.concatenate(firsts), sizes, np.concatenate(sets).astype(np.int64)

    def spread(self, sets: IntArray) -> tuple[IntArray, IntArray]:
        """For each member of each set: the place of its set in ``sets``, and the member."""
        counts = (self.bounds[sets + 1] - self.bounds[sets]).astype(np.int64)
        place = np.repeat(np.arange(len(sets)), counts)
        offset = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        return place, self.members[self.bounds[sets][place] + offset].astype(np.int64)


def inside_another(first: IntArray, size: IntArray) -> BoolArray:
    """Which spans lie in a longer one; spans must be in the order of ``Matcher.find``."""
    if not len(first):
        return np.zeros(0, bool)
    end = first + size
    group = np.searchsorted(first, first)  # the first span that begins at the same token: the longest
    covered = np.append(0, np.maximum.accumulate(end))[group]
    return (covered >= end) | (end[group] > end)


@dataclass(frozen=True)
class Lexicon:
    """The compiled lexicon.

    Members are places in ``crime_names`` (x 4 + kind, + ``company``), in ``symbols``, and of word lists. ``lists`` are
    the places of those that have a name; the others are own words of company. ``context`` are the word classes that
    are no cues by themselves, ``vocabulary`` the keys of the words of all entries but those that came with a model,
    whose scope knows them.
    """

    crime_names: tuple[str, ...]
    symbols: tuple[str, ...]
    lists: Mapping[str, int]
    context: tuple[str, ...]
    company: Company
    crimes: Matcher
    classes: Matcher
    words: Matcher
    vocabulary: KeyArray = field(default_factory=lambda: np.empty(0, np.uint64))

    @classmethod
    def read(cls, folder: Path, crime_names: Sequence[str]) -> Lexicon:
        """Compile the files under ``folder``.

        Raises
        ------
        SeedError
            If an entry breaks the notation, or a file of ``crimes/`` is not named by a known label.
        """
        lists = read_lists(folder / "lists")
        crimes = read_crimes(folder / "crimes", lists)
        for entry in crimes:
            if entry.owner not in crime_names:
                raise SeedError(f"{folder}/crimes/{entry.owner}.txt: no such label; known: {', '.join(crime_names)}")
        classes, context = read_classes(folder / "classes"), read_context(folder / "classes")
        return no_lexicon()._grown(crimes, classes, lists, context, crime_names)

    @property
    def list_count(self) -> int:
        """How many word lists there are, with a name or without."""
        return 1 + max(int(self.words.members.max(initial=-1)), *self.lists.values(), -1)

    def crime_parts(self, members: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Crime, kind and company (-1: needs none) of members of ``crimes``."""
        rest, kind = np.divmod(members, KINDS)
        company, crime = np.divmod(rest, len(self.crime_names))
        return crime, kind, company - 1

    def with_expressions(self, extra: Mapping[str, Iterable[str]]) -> Lexicon:
        """This lexicon with more expressions of crime types, or of labels that it did not have, in lexicon notation."""
        entries = [
            entry
            for owner, items in extra.items()
            for item in items
            for entry in crime_entries(item.strip().lower(), owner, f"expression of {owner!r}")
        ]
        return self._grown(entries, names=sorted(extra))

    def with_files(self, path: Path) -> Lexicon:
        """This lexicon with that of a file of expressions, or of a directory with ``crimes``, ``classes``, ``lists``.

        Raises
        ------
        SeedError
            If an entry breaks the notation, or there is none.
        """
        if not path.is_dir():
            found = read_expressions(path)
            if not found:
                raise SeedError(f"{path} holds no expressions")
            return self.with_expressions(found)
        lists = read_lists(path / "lists")
        crimes, classes = read_crimes(path / "crimes", lists), read_classes(path / "classes")
        if not crimes and not classes:
            raise SeedError(f"{path} holds neither crimes/NAME.txt with expressions nor classes/NAME.txt")
        return self._grown(crimes, classes, lists, read_context(path / "classes"))

    def _grown(
        self,
        crimes: Sequence[Entry],
        classes: Sequence[Entry] = (),
        lists: Sequence[Entry] = (),
        context: Sequence[str] = (),
        names: Iterable[str] = (),
    ) -> Lexicon:
        """This lexicon with more entries; what is new to it stands after what it had."""
        crime_names = _with(self.crime_names, (*names, *sorted({entry.owner for entry in crimes})))
        symbols = _with(self.symbols, sorted({entry.owner for entry in classes}))
        symbol_place = {name: place for place, name in enumerate(symbols)}
        companies = sorted({entry.company for entry in crimes} - {""})
        words = [*lists, *self._own_words(companies, {entry.owner for entry in lists})]
        named = {LISTED + name: place for name, place in self.lists.items()}
        new = sorted({entry.owner for entry in words} - named.keys(), key=lambda name: (name[:1] != LISTED, name))
        places = named | dict(zip(new, itertools.count(self.list_count), strict=False))
        crime, kind, company = self.crime_parts(self.crimes.members.astype(np.int64))
        members = ((company + 1) * len(crime_names) + crime) * KINDS + kind
        number = {"": 0} | dict(zip(companies, itertools.count(1 + len(self.company)), strict=False))
        crime_place = {name: place for place, name in enumerate(crime_names)}
        return replace(
            self,
            crime_names=crime_names,
            symbols=symbols,
            lists={name.removeprefix(LISTED): place for name, place in places.items() if name.startswith(LISTED)},
            context=_with(self.context, sorted(context)),
            company=self.company.extended(numbered(companies, places)),
            crimes=replace(self.crimes, members=members.astype(np.int32)).extended(
                _grouped(
                    (e.phrase, (number[e.company] * len(crime_names) + crime_place[e.owner]) * KINDS + e.kind)
                    for e in crimes
                )
            ),
            classes=self.classes.extended(_grouped((e.phrase, symbol_place[e.owner]) for e in classes)),
            words=self.words.extended(_grouped((e.phrase, places[e.owner]) for e in words)),
            vocabulary=np.union1d(self.vocabulary, _vocabulary((*crimes, *classes, *words))),
        )

    def _own_words(self, companies: Iterable[str], lists: Collection[str]) -> list[Entry]:
        """The word lists that companies bring; they have no name but their own words."""
        own: dict[str, None] = {}
        for part in itertools.chain.from_iterable(itertools.chain.from_iterable(map(taken_apart, companies))):
            if not part.startswith(LISTED):
                own[part] = None
            elif part not in lists and part.removeprefix(LISTED) not in self.lists:
                known = sorted({*self.lists, *(name.removeprefix(LISTED) for name in lists)})
                raise SeedError(f"company {part!r} names no list; there are: {', '.join(known)}")
        return [Entry(phrase, words) for words in own for item in words.split() for phrase in expand(item)]


def _with(names: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, *more)))


def _grouped(pairs: Iterable[tuple[str, int]]) -> dict[str, set[int]]:
    """For each phrase what it stands for."""
    grouped: dict[str, set[int]] = {}
    for phrase, member in pairs:
        grouped.setdefault(phrase, set()).add(member)
    return grouped


def _vocabulary(entries: Iterable[Entry]) -> KeyArray:
    tokens = tokenize(sorted({entry.phrase for entry in entries}))
    return np.unique(tokens.key[tokens.word])


def no_lexicon() -> Lexicon:
    """A lexicon without entries."""
    empty = Matcher.build({})
    return Lexicon((), (), {}, (), Company.of_lists(0), empty, empty, empty)
