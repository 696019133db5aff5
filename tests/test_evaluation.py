from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from secclass import MissingDependencyError, OptionError, SeedError, Tagger
from secclass._data import Labelled, read_labelled
from secclass.evaluation import MIN_SUPPORT, LabelScore, Reliability, Unsure, evaluate, plot, score
from secclass.labels import AXES
from tests.helpers import needed


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


def test_the_calibration_error_is_the_mean_gap_in_bins_of_equal_mass() -> None:
    scores = np.repeat(np.arange(15) / 15, 20)
    gold = np.tile(np.arange(20) < 5, 15)  # a quarter, whatever the score
    expected = np.abs(np.arange(15) / 15 - 0.25).mean()
    assert Reliability.measure(scores, gold).error == pytest.approx(expected)
    half = np.where(gold, 0.5, 1.0)
    assert Reliability.measure(scores, gold, half).error > Reliability.measure(scores, gold).error
    sure = Reliability.measure(gold.astype(float), gold)
    assert (sure.error, sure.predicted, sure.observed, sure.share) == (0, (0, 1), (0, 1), (0.75, 0.25))


def test_scores_drawn_as_they_say_are_calibrated() -> None:
    chance = np.random.default_rng(0)
    scores = chance.random((20_000, 3)) ** 4
    gold = chance.random(scores.shape) < scores
    assert Reliability.measure(scores, gold).error < 0.005
    assert Reliability.measure(scores**2, gold).error > 0.04


def test_the_interval_of_f1_holds_what_resampling_gives() -> None:
    chance = np.random.default_rng(1)
    gold = chance.random(400) < 0.2
    given = gold ^ (chance.random(400) < 0.1)
    found = score("stances", gold[:, None].repeat(3, 1), given[:, None].repeat(3, 1)).labels[0]
    drawn = [f1_score(gold[rows], given[rows]) for rows in chance.integers(0, 400, (200, 400))]
    assert found.f1_interval == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.03)
    assert LabelScore("none", 0, 0, 0).f1_interval == (0, 0)


def test_unsure_counts_sentences_and_wrong_labels() -> None:
    unsure = np.array([[True, True], [False, False], [False, True], [False, False]])
    wrong = np.array([[True, False], [True, False], [False, True], [False, False]])
    assert Unsure.measure(unsure, wrong) == Unsure(0.5, 2 / 3)
    assert Unsure.measure(unsure, np.zeros_like(wrong)) == Unsure(0.5, 0)


def test_evaluation_tells_what_scores_are_worth(tagger: Tagger) -> None:
    rows = [
        Labelled("The ministers agreed to fight drug trafficking.", ("drug_trafficking",), ("agreement",)),
        Labelled("Wo ist der nächste Bahnhof, bitte sehr?", (), ()),
    ]
    result = evaluate(tagger, rows)
    assert result.outside == 1
    assert result.reliability.error < 0.1
    assert sum(result.reliability.share) == pytest.approx(1)
    assert "expected calibration error (15 bins of equal mass, all labels): 0.0" in str(result)
    assert "outside what the model knows: 1 sentences" in str(result)
    assert result.to_dict()["reliability"]["error"] == result.reliability.error
    assert evaluate(tagger, []).reliability.error == 0


def test_the_diagram_is_drawn_alike_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed("matplotlib", "plots")
    curves = {"gold.jsonl": Reliability(0.01, (0.1, 0.9), (0.2, 0.8), (0.5, 0.5))}
    for name in ("a.svg", "b.svg"):
        plot(curves, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert "gold.jsonl (error 0.010)" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    with pytest.raises(OptionError, match=r"wrong\.xyz"):
        plot(curves, tmp_path / "wrong.xyz")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'secclass\[plots\]'"):
        plot(curves, tmp_path / "c.svg")


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
