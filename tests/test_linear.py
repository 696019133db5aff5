"""Coded weights: one byte each, near what they stand for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from secclass import _store
from secclass._linear import coded
from tests.fuzz.models import FORMAT_1, TEXTS, rewritten


def test_codes_stay_near_their_weights() -> None:
    weights = np.random.default_rng(0).laplace(size=(5_000, 3)) ** 3 * [1.0, 1e-3, 1e3]
    codes, scale = coded(weights)
    assert codes.dtype == np.int8
    found = codes * np.abs(codes.astype(float)) * scale
    assert (np.abs(found - weights) <= (np.abs(codes) + 0.26) * scale).all()  # half a step of c * |c|
    assert np.allclose(np.abs(found).max(axis=0), np.abs(weights).max(axis=0))
    assert (np.sign(found) * np.sign(weights) >= 0).all()


def test_weights_of_nothing_are_coded_too() -> None:
    codes, scale = coded(np.zeros((4, 2)))
    assert not codes.any()
    assert (scale > 0).all()
    assert coded(np.zeros((0, 2)))[0].shape == (0, 2)


def test_an_axis_of_coded_weights_scores_near_one_of_whole_weights(tmp_path: Path) -> None:
    """The own axis of this model is its stances with coded weights."""
    model = _store.read(rewritten(FORMAT_1, tmp_path / "copy", own=True))
    axes = {axis.name: axis for axis in model.axes}
    found = model.extractor.extract(TEXTS)
    whole, of_codes = axes["stances"].raw(found), axes["tone"].raw(found)
    assert np.abs(whole).max() > 1
    assert of_codes == pytest.approx(whole, abs=0.05)


def test_shares_of_coded_weights_sum_to_the_raw_score(tmp_path: Path) -> None:
    model = _store.read(rewritten(FORMAT_1, tmp_path / "copy", own=True))
    axis = next(axis for axis in model.axes if axis.name == "tone")
    found = model.extractor.extract(TEXTS[:1])
    for label, raw in enumerate(axis.raw(found)[0]):
        shares = [share for *_, share in axis.contributions(label, found)]
        assert sum(shares) + axis.bias[label] == pytest.approx(raw)
