"""Streams of files: the same numbers as in memory, and errors that say where."""

from __future__ import annotations

import datetime
import os
import threading

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from glassbrick.errors import ArgumentError, ArgumentTypeError, DataError, FileError
from glassbrick.stream import ArrayStream, Share
from glassbrick.streams import TableStream, fitting, table_stream
from glassbrick.streams.encoding import Encoding
from glassbrick.streams.files import _located
from glassbrick.tables import Features, NumberTarget, read_table

rng = np.random.default_rng(7)
TOWNS = [*"abcdefghijklmnopqrst"]


def mixed(rows, start=0):
    """A table of all kinds of columns, with values that are missing."""
    days = np.datetime64("2020-01-01") + np.arange(start, start + rows)
    return pa.table(
        {
            "number": np.where(rng.random(rows) < 0.1, np.nan, rng.standard_normal(rows) * 1e6),
            "single": rng.standard_normal(rows).astype(np.float32),
            "whole": pa.array(rng.integers(0, 9, rows), mask=rng.random(rows) < 0.1),
            "few": pa.array(
                rng.choice(["red", "green", "blue"], rows), mask=rng.random(rows) < 0.1
            ),
            "many": rng.choice(TOWNS, rows),
            "truth": rng.random(rows) < 0.5,
            "day": pa.array(days, mask=rng.random(rows) < 0.1),
            "moment": days.astype("datetime64[us]") + np.arange(rows) * np.timedelta64(97, "m"),
            "same": np.ones(rows),
            "empty": pa.nulls(rows, pa.float64()),
            "name": [f"row {start + row}" for row in range(rows)],
            "y": rng.standard_normal(rows),
        }
    )


@pytest.fixture(scope="module")
def tables():
    return [mixed(300), mixed(170, 300), mixed(1, 470), mixed(200, 471)]


@pytest.fixture(scope="module")
def whole(tables):
    return pa.concat_tables(tables)


def write(tables, folder, ending):
    folder.mkdir(exist_ok=True)
    for number, table in enumerate(tables):
        path = folder / f"part-{number}.{ending}"
        if ending == "parquet":
            pq.write_table(table, path, row_group_size=64)
        elif ending in ("arrow", "feather"):
            pyarrow.feather.write_feather(table, path, chunksize=64)
        else:
            text = table.to_pandas().to_csv(index=False, sep="\t" if ending == "tsv" else ",")
            path.write_text(text.replace("True", "true").replace("False", "false"))
    return folder


def encoded(table, learned_from=None):
    """Return what the tables in memory make of it."""
    columns = read_table((learned_from or table).drop(["y"]), "test")
    features = Features.fit(columns, "test")
    column = next(c for c in read_table(learned_from or table, "test") if c.name == "y")
    target = NumberTarget.fit(column, "test")
    X = features.encode(read_table(table.drop(["y"]), "test"), "test")
    y = target.encode(next(c for c in read_table(table, "test") if c.name == "y"), "test")
    return features, target, X, y


@pytest.mark.parametrize("ending", ["parquet", "arrow", "feather", "csv", "tsv"])
def test_the_batches_are_those_of_the_same_rows_in_memory(tmp_path, tables, whole, ending):
    stream = TableStream(
        write(tables, tmp_path, ending), "y", seed=5, lanes=4, buffer=100, dtype=np.float64
    )
    if ending in ("csv", "tsv"):  # which knows no float32
        single = [float(str(number)) for number in whole["single"].to_numpy()]
        whole = whole.set_column(1, "single", pa.array(single))
    features, target, X, y = encoded(whole)
    assert stream.features.to_json() == features.to_json()
    assert stream.target.to_json() == target.to_json()
    reference = ArrayStream(X, y, seed=5, lanes=4, buffer=100, blocks=stream.order.lengths.tolist())
    assert stream.rows == len(X) == 671
    for epoch in (0, 1):
        found = list(stream.batches(epoch, 32))
        expected = list(reference.batches(epoch, 32))
        assert len(found) == len(expected) == stream.batch_count(32)
        for here, there in zip(found, expected, strict=True):
            np.testing.assert_allclose(here.X, there.X, rtol=1e-12, atol=1e-14)
            np.testing.assert_allclose(here.y, there.y, rtol=1e-12, atol=1e-14)
    in_order = list(stream.in_order(50))
    assert max(len(rows.X) for rows in in_order) == 50
    np.testing.assert_allclose(np.concatenate([rows.X for rows in in_order]), X, atol=1e-13)
    np.testing.assert_allclose(stream.first_rows(671).X, X, atol=1e-13)
    assert len(stream.first_rows(7).X) == len(np.unique(stream.first_rows(7).y)) == 7
    assert stream.without_target == 0


@pytest.mark.parametrize("of", [pa.string_view(), pa.large_string(), pa.dictionary("i1", "string")])
def test_texts_of_all_types(tmp_path, of):
    texts = pa.array(rng.choice(["a", "b", None], 500), pa.string()).cast(of)
    table = pa.table({"x": texts, "y": rng.random(500)})
    pyarrow.feather.write_feather(table, tmp_path / "a.arrow", chunksize=100)
    stream = TableStream(tmp_path, "y", held_out=0.2)
    assert sorted(stream.features.names) == ["x is missing", "x=a", "x=b"]
    X = np.concatenate([batch.X for batch in stream.batches(0, 64)])
    assert (X.sum(axis=1) == 1.0).all()


def test_the_usual_dtype_is_float32(tmp_path, tables, whole):
    stream = TableStream(write(tables, tmp_path, "parquet"), "y")
    _, _, X, y = encoded(whole)
    rows = next(stream.in_order(1000))
    assert stream.dtype == rows.X.dtype == rows.y.dtype == np.float32
    np.testing.assert_allclose(rows.X, X[: len(rows.X)], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(rows.y, y[: len(rows.X)], rtol=1e-5, atol=1e-6)


def test_no_thread_stays_when_batches_are_left_early(tmp_path, small):
    pq.write_table(small, tmp_path / "a.parquet", row_group_size=4)
    before = {*threading.enumerate()}
    batches = TableStream(tmp_path, "y", lanes=2, buffer=4).batches(0, 4)
    next(batches)
    assert [t.name for t in threading.enumerate() if t not in before] == ["reader"]
    batches.close()
    assert {*threading.enumerate()} <= before


def test_rows_before_the_first_batch_are_not_encoded(tmp_path, monkeypatch):
    pq.write_table(pa.table({"x": rng.random(60_000), "y": rng.random(60_000)}), tmp_path / "a.pq")
    stream, encoded, plain = TableStream(tmp_path, "y", lanes=1, buffer=100), [], Encoding.rows

    def rows(self, batch, *room):
        encoded.append(batch.num_rows)
        return plain(self, batch, *room)

    monkeypatch.setattr(Encoding, "rows", rows)
    (last,) = stream.batches(0, 100, first=599)
    assert len(last.X) == 100
    assert sum(encoded) < 60_000 / 4


def test_no_more_rows_are_held_out_than_there_is_room_for(tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "_MOST_SAMPLED", 100)
    table = pa.table({"x": np.arange(4000.0), "y": np.arange(4000.0)})
    pq.write_table(table, tmp_path / "a.parquet")
    stream = TableStream(tmp_path, "y", held_out=0.5)
    assert 60 < len(stream.held_out.X) < 140
    assert stream.rows + len(stream.held_out.X) == 4000


def test_shares_and_batches_from_the_middle(tmp_path, tables):
    stream = TableStream(write(tables, tmp_path, "parquet"), "y", lanes=8, buffer=64)
    batches = list(stream.batches(2, 50))
    shares = [list(stream.batches(2, 50, share=Share(part, 4))) for part in range(4)]
    for number, batch in enumerate(batches):
        together = np.concatenate([share[number].X for share in shares])
        assert np.array_equal(together, batch.X)
    for first in (1, 7, 13):
        rest = list(stream.batches(2, 50, first=first))
        assert len(rest) == len(batches) - first
        assert np.array_equal(rest[0].X, batches[first].X)
        assert np.array_equal(rest[-1].y, batches[-1].y)


def test_rows_held_out_are_never_trained_on(tmp_path):
    table = pa.table({"x": np.arange(4000.0), "y": np.arange(4000.0) % 7 + 0.5})
    pq.write_table(table, tmp_path / "data.parquet", row_group_size=500)
    stream = TableStream(tmp_path / "data.parquet", "y", held_out=0.2, seed=3, dtype=np.float64)
    again = TableStream(tmp_path / "data.parquet", "y", held_out=0.2, seed=3, dtype=np.float64)
    other = TableStream(tmp_path / "data.parquet", "y", held_out=0.2, seed=4, dtype=np.float64)
    assert 600 < len(stream.held_out.X) < 1000
    assert len(stream.held_out.X) + stream.rows == 4000
    assert np.array_equal(stream.held_out.X, again.held_out.X)
    assert stream.fingerprint() == again.fingerprint() != other.fingerprint()
    seen = np.concatenate([batch.X for batch in stream.batches(0, 64)])
    assert len(seen) == stream.rows == len(np.unique(seen))
    assert not np.isin(stream.held_out.X, seen).any()
    fitted = Features.fit(
        read_table({"x": np.setdiff1d(table["x"], _raw(stream.held_out.X, stream))}, "test"), "t"
    )
    assert fitted.to_json()["columns"] == stream.features.to_json()["columns"]


def _raw(X, stream):
    """Undo the scaling."""
    (encoder,) = stream.features.encoders
    scaled = X[:, 0] / np.sqrt(1 - (X[:, 0] / 3) ** 2)
    return np.rint(scaled * encoder.scale + encoder.median)


def test_rows_without_a_target_are_left_out(tmp_path):
    y = np.where(np.arange(1000) % 3 == 0, np.nan, np.arange(1000) * 0.5)
    table = pa.table({"x": np.arange(1000.0), "y": pa.array(y, mask=np.arange(1000) % 10 == 1)})
    pq.write_table(table, tmp_path / "data.parquet", row_group_size=100)
    stream = TableStream(tmp_path, "y", buffer=80, held_out=0.1)
    known = table.filter(pa.compute.is_finite(table["y"]))
    assert stream.rows + len(stream.held_out.X) == len(known)
    assert stream.without_target == 1000 - len(known)
    assert sum(len(batch.X) for batch in stream.batches(0, 9)) == stream.rows


def test_classes(tmp_path):
    labels = np.array(["no", "yes", "perhaps"])[np.arange(300) % 3]
    pq.write_table(pa.table({"x": np.arange(300.0), "y": labels}), tmp_path / "a.parquet")
    stream = TableStream(tmp_path, "y")
    assert stream.target.classes == ("no", "perhaps", "yes")
    rows = next(stream.in_order(3))
    assert rows.y.ravel().tolist() == [0.0, 2.0, 1.0]
    numbers = pa.table({"x": np.arange(300.0), "y": np.arange(300) % 3})
    pq.write_table(numbers, tmp_path / "a.parquet")
    assert TableStream(tmp_path, "y").target.classes == ("0", "1", "2")
    assert TableStream(tmp_path, "y", task="regression").target.task == "regression"


def test_large_data_are_learned_from_a_sample(tmp_path):
    """Quartiles nearly right, all else exactly."""
    rows = 200_000
    table = pa.table(
        {
            "x": np.sort(rng.lognormal(size=rows)),  # so that the first rows are like no others
            "town": rng.choice(TOWNS, rows),
            "y": rng.random(rows),
        }
    )
    pq.write_table(table, tmp_path / "data.parquet", row_group_size=20_000)
    stream = TableStream(tmp_path, "y")
    features, target, _, _ = encoded(table)
    assert len(stream.sample.X) == 65_536
    assert stream.features.encoders[0].known == features.encoders[0].known
    assert stream.features.encoders[1].median == pytest.approx(
        features.encoders[1].median, rel=0.02
    )
    assert stream.features.encoders[1].scale == pytest.approx(features.encoders[1].scale, rel=0.02)
    assert stream.target.mean == pytest.approx(target.mean, rel=1e-12)
    assert stream.target.deviation == pytest.approx(target.deviation, rel=1e-12)


# Where the files are.


@pytest.fixture
def small():
    return pa.table({"x": np.arange(40.0), "y": np.arange(40.0) * 0.5})


def test_files_by_list_pattern_folder_uri_and_file_system(tmp_path, small):
    for year in (2023, 2024):
        (tmp_path / f"year={year}").mkdir()
        pq.write_table(small, tmp_path / f"year={year}" / "a.parquet")
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / ".part.crc").write_text("")
    (tmp_path / "year=2023" / "_tmp").mkdir()
    (tmp_path / "year=2023" / "_tmp" / "b.parquet").write_text("half")
    given = [
        (tmp_path, {}),
        (str(tmp_path / "*" / "*.parquet"), {}),
        (str(tmp_path / "**" / "*.parquet"), {}),
        (str(tmp_path / "year=202[34]"), {}),
        (sorted(tmp_path.glob("*/a.parquet")), {}),
        (tmp_path.as_uri(), {}),
        (tmp_path.as_uri() + "/*/a.parquet", {}),
        ("/", {"filesystem": fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem())}),
    ]
    for data, settings in given:
        stream = TableStream(data, "y", **settings)
        assert stream.rows == 80, data
        assert stream.features.names == ("x", "year"), data
    one = TableStream(tmp_path / "year=2023" / "a.parquet", "y")
    assert one.features.names == ("x",)


def test_folders_may_be_called_by_texts_or_by_nothing(tmp_path, small):
    for town in ("Bern", "New%20York", "__HIVE_DEFAULT_PARTITION__"):
        (tmp_path / f"town={town}").mkdir()
        pq.write_table(small, tmp_path / f"town={town}" / "a.parquet")
    stream = TableStream(tmp_path, "y")
    assert stream.features.names == ("x", "town=Bern", "town=New York", "town is missing")
    X = np.concatenate([batch.X for batch in stream.batches(0, 16)])
    assert X[:, 1:].sum(axis=0).tolist() == [40.0, 40.0, 40.0]


def test_folders_whose_names_are_no_numbers_though_kinds_says_so(tmp_path, small):
    for year in ("2024", "x", ""):
        (tmp_path / f"year={year}").mkdir()
        pq.write_table(small, tmp_path / f"year={year}" / "a.parquet")
    with pytest.raises(DataError, match=r'folders "year=...": expected numbers, .* received year='):
        TableStream(tmp_path, "y", kinds={"year": "number"})
    assert TableStream(tmp_path, "y").features.names == ("x", "year=", "year=2024", "year=x")
    (tmp_path / "year=x" / "a.parquet").unlink()
    stream = TableStream(tmp_path, "y")
    assert stream.features.names == ("x", "year=", "year=2024")
    assert sum(len(batch.X) for batch in stream.batches(0, 16)) == 80


@pytest.mark.parametrize(
    ("uri", "path", "region"),
    [
        ("s3://bucket/folder?region=eu-west-1", "bucket/folder", "eu-west-1"),
        ("s3://bucket/f/*.pq?region=eu-west-1&scheme=http", "bucket/f/*.pq", "eu-west-1"),
        ("s3://bucket/a?c/x.pq?region=eu-west-2", "bucket/a?c/x.pq", "eu-west-2"),
        (
            "s3://bucket/f?endpoint_override=http://localhost:9000&region=eu-west-3",
            "bucket/f",
            "eu-west-3",
        ),
    ],
)
def test_uris_with_options(uri, path, region):
    system, found = _located(uri, None, "test")
    assert (found, system.region) == (path, region)


def test_a_pattern_in_a_uri_is_no_option(tmp_path, small):
    (tmp_path / "year=2024").mkdir()
    pq.write_table(small, tmp_path / "year=2024" / "a.parquet")
    uri = f"{tmp_path.as_uri()}/ye?r=2024/a.parquet"
    assert TableStream(uri, "y").rows == 40


@pytest.mark.parametrize("compression", ["lz4", "uncompressed"])
def test_large_record_batches_are_read_in_fewer_lanes(tmp_path, monkeypatch, compression):
    wide = pa.table({f"x{n}": rng.random(2000) for n in range(9)} | {"y": rng.random(2000)})
    for year in (2023, 2024):
        path = tmp_path / f"year={year}" / "a.feather"
        path.parent.mkdir()
        pyarrow.feather.write_feather(wide, path, compression=compression, chunksize=1000)
    size = 9 * 1000 * 8
    monkeypatch.setattr(table_stream, "_OPEN", 3 * size)
    assert TableStream(tmp_path, "y").order.lanes == 2
    assert TableStream(tmp_path, "y", lanes=4).order.lanes == 4
    few = TableStream(tmp_path, "y", leave_out=[f"x{n}" for n in range(8)])
    assert few.order.lanes == 8
    monkeypatch.setattr("glassbrick.streams.arrow_file._LARGE", 1)  # from where on it is mapped
    assert TableStream(tmp_path, "y").order.lanes == (2 if compression == "lz4" else 8)


def test_large_row_groups_are_read_in_fewer_lanes(tmp_path, small, monkeypatch):
    pq.write_table(small, tmp_path / "a.parquet")
    assert TableStream(tmp_path, "y").order.lanes == 8
    monkeypatch.setattr(table_stream, "_OPEN", 1)
    assert TableStream(tmp_path, "y").order.lanes == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none.parquet", "there is no such file or folder"),
        ("*.parquet", "no file matches"),
        ("none/*.parquet", "there is no folder"),
        ("", r"files that end in .*; received an empty folder"),
    ],
)
def test_where_there_are_no_files(tmp_path, name, told):
    with pytest.raises(FileError, match=told):
        TableStream(str(tmp_path / name), "y")


def test_files_of_different_formats_are_refused(tmp_path, small):
    pq.write_table(small, tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("x,y\n1,2\n")
    with pytest.raises(FileError, match=r"files of one format; there are .*a.parquet and .*b.csv"):
        TableStream(tmp_path, "y")
    (tmp_path / "c.json").write_text("{}")
    with pytest.raises(FileError, match=r"end in .parquet.*received .json"):
        TableStream(tmp_path / "c.json", "y")


def test_unknown_uris(tmp_path):
    with pytest.raises(FileError, match="nowhere://x"):
        TableStream("nowhere://x/y.parquet", "y")


# What goes wrong in the files.


def damage(path, share, to=b"\xff" * 64):
    data = bytearray(path.read_bytes())
    place = int(len(data) * share)
    data[place : place + len(to)] = to
    path.write_bytes(data)


def test_a_damaged_row_group_is_told_with_its_column(tmp_path):
    table = pa.table({f"x{n}": rng.random(6000) for n in range(3)} | {"y": rng.random(6000)})
    for name in "abc":
        settings = {"row_group_size": 2000, "write_page_checksum": True}
        pq.write_table(table, tmp_path / f"{name}.parquet", **settings)
    chunk = pq.read_metadata(tmp_path / "b.parquet").row_group(1).column(2)
    path = tmp_path / "b.parquet"
    stream = TableStream(tmp_path, "y")
    stamp = path.stat()
    damage(path, (chunk.data_page_offset + 200) / path.stat().st_size)
    with pytest.raises(FileError, match=r'b.parquet, row group 2, column "x2": cannot be read'):
        TableStream(tmp_path, "y")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    seen = 0
    with pytest.raises(FileError, match=r'b.parquet, row group 2, column "x2": cannot be read'):
        for batch in stream.batches(0, 32):
            seen += len(batch.X)
    assert 0 <= seen < stream.rows


def test_files_that_are_cut_off_or_no_parquet(tmp_path, small):
    path = tmp_path / "a.parquet"
    pq.write_table(small, path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FileError, match=r"a.parquet: cannot be read"):
        TableStream(path, "y")
    path = tmp_path / "a.arrow"
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, small.schema) as stream:
        stream.write_table(small)
    with pytest.raises(FileError, match="file format; received something else"):
        TableStream(path, "y")


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ({"x": ["one"], "y": [1.0]}, r'b.parquet, column "x": expected numbers, as in .*a.parquet'),
        ({"y": [1.0]}, r'b.parquet: there is no column "x", as in .*a.parquet, among "y"'),
        ({"x": [1.0]}, r'b.parquet: there is no column "y"'),
        ({"x": [1.0, np.inf], "y": [1.0, 1.0]}, r'b.parquet, row group 1, column "x": .*finite'),
        ({"x": [1.0, 2.0], "y": [1.0, -np.inf]}, r'b.parquet, row group 1, column "y": .*finite'),
        ({"x": [datetime.date(2021, 1, 1)], "y": [1.0]}, r'b.parquet, column "x": expected num'),
        ([("x", [1.0]), ("x", [2.0]), ("y", [1.0])], r'b.parquet: .* once; "x" stands twice'),
    ],
)
def test_a_file_that_is_not_like_the_first(tmp_path, small, second, told):
    names, columns = zip(*(second.items() if isinstance(second, dict) else second), strict=True)
    pq.write_table(small, tmp_path / "a.parquet")
    pq.write_table(pa.table([*columns], names=[*names]), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=told):
        TableStream(tmp_path, "y")


@pytest.mark.parametrize("first", [["x", "x", "y"], ["y", "x", "y"]])
@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_two_columns_of_one_name_in_the_first_file(tmp_path, first, ending):
    write([pa.table([pa.nulls(2), [1.0, 2.0], [5.0, 6.0]], names=first)], tmp_path, ending)
    with pytest.raises(DataError, match=f'part-0.{ending}: .* once; "{first[0]}" stands twice'):
        TableStream(tmp_path, "y", held_out=0.1)


def test_two_columns_of_one_name_where_the_first_file_has_no_values(tmp_path):
    pq.write_table(pa.table({"x": pa.nulls(2), "y": [1.0, 2.0]}), tmp_path / "a.parquet")
    second = pa.table([[1.0], [2.0], [1.0]], names=["x", "x", "y"])
    pq.write_table(second, tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r'b.parquet: .* once; "x" stands twice'):
        TableStream(tmp_path, "y")


def test_columns_of_later_files_alone_and_other_types_of_numbers(tmp_path, small):
    pq.write_table(small, tmp_path / "a.parquet")
    more = {"more": np.arange(4.0), "y": np.arange(4), "x": np.arange(4, dtype=np.int16)}
    pq.write_table(pa.table(more), tmp_path / "b.parquet")
    pq.write_table(pa.table({"x": pa.nulls(2), "y": [1.0, 2.0]}), tmp_path / "c.parquet")
    stream = TableStream(tmp_path, "y", task="regression")
    assert stream.features.left_out == {"more": "is not in all files"}
    assert stream.features.names == ("x", "x is missing")
    assert sum(len(batch.X) for batch in stream.batches(0, 7)) == 46


def test_a_column_without_values_in_the_first_file_takes_its_kind_from_another(tmp_path):
    pq.write_table(pa.table({"x": pa.nulls(9), "y": np.arange(9.0)}), tmp_path / "a.parquet")
    texts = pa.table({"x": ["a", "b", "a"], "y": [0.5, 1.0, 3.0]})
    pq.write_table(texts, tmp_path / "b.parquet")
    assert TableStream(tmp_path, "y").features.names == ("x=a", "x=b", "x is missing")


def test_columns_of_types_that_cannot_be_used(tmp_path):
    table = pa.table({"x": [1.0, 2.0, 3.0], "list": [[1], [2], [3]], "y": [1.0, 2.0, 4.0]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert "list<" in TableStream(tmp_path, "y").features.left_out["list"]
    with pytest.raises(DataError, match=r'column "list": expected one to predict'):
        TableStream(tmp_path, "list")
    with pytest.raises(DataError, match=r'there is no column "z" among "x", "y"'):
        TableStream(tmp_path, "z")


def test_files_that_change_or_vanish_while_training(tmp_path, small):
    path = tmp_path / "a.parquet"
    pq.write_table(small, path, row_group_size=8)
    stream = TableStream(tmp_path, "y")
    pq.write_table(small.slice(1), path)
    with pytest.raises(FileError, match=r"a.parquet: the file was changed since"):
        list(stream.batches(0, 4))
    path.unlink()
    with pytest.raises(FileError, match=r"a.parquet: the file is not there any more"):
        list(stream.batches(0, 4))


@pytest.mark.parametrize(("was", "is_now"), [("11", "NA"), ("NA", "11")])
@pytest.mark.parametrize("read", [lambda s: s.batches(0, 4), lambda s: s.in_order(4)])
def test_a_file_that_has_other_rows_but_looks_as_it_did(tmp_path, was, is_now, read):
    path = csv_file(tmp_path, "x,y\n" + "".join(f"{n},{n}\n" for n in range(20, 50)) + f"9,{was}\n")
    stream, stamp = TableStream(path, "y", task="regression", lanes=1), path.stat()
    path.write_text(path.read_text().replace(was, is_now))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    there = stream.rows + (1 if was == "NA" else -1)
    with pytest.raises(FileError, match=f"line 2 or after: expected {stream.rows} .* are {there}"):
        list(read(stream))


@pytest.mark.parametrize(
    ("values", "swapped"),
    [
        (["1.5", "2.5", "7"], ["2.5", "1.5", "7"]),
        (["red", "green", "red"], ["green", "red", "red"]),
        (["red", "", "green"], ["", "red", "green"]),
        (["2021-01-03", "2022-01-03", "2021-01-03"], ["2022-01-03", "2021-01-03", "2021-01-03"]),
    ],
)
def test_fingerprints_tell_contents_of_the_same_size_apart(tmp_path, values, swapped):
    def fingerprint(rows, **settings):
        told = "".join(f"{value},{n},{n % 7}\n" for n, value in enumerate(rows))
        return TableStream(csv_file(tmp_path, "x,y,z\n" + told), "y", **settings).fingerprint()

    first = fingerprint(values * 9)
    assert fingerprint(values * 9) == first
    assert fingerprint([*values * 8, *swapped]) != first
    without = fingerprint(values * 9, leave_out=["x"])
    assert fingerprint([*values * 8, *swapped], leave_out=["x"]) == without


def test_fingerprints_tell_targets_apart(tmp_path):
    def fingerprint(rows):
        told = "".join(f"{n},{value}\n" for n, value in enumerate(rows))
        return TableStream(csv_file(tmp_path, "x,y\n" + told), "y").fingerprint()

    for rows in (["a", "a", "b"], ["1.5", "2.5", "2.5"]):
        assert len({fingerprint(rows * 9), fingerprint([*rows * 8, *rows[::-1]])}) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_that_may_not_be_read(tmp_path, small):
    pq.write_table(small, tmp_path / "a.parquet")
    (tmp_path / "a.parquet").chmod(0)
    with pytest.raises(FileError, match=r"a.parquet: cannot be read: .*[Pp]ermission"):
        TableStream(tmp_path, "y")


def test_a_class_that_was_not_there(tmp_path):
    table = pa.table({"x": np.arange(90.0), "y": np.array(["no", "yes", "no"])[np.arange(90) % 3]})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, compression="none", use_dictionary=False, row_group_size=45)
    stream, stamp = TableStream(path, "y"), path.stat()
    path.write_bytes(path.read_bytes().replace(b"yes", b"yeS"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    with pytest.raises(DataError, match=r'row group \d, column "y": .* no, yes; received .yeS'):
        list(stream.batches(0, 32))


# CSV.


def csv_file(folder, text, name="a.csv"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


ROWS = "".join(f"{n},{n}.5\n" for n in range(1, 101))


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("7,8,9\n", r"line 102 has 3 fields, and the header has 2"),
        ("7\n", r"line 102 has 1 fields, and the header has 2"),
        (b"\xff\xfe,1\n", r"line 102: is not UTF-8 text"),
        ("inf,1\n", r'line 2 or after, column "x": expected finite numbers'),
    ],
)
def test_lines_that_do_not_fit(tmp_path, rest, told):
    text = b"x,y\n" + ROWS.encode() + (rest if isinstance(rest, bytes) else rest.encode())
    with pytest.raises((FileError, DataError), match=told):
        TableStream(csv_file(tmp_path, text), "y")


def test_a_text_far_down_among_numbers_is_told_with_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr("glassbrick.streams.csv_slices._SLICE", 256)
    path = csv_file(tmp_path, "x,y\n" + ROWS + "some text,3\n" + ROWS)
    with pytest.raises(
        DataError,
        match=r"""line 102, column "x": expected a number, as at the .* in Python: TableStream\(""",
    ):
        TableStream(path, "y")
    stream = TableStream(path, "y", kinds={"x": "category"})
    assert stream.rows == 201
    assert stream.features.categories


def test_line_ends_within_quotes_and_between_slices(tmp_path, monkeypatch):
    monkeypatch.setattr("glassbrick.streams.csv_slices._SLICE", 100)
    texts = ['"two\nlines"', '"a ""quoted"", word"', "plain", '"\n\n"']
    rows = "".join(f"{texts[n % 4]},{n}\r\n" for n in range(200))
    path = csv_file(tmp_path, '\ufeff"a\nname",y\r\n' + rows + "plain,1")
    stream = TableStream(path, "y", task="regression", dtype=np.float64)
    assert len(stream.order.lengths) > 20
    assert stream.rows == 201
    assert stream.features.names == tuple(
        f"a\nname={text}" for text in ("plain", "\n\n", 'a "quoted", word', "two\nlines")
    )
    y = np.concatenate([batch.y for batch in stream.batches(0, 16)]).ravel()
    raw = y * stream.target.deviation + stream.target.mean
    np.testing.assert_allclose(np.sort(raw), np.sort([*range(200), 1]), atol=1e-9)


def test_csv_files_with_columns_in_another_order(tmp_path):
    csv_file(tmp_path, "x,y\n1,10.5\n2,20\n")
    csv_file(tmp_path, "y,x\n30,3\n", "b.csv")
    stream = TableStream(tmp_path, "y", task="regression", dtype=np.float64)
    (rows,) = [rows.y for rows in stream.batches(0, 3)]
    raw = rows * stream.target.deviation + stream.target.mean
    np.testing.assert_allclose(np.sort(raw.ravel()), [10.5, 20.0, 30.0])


def test_empty_csv_files_and_quotes_that_are_never_closed(tmp_path, monkeypatch):
    with pytest.raises(FileError, match="the file is empty"):
        TableStream(csv_file(tmp_path, ""), "y")
    with pytest.raises(DataError, match="there are none"):
        TableStream(csv_file(tmp_path, "x,y\n"), "y")
    monkeypatch.setattr("glassbrick.streams.csv_slices._SLICE", 64)
    with pytest.raises(FileError, match="line 3: a quote that is never closed"):
        TableStream(csv_file(tmp_path, 'x,y\n1,2\n"a,1\n' + ROWS * 3), "y")


@pytest.mark.parametrize(("name", "sign"), [("a.csv", ","), ("a.tsv", "\t")])
def test_inch_marks_and_other_quotes_within_fields(tmp_path, monkeypatch, name, sign):
    """Only a quote at which a field begins opens one."""
    monkeypatch.setattr("glassbrick.streams.csv_slices._SLICE", 64)
    texts = ['5" pipe', '"two\nlines, 5"""', 'a "b"', '""', '"x" y" z', "plain"]
    rows = "".join(f"{texts[n % 6]}{sign}{n}\n" for n in range(480))
    path = csv_file(tmp_path, f'x 5"{sign}y\n{rows}', name)
    stream = TableStream(path, "y", task="regression")
    assert stream.rows == 480
    assert len(stream.order.lengths) > 40
    known = {'5" pipe', 'two\nlines, 5"', 'a "b"', "plain"}
    assert {f'x 5"={text}' for text in known} < {*stream.features.names}


def test_texts_that_are_too_long_to_look_for_the_line(tmp_path):
    text = "x,y\nab,1\n" + "c" * 140_000 + ",2\nd,3\n7,8,9\n"
    with pytest.raises(FileError, match=r"a.csv, line 3 or after: .*Expected 2 columns, got 3"):
        TableStream(csv_file(tmp_path, text), "y")


def test_a_first_line_without_names(tmp_path):
    with pytest.raises(FileError, match=r"a.csv, line 1: expected the names of the columns"):
        TableStream(csv_file(tmp_path, "\nx,y\n1,2\n"), "y")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"held_out": 1.0}, "held_out: .* received 1.0"),
        ({"lanes": -1}, "TableStream, lanes"),
        ({"lanes": 0}, "TableStream, lanes"),
        ({"buffer": -1}, "TableStream, buffer"),
        ({"buffer": 0}, "TableStream, buffer"),
        ({"seed": -1}, "seed"),
        ({"dtype": "int8"}, "dtype"),
        ({"task": "clasification"}, 'task: expected one of "regression", "classification"; .*clas'),
        (
            {"kinds": {"x": "numeric"}},
            """kinds\\['x'\\]: expected one of "number", "cat.*numeric""",
        ),
        ({"kinds": [("x", "number")]}, "kinds: expected"),
        ({"leave_out": "n"}, r"leave_out: expected a list of names; .* For example: \['n'\]"),
        ({"leave_out": 3}, "leave_out: expected a list of names"),
        ({"leave_out": ["x", "y"]}, "leave_out: expected columns other than the target"),
        ({"target": 3}, "target: expected a str; received 3"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path, settings, told):
    """They are refused before there is anything to read."""
    with pytest.raises((ArgumentError, ArgumentTypeError), match=told):
        TableStream(tmp_path, **{"target": "y"} | settings)


def test_progress_and_columns_that_are_not_wanted(tmp_path, tables):
    told = []
    stream = TableStream(
        write(tables, tmp_path, "parquet"),
        "y",
        leave_out=["number", "name"],
        progress=lambda done, total, file: told.append((done, total, file)),
    )
    assert stream.features.left_out["number"] == "was not wanted"
    assert "number" not in stream.features.names
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] == sum(p.stat().st_size for p in tmp_path.iterdir())
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
