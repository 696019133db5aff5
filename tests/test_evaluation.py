from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from secclass import SeedError
from secclass._data import AXES, read_labelled
from secclass.evaluation import MIN_SUPPORT, score


def test_scores_agree_with_scikit_learn() -> None:
    random = np.random.default_rng(0)
    gold = random.random((400, 3)) < [0.3, 0.1, 0.5]
    predicted = gold ^ (random.random(gold.shape) < 0.1)
    result = score("stances", gold, predicted)
    assert result.macro_f1 == pytest.approx(f1_score(gold, predicted, average="macro"))
    assert result.micro_f1 == pytest.approx(f1_score(gold, predicted, average="micro"))


def test_free_labels_are_not_counted_and_rare_labels_not_averaged() -> None:
    gold = np.array([[True, False, False]] * MIN_SUPPORT + [[False, True, False]])
    predicted = np.array([[True, False, True]] * MIN_SUPPORT + [[False, False, False]])
    free = np.zeros_like(gold)
    free[:, 2] = True
    result = score("stances", gold, predicted, free)
    assert [label.support for label in result.labels] == [MIN_SUPPORT, 1, 0]
    assert result.labels[2].false_positives == 0
    assert result.macro_f1 == 1.0
    assert result.micro_f1 == pytest.approx(2 * MIN_SUPPORT / (2 * MIN_SUPPORT + 1))


def test_reading_orders_labels_and_names_faults(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x", "crimes": ["corruption", "terrorism"], "stances": [], "free": ["proposal"]}\n')
    (row,) = read_labelled(path)
    assert row.crimes == ("terrorism", "corruption")
    assert row.free == ("proposal",)
    assert row.where == f"{path}:1"
    with pytest.raises(SeedError, match="cannot be read"):
        read_labelled(tmp_path / "none.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SeedError, match=r"no \.jsonl"):
        read_labelled(tmp_path / "empty")
    path.write_bytes(b'{"text": "\xff"}')
    with pytest.raises(SeedError, match="not UTF-8"):
        read_labelled(path)
    assert list(AXES) == ["crimes", "stances"]
