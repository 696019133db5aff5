"""The lexicon: expressions of each crime type, word classes for stance, shared word lists.

Notation of the files (full text in docs/lexicon.md): an entry of one to twelve words a line, ``noun~`` and ``verb+``
add regular inflections, ``a|b`` gives alternatives, ``expr & words`` needs company in the sentence, and
``expr & words & words`` company of each kind; ``? expr`` is a hint, ``! expr`` a false friend that hides what stands
inside it, ``/ expr`` a fallback that counts only where the sentence names no other crime type.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from secclass._table import KeyTable, in_order
from secclass._tokens import BoolArray, IntArray, KeyArray, Tokens, combine, phrase_keys, tokenize
from secclass.errors import SeedError

PLAIN, HINT, FALSE_FRIEND, FALLBACK = range(4)
_MARKS = {"?": HINT, "!": FALSE_FRIEND, "/": FALLBACK}
AND = " & "  # between the lists that an expression needs
_MAX_TOKENS = 12
_MOST_PHRASES = 20_000  # of one line
_MOST = 1 << 16  # states and sets of members of a matcher
_Tree = dict[int, tuple[set[int], "_Tree"]]  # key of a token: members of the expression that ends here, what goes on
_State = tuple[tuple[int, int, int], ...]  # steps: key of a token, member set, number of the next state


@dataclass(frozen=True)
class Entry:
    """One expanded expression: what it belongs to and, for crime types, its kind and the list or lists it needs."""

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


def _alternatives(item: str) -> list[str]:
    words: list[str] = []
    for part in item.split("|"):
        if part.endswith("~"):
            words += [part[:-1], _add_s(part[:-1])]
        elif part.endswith("+"):
            words += _verb_forms(part[:-1])
        else:
            words.append(part)
    return words


def expand(pattern: str) -> list[str]:
    """The phrases that an expression in lexicon notation stands for.

    Raises
    ------
    SeedError
        If they are too many.
    """
    words = [_alternatives(item) for item in pattern.split()]
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


def crime_entries(line: str, owner: str, where: str) -> list[Entry]:
    """The entries of a line in the notation of crime expressions.

    Raises
    ------
    SeedError
        If the line breaks the notation; the message begins with ``where``.
    """
    kind = _MARKS.get(line[:1], PLAIN)
    pattern, *company = (line[1:] if kind else line).split("&")
    sets = sorted(" ".join(sorted(words.split())) for words in company)
    if not pattern.strip() or "" in sets:
        raise SeedError(f"{where}: {line!r} is not '[?, ! or /] expr [& words ...]'")
    needs = AND.join(sets)
    return [Entry(phrase, owner, kind, needs) for phrase in expand(pattern.strip())]


def read_crimes(folder: Path) -> list[Entry]:
    """Entries of ``crimes/ID.txt``. Company words become lists of their own, named by their text."""
    return [
        entry
        for path in sorted(folder.glob("*.txt"))
        for number, line in _lines(path)
        for entry in crime_entries(line, path.stem, f"{path}:{number}")
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
    """Entries of ``lists/NAME.txt``."""
    paths = sorted(folder.glob("*.txt"))
    for path in paths:
        if AND in path.stem:
            raise SeedError(f"{path}: {AND!r} in the name of a list; rename it")
    return [Entry(phrase, p.stem) for p in paths for _, line in _lines(p) for phrase in expand(line)]


def company_lists(crimes: Sequence[Entry], lists: Sequence[Entry]) -> list[Entry]:
    """The lists that company words make: their words, and those of each ``@list`` among them."""
    by_name: dict[str, list[str]] = {}
    for entry in lists:
        by_name.setdefault(entry.owner, []).append(entry.phrase)
    made = []
    for needs in sorted({words for entry in crimes if entry.company for words in entry.company.split(AND)}):
        for item in needs.split():
            if item.startswith("@") and item[1:] not in by_name:
                raise SeedError(f"company {item!r} names no list; there are: {', '.join(sorted(by_name))}")
            words = by_name[item[1:]] if item.startswith("@") else expand(item)
            made += [Entry(phrase, needs) for phrase in words]
    return made


def _numbered(crimes: Sequence[Entry], company: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """The entries with the lists of company named by number: their text would make a model larger."""
    number = {name: f"company {n}" for n, name in enumerate(dict.fromkeys(entry.owner for entry in company))}
    joined = {"": ""} | {
        needs: AND.join(number[part] for part in needs.split(AND)) for needs in {e.company for e in crimes} - {""}
    }
    return (
        [replace(entry, company=joined[entry.company]) for entry in crimes],
        [replace(entry, owner=number[entry.owner]) for entry in company],
    )


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

    Members are places in ``crime_names`` (x 4 + kind, + company), ``symbols`` and ``lists``. A list named
    ``"a & b"`` has no words of its own: a sentence has it if it has words of both (``needed``).

    ``context`` are the word classes that are no cues by themselves, ``vocabulary`` the keys of the words of all
    entries but those that came with a model, whose scope knows them.
    """

    crime_names: tuple[str, ...]
    symbols: tuple[str, ...]
    lists: tuple[str, ...]
    context: tuple[str, ...]
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
        crimes, classes, lists = (
            read(folder / name)
            for name, read in (("crimes", read_crimes), ("classes", read_classes), ("lists", read_lists))
        )
        for entry in crimes:
            if entry.owner not in crime_names:
                raise SeedError(f"{folder}/crimes/{entry.owner}.txt: no such label; known: {', '.join(crime_names)}")
        crimes, company = _numbered(crimes, company_lists(crimes, lists))
        words = [*lists, *company]
        list_names = tuple(sorted(_list_names(words, crimes)))
        symbols = tuple(sorted({entry.owner for entry in classes}))
        empty = Matcher.build({})
        context = read_context(folder / "classes")
        lexicon = cls(tuple(crime_names), symbols, list_names, context, empty, empty, empty)
        return cls(
            lexicon.crime_names,
            symbols,
            list_names,
            context,
            Matcher.build(lexicon.crime_members(crimes)),
            Matcher.build(_grouped(classes, symbols)),
            Matcher.build(_grouped(words, list_names)),
            _vocabulary((*crimes, *classes, *words)),
        )

    def crime_members(self, entries: Iterable[Entry]) -> dict[str, set[int]]:
        """For each phrase the numbers that stand for its entries; ``crime_parts`` takes them apart."""
        company = {"": 0} | {name: place for place, name in enumerate(self.lists, 1)}
        crime = {name: place for place, name in enumerate(self.crime_names)}
        members: dict[str, set[int]] = {}
        for entry in entries:
            member = (company[entry.company] * len(crime) + crime[entry.owner]) * 4 + entry.kind
            members.setdefault(entry.phrase, set()).add(member)
        return members

    def crime_parts(self, members: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Crime, kind and company list (-1: needs none) of members."""
        rest, kind = np.divmod(members, 4)
        company, crime = np.divmod(rest, len(self.crime_names))
        return crime, kind, company - 1

    def needed(self) -> IntArray:
        """For each list (row) those of which a sentence must have words, the last one repeated; a last row of none."""
        place = {name: index for index, name in enumerate(self.lists)}
        joined = {index: [place[part] for part in name.split(AND)] for name, index in place.items() if AND in name}
        needed = np.arange(len(self.lists) + 1)[:, None].repeat(max(map(len, joined.values()), default=1), axis=1)
        for row, parts in joined.items():
            needed[row] = (parts + parts[-1:] * needed.shape[1])[: needed.shape[1]]
        needed[-1] = 0
        return needed

    def with_expressions(self, extra: Mapping[str, Iterable[str]]) -> Lexicon:
        """This lexicon with more expressions of crime types, or of labels that it did not have, in lexicon notation."""
        entries = [
            entry
            for owner, items in extra.items()
            for item in items
            for entry in crime_entries(item.strip().lower(), owner, f"expression of {owner!r}")
        ]
        return self._grown(entries, names=extra)

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
        crimes, classes = read_crimes(path / "crimes"), read_classes(path / "classes")
        if not crimes and not classes:
            raise SeedError(f"{path} holds neither crimes/NAME.txt with expressions nor classes/NAME.txt")
        return self._grown(crimes, classes, read_lists(path / "lists"), read_context(path / "classes"))

    def _grown(
        self,
        crimes: Sequence[Entry],
        classes: Sequence[Entry] = (),
        lists: Sequence[Entry] = (),
        context: Sequence[str] = (),
        names: Iterable[str] = (),
    ) -> Lexicon:
        """This lexicon with more entries; what is new to it stands after what it had."""
        words = [*lists, *company_lists(crimes, lists)]
        crime_names = _with(self.crime_names, (*names, *(entry.owner for entry in crimes)))
        list_names = _with(self.lists, _list_names(words, crimes))
        symbols = _with(self.symbols, (entry.owner for entry in classes))
        crime, kind, needs = self.crime_parts(self.crimes.members.astype(np.int64))
        members = (((needs + 1) * len(crime_names) + crime) * 4 + kind).astype(np.int32)
        grown = replace(
            self,
            crime_names=crime_names,
            symbols=symbols,
            lists=list_names,
            context=_with(self.context, context),
            crimes=replace(self.crimes, members=members),
            vocabulary=np.union1d(self.vocabulary, _vocabulary((*crimes, *classes, *words))),
        )
        return replace(
            grown,
            crimes=grown.crimes.extended(grown.crime_members(crimes)),
            classes=grown.classes.extended(_grouped(classes, symbols)),
            words=grown.words.extended(_grouped(words, list_names)),
        )


def _list_names(words: Iterable[Entry], crimes: Iterable[Entry]) -> set[str]:
    return {entry.owner for entry in words} | {entry.company for entry in crimes if entry.company}


def _with(names: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return (*names, *sorted({*more} - {*names}))


def _vocabulary(entries: Iterable[Entry]) -> KeyArray:
    tokens = tokenize(sorted({entry.phrase for entry in entries}))
    return np.unique(tokens.key[tokens.word])


def _grouped(entries: Iterable[Entry], owners: Sequence[str]) -> dict[str, set[int]]:
    """For each phrase the places of its owners."""
    place = {owner: index for index, owner in enumerate(owners)}
    grouped: dict[str, set[int]] = {}
    for entry in entries:
        grouped.setdefault(entry.phrase, set()).add(place[entry.owner])
    return grouped


def no_lexicon() -> Lexicon:
    """A lexicon without entries."""
    empty = Matcher.build({})
    return Lexicon((), (), (), (), empty, empty, empty)
