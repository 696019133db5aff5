"""Misspelt words: every slip is found, and nothing else is changed."""

from __future__ import annotations

import string

import numpy as np
import pytest

import secclass
from secclass._spelling import Spelling
from secclass._table import KeyTable, in_order
from secclass._tokens import keys_of, tokenize


def knowing(*words: str) -> Spelling:
    return Spelling((KeyTable(in_order(np.unique(keys_of(words)))[0]),))


def read_as(spelling: Spelling, word: str, known: list[str], name: bool = False) -> str | None:
    """Which of the known words a word is read as; None where it stays."""
    texts = ["", f"x {word}."]
    tokens = tokenize(texts)
    corrected = spelling.corrected(texts, tokens, np.full(len(tokens.key), name))
    at = 3  # two boundaries and "x"
    assert (np.delete(corrected.key, at) == np.delete(tokens.key, at)).all()
    meant = [other for other in known if keys_of([other])[0] == corrected.key[at]]
    assert meant or corrected.key[at] == tokens.key[at]
    return meant[0] if meant else None


def slips(word: str) -> tuple[set[str], set[str]]:
    """All words with two letters exchanged, and with another slip, the first letter kept."""
    places = range(1, len(word))
    exchanged = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in places[:-1]}
    left_out = {word[:at] + word[at + 1 :] for at in places}
    wrong = {word[:at] + letter + word[at + 1 :] for at in places for letter in string.ascii_lowercase}
    more = {word[:at] + letter + word[at:] for at in [*places, len(word)] for letter in string.ascii_lowercase}
    return exchanged - {word}, (left_out | wrong | more) - {word}


@pytest.mark.parametrize("word", ["minister", "smuggled", "committee"])
def test_every_slip_is_found(word: str) -> None:
    known = ["x", word]
    spelling = knowing(*known)
    exchanged, other = slips(word)
    for slip in exchanged:
        assert read_as(spelling, slip, known) == read_as(spelling, slip.title(), known, name=True) == word
    for slip in other:
        assert read_as(spelling, slip, known) == word
        assert read_as(spelling, slip, known, name=True) in (None, *([word] if slip in exchanged else []))


def test_what_is_no_slip_of_one_known_word_stays() -> None:
    known = ["x", "attacks", "attacked", "trial", "weapons", "weapon"]
    spelling = knowing(*known)
    for word in ["weapons", "attackes", "attackss", "wepons", "trail", "yrial", "trialxx", "42", "wéápqnz", "чемодан"]:
        expected = {"weapons": "weapons", "trail": "trial", "attackss": "attacks", "wepons": "weapons"}.get(word)
        assert read_as(spelling, word, known) == expected, word


def test_exchanged_letters_go_before_other_slips() -> None:
    known = ["x", "casinos", "caisson"]
    assert read_as(knowing(*known), "csainos", known) == "casinos"
    known = ["x", "marital", "marials"]
    assert read_as(knowing(*known), "marials", known) == "marials"
    assert read_as(knowing("x", "marials", "mariasl"), "marialsl", ["marials", "mariasl"]) is None


def test_words_of_ones_own_are_known() -> None:
    known = ["x", "ransom", "ransos"]
    spelling = knowing("x", "ransom").knowing(keys_of(["ransos"]))
    assert read_as(spelling, "ransos", known) == "ransos"
    tagger = secclass.load(extra_expressions={"corruption": ["corrupiton"]})
    assert "corruption" in tagger.tag_sentences(["He was jailed for corrupiton."])[0].crimes


def test_misspelt_crimes_and_stances_are_found() -> None:
    text = "The minsiters agreed to fight human traffikcing."
    sentence = secclass.tag_sentences([text])[0]
    assert (sentence.crimes, sentence.stances) == (("human_trafficking",), ("agreement",))
    found = secclass.load().explain(text).labels["human_trafficking"]
    assert abs(found.bias + sum(part.weight for part in found.contributions) - found.raw) < 1e-6
    assert all(text[part.start : part.end] == part.words for part in found.contributions)


def test_capitals_throughout_say_no_more_than_none() -> None:
    texts = ["The ministers agreed to fight human trafficking.", "Police seized 40 kg of heroin near the border."]
    lower = secclass.tag_sentences([text.lower() for text in texts])
    upper = secclass.tag_sentences([text.upper() for text in texts])
    assert [s.scores for s in lower] == [s.scores for s in upper]
