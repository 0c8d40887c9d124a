"""The order of each epoch."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from glassbrick.batches import Shuffler


@pytest.mark.parametrize("source", [np.random.default_rng, np.random.RandomState])
@pytest.mark.parametrize("rows", [1, 2, 100])
def test_several_orders_are_those_of_one_after_the_other(source, rows):
    first, second = Shuffler(rows, source(7)), Shuffler(rows, source(7))
    for epochs in (3, 0, 1, 2):
        expected = [first.next_order(rows).copy() for _ in range(epochs)]
        found = second.next_orders(rows, epochs)
        assert np.array_equal(found, expected)
        assert [order.dtype for order in found] == [np.intp] * epochs
    assert np.array_equal(first.next_order(rows), second.next_order(rows))


def test_orders_that_were_given_stay_as_they_are():
    shuffler = Shuffler(50, np.random.default_rng(0))
    orders = shuffler.next_orders(50, 2)
    before = copy.deepcopy(orders)
    shuffler.next_orders(50, 2)
    shuffler.next_order(50)
    assert np.array_equal(orders, before)


def test_other_data_begins_anew():
    shuffler = Shuffler(3, np.random.default_rng(0))
    assert sorted(shuffler.next_orders(5, 1)[0]) == list(range(5))
    assert sorted(shuffler.next_orders(4, 2)[1]) == list(range(4))
