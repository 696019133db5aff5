from __future__ import annotations

import sys
from typing import Any

import pytest

import secclass
from secclass import InputError, MissingDependencyError, OptionError, Tagger
from tests.helpers import needed

needed("narwhals", "frames")

TEXTS = [
    "The ministers agreed to fight drug trafficking. Money laundering is a grave threat to the region.",
    None,
    "",
    "They urged banks to act against money laundering.",
]
LABELS = [*secclass.CrimeType, *secclass.Stance]
NEW = [
    "sentence",
    "start",
    "end",
    "crimes",
    "stance",
    "stances",
    "unsure",
    "reason",
    *(f"{label}_score" for label in LABELS),
]


@pytest.fixture(params=["pandas", "polars"])
def library(request: pytest.FixtureRequest) -> Any:
    return needed(request.param, "frames" if request.param == "pandas" else "integrations")


def values(series: Any) -> list[Any]:
    """The values as plain Python, with None for whatever the library shows for missing."""
    missing = series.is_null() if hasattr(series, "is_null") else series.isna()
    return [None if gone else value for value, gone in zip(series.to_list(), missing.to_list(), strict=True)]


def test_a_row_a_sentence(library: Any, tagger: Tagger) -> None:
    frame = library.DataFrame({"year": [2023, 2024, 2025, 2026], "text": TEXTS})
    tagged = secclass.tag_frame(frame, "text")
    assert isinstance(tagged, library.DataFrame)
    assert list(tagged.columns) == ["year", *NEW]
    first, last = tagger.tag(TEXTS[0]), tagger.tag(TEXTS[3])  # type: ignore[arg-type]
    assert tagged["year"].to_list() == [2023, 2023, 2024, 2025, 2026]
    assert values(tagged["sentence"]) == [first[0].text, first[1].text, None, None, last[0].text]
    assert values(tagged["start"]) == [0, first[1].start, None, None, 0]
    assert values(tagged["stance"]) == ["agreement", "assessment", None, None, "proposal"]
    assert list(tagged["crimes"].to_list()[1]) == ["money_laundering"]
    assert values(tagged["crimes"])[2:4] == [None, None]
    expected = first[0].crime_scores[secclass.CrimeType.DRUG_TRAFFICKING]
    assert tagged["drug_trafficking_score"].to_list()[0] == expected
    assert list(frame.columns) == ["year", "text"]


def test_a_row_a_document_with_list_columns(library: Any, tagger: Tagger) -> None:
    frame = library.DataFrame({"text": TEXTS})
    tagged = tagger.tag_frame(frame, "text", rows="documents", n_jobs=1)
    assert list(tagged.columns) == ["text", *NEW]
    assert values(tagged["text"]) == TEXTS
    document = tagger.tag(TEXTS[0])  # type: ignore[arg-type]
    assert list(tagged["sentence"][0]) == [s.text for s in document]
    assert [list(crimes) for crimes in tagged["crimes"][0]] == [["drug_trafficking"], ["money_laundering"]]
    assert list(tagged["stance"][0]) == ["agreement", "assessment"]
    assert values(tagged["end"])[1] is None
    assert list(tagged["agreement_score"][2]) == []


def test_types_do_not_depend_on_the_texts(library: Any) -> None:
    frame = library.DataFrame({"text": TEXTS})
    full, empty = (secclass.tag_frame(part, "text") for part in (frame[:1], frame[:0]))
    assert list(empty.columns) == list(full.columns) == NEW
    assert len(empty) == 0
    if library.__name__ == "polars":
        for rows in ("sentences", "documents"):
            schemas = [secclass.tag_frame(frame[a:b], "text", rows=rows).schema for a, b in ((0, 4), (0, 0), (1, 2))]  # type: ignore[arg-type]
            assert schemas[0] == schemas[1] == schemas[2]


def test_pandas_index_is_kept() -> None:
    pandas = needed("pandas", "frames")
    index = pandas.MultiIndex.from_tuples([("asean", 1), ("asean", 1), ("gcc", 2), ("gcc", 3)], names=["body", "nr"])
    series = pandas.Series(["One. Two.", float("nan"), pandas.NA, "Three."], index=index, dtype=object)
    tagged = secclass.tag_frame(series.to_frame("text"), "text")
    assert tagged.index.to_list() == [index[0], index[0], index[1], index[2], index[3]]
    assert tagged.index.names == ["body", "nr"]
    assert values(tagged["sentence"]) == ["One.", "Two.", None, None, "Three."]
    assert secclass.tag_frame(series.to_frame("text"), "text", rows="documents").index.equals(index)


def test_faults_are_told(library: Any) -> None:
    frame = library.DataFrame({"text": ["One."], "start": [1], "number": [7]})
    with pytest.raises(OptionError, match="no column 'body'; there are: text, start, number"):
        secclass.tag_frame(frame, "body")
    with pytest.raises(OptionError, match="rename or drop: start"):
        secclass.tag_frame(frame, "text")
    with pytest.raises(InputError, match="item 0 must be a str, got int"):
        secclass.tag_frame(frame[["number"]], "number")
    with pytest.raises(OptionError, match='rows must be "sentences" or "documents"'):
        secclass.tag_frame(frame, "text", rows="words")  # type: ignore[arg-type]
    for wrong in (frame["text"], ["One."], "One.", getattr(frame, "lazy", dict)()):
        with pytest.raises(InputError, match="tag_frame takes a pandas or polars data frame"):
            secclass.tag_frame(wrong, "text")


def test_without_narwhals_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = needed("pandas", "frames").DataFrame({"text": []})
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(MissingDependencyError, match=r"tag_frame needs narwhals: pip install 'secclass\[frames\]'"):
        secclass.tag_frame(frame, "text")
