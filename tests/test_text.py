from __future__ import annotations

import pytest

from secclass import InputError
from secclass._text import check_text, check_texts, sentence_spans

# A text, and its sentences with white space folded.
CASES = {
    "two sentences": ("They met. They agreed.", ["They met.", "They agreed."]),
    "dateline": (
        "VIENTIANE, Nov. 3 (KPL) -- Police chiefs met on Monday. They signed nothing.",
        ["VIENTIANE, Nov. 3 (KPL) -- Police chiefs met on Monday.", "They signed nothing."],
    ),
    "initials": ("Mr. J. P. Somsak spoke first. Gen. A. B. Rao followed.", None),
    "country initials inside": (
        "The U.S. Embassy in Phnom Penh thanked the U.K. Government. It left.",
        ["The U.S. Embassy in Phnom Penh thanked the U.K. Government.", "It left."],
    ),
    "country initials at the end": (
        "The suspects were flown to the U.S. The trial begins in May.",
        ["The suspects were flown to the U.S.", "The trial begins in May."],
    ),
    "number sign": ("Decision No. 5 was adopted. Art. 7 was not.", ["Decision No. 5 was adopted.", "Art. 7 was not."]),
    "time of day": (
        "The raid began at 5 p.m. Monday and ended late. Nobody was hurt.",
        ["The raid began at 5 p.m. Monday and ended late.", "Nobody was hurt."],
    ),
    "quote closed after the stop": (
        "“We cannot wait.” She left the room. “Nobody can.”",
        ["“We cannot wait.”", "She left the room.", "“Nobody can.”"],
    ),
    "quote with speaker": (
        '"It is grave. Very grave," he added. Then he sat down.',
        ['"It is grave. Very grave," he added.', "Then he sat down."],
    ),
    "question inside a quote": (
        "“Who will pay?” asked the envoy. Nobody knew.",
        ["“Who will pay?” asked the envoy.", "Nobody knew."],
    ),
    "list items": (
        "The parties will:\n1. Share alerts; and\n2. Train officers.\n- Meet yearly.",
        ["The parties will:", "1. Share alerts; and", "2. Train officers.", "- Meet yearly."],
    ),
    "lettered items": ("(a) Share alerts.\n(b) Train officers.", ["(a) Share alerts.", "(b) Train officers."]),
    "hard wrapped": (
        "The ministers of the four countries met on Tuesday in the border\n"
        "town of Mae Sot and agreed that their police forces should share\n"
        "alerts within one day. They will meet again next year in another\ntown.",
        [
            "The ministers of the four countries met on Tuesday in the border town of Mae Sot and agreed that their "
            "police forces should share alerts within one day.",
            "They will meet again next year in another town.",
        ],
    ),
    "wrapped inside a sentence": ("They agreed to close the\nscam parks.", ["They agreed to close the scam parks."]),
    "heading and paragraph": (
        "Joint Statement\n\nThe ministers met.\nThey agreed.",
        ["Joint Statement", "The ministers met.", "They agreed."],
    ),
    "paragraph that breaks off": ("The ministers,\n\nmeeting in Hanoi,\n\nagreed.", None),
    "decimal and thousands": ("Seizures rose 3.5 per cent to 1,200 kg. Arrests fell.", None),
    "ellipsis": ("We waited… and waited. Then it came.", None),
    "opening quote after the stop": (
        "It was too late, she said in a letter. “ Now we know.” He left.",
        ["It was too late, she said in a letter.", "“ Now we know.”", "He left."],
    ),
    "speaker after a question": (
        "“How long will they wait?” Mr Silva said. Nobody answered.",
        ["“How long will they wait?” Mr Silva said.", "Nobody answered."],
    ),
    "lines broken apart by blank lines": (
        "The minister for customs and\n\nBorder Protection said that boats kept\n\ncoming. He left.",
        ["The minister for customs and Border Protection said that boats kept coming.", "He left."],
    ),
    "dash after an exclamation": (
        "I read it all! —at age ten. Then I slept.",
        ["I read it all! —at age ten.", "Then I slept."],
    ),
    "company": ("Acme Co. Ltd. paid the fine. It closed.", ["Acme Co. Ltd. paid the fine.", "It closed."]),
    "only space": (" \n\t ", []),
    "empty": ("", []),
}
COUNTS = {"initials": 2, "paragraph that breaks off": 3, "decimal and thousands": 2, "ellipsis": 2}


@pytest.mark.parametrize("name", CASES)
def test_sentences(name: str) -> None:
    text, expected = CASES[name]
    found = [" ".join(text[start:end].split()) for start, end in sentence_spans(text)]
    if expected is None:
        assert len(found) == COUNTS[name], found
    else:
        assert found == expected


NASTY = [
    "\ud800 a lone surrogate. And \udfff another.",
    "NUL \x00 inside. Next.",
    "emoji 😀😀. Flags 🇱🇦 too. Done",
    "中文句子。另一句。ภาษาไทย ok.",
    "no stop " * 2000,
    "\u2028line\u2029paragraph\x85next\x0bvertical\x0cform\rreturn\r\nboth",
    '"((((nested "quotes" ]]]] .!? ... "',
    "e\u0301 combining \u0301 marks. Done.",
    ". . . ! ? . .",
]


@pytest.mark.parametrize("text", NASTY + [text for text, _ in CASES.values()])
def test_spans_are_ordered_disjoint_and_cover_all_but_space(text: str) -> None:
    at = 0
    for start, end in sentence_spans(text):
        assert at <= start < end
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


@pytest.mark.parametrize(
    ("value", "cure"),
    [(b"text", "decode"), (None, "missing"), (float("nan"), "missing"), (3, "str()"), (["a"], "tag_sentences")],
)
def test_no_text_names_the_cure(value: object, cure: str) -> None:
    with pytest.raises(InputError, match=cure.replace("(", r"\(").replace(")", r"\)")) as caught:
        check_text(value)
    assert isinstance(caught.value, TypeError)


def test_wrong_lists_name_the_cure() -> None:
    with pytest.raises(InputError, match=r"call tag\(text\)"):
        check_texts("one text")
    with pytest.raises(InputError, match="decode"):
        check_texts(b"bytes")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="None"):
        check_texts(None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="item 1 must be a str, got None"):
        check_texts(["fine", None])  # type: ignore[list-item]
