"""Tables: columns of all kinds, from all libraries, become numbers; bad ones are named."""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import RobustScaler

import glassbrick as gb
from glassbrick import (
    AdamW,
    ArgumentError,
    ArgumentTypeError,
    CosineDecay,
    DataError,
    FileError,
    MeanSquaredError,
    NeuralNetwork,
    Trainer,
    r2,
)
from glassbrick.tables import (
    ClassTarget,
    Column,
    Features,
    NumberTarget,
    read_table,
    table_layers,
    target_of,
    task_of,
)

DAYS = [datetime.date(2020, 1, 1), None, datetime.date(2021, 5, 6), datetime.date(2020, 3, 9)]
MIXED = {
    "age": [1, None, 3, 4],
    "pay": [1.5, 2.5, None, -4.0],
    "town": ["Bern", None, "Genf", "Bern"],
    "yes": [True, None, False, False],
    "day": DAYS,
}
MAKERS = {"dict": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}


def fitted(data):
    table = read_table(data, "test")
    features = Features.fit(table, "test")
    return features, features.encode(table, "test")


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_all_libraries_give_the_same(make):
    features, matrix = fitted(make(MIXED))
    expected, numbers = fitted(MIXED)
    assert features.names == expected.names
    assert features.to_json() == expected.to_json()
    assert np.array_equal(matrix, numbers)
    assert np.isfinite(matrix).all()


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "parq", "arrow", "feather", "ipc"])
def test_files_give_the_same(ending, tmp_path):
    path = tmp_path / f"table.{ending}"
    frame = pl.DataFrame(MIXED)
    if ending.startswith("parq"):
        frame.write_parquet(path)
    elif ending in ("csv", "tsv"):
        frame.write_csv(path, separator="\t" if ending == "tsv" else ",")
    else:
        frame.write_ipc(path, compression="lz4")
    features, matrix = fitted(path)
    expected, numbers = fitted(MIXED)
    if ending in ("csv", "tsv"):  # where truth is a word
        assert [n.lower() for n in features.names] == [n.lower() for n in expected.names]
    assert np.array_equal(matrix, numbers)
    assert np.array_equal(fitted(str(path))[1], matrix)


def test_a_matrix_is_a_table_too():
    X = np.random.default_rng(0).standard_normal((20, 3))
    features, matrix = fitted(X)
    assert features.names == ("x0", "x1", "x2")
    assert matrix.shape == X.shape


@pytest.mark.parametrize(
    "values",
    [
        [Decimal("1.5"), Decimal(2), None],
        pd.Series([1, None, 3], dtype="Int64"),
        pl.Series([1, None, 3], dtype=pl.UInt8),
    ],
)
def test_numbers_of_other_kinds(values):
    (column,) = read_table({"x": list(values)}, "test")
    assert column.kind == "number"
    assert column.missing.sum() == 1


def test_categories_of_libraries():
    for frame in (
        pd.DataFrame({"c": pd.Categorical(["a", "b", None, "a"])}),
        pl.DataFrame({"c": pl.Series(["a", "b", None, "a"], dtype=pl.Categorical)}),
        pa.table({"c": pa.array(["a", "b", None, "a"]).dictionary_encode()}),
    ):
        features, matrix = fitted(frame)
        assert features.names == ("c=a", "c=b", "c is missing")
        assert matrix.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_missing_values_in_files(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,x\nNA,?\n,\nnull,y\n5,NaN\n")
    numbers, texts = read_table(path, "test")
    assert numbers.missing.tolist() == [False, True, True, True, False]
    assert texts.missing.tolist() == [False, True, True, False, True]


# Numbers.


@given(st.lists(st.floats(-1e300, 1e300) | st.none(), min_size=2, max_size=30))
def test_any_numbers_become_small_ones(values):
    table = read_table({"x": values, "always": list(range(len(values)))}, "test")
    matrix = Features.fit(table, "test").encode(table, "test")
    assert np.isfinite(matrix).all()
    assert np.abs(matrix).max() <= 3.0


def test_numbers_are_scaled_as_by_scikit_learn():
    x = np.random.default_rng(0).exponential(size=101)
    scaled = RobustScaler().fit_transform(x[:, np.newaxis])[:, 0]
    _, matrix = fitted({"x": x.tolist()})
    assert np.allclose(matrix[:, 0], scaled / np.sqrt(1.0 + (scaled / 3.0) ** 2), rtol=1e-12)


def test_numbers_keep_their_order_however_far_away():
    features, _ = fitted({"x": list(range(100))})
    far = [-1e308, -1e5, 0.0, 50.0, 99.0, 1e5, 1e308]
    matrix = features.encode(read_table({"x": far}, "test"), "test")[:, 0]
    assert (np.diff(matrix) >= 0.0).all()
    assert np.abs(matrix).max() <= 3.0


def test_mostly_the_same_number():
    _, matrix = fitted({"x": [5.0] * 20 + [7.0]})
    assert np.isclose(matrix[-1, 0], 2.0 / math.sqrt(1.0 + (2.0 / 3.0) ** 2))


# Categories.


def test_few_categories_are_features_and_unknown_ones_none_of_them():
    features, _ = fitted({"c": ["a", "b", "a", "c"]})
    matrix = features.encode(read_table({"c": ["b", "new", None]}, "test"), "test")
    assert features.names == ("c=a", "c=b", "c=c")
    assert matrix.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_many_categories_are_numbers_and_rare_ones_share_one():
    values = [f"v{n}" for n in range(12) for _ in range(2)] + ["once", "twice", "twice", None]
    features, matrix = fitted({"x": list(range(len(values))), "c": values})
    assert features.categories == (15,)  # 13 of them, missing, and others
    assert features.names[0] == "c"  # numbers of categories come first
    codes = dict(zip(values, matrix[:, 0].tolist(), strict=True))
    assert codes["once"] == 0.0
    assert len(set(codes.values())) == 15
    assert max(codes.values()) == 14.0
    new = features.encode(read_table({"c": ["new", "v3"], "x": [1, 2]}, "test"), "test")
    assert new[:, 0].tolist() == [0.0, codes["v3"]]


def test_whole_numbers_and_floats_are_the_same_category():
    features, matrix = fitted({"c": ["1", "2", "x", "1"]})
    again = features.encode(read_table({"c": [1.0, 2, None, 1]}, "test"), "test")
    assert np.array_equal(again[:2], matrix[:2])


# Dates.


def test_dates_go_round():
    start = datetime.datetime(2020, 1, 1)
    days = [start + datetime.timedelta(hours=7 * n) for n in range(2000)]
    features, matrix = fitted({"d": days})
    assert features.names == (
        "d",
        *(f"d, {p} of the {c}" for c in ("year", "week", "day") for p in ("sine", "cosine")),
    )
    assert np.allclose(matrix[0, 3:5], matrix[24, 3:5])  # seven days later
    assert np.allclose(matrix[0, 5:], matrix[24, 5:])
    assert not np.allclose(matrix[0, 5:], matrix[1, 5:])
    assert np.allclose(np.hypot(matrix[:, 1], matrix[:, 2]), 1.0)


def test_dates_as_texts_are_understood_later():
    features, matrix = fitted({"d": DAYS})
    texts = [None if day is None else day.isoformat() for day in DAYS]
    assert np.array_equal(features.encode(read_table({"d": texts}, "test"), "test"), matrix)


# Features.


def test_what_is_learned_is_of_the_training_rows_alone():
    features, _ = fitted(MIXED)
    one = {name: values[:1] for name, values in MIXED.items()}
    alone = features.encode(read_table(one, "test"), "test")
    assert np.array_equal(alone, fitted(MIXED)[1][:1])


def test_columns_are_found_by_name():
    features, matrix = fitted(MIXED)
    other = {name: MIXED[name] for name in reversed(MIXED)} | {"more": [1, 2, 3, 4]}
    assert np.array_equal(features.encode(read_table(other, "test"), "test"), matrix)


def test_features_come_back():
    features, matrix = fitted(MIXED)
    again = Features.from_json(json.loads(json.dumps(features.to_json())), "test")
    assert again.names == features.names
    assert np.array_equal(again.encode(read_table(MIXED, "test"), "test"), matrix)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"columns": 3, "left_out": {}},
        {"columns": [{"kind": "os"}], "left_out": {}},
        {"columns": [{"kind": "number"}], "left_out": {}},
        None,
    ],
)
def test_what_are_no_features(told):
    with pytest.raises(FileError, match="cannot be understood"):
        Features.from_json(told, "test")


def test_useless_columns_are_left_out_with_a_reason():
    table = {
        "x": list(range(30)),
        "name": [f"n{n}" for n in range(30)],
        "same": [1] * 30,
        "empty": [None] * 30,
        "sometimes": [1] * 29 + [None],
    }
    features, _ = fitted(table)
    assert features.left_out == {
        "name": "has another text in each row",
        "same": "has the same value in all rows",
        "empty": "has no values",
    }
    assert "sometimes is missing" in features.names
    with pytest.raises(DataError, match='no column to learn from: "same" has the same'):
        fitted({"same": [1, 1]})


# What cannot be used.


class Odd:
    pass


BAD = {
    "no table": (3, ArgumentTypeError, "a table of pandas, polars or Arrow"),
    "a list": ([[1, 2], [3, 4]], ArgumentTypeError, "a table"),
    "None": (None, ArgumentTypeError, "a table"),
    "one axis": (np.ones(3), DataError, "rows and columns"),
    "no rows": ({"x": []}, DataError, "at least one row"),
    "no columns": ({}, DataError, "at least one row and one column"),
    "no rows of pandas": (pd.DataFrame({"x": []}), DataError, "at least one row"),
    "two lengths": ({"x": [1], "y": [1, 2]}, DataError, '"x" has 1, "y" has 2'),
    "one name twice": (pd.DataFrame([[1, 2]], columns=["a", "a"]), DataError, "once"),
    "names alike": (pd.DataFrame([[1, 2]], columns=[1, "1"]), DataError, "once"),
    "infinity": ({"x": [1.0, math.inf]}, DataError, 'column "x", row 1: expected a finite'),
    "an object": ({"x": [1, Odd()]}, ArgumentTypeError, 'column "x", row 1: .* a string, a number'),
    "a list in a cell": ({"x": [[1], [2]]}, ArgumentTypeError, 'column "x", row 0'),
    "a complex number": ({"x": [1j]}, ArgumentTypeError, 'column "x", row 0'),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tables(name):
    data, kind, words = BAD[name]
    with pytest.raises(kind, match=words):
        read_table(data, "fit")


LATER = {
    "a column is missing": ({"age": [1]}, '"pay", .* not among "age"'),
    "a text for a number": (
        MIXED | {"age": ["1", "2", "old", "4"]},
        'column "age", row 2: expected a number, as in training; received .old',
    ),
    "a date for a number": (MIXED | {"age": DAYS}, 'column "age", row 0: expected a number'),
    "a number for a date": (MIXED | {"day": [1, 2, 3, 4]}, 'column "day", row 0: expected a date'),
    "a text for a date": (
        MIXED | {"day": ["2020-01-01", "soon", None, None]},
        'column "day", row 1',
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_bad_tables_later(name):
    features, _ = fitted(MIXED)
    data, words = LATER[name]
    with pytest.raises(DataError, match=words):
        features.encode(read_table(data, "predict"), "predict")


def test_a_column_may_be_missing_altogether_in_some_rows():
    features, _ = fitted(MIXED)
    empty = {name: [None] for name in MIXED}
    matrix = features.encode(read_table(empty, "predict"), "predict")
    assert np.isfinite(matrix).all()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("t.csv", "a,b\n1\n1,2,3\n", "cannot be read as a table"),
        ("t.csv", "", "the file is empty"),
        ("t.csv", "\n\r\n", "the file is empty"),
        ("t.csv", "a,b\n", "at least one row"),
        ("t.parquet", "no parquet", "cannot be read as a table"),
        ("t.arrow", "no arrow", r"^train, \S+: expected a file in Arrow's file format"),
        ("t.feather", "ARROW1 and no more", "cannot be read as a table"),
        ("t.xlsx", "x", "a file that ends in .csv"),
        ("t", "x", "received 'none'"),
    ],
)
def test_bad_files(name, text, words, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises((FileError, DataError), match=words) as error:
        read_table(path, "train")
    assert str(path) in str(error.value)
    with pytest.raises(FileError, match="no such file"):
        read_table(tmp_path / "none.csv", "train")


@pytest.mark.parametrize("size", [4 << 20, 9])  # at once, and line by line
def test_quotes_that_are_letters_in_files(size, tmp_path, monkeypatch):
    monkeypatch.setattr("glassbrick.tables.csv_parts._SLICE", size)
    path = tmp_path / "t.csv"
    path.write_text('5" pipe,"a, ""b""",c"\n1",x,\n"two, or\n3""",\ue000",7\n,"8",""\n', "utf-8")
    first, second, third = read_table(path, "test")
    assert (first.name, first.values.tolist()) == ('5" pipe', ['1"', 'two, or\n3"', None])
    assert (second.name, second.values.tolist()) == ('a, "b"', ["x", '\ue000"', "8"])
    assert (third.name, str(third.values)) == ('c"', "[nan  7. nan]")


# Targets.


def column(values):
    return read_table({"y": values}, "test")[0]


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"], "classification"),
        ([True, False], "classification"),
        ([0, 1] * 5, "classification"),
        ([0.0, 1.0, None] * 5, "classification"),
        ([1, 2, 3], "regression"),
        ([0.5, 1.5] * 9, "regression"),
        (list(range(11)) * 5, "regression"),
        (list(range(10)) * 5, "classification"),
    ],
)
def test_the_task_is_found(values, task):
    assert task_of(column(values)) == task


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=20))
def test_numbers_come_back(values):
    target = NumberTarget.fit(column(values), "test")
    encoded = target.encode(column(values), "test")
    size = np.abs(values).max()
    assert np.abs(encoded).max() <= 1e3
    with np.errstate(under="ignore"):
        assert np.allclose(target.decode(encoded)[:, 0], values, rtol=1e-9, atol=1e-9 * size)


def test_targets_are_standardized():
    target = NumberTarget.fit(column([1.0, 2.0, 6.0]), "test")
    encoded = target.encode(column([1.0, 2.0, 6.0]), "test")
    assert np.isclose(encoded.mean(), 0.0)
    assert np.isclose(encoded.std(), 1.0)
    assert encoded.shape == (3, 1)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["b", "a", "b"], ("a", "b")),
        ([10, 9, 2, 10], ("2", "9", "10")),
        ([True, False], ("False", "True")),
        ([2.0, 1.0], ("1", "2")),
        (["b", "10", "9"], ("9", "10", "b")),
    ],
)
def test_classes_come_back(values, classes):
    target = ClassTarget.fit(column(values), "test")
    assert target.classes == classes
    encoded = target.encode(column(values), "test")
    assert encoded.shape == (len(values), 1)
    assert target.decode(encoded[:, 0].astype(int)).tolist() == column(values).values.tolist() or (
        target.decode(encoded[:, 0].astype(int)).tolist() == [str(int(v)) for v in values]
    )


@pytest.mark.parametrize("fit", [NumberTarget.fit, ClassTarget.fit])
def test_targets_are_kept_in_files(fit):
    target = fit(column([1, 2, 3]), "test")
    told = json.loads(json.dumps({"task": target.task, **target.to_json()}))
    again = target_of(told, "test")
    assert vars(again) == vars(target)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"task": "os"},
        {"task": "regression"},
        {"task": "regression", "name": "y", "mean": "x", "deviation": 1},
    ],
)
def test_what_are_no_targets(told):
    with pytest.raises(FileError, match="cannot be understood"):
        target_of(told, "test")


def test_bad_targets():
    with pytest.raises(DataError, match=r'column "y", row 1: expected a value .* in 2 rows in all'):
        NumberTarget.fit(column([1.0, None, None]), "fit")
    with pytest.raises(DataError, match=r'column "y", row 0: expected a value'):
        ClassTarget.fit(column([None, "a"]), "fit")
    with pytest.raises(DataError, match="at least two classes; received a in all rows"):
        ClassTarget.fit(column(["a", "a"]), "fit")
    with pytest.raises(DataError, match=r"row 1: expected a number, as in training; received .b"):
        NumberTarget.fit(column(["1", "b"]), "fit")
    target = ClassTarget.fit(column(["a", "b"]), "fit")
    with pytest.raises(DataError, match=r"row 1: expected one of the classes of training, a, b"):
        target.encode(column(["a", "c"]), "evaluate")


# Networks for tables.


MANY = [f"v{n % 12}" for n in range(60)]


def features_of(table):
    """Learn from all rows but the last 50."""
    return Features.fit([Column(c.name, c.kind, c.values[:-50]) for c in table], "test")


def fit_table(table, target, *, epochs=60, **settings):
    """Train on the first rows of a table; return features, network and the other rows."""
    features = features_of(table)
    X = features.encode(table, "test")
    net = NeuralNetwork(table_layers(features, 1, **settings), MeanSquaredError(), rng=0)
    optimizer = AdamW(CosineDecay(3e-3))
    Trainer(net, optimizer).fit(X[:-50], target[:-50], epochs=epochs, verbose=False)
    return features, net, X[-50:], target[-50:]


def test_networks_learn_from_columns_of_all_kinds(tmp_path):
    rng = np.random.default_rng(0)
    towns = rng.integers(0, 12, 400)
    worth = rng.standard_normal(12)
    x = rng.standard_normal(400)
    data = {"town": [f"t{n}" for n in towns], "x": x, "sex": np.where(x * x > 1, "f", "m")}
    target = 3.0 * worth[towns] + x * (towns % 2)
    features, net, X, y = fit_table(read_table(data, "test"), target[:, np.newaxis])
    assert features.categories == (13,)
    assert r2(y, net.predict(X)) > 0.95
    net.save(tmp_path / "net")
    assert np.array_equal(gb.load(tmp_path / "net").predict(X), net.predict(X))
    net.to_onnx(tmp_path / "net.onnx")


def test_networks_are_at_least_linear():
    rng = np.random.default_rng(0)
    data = {f"x{n}": rng.standard_normal(120) for n in range(8)}
    target = sum(data.values())[:, np.newaxis] + 5.0 * rng.standard_normal((120, 1))
    table = read_table(data, "test")
    _, net, X, y = fit_table(table, target, hidden=(), epochs=200)
    assert len(net.layers) == 1
    known = features_of(table).encode(table, "test")[:-50]
    linear = LinearRegression().fit(known, target[:-50])
    assert r2(y, net.predict(X)) == pytest.approx(linear.score(X, y), abs=0.1)


@pytest.mark.parametrize(
    ("data", "first"),
    [
        ({"c": [f"v{n % 12}" for n in range(60)]}, "Embedding"),
        ({"x": list(range(60))}, "Concatenate([Series([Dense"),
        (
            {"c": [f"v{n % 12}" for n in range(60)], "x": list(range(60))},
            "Concatenate([Series([Columns",
        ),
    ],
)
def test_networks_for_each_kind_of_column(data, first):
    features, X = fitted(data)
    layers = table_layers(features, 2)
    assert repr(layers[0]).startswith(first)
    net = NeuralNetwork(layers, MeanSquaredError(), rng=0)
    assert net.forward(X).shape == (60, 2)


def test_settings_of_networks_are_checked():
    features, _ = fitted({"x": [1, 2, 3]})
    for settings in {"hidden": (0,)}, {"activation": "mush"}, {"dropout": 1.0}:
        with pytest.raises(ArgumentError):
            table_layers(features, 1, **settings)
    with pytest.raises(ArgumentError):
        table_layers(features, 0)


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("2020-01-31", "2021-02-03", "date"),
        ("2020/1/31", "2021/2/3", "date"),
        ("2020-01-31 12:30:00", "2021-02-03 01:02:03", "date"),
        ("2020-01-31T12:30:00Z", "2021-02-03T01:02:03Z", "date"),
        ("31/01/2020", "02/01/2021", "category"),  # or is it the first of February?
        ("2020-01-31", "soon", "category"),
        ("1.2.3", "1.2.4", "category"),
        ("12:30", "11:20", "category"),
        ("20200131", "20210203", "number"),
    ],
)
def test_dates_in_files(first, second, kind, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"d,x\n{first},1\n,2\n{second},3\n")
    column = read_table(path, "test")[0]
    assert column.kind == kind
    assert column.missing.tolist() == [False, True, False]
    if kind == "date":
        assert column.values[0].astype("datetime64[D]") == np.datetime64("2020-01-31")
