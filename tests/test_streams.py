"""Streams: every row once an epoch, in an order that anyone can compute from any place on."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassbrick.errors import ArgumentError, ArgumentTypeError, DataError, ShapeError
from glassbrick.order import Order, Piece
from glassbrick.stream import ArrayStream, Share

blocks = st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any)


@st.composite
def streams(draw):
    """A stream whose rows are their own numbers."""
    lengths = draw(blocks)
    rows = np.arange(sum(lengths), dtype=float)
    return ArrayStream(
        rows[:, np.newaxis],
        rows,
        seed=draw(st.integers(0, 2**70)),
        blocks=lengths,
        lanes=draw(st.sampled_from([1, 2, 8, 24])),
        buffer=draw(st.integers(1, 300)),
    )


def numbers(batches):
    return [batch.y.ravel().astype(int).tolist() for batch in batches]


@given(streams(), st.integers(1, 70), st.integers(0, 3))
def test_each_row_comes_once_an_epoch_in_batches_of_the_size_asked_for(stream, size, epoch):
    batches = numbers(stream.batches(epoch, size))
    assert sorted(row for batch in batches for row in batch) == list(range(stream.rows))
    assert [len(batch) for batch in batches[:-1]] == [size] * (
        stream.rows // size - (stream.rows % size == 0)
    )
    assert len(batches) == stream.batch_count(size)


@given(streams(), st.integers(1, 70), st.data())
def test_any_batch_is_reached_at_once(stream, size, data):
    whole = numbers(stream.batches(1, size))
    first = data.draw(st.integers(0, len(whole)))
    assert numbers(stream.batches(1, size, first)) == whole[first:]


@given(streams(), st.integers(1, 70), st.sampled_from([1, 2, 4, 8]))
def test_the_shares_are_together_the_batch(stream, size, many):
    if stream.order.lanes % many:
        with pytest.raises(ArgumentError, match="the lanes of the stream"):
            stream.batches(0, size, share=Share(0, many))
        return
    shares = [numbers(stream.batches(0, size, share=Share(part, many))) for part in range(many)]
    whole = numbers(stream.batches(0, size))
    assert [[row for part in parts for row in part] for parts in zip(*shares, strict=True)] == whole
    for part, batches in enumerate(shares):
        expected = [batch[Share(part, many).span(len(batch))] for batch in whole]
        assert batches == expected


def shuffled(seed, epoch, **settings):
    rows = np.arange(5000.0)
    stream = ArrayStream(rows[:, np.newaxis], rows, seed=seed, **settings)
    return np.concatenate(numbers(stream.batches(epoch, 32)))


def test_the_order_follows_from_seed_and_epoch():
    first = shuffled(3, 0)
    assert (shuffled(3, 0) == first).all()
    for other in (shuffled(3, 1), shuffled(4, 0), shuffled(3, 0, blocks=100)):
        assert (other != first).mean() > 0.9


def test_rows_are_shuffled_well():
    """Neighbours in the data are no neighbours in the batches, though blocks are in order."""
    order = shuffled(0, 0, blocks=500, buffer=2000)
    places = np.empty(5000)
    places[order] = np.arange(5000)
    assert abs(np.corrcoef(order, np.arange(5000))[0, 1]) < 0.2
    assert np.median(np.abs(np.diff(places))) > 300
    halves = [np.mean(order[start : start + 32] < 2500) for start in range(0, 4992, 32)]
    assert 0.2 < np.mean(halves) < 0.8


def test_windows_of_different_lanes_are_due_at_different_times():
    """So that not all lanes wait for the disk at the same batch."""
    epoch = Order([8000], 0, lanes=8, buffer=800).epoch(0, 80)
    starts = [{window.start for window in lane.windows(0)} - {0} for lane in epoch.lanes]
    assert not any(starts[0] & other for other in starts[1:])


def test_a_lane_begins_in_the_middle_of_a_block():
    epoch = Order([0, 10, 0], 0, lanes=2).epoch(0, 4)
    assert [lane.pieces(0, lane.length) for lane in epoch.lanes] == [
        [Piece(1, 0, 5)],
        [Piece(1, 5, 10)],
    ]


def test_weights_go_with_their_rows():
    rows = np.arange(100.0)
    stream = ArrayStream(rows[:, np.newaxis], rows, rows, buffer=10)
    for X, y, weights in stream.batches(0, 7):
        assert (y == X).all()
        np.testing.assert_allclose(weights, y / rows.mean())
    assert stream.first_rows(3).weights.shape == (3, 1)


def test_rows_as_they_stand():
    X = np.arange(20, dtype=np.float32).reshape(10, 2)
    stream = ArrayStream(X, X[:, 0])
    assert stream.dtype == np.float32
    assert stream.first_rows(4).X.tolist() == X[:4].tolist()
    parts = list(stream.in_order(4))
    assert [len(part.X) for part in parts] == [4, 4, 2]
    assert np.array_equal(np.concatenate([part.X for part in parts]), X)


def test_fingerprints_tell_streams_apart():
    X = np.arange(20.0)[:, np.newaxis]

    def fingerprint(X=X, y=X, **settings):
        return ArrayStream(X, y, **settings).fingerprint()

    others = [
        fingerprint(seed=1),
        fingerprint(lanes=4),
        fingerprint(buffer=8),
        fingerprint(blocks=7),
        fingerprint(y=X + 1),
        fingerprint(X.astype(np.float32)),
        fingerprint(sample_weight=X + 1),
    ]
    assert fingerprint() == fingerprint()
    assert len({fingerprint(), *others}) == 1 + len(others)


@pytest.mark.parametrize(
    ("settings", "error", "told"),
    [
        ({"seed": -1}, ArgumentError, "seed"),
        ({"seed": 1.5}, ArgumentTypeError, "seed"),
        ({"lanes": 0}, ArgumentError, "lanes"),
        ({"buffer": 0}, ArgumentError, "buffer"),
        ({"blocks": [3, 4]}, ArgumentError, "sum up to 5"),
        ({"sample_weight": [1.0]}, ShapeError, "5 rows"),
        ({"sample_weight": [1.0, -1.0, 1.0, 1.0, 1.0]}, DataError, "not negative; .* -1 at row 1"),
        ({"sample_weight": [0.0] * 5}, DataError, "all rows have 0"),
        ({"sample_weight": np.ones((1, 5))}, ShapeError, "5 rows; .*(1, 5)"),
    ],
)
def test_what_cannot_be_used_is_refused(settings, error, told):
    with pytest.raises(error, match=told):
        ArrayStream(np.ones((5, 1)), np.ones(5), **settings)


def test_a_batch_size_must_be_a_whole_number():
    stream = ArrayStream(np.ones((5, 1)), np.ones(5))
    with pytest.raises(ArgumentError, match="batch_size"):
        stream.batches(0, 0)


def test_a_stream_can_be_left_early():
    stream = ArrayStream(np.ones((50, 1)), np.ones(50))
    batches = stream.batches(0, 10)
    assert len(list(islice(batches, 2))) == 2
    batches.close()
    assert list(batches) == []
