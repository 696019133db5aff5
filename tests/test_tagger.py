from __future__ import annotations

import hashlib
import logging
import math
import pickle
import subprocess
import sys

import pytest

import secclass
from secclass import CrimeType, InputError, OptionError, Stance, Tagger, _store

TEXT = (
    "BANGKOK, May 5 -- The two ministers agreed to set up a joint centre against telecom fraud.\n\n"
    "Drug trafficking along the river remains a grave threat, one of them said. "
    "He urged banks to freeze mule accounts. The bus left at nine."
)
SENTENCES = [
    "The two ministers agreed to set up a joint centre against telecom fraud.",
    "",
    "The bus left at nine.",
    "Drug trafficking and illegal logging remain a grave threat to the region, the governor warned.",
    "\ud800 odd \x00 text 中文",
    "She urged all members to freeze the assets of the terrorist group.",
    "Police seized 40 kg of heroin in Aden and 3,000 rounds of smuggled ammunition, " * 30,
]


def test_tag_gives_sentences_with_places(tagger: Tagger) -> None:
    doc = tagger.tag(TEXT)
    assert len(doc) == 4
    assert doc.text == TEXT
    assert all(TEXT[s.start : s.end] == s.text for s in doc)
    assert doc[0].crimes == (CrimeType.TELECOM_FRAUD,)
    assert doc[0].stance is Stance.AGREEMENT
    assert CrimeType.DRUG_TRAFFICKING in doc[1].crimes
    assert doc[1].stance is Stance.ASSESSMENT
    assert doc[2].stance is Stance.PROPOSAL
    assert (doc[3].crimes, doc[3].stance, doc[3].stances) == ((), None, ())


def test_scores_are_probabilities_of_every_label_in_order(tagger: Tagger) -> None:
    for s in tagger.tag_sentences(SENTENCES):
        assert list(s.crime_scores) == list(CrimeType)
        assert list(s.stance_scores) == list(Stance)
        scores = [*s.crime_scores.values(), *s.stance_scores.values()]
        assert all(type(score) is float and 0 <= score <= 1 for score in scores)
        if s.stances:
            assert s.stance in s.stances
            assert s.stance_scores[s.stance] == max(s.stance_scores[label] for label in s.stances)


def test_empty_input(tagger: Tagger) -> None:
    assert len(tagger.tag("")) == len(tagger.tag(" \n ")) == 0
    assert tagger.tag_sentences([]) == []
    assert tagger.tag_sentences([""])[0].crimes == ()


def test_tag_sentences_keeps_order_and_number(tagger: Tagger) -> None:
    tagged = tagger.tag_sentences(iter(SENTENCES))
    assert [s.text for s in tagged] == SENTENCES
    assert [(s.start, s.end) for s in tagged] == [(0, len(text)) for text in SENTENCES]


def test_module_functions_use_the_shipped_model(tagger: Tagger) -> None:
    assert secclass.tag(TEXT) == tagger.tag(TEXT)
    assert secclass.tag_sentences(SENTENCES) == tagger.tag_sentences(SENTENCES)


@pytest.mark.parametrize("wrong", [b"bytes", None, math.nan, 7, ["list"]])
def test_wrong_input_is_refused(tagger: Tagger, wrong: object) -> None:
    for call in (tagger.tag, tagger.explain, secclass.tag):
        with pytest.raises(InputError):
            call(wrong)  # type: ignore[operator]
    with pytest.raises(InputError):
        tagger.tag_sentences([wrong])  # type: ignore[list-item]


def test_a_str_is_no_list_of_sentences(tagger: Tagger) -> None:
    with pytest.raises(InputError, match=r"tag\(text\)"):
        tagger.tag_sentences("One sentence.")


@pytest.mark.parametrize("text", SENTENCES)
def test_explanation_sums_to_the_raw_score(tagger: Tagger, text: str) -> None:
    explanation = tagger.explain(text)
    sentence = tagger.tag_sentences([text])[0]
    assert list(explanation) == [*CrimeType, *Stance]
    for label in explanation:
        item = explanation[label]
        assert item.raw == pytest.approx(item.bias + sum(part.weight for part in item.contributions), abs=1e-9)
        scores = {**sentence.crime_scores, **sentence.stance_scores}
        assert item.score == scores[label]
        assert item.holds == (label in (*sentence.crimes, *sentence.stances)) == (item.score >= item.threshold)
        assert all(part.words == text[part.start : part.end] for part in item.contributions)


def test_explanation_names_the_words(tagger: Tagger) -> None:
    explanation = tagger.explain(SENTENCES[0])
    assert "telecom" in explanation["telecom_fraud"].words(1)[0][0]
    assert "telecom fraud" in str(explanation)
    assert tagger.explain(tagger.tag_sentences(SENTENCES[:1])[0]).text == SENTENCES[0]
    with pytest.raises(OptionError, match="no label 'fraud'"):
        explanation["fraud"]


def test_explanation_says_what_kept_a_label_out(tagger: Tagger) -> None:
    text = "No agreement was reached on a joint centre against telecom fraud."
    item = tagger.explain(text)["agreement"]
    assert not item.holds
    assert str(item).startswith("- agreement: not given, ")
    assert any(part.weight < 0 for part in item.contributions)
    assert item.raw == pytest.approx(item.bias + sum(part.weight for part in item.contributions), abs=1e-9)
    assert str(tagger.explain("The bus left at nine.")["terrorism"]).endswith("\n    no words moved it")
    doc = tagger.tag(f"They met.  {text}")
    within = tagger.explain(doc[1])["agreement"].contributions
    assert all(doc.text[doc[1].start + part.start :].startswith(part.words) for part in within)


def test_a_new_expression_works_at_once() -> None:
    text = "Two more honey gardens were raided near Myawaddy on Friday."
    plain = secclass.load().tag_sentences([text])[0]
    assert plain.crimes == ()
    for label in CrimeType:
        extended = secclass.load(extra_expressions={label: ["honey garden~"]}).tag_sentences([text])[0]
        assert plain.crime_scores[label] < 0.01
        if label is CrimeType.ECONOMIC_CRIME:  # whose expressions need more around them: near the threshold only
            assert extended.crime_scores[label] > 0.3
        else:
            assert label in extended.crimes, label
    assert secclass.load().tag_sentences([text])[0].crimes == ()


def test_info_says_which_model_it_is(tagger: Tagger) -> None:
    info = tagger.info
    assert (info.name, info.language, info.format) == ("en", "en", _store.FORMAT)
    assert info.version
    assert info.labels == (*CrimeType, *Stance)
    assert info.digest == hashlib.sha256((_store.find("en") / "manifest.json").read_bytes()).hexdigest()
    assert pickle.loads(pickle.dumps(tagger)).info == info


def test_logging_is_silent_unless_configured() -> None:
    code = "import secclass; print(len(secclass.tag('One. Two.')))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("2\n", "")


def test_logging_tells_sizes_and_the_model_but_no_text(tagger: Tagger, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "secclass"):
        tagger.tag("Secret one. Secret two.")
        tagger.tag_sentences(["Secret three."])
        secclass.tagger._read.__wrapped__(_store.find("en"))
    assert "23 characters in 2 sentences" in caplog.text
    assert tagger.info.digest in caplog.text
    assert {record.name for record in caplog.records} == {"secclass"}
    assert "Secret" not in caplog.text


def test_extra_expressions_are_checked() -> None:
    with pytest.raises(InputError, match="must map crime types"):
        secclass.load(extra_expressions=["fraud park"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="list of non-empty str"):
        secclass.load(extra_expressions={"telecom_fraud": None})  # type: ignore[dict-item]
    with pytest.raises(OptionError, match="no CrimeType 'fraud'"):
        secclass.load(extra_expressions={"fraud": ["x"]})
    with pytest.raises(InputError, match="list of non-empty str"):
        secclass.load(extra_expressions={"telecom_fraud": "fraud park"})
    with pytest.raises(secclass.SeedError, match="words"):
        secclass.load(extra_expressions={"telecom_fraud": ["..."[:0] or " ".join("abcdefghijklmnop")]})


def test_bodies_give_no_tag_and_descriptions_do(tagger: Tagger) -> None:
    body = "The head of the Anti-Human Trafficking Bureau, Mr. Chen, flew to Lima on Tuesday for a meeting."
    described = "The head of the anti-human trafficking police, Mr. Chen, flew to Lima on Tuesday for a meeting."
    assert tagger.tag_sentences([body])[0].crimes == ()
    assert tagger.tag_sentences([described])[0].crimes == (CrimeType.HUMAN_TRAFFICKING,)


def test_a_crime_in_a_dateline_sees_nothing_of_the_sentence_before(tagger: Tagger) -> None:
    text = "Tier 2 Watch List — Uzbekistan could not show that its work against trafficking in persons had grown"
    alone = tagger.tag_sentences([text])[0]
    for before in ("Ministers met the press.", "The police seized drugs under the terrorism act", "A"):
        assert tagger.tag_sentences([before, text])[1] == alone
