"""The parts of a stream of files: random numbers, checksums, summaries and encoding."""

from __future__ import annotations

import csv

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassbrick.order import Order
from glassbrick.streams.chance import HELD_OUT, SAMPLED, chance_of
from glassbrick.streams.checksums import checksum_of_numbers, checksum_of_texts
from glassbrick.streams.encoding import Encoding
from glassbrick.streams.sample import Sample
from glassbrick.streams.summary import CategorySummary
from glassbrick.tables import Features, NumberTarget, read_table
from glassbrick.tables.csv_cuts import first_line_of, whole_lines

rng = np.random.default_rng(5)


def test_each_window_is_shuffled_in_its_own_way():
    order = Order([900], 0, lanes=3, buffer=300)
    found = [
        tuple(window.permutation())
        for number in (0, 1)
        for lane in order.epoch(number, 30).lanes
        for window in lane.windows(0)
        if window.stop - window.start == 100
    ]
    assert len(found) > 12
    assert len({*found}) == len(found)


def test_random_numbers_of_rows():
    given = [(0, HELD_OUT, 0), (0, SAMPLED, 0), (0, HELD_OUT, 1), (1, HELD_OUT, 0)]
    drawn = np.array([chance_of(*key, 0, 10_000) for key in given])
    assert 0.0 <= drawn.min() < drawn.max() < 1.0
    assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 0.05
    np.testing.assert_allclose(
        np.quantile(drawn, [0.1, 0.5, 0.9], axis=1).T[0], [0.1, 0.5, 0.9], 0.1
    )
    assert np.array_equal(chance_of(0, HELD_OUT, 0, 400, 50), drawn[0, 400:450])


def test_a_sample_is_of_all_rows():
    sample = Sample(1000)
    for start in range(0, 40_000, 500):
        batch = pa.record_batch({"row": np.arange(start, start + 500)})
        sample.add(batch, chance_of(0, SAMPLED, 0, start, 500))
    rows = sample.table()["row"].to_numpy()
    assert len(rows) == len({*rows}) == 1000
    assert (np.diff(rows) > 0).all()
    assert 18_000 < rows.mean() < 22_000


# Checksums.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2, 7, 8192, 20_001])
def test_checksums_of_numbers(dtype, count):
    numbers = np.arange(1.0, count + 1.0, dtype=dtype)  # of which many bits are 0
    first = checksum_of_numbers(numbers, 0)
    assert checksum_of_numbers(np.repeat(numbers, 2)[::2], 0) == first
    assert checksum_of_numbers(numbers, 1) != first
    for row in {0, count // 2, count - 1}:
        for value in (np.nextafter(numbers[row], dtype(0)), -numbers[row], np.nan):
            other = numbers.copy()
            other[row] = value
            assert checksum_of_numbers(other, 0) != first
        other = numbers.copy()
        other[[row, row - 1]] = other[[row - 1, row]]
        assert (checksum_of_numbers(other, 0) == first) == (count == 1)


def test_checksums_of_texts():
    given = [["ab", "c"], ["a", "bc"], ["c", "ab"], ["abc", ""], ["abc", None], [None, "abc"]]
    found = {checksum_of_texts(pa.array(texts), 0) for texts in given}
    assert len(found) == len(given)
    part = pa.array(["x", "ab", "c", "y"]).slice(1, 2)
    assert checksum_of_texts(part, 0) == checksum_of_texts(pa.array(["ab", "c"]), 0)
    assert checksum_of_texts(part, 1) not in found
    assert checksum_of_texts(pa.array([], pa.string()), 7) == 7


# Lines of CSV.


@given(st.text('a ",\n', max_size=20), st.sampled_from(",\t"))
def test_lines_end_where_the_csv_module_says(text, separator):
    text = text.replace(",", separator)
    lines = text.splitlines(keepends=True)
    reader = csv.reader(lines, delimiter=separator)
    ends = [0, *(sum(map(len, lines[: reader.line_num])) for _ in reader)]
    if not text.endswith("\n") or _is_open(lines[: reader.line_num], separator):
        ends.pop()
    assert whole_lines(text.encode(), separator) == max(ends, default=0)
    assert first_line_of(text.encode(), separator) == (ends[1] if len(ends) > 1 else len(text))


def _is_open(lines, separator):
    """Whether a quote is never closed: whatever follows belongs to the last field."""
    *_, last = csv.reader([*lines, "x" + separator + "x"], delimiter=separator)
    return last != ["x", "x"]


# Summaries.


def test_rare_categories_are_forgotten():
    summary = CategorySummary("x", most=10)
    for start in range(0, 1000, 5):
        summary.add(pa.array([f"rare {n}" for n in range(start, start + 5)] + [*"aaabbc"]))
        assert len(summary.counts) <= 20
    assert summary.rows == 200 * 11
    assert [summary.counts[text] for text in "abc"] == [600, 400, 200]
    assert summary.forgotten >= 1
    assert summary.encoder(None).known == ("a", "b", "c")


# Encoding.


def encode(table, learned_from):
    """Return what `Encoding` makes of rows, and what the tables in memory make of them."""
    columns = read_table(learned_from.drop(["y"]), "test")
    features = Features.fit(columns, "test")
    target = NumberTarget.fit(read_table(learned_from.select(["y"]), "test")[0], "test")
    (batch,) = table.combine_chunks().to_batches()
    found = Encoding(features, target, np.float32).rows(batch)
    return found.X, features.encode(read_table(table.drop(["y"]), "test"), "test")


def test_numbers_that_are_far_away():
    """Whose squares, or whose differences, are larger than the dtype can tell."""
    far = rng.standard_normal(400)
    far[:4] = 1e30, -1e30, 1e300, -1e300
    vast = rng.uniform(-1.0, 1.0, 400) * 1.7e308
    tiny = rng.standard_normal(400) * 1e-300
    above = 1.7e308 - 1e307 * rng.random(400)
    above[0] = -1.7e308
    single = np.float32(3.4e38) - np.float32(1e37) * rng.random(400, np.float32)
    single[:100] *= -1.0
    columns = {"far": far, "vast": vast, "tiny": tiny, "above": above, "single": single}
    table = pa.table(columns | {"y": rng.random(400)})
    with np.errstate(all="ignore"):
        X, expected = encode(table, table)
    assert np.isfinite(expected).all()
    assert np.abs(X[:4, 0]).min() > 2.9
    np.testing.assert_allclose(X, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("many", "codes"), [(2, [[0, 0, 0], [0, 0, 1], [1, 0, 0]]), (60, [[0], [61], [1]])]
)
def test_a_category_that_was_not_there(many, codes):
    known = [f"town {n:02}" for n in range(many)]
    learned = pa.table({"x": [*known, None] * 3, "y": rng.random(3 * (many + 1))})
    rows = pa.table({"x": ["elsewhere", None, "town 00"], "y": [0.0, 0.0, 0.0]})
    X, expected = encode(rows, learned)
    assert X.tolist() == expected.tolist() == codes
