"""What valid input is, and where sentences begin and end."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sentencex

from secclass.errors import InputError

_CLOSERS = "\"'”’»)]"
_BULLET = re.compile(r"(?:[-*•–—▪◦‣·●o]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])\s")
_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# A line that ends with one of these words goes on in the next, whatever that begins with.
_OPEN_WORD = re.compile(r"\b(?:an?|and|as|at|by|for|from|in|its|of|on|or|our|that|the|their|to|with)$")
_ABBREVIATIONS = (
    "Mr Mrs Ms Dr Prof Gen Lt Col Maj Capt Cmdr Sgt Adm Brig Hon Rev Sen Rep Gov Pres Amb Supt Insp Det St Ste Mt Ft "
    "para paras pp vol ch cf vs v approx ca fig Fig i.e e.g www"
)
_BEFORE_NUMBERS = (
    "No Nos Art Arts Sec Secs para paras Res Doc pp Rs Tk Jan Feb Mar Apr Jun Jul Aug Sept Sep Oct Nov Dec"
)
_BEFORE_NAMES = "U.S U.K U.N E.U U.A.E D.C U.S.A a.m p.m Inc Ltd Corp Co Jr Sr etc"
_AFTER_INITIALS = (
    "Attorney Army Navy Air Embassy Department State Treasury Coast Customs Congress Senate House President Secretary "
    "Government Ambassador Marshal Marshals District Supreme Senator Representative Security General Office Mission "
    "Trade Federal Justice Immigration Consulate Marine Marines Agency Bank Postal Secret Monday Tuesday Wednesday "
    "Thursday Friday Saturday Sunday ET EST EDT GMT local"
)


def _one_of(words: str) -> str:
    return "(?:" + "|".join(map(re.escape, words.split())) + ")"


# A full stop after an abbreviation ends no sentence ...
_ABBREVIATED = re.compile(rf"(?:^|[\s(\"“'‘])(?:(?:[A-Z]\.)+|{_one_of(_ABBREVIATIONS)}\.)$")
# ... after some only where a number follows, after others only where no new sentence begins.
_BEFORE_NUMBER = re.compile(rf"(?:^|[\s(]){_one_of(_BEFORE_NUMBERS)}\.$")
_BEFORE_NAME = re.compile(rf"(?:^|[\s(]){_one_of(_BEFORE_NAMES)}\.$")
_NO_OPENER = re.compile(rf"[a-z0-9]|{_one_of(_AFTER_INITIALS)}\b")
# "... before they act?” Mr Keenan said."
_SPEAKER = re.compile(r"(?:[A-Z][\w.'’-]*\s+){1,5}(?:said|says|asked|added|told|wrote|wondered|warned|replied)\b")
_OPENERS = '“‘"(['
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"\s")
_LAST_SPACE = re.compile(r"\s(?=\S*$)")
# sentencex needs quadratic time in nested quotes: it sees so many characters at once, and no sentence is longer.
_LONGEST = 20_000
_TAIL = 40  # characters before a possible sentence end that tell whether it is one


def check_text(text: object, name: str = "text") -> str:
    """The text itself if it is a ``str``.

    Raises
    ------
    InputError
        If it is anything else; the message names the cure.
    """
    if isinstance(text, str):
        return text
    raise not_text(text, name)


def not_text(value: object, name: str) -> InputError:
    """The error for a value that is no ``str``."""
    return InputError(f"{name} must be a str, got {_describe(value)}")


def check_iterable(texts: Iterable[str], call: str) -> Iterable[str]:
    """The texts as they are, if they are an iterable and no single text; ``call`` is who wants them.

    Raises
    ------
    InputError
        If they are not.
    """
    if isinstance(texts, str):
        raise InputError(f"{call} takes an iterable of str, got one str; call tag(text) or pass [text]")
    if isinstance(texts, (bytes, bytearray)) or not isinstance(texts, Iterable):
        raise InputError(f"{call} takes an iterable of str, got {_describe(texts)}")
    return texts


def check_texts(texts: Iterable[str]) -> list[str]:
    """The sentences given to ``tag_sentences`` as a list, each checked.

    Raises
    ------
    InputError
        If ``texts`` is a single text or not iterable, or an item is no ``str``.
    """
    return [check_text(text, f"item {index}") for index, text in enumerate(check_iterable(texts, "tag_sentences"))]


def _describe(value: Any) -> str:
    if isinstance(value, (bytes, bytearray)):
        return f"{type(value).__name__}; decode it first, e.g. text.decode('utf-8')"
    if value is None:
        return "None; drop missing values or replace them by ''"
    if isinstance(value, float) and value != value:
        return "NaN (a missing value); drop it or replace it by ''"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}; for sentences already split call tag_sentences(list_of_str)"
    return f"{type(value).__name__}; convert it with str() if that is what you mean"


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, in order, not overlapping, white space at the edges left out.

    sentencex finds the candidates inside each paragraph; rules mend what breaks on news and official prose.
    Every character that is not white space lies in exactly one span. Text that goes on for ``_LONGEST`` (20,000)
    characters without a sentence end is cut there, at white space if there is any. Time is linear in the length.
    """
    return [span for begin, end in _paragraphs(text) for span in _mended(text, _candidates(text, begin, end))]


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    part = text[begin:end]
    return begin + len(part) - len(part.lstrip()), begin + len(part.rstrip())


def _paragraphs(text: str) -> list[tuple[int, int]]:
    """Blocks between line ends; lines that were only wrapped are put together again."""
    lines = []
    begin = 0
    for match in _LINE_END.finditer(text):
        lines.append((begin, match.start()))
        begin = match.end()
    lines.append((begin, len(text)))
    wrapped = _is_hard_wrapped([end - begin for begin, end in lines if end > begin])
    blocks: list[tuple[int, int]] = []
    before = ""
    blank = True
    for begin, end in lines:
        content = text[begin:end].strip()
        if not content:
            blank = True
            continue
        if before and _continues(before, content, wrapped, blank):
            blocks[-1] = (blocks[-1][0], end)
        else:
            blocks.append((begin, end))
        before, blank = content, False
    return blocks


def _is_hard_wrapped(lengths: Sequence[int]) -> bool:
    """Whether lines were broken to a width: several, none long, most near the longest."""
    if len(lengths) < 3:
        return False
    longest = max(lengths)
    return 40 <= longest <= 100 and sum(length > 0.75 * longest for length in lengths) >= 0.5 * len(lengths)


def _continues(before: str, line: str, wrapped: bool, blank: bool) -> bool:
    """Whether a line goes on with the sentence of the line before it, perhaps over a blank line."""
    if _BULLET.match(line):
        return False
    if _OPEN_WORD.search(before[-_TAIL:]) or (line[0].islower() and before[-1].isalnum()):
        return True
    if blank:
        return False
    if line[0].islower():
        return before[-1] not in ".!?:;" or wrapped
    if before[-1] in ",–—-" and not before.endswith("--"):
        return True
    return wrapped and before.rstrip(_CLOSERS)[-1:] not in (".", "!", "?", ":", ";", "")


def _candidates(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentences of a paragraph as sentencex sees them, without white space at the edges."""
    while begin < end:
        stop = min(end, begin + _LONGEST)
        # Inner line ends would be read as paragraph breaks or list items, and sentencex panics on some wide spaces:
        # all are plain spaces here. Lone surrogates cannot reach it. Every stand-in is one character for one.
        part = _SURROGATE.sub("\ufffd", _SPACE.sub(" ", text[begin:stop]))
        found = sentencex.get_sentence_boundaries("en", part)
        places = [0, *(item["start_index"] for item in found[1:]), len(part)]
        if stop < end:
            # What the end of the part broke off is seen whole the next time, unless it is all there is.
            space = _LAST_SPACE.search(part)
            places = places[:-1] if len(places) > 2 else [0, space.end() if space else len(part)]
        for first, last in itertools.pairwise(places):
            span = _trimmed(text, begin + first, begin + last)
            if span[0] < span[1]:
                yield span
        begin += places[-1]


def _mended(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    mended: list[tuple[int, int]] = []
    for begin, end in spans:
        if mended:
            first, last = mended.pop()
            if text[last - 1] in _OPENERS and (last - 1 == first or text[last - 2].isspace()):
                begin = last - 1  # an opening quote belongs to what follows
                first, last = _trimmed(text, first, begin)
            if end - first <= _LONGEST and _belongs(text[max(first, last - _TAIL) : last], text[begin:end]):
                begin = first
            elif first < last:
                mended.append((first, last))
        mended.append((begin, end))
    return mended


def _belongs(before: str, after: str) -> bool:
    """Whether what sentencex cut apart is one sentence."""
    if not after or not before:
        return True
    if all(char in _CLOSERS + ".!?… " for char in after):
        return True  # closing quotes and brackets that were left behind
    if before[-1] in "?!" and (after[0].islower() or after[0] in "–—"):
        return True
    if not before.endswith("."):
        closed = before[-1] in _CLOSERS
        return closed and (after[0].islower() or (before[-2:-1] in ("?", "!") and bool(_SPEAKER.match(after))))
    if _BULLET.fullmatch(before + " "):
        return True  # "1." or "(a)" alone
    if _BEFORE_NUMBER.search(before):
        return after[0].isdigit()
    if _BEFORE_NAME.search(before):
        return bool(_NO_OPENER.match(after))
    return bool(_ABBREVIATED.search(before)) or after[0].islower()
