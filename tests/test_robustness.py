"""What the surface must never change, and the tables of pairs that the robustness benchmark reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from benchmarks.robustness import Labels, double_spaces, gold, line_wraps, other_quotes, read_rows

import secclass

PAIRS = {"minimal_pairs.tsv": 320, "rewordings.tsv": 150}  # at least so many


@pytest.mark.parametrize("change", [other_quotes, double_spaces, line_wraps])
def test_quotes_and_space_change_nothing(change: Callable[[str], str], tagger: secclass.Tagger) -> None:
    pairs = [(text, change(text)) for text in (row["text"] for row in read_rows("must_pass.tsv"))]
    before, after = zip(*((text, changed) for text, changed in pairs if changed != text), strict=True)
    for left, right in zip(tagger.tag_sentences(before), tagger.tag_sentences(after), strict=True):
        assert (left.crimes, left.stances) == (right.crimes, right.stances), right.text
        assert (left.crime_scores, left.stance_scores) == (right.crime_scores, right.stance_scores), right.text


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_are_enough_and_none_is_there_twice(name: str) -> None:
    texts = [row[side] for row in read_rows(name) for side in ("text", "other_text")]
    assert len(texts) >= 2 * PAIRS[name]
    assert len(set(texts)) == len(texts)
    assert all(text == " ".join(text.split()) for text in texts)


def _in_order(labels: str, known: type[secclass.CrimeType] | type[secclass.Stance]) -> bool:
    return labels.split() == [label.value for label in known if label in labels.split()]


@pytest.mark.parametrize("name", PAIRS)
def test_labels_of_pairs_are_known_and_in_order(name: str) -> None:
    for row in read_rows(name):
        for field, labels in row.items():
            if field.endswith("crimes"):
                assert _in_order(labels, secclass.CrimeType), row
            if field.endswith("stances"):
                assert _in_order(labels, secclass.Stance), row


def test_the_sides_of_a_minimal_pair_differ() -> None:
    for row in read_rows("minimal_pairs.tsv"):
        sides: tuple[Labels, Labels] = gold(row), gold(row, "other_")
        assert sides[0] != sides[1], row


def test_minimal_pairs_cover_every_label_on_one_side_only() -> None:
    told_apart = {
        label
        for row in read_rows("minimal_pairs.tsv")
        for one, other in zip(gold(row), gold(row, "other_"), strict=True)
        for label in one ^ other
    }
    assert told_apart == {label.value for label in (*secclass.CrimeType, *secclass.Stance)}
