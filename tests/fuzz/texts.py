"""Coverage-guided fuzzing of splitting and tagging, with atheris (``pip install atheris``).

    python -m tests.fuzz.texts -runs=10000000 -max_len=24 -rss_limit_mb=8000

Every input is split and its spans are checked; every sentence that no input had before is tagged, 512 together, and
the first of them once more alone, whose answer must be the same. Any exception ends the run and names the input.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["secclass._text", "secclass._tokens"]):
    import secclass
    from tests.fuzz.properties import PIECES, check_spans, check_tagged

_TOGETHER = 512
_tagger = secclass.load()
_waiting: list[str] = []
_seen: set[str] = set()  # most inputs differ from another in one sentence only


def text_of(data: bytes) -> str:
    """A byte below the number of pieces gives that piece, any other takes the next two bytes for a character."""
    parts = []
    values = iter(data)
    for value in values:
        if value < len(PIECES):
            parts.append(PIECES[value])
        else:
            code = (value - len(PIECES)) << 16 | next(values, 0) << 8 | next(values, 0)
            parts.append(chr(code % 0x110000))
    return "".join(parts)


def tag_waiting() -> None:
    """Tag what has gathered; on any fault say what it was, since the last input alone may not show it."""
    try:
        tagged = _tagger.tag_sentences(_waiting)
        check_tagged(_waiting, tagged)
        assert _tagger.tag_sentences(_waiting[:1]) == tagged[:1]
    except BaseException:
        print("fault in this batch:", ascii(_waiting), file=sys.stderr)
        raise
    _waiting.clear()


def check(data: bytes) -> None:
    """One input."""
    text = text_of(data)
    new = {text[start:end] for start, end in check_spans(text)} - _seen
    _waiting.extend(sorted(new))
    _seen.update(new)
    if len(_waiting) >= _TOGETHER:
        tag_waiting()
    if len(_seen) > 1_000_000:
        _seen.clear()


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
