"""What must hold for any text: shared by the suite and by the fuzzers."""

from __future__ import annotations

from collections.abc import Sequence

from secclass import CrimeType, Sentence, Stance
from secclass._text import sentence_spans

# Pieces that sentence ends, tokens and the lexicon turn on; fuzzers string them together.
PIECES = (
    *(" ", "  ", "\t", "\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029"),
    *("\x00", "\ufeff", "\u200b", "\u200d", "\u200f", "\u202e", "\u3000", "\xa0", "\xad", "\ufffd", "\uffff"),
    *("\ud800", "\udfff", "\ud83d\ude00", "\ude00\ud83d", "😀", "👩‍👩‍👧", "🇱🇦", "\U0010ffff", "e\u0301",),
    *("שלום", "مكافحة المخدرات.", "中文。", "诈骗", "ไทย", "ក្រុម", "हिन्दी।", "İ", "ß", "ŉ", "ǅ", "½", "²", "٣"),
    *(".", "..", "...", "…", "!", "?", "?!", ":", ";", ",", "-", "--", "–", "—", "'", '"', "“", "”", "‘", "’", "«"),
    *("»", "(", ")", "[", "]", "{", "}", "<", ">", "/", "\\", "&", "|", "~", "+", "=", "@", "#", "%", "$", "*", "•"),
    *("a", "A", "b.", "I", "x", "Z.", "U.S. ", "U.N.", "Mr. ", "Gen. ", "No. ", "Art. ", "Co. Ltd. ", "e.g. ", "J. "),
    *("1", "2. ", "(a) ", "ii) ", "1,200", "3.5", "2023", "1999.", "- ", "* ", "the", "the\n", "of", "and ", "said "),
    *("He ", "they ", "agreed to ", "must ", "urged ", "fight ", "grave threat ", "scam ", "drug trafficking "),
    *("telecom fraud", "human-trafficking ", "terror plot", "Anti-Drug Act ", "Ministry of Justice ", "heroin ", "https://x.y/z"),
)  # fmt: skip
LABELS = list(CrimeType), list(Stance)


def check_spans(text: str) -> list[tuple[int, int]]:
    """Assert that the sentences of a text are in order, do not overlap, and leave out white space only."""
    spans = sentence_spans(text)
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text), (at, start, end)
        assert not text[at:start].strip(), (at, start)
        assert not text[start].isspace(), start
        assert not text[end - 1].isspace(), end
        at = end
    assert not text[at:].strip(), at
    return spans


def check_tagged(texts: Sequence[str], tagged: Sequence[Sentence]) -> None:
    """Assert that each text came back in its place, with a probability for every label."""
    assert [s.text for s in tagged] == list(texts)
    for s in tagged:
        assert [list(s.crime_scores), list(s.stance_scores)] == [*LABELS]
        assert all(0 <= score <= 1 for score in (*s.crime_scores.values(), *s.stance_scores.values()))
        assert set(s.crimes) <= set(CrimeType)
        assert set(s.stances) <= set(Stance)
