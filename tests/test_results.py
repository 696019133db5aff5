from __future__ import annotations

import json
import sys

import pytest

from secclass import CrimeType, Document, MissingDependencyError, OptionError, Stance, Tagger
from tests.helpers import needed

TEXT = (
    "The ministers agreed to fight drug trafficking. Money laundering is a grave threat to the region. "
    "They met on Monday. They urged banks to act against money laundering."
)


@pytest.fixture(scope="module")
def doc(tagger: Tagger) -> Document:
    return tagger.tag(TEXT)


def test_document_is_a_sequence(doc: Document) -> None:
    assert len(doc) == 4
    assert doc[-1] is doc[3]
    assert doc[1:3] == (doc[1], doc[2])
    assert list(doc) == [doc[i] for i in range(4)]
    assert next(reversed(doc)) is doc[3]
    assert repr(doc) == f"Document(4 sentences, {len(TEXT)} characters)"


def test_records_and_json_agree(doc: Document) -> None:
    records = doc.to_records()
    assert json.loads(doc.to_json()) == records
    assert records[0]["crimes"] == ["drug_trafficking"]
    assert records[0]["stance"] == "agreement"
    assert records[2]["stance"] is None
    assert list(records[0]["crime_scores"]) == [label.value for label in CrimeType]
    assert {type(key) for key in records[0]["crime_scores"]} == {str}


def test_frame_has_a_row_a_sentence_and_a_column_a_score(doc: Document) -> None:
    needed("pandas", "frames")
    frame = doc.to_frame()
    assert len(frame) == 4
    assert list(frame["text"]) == [s.text for s in doc]
    assert frame["drug_trafficking_score"][0] == doc[0].crime_scores[CrimeType.DRUG_TRAFFICKING]
    assert list(Document("", ()).to_frame().columns) == list(frame.columns)


def test_frame_without_pandas_names_the_cure(doc: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match=r"to_frame needs pandas: pip install 'secclass\[frames\]'"):
        doc.to_frame()


def test_counts_and_filter(doc: Document) -> None:
    counts = doc.counts()
    assert list(counts) == [*CrimeType, *Stance]
    assert counts[CrimeType.MONEY_LAUNDERING] == 2
    assert counts[Stance.PROPOSAL] == 1
    assert doc.filter(crime="money_laundering") == [doc[1], doc[3]]
    assert doc.filter(crime=CrimeType.MONEY_LAUNDERING, stance="proposal") == [doc[3]]
    assert doc.filter() == list(doc)
    with pytest.raises(OptionError, match="no Stance 'proposed'; there are: proposal, agreement, assessment"):
        doc.filter(stance="proposed")


def test_results_are_read_only(doc: Document) -> None:
    with pytest.raises(AttributeError):
        doc[0].text = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        doc[0].crime_scores[CrimeType.TERRORISM] = 1.0  # type: ignore[index]
