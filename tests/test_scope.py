"""What is outside the model's knowledge says so and gets no label; English prose does not."""

from __future__ import annotations

import argparse
import json
import string
from pathlib import Path

import numpy as np
import pytest
from benchmarks.scope import code, languages, noise

import secclass
from secclass import Tagger
from secclass._data import read_labelled
from secclass._features import Extractor
from secclass._scope import Scope
from secclass._table import in_order
from secclass._tokens import phrase_keys
from tests.helpers import ROOT, needed

LANGUAGES = (
    *("ar", "cs", "da", "de", "el", "es", "fa", "fi", "fr", "he", "hi", "hr", "hu"),
    *("id", "it", "nb", "nl", "pl", "pt", "ro", "ru", "sv", "tr", "uk", "vi"),
)  # for which spaCy has examples
TABLES = [
    "| 2021 | 345 | 12.5% | 88 |",
    "Laos 12 45 99 Thailand 33 21 8",
    "2019;Kenya;45;33,2;0.4",
    "Heroin ......... 12,345 ...... 99 (2020: 17, 2021: 18)",
]


def outside(tagger: Tagger, texts: list[str]) -> float:
    """Share of the texts that are outside. Those have no label, and nothing is unsure."""
    tagged = tagger.tag_sentences(texts)
    assert all(not (s.crimes or s.stances or s.unsure) for s in tagged if s.reason)
    return sum(s.reason is not None for s in tagged) / len(tagged)


def test_other_languages(tagger: Tagger) -> None:
    needed("spacy", "spacy")
    texts = languages(LANGUAGES)
    assert len(texts) > 150
    assert outside(tagger, texts) > 0.85
    reasons = [s.reason for s in tagger.tag_sentences(texts) if s.reason]
    assert reasons.count("other language") > 0.9 * len(reasons)
    (german,) = tagger.tag_sentences(["Die Minister beschlossen, gemeinsam gegen den Menschenhandel vorzugehen."])
    assert german.reason == "other language"


def test_code_tables_and_noise(tagger: Tagger) -> None:
    lines = code(argparse)
    assert outside(tagger, lines) > 0.7
    assert sum(bool(s.crimes or s.stances) for s in tagger.tag_sentences(lines)) < 0.01 * len(lines)
    assert [s.reason for s in tagger.tag_sentences(TABLES)] == ["not prose"] * len(TABLES)
    assert outside(tagger, noise(string.ascii_lowercase, 100)) > 0.98
    assert outside(tagger, noise(string.ascii_letters + string.digits + string.punctuation, 100)) > 0.98


def test_grammar_with_unknown_words(tagger: Tagger) -> None:
    (sentence,) = tagger.tag_sentences(["Twas brillig and the slithy toves did gyre and gimble in the wabe mimsily."])
    assert sentence.reason == "unknown words"
    assert tagger.explain(sentence).reason == "unknown words"
    assert "outside what the model knows: unknown words" in str(tagger.explain(sentence))


def test_english_stays_inside(tagger: Tagger) -> None:
    seeds = [row.text for row in read_labelled(ROOT / "seeds" / "en")][::7]
    assert outside(tagger, seeds) < 0.006
    assert outside(tagger, [text.upper() for text in seeds]) < 0.02
    assert outside(tagger, ["", "Yes.", "Myawaddy", "Laos", "(1)"]) == 0


def test_real_english_stays_inside(shared: Path, tagger: Tagger) -> None:
    lines = (shared / "real" / "pool.jsonl").read_text(encoding="utf-8").splitlines()
    assert outside(tagger, [json.loads(line)["text"] for line in lines]) < 0.01


def test_the_vocabulary_is_of_words_in_two_seeds_or_the_lexicon_and_without_a_bound_nothing_is_outside(
    tagger: Tagger,
) -> None:
    extractor: Extractor = tagger._extractor
    texts = ["the ministers met here"] * 3 + [f"strange{n} odd{n} unseen{n} words{n}" for n in range(3)]
    words = np.array([key for (key,) in phrase_keys(["here", "met", "ministers", "the", "listed"])])
    scope = Scope.learn(texts, extractor.function_words, words[3:])
    assert (scope.keys == in_order(words)[0]).all()
    found = extractor.extract([texts[0], texts[-1]])
    assert Scope(scope.keys, 0.5).reasons(found.tokens, found.function) == [None, "other language"]
    assert Scope(scope.keys, 0.0).reasons(found.tokens, found.function) == [None, None]


@pytest.mark.parametrize(
    "text", ["中文的句子没有空格。", "Это русское предложение о торговле людьми.", "ประโยคภาษาไทย"]
)
def test_other_scripts(text: str) -> None:
    assert secclass.tag_sentences([text])[0].reason == "other language"
