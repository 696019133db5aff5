"""On real text, where it is at hand: whole documents, and the floor that accuracy must not fall under."""

from __future__ import annotations

import json
from pathlib import Path

from secclass import Tagger
from secclass.evaluation import evaluate

# Floors a little under the last measured figures (docs/accuracy.md): a fall through them is a regression.
FLOORS = {"crimes": 0.85, "stances": 0.55}


def test_documents_are_split_and_tagged(shared: Path, tagger: Tagger) -> None:
    for line in (shared / "real" / "documents.jsonl").read_text(encoding="utf-8").splitlines():
        text = json.loads(line)["text"]
        doc = tagger.tag(text)
        at = 0
        for s in doc:
            assert text[s.start : s.end] == s.text
            assert not text[at : s.start].strip()
            at = s.end
        assert not text[at:].strip()
        assert len(doc) > 1


def test_scores_are_probabilities(shared: Path, tagger: Tagger) -> None:
    assert evaluate(tagger, shared / "real" / "dev.jsonl").reliability.error <= 0.04


def test_accuracy_floor(shared: Path, tagger: Tagger) -> None:
    result = evaluate(tagger, shared / "real" / "dev.jsonl")
    for axis in result.axes:
        assert axis.macro_f1 >= FLOORS[axis.axis], str(result)
