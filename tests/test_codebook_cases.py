"""Every example, trap, hard case, false friend and decision of the codebook, in sentences of our own.

``must_pass.tsv`` holds those that the shipped model gets wholly right, ``known_misses.tsv`` those that it does
not. A case that changes sides fails the test until it is moved: run ``python tests/test_codebook_cases.py``.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import secclass

DATA = Path(__file__).parent / "data"
FIELDS = ["reference", "crimes", "stances", "text"]


def read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def misses(row: dict[str, str], tagger: secclass.Tagger) -> str:
    """What is wrong with the tags of a row, or nothing."""
    (sentence,) = tagger.tag_sentences([row["text"]])
    found = " ".join(sentence.crimes), " ".join(sentence.stances)
    return "" if found == (row["crimes"], row["stances"]) else f"got {found}, expected {row}"


@pytest.mark.parametrize("row", read("must_pass.tsv"), ids=lambda row: row["reference"])
def test_must_pass(row: dict[str, str], tagger: secclass.Tagger) -> None:
    assert not misses(row, tagger)


@pytest.mark.parametrize("row", read("known_misses.tsv"), ids=lambda row: row["reference"])
def test_known_miss_still_misses(row: dict[str, str], tagger: secclass.Tagger) -> None:
    assert misses(row, tagger), "this known miss is now right: move it to must_pass.tsv"


def test_labels_are_known_and_in_order() -> None:
    for row in (*read("must_pass.tsv"), *read("known_misses.tsv")):
        for field, labels in (("crimes", secclass.CrimeType), ("stances", secclass.Stance)):
            assert row[field].split() == [label.value for label in labels if label in row[field].split()], row


def sort_cases() -> None:
    """Write each case into the file where it belongs by now."""
    tagger = secclass.load()
    rows = sorted((*read("must_pass.tsv"), *read("known_misses.tsv")), key=lambda row: row["reference"])
    for name, wanted in (("must_pass.tsv", False), ("known_misses.tsv", True)):
        with (DATA / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(
                file, FIELDS, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n"
            )
            writer.writeheader()
            chosen = [row for row in rows if bool(misses(row, tagger)) is wanted]
            writer.writerows(chosen)
            print(name, len(chosen))


if __name__ == "__main__":
    sort_cases()
