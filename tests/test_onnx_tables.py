"""ONNX models of tables and estimators predict as these do, from columns as they stand there."""

from __future__ import annotations

import datetime
import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("sklearn")
pytest.importorskip("jax")  # now, for its import draws from NumPy's global random state

import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from sklearn.exceptions import NotFittedError

from blocks import norm_error
from glassbrick import (
    Adam,
    ArgumentError,
    ArgumentTypeError,
    BinaryCrossEntropy,
    DataError,
    Dense,
    FileError,
    GaussianNLL,
    MeanSquaredError,
    MissingExtraError,
    NeuralNetwork,
    Operation,
    Quantile,
    SoftmaxCrossEntropy,
    TracingError,
    Trainer,
)
from glassbrick.operations import Linear
from glassbrick.sklearn import MLPClassifier, MLPRegressor, NetClassifier, NetRegressor
from glassbrick.tables import (
    ClassTarget,
    Column,
    Features,
    NumberTarget,
    read_table,
    table_layers,
)
from glassbrick.tables.onnx_file import onnx_of_table

TOLERANCES = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}
DTYPES = [np.float32, np.float64]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def answers_of(model, feeds):
    """What ONNX Runtime and the reference evaluator return, each as a dict."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    cpu = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(model, options, providers=cpu)
    reference = ReferenceEvaluator(onnx.load_from_string(model))
    names = [output.name for output in session.get_outputs()]
    with np.errstate(all="ignore"):
        answers = session.run(names, feeds), reference.run(names, feeds)
    return [dict(zip(names, answer, strict=True)) for answer in answers]


def inputs_of(model):
    """What stands for each column of the table: its input, and what its values have to be."""
    (told,) = [p.value for p in onnx.load_from_string(model).metadata_props if p.key == "columns"]
    return {column["column"]: column for column in json.loads(told)}


def as_input(column, missing=""):
    """A column as whoever uses the model would give it, with no help of the encoders."""
    if column.kind == "category":
        texts = [missing if value is None else value for value in column.values]
        return np.array(texts, object)[:, np.newaxis]
    if column.kind == "date":
        since = (column.values - np.datetime64("1970-01-01")) / np.timedelta64(1, "D")
        return np.where(column.missing, np.nan, since)[:, np.newaxis]
    return column.values[:, np.newaxis]


def feeds_of(model, table):
    told = inputs_of(model)
    return {told[c.name]["input"]: as_input(c) for c in table if c.name in told}


def mean_of(networks, features, table):
    matrix = features.encode(table, "test")
    with np.errstate(under="ignore"):
        said = [net.loss.interpret(net.predict(matrix)).astype(np.float64) for net in networks]
    return np.mean(said, axis=0)


def assert_same(found, expected, dtype):
    assert found.dtype == np.float64
    assert found.shape == expected.shape
    with np.errstate(under="ignore"):
        assert norm_error(found, expected) <= TOLERANCES[np.dtype(dtype)]


def assert_close(found, expected):
    """Each number, those of sines near 0 too."""
    with np.errstate(under="ignore"):
        assert found.shape == expected.shape
        assert np.allclose(found, expected, rtol=1e-12, atol=1e-14)


def made_table(rows, seed):
    """All kinds of columns, with all kinds of missing values, and names that are none."""
    rng = np.random.default_rng(seed)

    def holes(values, share=0.2):
        return [None if rng.random() < share else value for value in values]

    first = datetime.datetime(1969, 12, 1, 5, 30)
    moments = [first + datetime.timedelta(hours=float(h)) for h in rng.uniform(0, 3e5, rows)]
    data = {
        "x": rng.standard_normal(rows),
        "with holes": holes(1e3 * rng.standard_normal(rows)),
        "groß": rng.choice([1e300, -1e300, 1e-300, 0.0, 3.0], rows),
        "one far away": np.where(np.arange(rows) == 7, 1e300, rng.standard_normal(rows)),
        "constant": np.ones(rows),
        "constant with holes": holes(np.ones(rows)),
        "few": rng.choice(["a", "b", "c d", "é"], rows),
        "few/with.holes": holes(rng.choice(["Bern", "Genf"], rows)),
        "many 町": [f"t{n}" for n in rng.integers(0, 30, rows)],
        "many with holes": holes([f"t{n}" for n in rng.integers(0, 30, rows)]),
        "yes": holes(rng.random(rows) < 0.5),
        "day": holes([moment.date() for moment in moments]),
        "time": holes(moments),
        "": rng.standard_normal(rows),
        "prediction": rng.standard_normal(rows),
        "label": rng.choice(["a", "b"], rows),
        "features.Concat_0": rng.standard_normal(rows),
    }
    return read_table(data, "test")


def with_news(table):
    """The same, with categories that were not there in training, and numbers beyond all."""
    news = []
    for column in table:
        values = column.values.copy()
        if column.kind == "category":
            values[::3] = "never seen"
            values[1::5] = None
        elif column.kind == "number":
            values[::4] = -1.7e308
            values[1::5] = np.nan
        news.append(Column(column.name, column.kind, values))
    return news


def trained(features, table, targets, loss, outputs, dtype, seed=0, hidden=(16, 16)):
    X = features.encode(table, "test")
    net = NeuralNetwork(table_layers(features, outputs, hidden=hidden), loss, rng=seed)
    y = targets if isinstance(loss, SoftmaxCrossEntropy) else targets.astype(dtype)
    with np.errstate(under="ignore"):
        Trainer(net, Adam(0.01)).fit(X.astype(dtype), y, epochs=3, verbose=False)
    return net


def some_rows(table, rows):
    return [Column(c.name, c.kind, c.values[:rows]) for c in table]


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_of_a_mixed_table(dtype, networks):
    table = made_table(1000, 0)
    target = NumberTarget("pay", 1234.5, 67.8)
    features = Features.fit(table, "test")
    scaled = np.random.default_rng(1).standard_normal((1000, 1))
    loss = MeanSquaredError
    nets = [trained(features, table, scaled, loss(), 1, dtype, seed) for seed in range(networks)]
    model = onnx_of_table(features, target, nets, "1.0", "Pay")
    for rows in made_table(1000, 2), with_news(table), some_rows(table, 1):
        expected = target.decode(mean_of(nets, features, rows))[:, 0]
        for answer in answers_of(model, feeds_of(model, rows)):
            assert_same(answer["prediction"], expected, dtype)


CLASSIFIERS = {
    "two, softmax": (SoftmaxCrossEntropy, ["no", "yes ✓"], 2),
    "two, one output": (BinaryCrossEntropy, ["False", "True"], 1),
    "ten": (SoftmaxCrossEntropy, [str(n) for n in range(10)], 10),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CLASSIFIERS)
def test_classes_of_a_mixed_table(case, dtype):
    loss, classes, outputs = CLASSIFIERS[case]
    table = made_table(1000, 0)
    features, target = Features.fit(table, "test"), ClassTarget("class", classes)
    numbers = np.random.default_rng(1).integers(0, len(classes), (1000, 1))
    nets = [trained(features, table, numbers, loss(), outputs, dtype, seed) for seed in (0, 1)]
    model = onnx_of_table(features, target, nets, "1.0", "Class")
    for rows in made_table(1000, 2), with_news(table), some_rows(table, 1):
        likely = mean_of(nets, features, rows)
        likely = np.hstack([1.0 - likely, likely]) if outputs == 1 else likely
        best = np.sort(likely, axis=1)
        is_clear = best[:, -1] - best[:, -2] > 1e-5
        for answer in answers_of(model, feeds_of(model, rows)):
            assert_same(answer["probabilities"], likely, dtype)
            labels = target.decode(likely.argmax(axis=1))
            assert answer["label"].shape == labels.shape
            assert np.array_equal(answer["label"][is_clear], labels[is_clear])
    assert is_clear.any()


def features_as_they_are(table):
    """A model that returns the matrix itself, so that each number of it can be looked at."""
    features = Features.fit(table, "test")
    net = NeuralNetwork([Linear()], MeanSquaredError(), rng=0)
    net.build(features.encode(table, "test").shape[1])
    return features, onnx_of_table(features, NumberTarget("y", 0.0, 1.0), [net], "1.0", "")


def test_each_feature_is_the_same():
    table = made_table(1000, 3)
    features, model = features_as_they_are(table)
    for rows in table, with_news(table), some_rows(with_news(table), 1):
        expected = features.encode(rows, "test")
        for answer in answers_of(model, feeds_of(model, rows)):
            assert_close(answer["prediction"], expected)


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3)
numbers = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
dates = st.datetimes(datetime.datetime(1600, 1, 1), datetime.datetime(2900, 1, 1))
kinds = st.sampled_from([texts, numbers, dates, st.booleans(), st.integers(-9, 9)])


@st.composite
def random_tables(draw):
    rows = draw(st.integers(2, 25))
    columns = draw(st.dictionaries(st.text(st.characters(codec="utf-8")), kinds, min_size=1))
    data = {}
    for name, kind in columns.items():
        pool = draw(st.lists(st.none() | kind, min_size=1, max_size=15))
        data[name] = draw(st.lists(st.sampled_from(pool), min_size=rows, max_size=rows))
    return read_table(data, "test")


@given(random_tables())
@settings(max_examples=60)
def test_random_tables(table):
    try:
        features, model = features_as_they_are(table)
    except DataError:  # there is nothing in it to learn from
        return
    expected = features.encode(table, "test")
    expected = expected[:, 0] if expected.shape[1] == 1 else expected
    for answer in answers_of(model, feeds_of(model, table)):
        assert_close(answer["prediction"], expected)


def test_a_column_that_gives_no_feature_is_no_input():
    """Each of its texts stands there once, and not often enough to be called a name."""
    table = read_table({"x": range(12), "names": [f"n{n}" for n in range(12)]}, "test")
    features, model = features_as_they_are(table)
    assert set(inputs_of(model)) == {"x"}
    for answer in answers_of(model, feeds_of(model, table)):
        assert_close(answer["prediction"], features.encode(table, "test")[:, 0])


def test_an_empty_text_can_be_a_category():
    """Then "?" stands for what is missing."""
    data = {"a": ["", None, "x", "", "x"], "b": ["", "?", None, "?", ""], "c": [*"xy", None, *"xx"]}
    table = read_table(data, "test")
    features, model = features_as_they_are(table)
    told = inputs_of(model)
    tokens = {"a": "?", "b": "??", "c": ""}
    assert [f'"{tokens[name]}" where' in told[name]["values"] for name in "abc"] == [True] * 3
    feeds = {column.name: as_input(column, tokens[column.name]) for column in table}
    for answer in answers_of(model, feeds):
        assert np.array_equal(answer["prediction"], features.encode(table, "test"))


def test_the_model_says_what_it_takes():
    data = {"": [1, 2], "prediction": ["a", "b"], "prediction_": [1.5, 2.5], "on": [None, True]}
    table = read_table(data | {"day": [datetime.date(2020, 1, 1), None]}, "test")
    _, model = features_as_they_are(table)
    inputs = {column: told["input"] for column, told in inputs_of(model).items()}
    assert inputs == {
        "": "_",
        "prediction": "prediction_",
        "prediction_": "prediction__",
        "on": "on",
        "day": "day",
    }
    graph = onnx.load_from_string(model).graph
    told = {i.name: i.doc_string for i in graph.input}
    assert "days since 1970-01-01" in told["day"]
    assert "NaN" in told["_"]
    assert told == {column["input"]: column["values"] for column in inputs_of(model).values()}
    sizes = [
        [d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim] for i in graph.input
    ]
    assert sizes == [["rows", 1]] * 5


@pytest.mark.parametrize("loss", [Quantile((0.1, 0.5, 0.9)), GaussianNLL()], ids=["three", "half"])
def test_losses_of_several_outputs(loss):
    table = made_table(50, 0)
    features, target = Features.fit(table, "test"), NumberTarget("y", 3.0, 4.0)
    outputs = 3 if isinstance(loss, Quantile) else 2
    y = np.random.default_rng(0).standard_normal((50, 1))
    net = trained(features, table, y, loss, outputs, np.float64)
    model = onnx_of_table(features, target, [net], "1.0", "")
    expected = target.decode(mean_of([net], features, table))
    for answer in answers_of(model, feeds_of(model, table)):
        assert_same(answer["prediction"], expected if outputs == 3 else expected[:, 0], np.float64)


def test_networks_that_do_not_fit_are_refused():
    table = read_table({"x": [1.0, 2.0, 4.0], "y": [None, 2.0, 4.0]}, "test")
    features = Features.fit(table, "test")
    number, classes = NumberTarget("t", 0.0, 1.0), ClassTarget("t", ["a", "b", "c"])

    def net(inputs, outputs):
        return NeuralNetwork([Dense(outputs, inputs=inputs)], MeanSquaredError(), rng=0)

    for target, nets, words in [
        (number, [], "at least one network; received none"),
        (number, [net(2, 1)], "networks for 3 features"),
        (number, [net(3, 1), net(3, 2)], "one with"),
        (classes, [net(3, 2)], "one with"),
        (classes, [net(3, 1)], "one with"),
    ]:
        with pytest.raises(ArgumentError, match=words):
            onnx_of_table(features, target, nets, "1.0", "")
    broken = ClassTarget("t", ["a", "b\ud800"])
    with pytest.raises(DataError, match="UTF-8"):
        onnx_of_table(features, broken, [net(3, 2)], "1.0", "")


# Estimators.

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 4))
FIVE = np.digitize(X[:, 0], [-1.0, -0.3, 0.3, 1.0])
TEXTS = np.array(["ä", "b", "", "d e", "ff"])


class Sorting(Operation):
    """Nothing that ONNX has."""

    def _output(self):
        return np.sort(self.input_)

    def _input_grad(self, output_grad):
        return output_grad


REGRESSORS = {
    "one column": (MLPRegressor(hidden_layer_sizes=8, max_iter=5, random_state=0), X[:, 0]),
    "two columns": (MLPRegressor(hidden_layer_sizes=8, max_iter=5, random_state=0), X[:, :2]),
    "counts": (MLPRegressor("poisson", 8, max_iter=5, random_state=0), FIVE),
    "quantiles": (MLPRegressor(Quantile((0.2, 0.8)), 8, max_iter=5, random_state=0), X[:, 0]),
    "a network": (NetRegressor(epochs=3, random_state=0), X[:, 0]),
    "means": (NetRegressor(loss=GaussianNLL(), epochs=3, random_state=0), X[:, :2]),
}


def saved(model, folder):
    model.to_onnx(folder / "model.onnx")
    return (folder / "model.onnx").read_bytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", REGRESSORS)
def test_regressors(case, dtype, tmp_path):
    model, y = REGRESSORS[case]
    with np.errstate(under="ignore"):
        model.fit(X.astype(dtype), y)
    data = saved(model, tmp_path)
    for rows in X.astype(dtype), X[:1].astype(dtype):
        expected = model.predict(rows)
        for answer in answers_of(data, {"X": rows}):
            assert answer["prediction"].dtype == dtype
            assert answer["prediction"].shape == expected.shape
            assert norm_error(answer["prediction"], expected) <= TOLERANCES[np.dtype(dtype)]


MLP = MLPClassifier(8, max_iter=5, random_state=0)
NET = NetClassifier(epochs=3, random_state=0)
ONE_OUTPUT = NetClassifier(epochs=3, loss=BinaryCrossEntropy(), random_state=0)
TARGETS = {
    "two numbers": FIVE > 2,
    "two texts": TEXTS[(FIVE > 2).astype(int)],
    "five texts": TEXTS[FIVE],
    "texts as objects": TEXTS[FIVE].astype(object),
    "five numbers": FIVE - 2,
    "ten numbers": np.arange(60, dtype=np.uint8) % 10,
    "floats": FIVE.astype(float),
    "labels": np.column_stack([FIVE > 1, FIVE > 2, FIVE > 3]).astype(int),
}
RETURNED = {"b": np.bool_, "U": object, "O": object, "f": np.float64}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("model", [MLP, NET, ONE_OUTPUT], ids=["MLP", "net", "one output"])
@pytest.mark.parametrize("case", TARGETS)
def test_classifiers(case, model, dtype, tmp_path):
    y = TARGETS[case]
    if model is ONE_OUTPUT and not case.startswith(("two", "labels")):
        y = TARGETS["two numbers"]
    model.fit(X.astype(dtype), y)
    data = saved(model, tmp_path)
    for rows in X.astype(dtype), X[:1].astype(dtype):
        likely = model.predict_proba(rows)
        for answer in answers_of(data, {"X": rows}):
            assert answer["probabilities"].dtype == dtype
            assert answer["probabilities"].shape == likely.shape
            assert norm_error(answer["probabilities"], likely) <= TOLERANCES[np.dtype(dtype)]
            assert answer["label"].dtype == RETURNED.get(y.dtype.kind, np.int64)
            assert np.array_equal(answer["label"], model.predict(rows))


def test_a_single_class(tmp_path):
    model = MLPClassifier(4, max_iter=2, random_state=0).fit(X, np.full(60, "only"))
    for answer in answers_of(saved(model, tmp_path), {"X": X}):
        assert set(answer["label"]) == {"only"}
        assert np.array_equal(answer["probabilities"], np.ones((60, 1)))


ESTIMATORS = [MLPRegressor, MLPClassifier, NetRegressor, NetClassifier]


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_what_cannot_be_written(kind, tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    with pytest.raises(NotFittedError):
        kind().to_onnx(path)
    short = {"max_iter": 2} if kind in (MLPRegressor, MLPClassifier) else {"epochs": 2}
    model = kind(**short, random_state=0).fit(X, FIVE)
    with pytest.raises(ArgumentTypeError, match=rf"{kind.__name__}\.to_onnx, path"):
        model.to_onnx(3)
    with pytest.raises(ArgumentTypeError, match="overwrite"):
        model.to_onnx(path, overwrite="yes")
    path.write_text("precious")
    with pytest.raises(FileError, match="is there already"):
        model.to_onnx(path)
    assert path.read_text() == "precious"
    model.to_onnx(path, overwrite=True)
    assert kind.__name__ in onnx.load(path).doc_string
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=rf"{kind.__name__}\.to_onnx.*glassbrick\[onnx\]"):
        model.to_onnx(tmp_path / "other.onnx")
    assert list(tmp_path.iterdir()) == [path]


def test_blocks_and_classes_that_onnx_has_not(tmp_path):
    def build(n_features, n_outputs):
        return [Sorting(), Dense(n_outputs, "linear")]

    model = NetRegressor(build, epochs=1, random_state=0).fit(X, FIVE)
    with pytest.raises(TracingError, match=r"sorting.*np\.sort"):
        model.to_onnx(tmp_path / "model.onnx")
    five = NetClassifier(epochs=1, random_state=0).fit(X, FIVE)
    for classes in np.array([b"a", b"b", b"c", b"d", b"e"]), np.arange(5, dtype=np.uint64) + 2**63:
        five._labels.classes = classes
        with pytest.raises(TracingError, match=r"NetClassifier\.to_onnx, classes_: expected texts"):
            five.to_onnx(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
