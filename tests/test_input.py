"""Any str can be tagged: properties over generated text, and work that grows no faster than the text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sentencex
from hypothesis import given, settings
from hypothesis import strategies as st

from secclass import Tagger, _text
from secclass._table import KeyTable
from tests.fuzz.properties import PIECES, check_spans, check_tagged

PROFILE = settings(derandomize=True, database=None, deadline=None)
ANY_TEXT = st.one_of(st.text(st.characters()), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


@settings(PROFILE, max_examples=1000)
@given(ANY_TEXT)
def test_spans_of_any_text_are_in_order_and_leave_out_white_space_only(text: str) -> None:
    check_spans(text)


@settings(PROFILE, max_examples=150)
@given(ANY_TEXT)
def test_any_text_gives_a_document(tagger: Tagger, text: str) -> None:
    doc = tagger.tag(text)
    assert doc.text == text
    assert [(s.start, s.end) for s in doc] == _text.sentence_spans(text)
    check_tagged([text[s.start : s.end] for s in doc], doc)
    assert json.loads(doc.to_json()) == doc.to_records()


@settings(PROFILE, max_examples=60)
@given(st.lists(ANY_TEXT, max_size=8))
def test_any_sentences_come_back_one_for_one_and_as_they_are_alone(tagger: Tagger, texts: list[str]) -> None:
    tagged = tagger.tag_sentences(texts)
    check_tagged(texts, tagged)
    assert tagged == [s for text in texts for s in tagger.tag_sentences([text])]


@settings(PROFILE, max_examples=60)
@given(ANY_TEXT)
def test_any_sentence_is_explained_by_its_own_words(tagger: Tagger, text: str) -> None:
    for item in tagger.explain(text).labels.values():
        assert item.raw == pytest.approx(item.bias + sum(part.weight for part in item.contributions), abs=1e-6)
        assert all(part.words == text[part.start : part.end] for part in item.contributions)


def test_characters_of_a_surrogate_pair_are_no_character() -> None:
    assert check_spans("\ud83d\ude00 One. \ude00\ud83d Two.") == [(0, 7), (8, 15)]


def test_wide_spaces_do_not_break_sentencex() -> None:
    """Found by fuzzing: sentencex 1.0.32 panics on this with an exception that is no Exception."""
    check_spans("A\u3000\u3000\u3000               \u3000\u3000.Mr. \x1f")


LARGE = {"one word": "a", "one line": "no stop here ", "no white space": "中文", "stops": ". ", "marks": "\u0301"}


@pytest.mark.parametrize("name", LARGE)
def test_large_text_is_cut_into_sentences_of_bounded_length(name: str) -> None:
    text = LARGE[name] * (10_000_000 // len(LARGE[name]))
    spans = check_spans(text)
    assert max(end - start for start, end in spans) <= _text._LONGEST


def test_a_text_without_stops_is_cut_between_words(tagger: Tagger) -> None:
    text = "drug trafficking " * 5_000
    doc = tagger.tag(text)
    assert len(doc) == 5
    assert " ".join(s.text for s in doc).split() == text.split()


class Counted(str):
    """A text that counts the characters that are copied out of it."""

    copied = 0

    def __getitem__(self, key: Any) -> str:
        part = str.__getitem__(self, key)
        self.copied += len(part)
        return part


# Texts in which each rule of splitting, or each part of the features, has the most to do.
ADVERSARIAL = [
    *("a\n", "the\n", "A,\nb", "\n", " ", "word ", "Mr. ", "A. ", "1. ", "No. x ", "He left. “ ", "x. ) ", "what? a "),
    *("“", '"', "(a. ", "- a\n", "U.S. Army ", "“X?” A ", "…", "\ud800 ", "e\u0301", "中。", "😀", "\x00"),
    *("drug trafficking ", "agreed to ", "1,", "a-", "a'", "Anti-Drug ", "?"),
]
SIZE = 3 * _text._LONGEST


def splitting_work(_: Tagger, monkeypatch: pytest.MonkeyPatch, text: str) -> int:
    """Characters copied out of the text, and characters given to sentencex, which sees a bounded part at a time."""
    seen = 0
    real = sentencex.get_sentence_boundaries

    def counting(language: str, part: str) -> Any:
        nonlocal seen
        assert len(part) <= _text._LONGEST
        seen += len(part)
        return real(language, part)

    counted = Counted(text)
    with monkeypatch.context() as patch:
        patch.setattr(sentencex, "get_sentence_boundaries", counting)
        _text.sentence_spans(counted)
    return counted.copied + seen


def scoring_work(tagger: Tagger, monkeypatch: pytest.MonkeyPatch, text: str) -> int:
    """Keys looked up, and entries of all arrays of features, for a text given as one sentence."""
    looked_up = 0
    real = KeyTable.find

    def counting(table: KeyTable, keys: Any) -> Any:
        nonlocal looked_up
        looked_up += len(keys)
        return real(table, keys)

    with monkeypatch.context() as patch:
        patch.setattr(KeyTable, "find", counting)
        found = tagger._extractor.extract([text])
        for axis in tagger._axes:
            axis.raw(found)
    parts = [found.tokens, found.cues, *found.groups.values(), *found.attributes.values()]
    return looked_up + sum(np.size(array) for part in parts for array in part if isinstance(array, np.ndarray))


@pytest.mark.parametrize("unit", ADVERSARIAL, ids=ascii)
@pytest.mark.parametrize("work", [splitting_work, scoring_work])
def test_twice_the_text_is_twice_the_work(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch, work: Callable[..., int], unit: str
) -> None:
    once, twice = (work(tagger, monkeypatch, unit * (factor * SIZE // len(unit))) for factor in (1, 2))
    assert twice <= 2.1 * once
    assert once <= 50 * SIZE
