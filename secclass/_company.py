"""Company: what must stand in a sentence for an expression of the lexicon to count."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from secclass._tokens import BoolArray, IntArray

AND = " & "  # between the sets of a company, in its text
LISTED = "@"  # before the name of a list
Numbers = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Company:
    """The companies that expressions need, by number.

    A company is met where the sentence has words of each of its sets, and a set where it has words of one of its
    lists. ``sets`` has a row a set with the places of its lists, ``needs`` a row a company with its sets; in both the
    last entry of a row is repeated up to the width of the widest.
    """

    sets: Numbers
    needs: Numbers

    @classmethod
    def build(cls, companies: Sequence[Sequence[tuple[int, ...]]]) -> Company:
        """Of the places of lists of each set of each company."""
        place = {lists: number for number, lists in enumerate(dict.fromkeys(itertools.chain.from_iterable(companies)))}
        return cls(_filled(list(place)), _filled([[place[lists] for lists in company] for company in companies]))

    @classmethod
    def of_lists(cls, count: int) -> Company:
        """As many companies as there are lists, each of one list."""
        numbers = np.arange(count, dtype=np.uint16)[:, None]
        return cls(numbers, numbers)

    def __len__(self) -> int:
        return len(self.needs)

    def met(self, company: IntArray, present: BoolArray, sentence: IntArray) -> BoolArray:
        """Whether each company is met in its sentence; ``present`` says which sentences (rows) have which lists."""
        found = present[sentence[:, None, None], self.sets[self.needs[company]]]
        met: BoolArray = np.logical_and.reduce(np.logical_or.reduce(found, axis=2), axis=1)
        return met

    def extended(self, more: Company) -> Company:
        """These companies, and more of them after these."""
        return Company(_under(self.sets, more.sets), _under(self.needs, more.needs + np.uint16(len(self.sets))))


def _filled(rows: Sequence[Sequence[int]]) -> Numbers:
    width = max(map(len, rows), default=1)
    return np.array([[*row, *[row[-1]] * (width - len(row))] for row in rows], np.uint16).reshape(len(rows), width)


def _under(above: Numbers, below: Numbers) -> Numbers:
    """Rows of both, those of the narrower one filled up."""
    width = max(above.shape[1], below.shape[1])
    return np.concatenate([np.pad(part, ((0, 0), (0, width - part.shape[1])), "edge") for part in (above, below)])


def sorted_out(company: Iterable[str]) -> str:
    """The text of a company of these sets of words and lists: the same for the same company."""
    return AND.join(sorted(" ".join(sorted(words.split())) for words in company))


def taken_apart(company: str) -> list[list[str]]:
    """For each set of a company its own words, as one text, and its lists, as ``@name``."""
    sets = []
    for words in company.split(AND):
        listed = [word for word in words.split() if word.startswith(LISTED)]
        own = " ".join(word for word in words.split() if not word.startswith(LISTED))
        sets.append([own] * bool(own) + listed)
    return sets


def numbered(companies: Sequence[str], places: Mapping[str, int]) -> Company:
    """The companies with these texts; ``places`` are those of the lists, and of own words as lists of their own."""
    return Company.build([[tuple(places[part] for part in parts) for parts in taken_apart(c)] for c in companies])
