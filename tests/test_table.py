"""Key tables find what is in them, wherever it stands."""

from __future__ import annotations

import numpy as np
import pytest

from secclass._table import BITS, TOLD_APART, KeyTable, in_order


@pytest.mark.parametrize("count", [0, 1, 7, 1000, 50_000])
def test_each_key_has_its_place_and_strange_keys_have_none(count: int) -> None:
    chance = np.random.default_rng(count)
    small = np.arange(count // 2, dtype=np.uint64)  # single characters have such keys
    raw = np.unique(np.append(small, chance.integers(0, 1 << BITS, count - len(small), dtype=np.uint64)))
    keys, order = in_order(raw)
    table = KeyTable(keys)
    assert (table.find(raw[order]) == np.arange(len(raw))).all()
    strange = np.setdiff1d(chance.integers(0, 1 << BITS, 10_000, dtype=np.uint64), raw)
    assert (table.find(strange) == -1).all()
    assert (table.find(raw | np.uint64(1 << 63)) >= 0).all()  # beyond the bits that tell keys apart


def test_of_keys_that_are_not_told_apart_the_first_is_kept() -> None:
    keys, order = in_order(np.array([7, 5 + (1 << BITS), 5, 5 + (2 << BITS)], np.uint64))
    assert sorted(order.tolist()) == [0, 1]
    assert KeyTable(keys).find(np.array([5], np.uint64)) >= 0


@pytest.mark.parametrize("keys", [[3, 2], [2, 2], [1, int(TOLD_APART) + 1], range(300)], ids=str)
def test_keys_that_are_no_stored_keys_are_refused(keys: list[int]) -> None:
    with pytest.raises(ValueError, match=r"keys (must rise|crowd)"):
        KeyTable(np.array(keys, np.uint64))
