"""Names and datelines."""

from __future__ import annotations

import pytest

import secclass
from secclass._names import datelines, title_case
from secclass._tokens import tokenize


@pytest.mark.parametrize(
    ("text", "dateline"),
    [
        ("NAIROBI, May 4 (Reuters) — Police said so.", "NAIROBI, May 4 (Reuters) —"),
        ("BANGKOK (AP) - The man left.", "BANGKOK (AP) -"),
        ("NEW DELHI, 3 March 2024: They agreed.", "NEW DELHI, 3 March 2024:"),
        ("KABUL - It rained.", "KABUL -"),
        ("The man - a thief - ran.", ""),
        ("- Establish a unit.", ""),
        ("Minister: we will act.", ""),
        ("Cross-border crime grows.", ""),
        ("GENEVA —", ""),
        ("", ""),
    ],
)
def test_datelines(text: str, dateline: str) -> None:
    """In a batch as alone."""
    tokens = tokenize(["It was - so.", text, "Oslo - and then."])
    flagged = datelines(tokens) & (tokens.sentence == 1)
    assert text[: max(tokens.end[flagged], default=0)] == dateline


def test_a_dateline_changes_no_stance() -> None:
    text = "The four ministers agreed to close the scam centres together."
    plain = secclass.tag_sentences([text])[0]
    dated = secclass.tag_sentences(["VIENTIANE, May 4 (Reuters) — " + text])[0]
    assert dated.stances == plain.stances == ("agreement",)


def test_capitals_tell_nothing_where_nearly_all_words_have_them() -> None:
    long = (
        "the ministers of all six countries agreed on friday in the capital to fight drug trafficking along the river"
    )
    tokens = tokenize([long, long.upper(), long.title(), long.capitalize()])
    assert title_case(tokens)[:4].tolist() == [False, True, True, False]
    assert secclass.tag_sentences([long.upper()])[0].crimes == ("drug_trafficking",)


def test_names_and_countries_do_not_count_by_themselves() -> None:
    texts = [
        f"The envoy {name} will join the talks with {land} on Monday."
        for name, land in (("Sobel", "Chad"), ("Ortiz", "Laos"))
    ]
    left, right = secclass.tag_sentences(texts)
    assert dict(left.stance_scores) == dict(right.stance_scores)
