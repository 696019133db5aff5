from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

import secclass
from secclass import CrimeType, Stance
from tests.helpers import needed

spacy = needed("spacy", "spacy")

TEXT = "The ministers agreed to fight drug trafficking. They met in Lima. Money laundering is a grave threat."


@pytest.fixture
def nlp() -> Any:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("secclass")
    return nlp


def test_sets_the_attributes_of_doc_and_span(nlp: Any, tagger: secclass.Tagger) -> None:
    doc = nlp(TEXT)
    assert doc._.secclass == tagger.tag(TEXT)
    sentences = list(doc.sents)
    assert [s._.crimes for s in sentences] == [(CrimeType.DRUG_TRAFFICKING,), (), (CrimeType.MONEY_LAUNDERING,)]
    assert [s._.stance for s in sentences] == [Stance.AGREEMENT, None, Stance.ASSESSMENT]
    assert doc[1:3]._.crimes == (CrimeType.DRUG_TRAFFICKING,)
    assert doc[:]._.crimes == (CrimeType.DRUG_TRAFFICKING, CrimeType.MONEY_LAUNDERING)
    surest = max((doc._.secclass[0], doc._.secclass[2]), key=lambda s: s.stance_scores[s.stance])
    assert doc[:]._.stance is surest.stance


def test_uses_the_sentences_of_the_pipeline(tagger: secclass.Tagger) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer", config={"punct_chars": [";"]})
    nlp.add_pipe("secclass")
    doc = nlp("Money laundering is a threat; they agreed to act. They met.")
    assert [s.text for s in doc._.secclass] == ["Money laundering is a threat;", "they agreed to act. They met."]
    assert list(doc._.secclass)[1].stances == tagger.tag_sentences(["they agreed to act. They met."])[0].stances
    assert "secclass" not in spacy.blank("en")("untagged").user_data
    assert spacy.blank("en")("untagged")._.secclass is None
    assert spacy.blank("en")("untagged")[:]._.crimes == ()


def test_without_sentences_spacy_says_what_is_missing() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("secclass")
    with pytest.raises(ValueError, match="sentencizer"):
        nlp(TEXT)
    assert nlp.analyze_pipes()["problems"]["secclass"] == ["doc.sents"]


@pytest.mark.parametrize("n_process", [1, 2])
def test_pipe_with_processes(nlp: Any, n_process: int) -> None:
    texts = [f"{TEXT} Page {n}." for n in range(30)]
    docs = list(nlp.pipe(texts, n_process=n_process, batch_size=4))
    assert [doc._.secclass for doc in docs] == [nlp(text)._.secclass for text in texts]


def test_a_doc_that_fails_goes_to_the_error_handler(nlp: Any) -> None:
    failed: list[str] = []
    nlp.get_pipe("secclass").set_error_handler(lambda _name, _pipe, docs, _error: failed.extend(d.text for d in docs))
    bare = spacy.tokens.Doc(nlp.vocab, words=["no", "sentences", "set"])
    assert [doc.text for doc in nlp.get_pipe("secclass").pipe([nlp(TEXT), bare], batch_size=1)] == [TEXT]
    assert failed == [bare.text]


def test_goes_to_disk_and_back_with_the_pipeline(tmp_path: Path) -> None:
    model = shutil.copytree(Path(__file__).parent.parent / "models" / "en", tmp_path / "own")
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    config = {"model": str(model), "extra_expressions": {"telecom_fraud": ["honey garden~"]}}
    nlp.add_pipe("secclass", config=config)
    expected = nlp("Two honey gardens burnt.")._.secclass
    assert expected[0].crimes == (CrimeType.TELECOM_FRAUD,)
    nlp.to_disk(tmp_path / "saved")
    shutil.rmtree(model)
    again = spacy.load(tmp_path / "saved")
    assert again("Two honey gardens burnt.")._.secclass == expected
    again.to_disk(tmp_path / "saved")
    assert pickle.loads(pickle.dumps(again.get_pipe("secclass").tagger)).tag("Two honey gardens burnt.") == expected


def test_docs_keep_their_tags_as_bytes(nlp: Any) -> None:
    doc = nlp(TEXT)
    assert spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())._.secclass == doc._.secclass


def test_a_name_that_is_taken_is_not_overwritten(nlp: Any) -> None:
    spacy.tokens.Span.set_extension("crimes", default=None, force=True)
    try:
        with pytest.raises(ValueError, match="crimes"):
            nlp.add_pipe("secclass", name="second")
    finally:
        spacy.tokens.Span.remove_extension("crimes")
