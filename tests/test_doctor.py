"""The doctor: each rule finds its fault, and does not find it where it is not."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from glassbrick import (
    LBFGS,
    SGD,
    Adam,
    ArgumentError,
    ArgumentTypeError,
    BatchNorm,
    BinaryCrossEntropy,
    Checkpoint,
    Constant,
    CosineDecay,
    DataError,
    Dense,
    Doctor,
    Dropout,
    Embedding,
    Flatten,
    GaussianNLL,
    Huber,
    MeanSquaredError,
    NeuralNetwork,
    NotReadyError,
    PoissonNLL,
    Quantile,
    ShapeError,
    SoftmaxCrossEntropy,
    Trainer,
    WeightMultiply,
    diagnose,
)
from glassbrick.doctor.chart import course_rules
from glassbrick.doctor.diagnose import first_rules
from networks import params_of, same_params

RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 4))
Y = X @ np.array([[1.0], [-1.0], [0.5], [0.0]]) + 0.1 * RNG.standard_normal((120, 1))
X_NEW = RNG.standard_normal((40, 4))
Y_NEW = X_NEW @ np.array([[1.0], [-1.0], [0.5], [0.0]])
CLASSES = np.digitize(X[:, 0], [-0.5, 0.5])


def net(*layers, loss=None, rng=0):
    layers = layers or (Dense(8, "tanh"), Dense(1, "linear"))
    return NeuralNetwork([*layers], loss or MeanSquaredError(), rng=rng)


def classifier():
    return net(Dense(8, "tanh"), Dense(3, "linear"), loss=SoftmaxCrossEntropy())


def loud_classifier():
    layer = Dense(3, "linear", weight_init="standard_normal")
    return net(layer, loss=SoftmaxCrossEntropy())


def with_column(number, values):
    changed = X.copy()
    changed[:, number] = values
    return changed


def trained(lr=0.05, epochs=60):
    it = net(Dense(1, "linear"))
    Trainer(it, SGD(lr)).fit(X, Y, epochs=epochs, verbose=False)
    return it


def deep(activation, gain=None):
    init = {} if gain is None else {"weight_init": Constant(gain)}
    layers = [Dense(8, activation, **init) for _ in range(8)]
    return net(*layers, Dense(1, "linear"))


def standardized_together():
    both = np.concatenate([X, X_NEW])
    both = (both - both.mean(axis=0)) / both.std(axis=0)
    return both[:120], both[120:]


class Wrong(WeightMultiply):
    """Goes up instead of down."""

    def _param_grad(self, output_grad):
        return -super()._param_grad(output_grad)


# Of each rule: what has the fault, and what has not.
FIRST = {
    "not_finite": (
        lambda: diagnose(net(), with_column(2, [np.nan] + [0.5] * 119), Y),
        lambda: diagnose(net(), X, Y),
    ),
    "constant_column": (
        lambda: diagnose(net(), with_column(1, 3.0), Y),
        lambda: diagnose(net(), X, Y),
    ),
    "unscaled_column": (
        lambda: diagnose(net(), with_column(1, 400.0 * X[:, 1]), Y),
        lambda: diagnose(net(), with_column(1, 3.0 * X[:, 1]), Y),
    ),
    "does_not_fit": (
        lambda: diagnose(classifier(), X, CLASSES + 1),
        lambda: diagnose(classifier(), X, CLASSES),
    ),
    "constant_target": (
        lambda: diagnose(net(), X, np.full(120, 2.0)),
        lambda: diagnose(net(), X, Y),
    ),
    "target_scale": (
        lambda: diagnose(net(), X, 300_000.0 * Y),
        lambda: diagnose(net(), X, 30.0 * Y),
    ),
    "end_of_network": (
        lambda: diagnose(net(Dense(8), Dense(1, "sigmoid")), X, Y),
        lambda: diagnose(net(Dense(8), Dense(1, "sigmoid")), X, 1.0 / (1.0 + np.exp(-Y))),
    ),
    "loss_not_finite": (
        lambda: diagnose(net(Dense(1, "linear", weight_init=Constant(1e200))), X, Y),
        lambda: diagnose(net(Dense(1, "linear")), X, Y),
    ),
    "first_loss": (
        lambda: diagnose(loud_classifier(), 5.0 * X, CLASSES),
        lambda: diagnose(classifier(), X, CLASSES),
    ),
    "mean_not_known": (
        lambda: diagnose(net(), X, Y + 20.0),
        lambda: diagnose(net(), X, Y),
    ),
    "dead_units": (
        lambda: diagnose(net(Dense(8, "relu", bias_init=Constant(-9.0)), Dense(1, "linear")), X, Y),
        lambda: diagnose(net(Dense(8, "relu"), Dense(1, "linear")), X, Y),
    ),
    "saturated_units": (
        lambda: diagnose(net(), 30.0 * X, Y),
        lambda: diagnose(net(), X, Y),
    ),
    "vanishing_gradients": (
        lambda: diagnose(deep("sigmoid"), X, Y),
        lambda: diagnose(deep("tanh"), X, Y),
    ),
    "exploding_gradients": (
        lambda: diagnose(deep("linear", gain=1.0), X, Y),
        lambda: diagnose(deep("linear", gain=0.12), X, Y),
    ),
    "cannot_learn_by_heart": (
        lambda: diagnose(net(Wrong(0.1 * X[:4, :1]), loss=MeanSquaredError()), X, Y),
        lambda: diagnose(net(WeightMultiply(0.1 * X[:4, :1])), X, Y),
    ),
    "learning_rate": (
        lambda: diagnose(net(), X, Y, lr=3.0),
        lambda: diagnose(net(), X, Y, lr=0.05),
    ),
    "shared_rows": (
        lambda: diagnose(net(), X, Y, X[:30], Y[:30]),
        lambda: diagnose(net(), X, Y, X_NEW, Y_NEW),
    ),
    "trained_on_the_test": (
        lambda: diagnose(net(), X, Y, X_test=X[:30]),
        lambda: diagnose(net(), X, Y, X_test=X_NEW),
    ),
    "chosen_by_the_test": (
        lambda: diagnose(net(), X, Y, X_NEW, Y_NEW, X_test=X_NEW),
        lambda: diagnose(net(), X, Y, X_NEW[:20], Y_NEW[:20], X_test=X_NEW[20:]),
    ),
    "scaled_together": (
        lambda: diagnose(net(), standardized_together()[0], Y, standardized_together()[1], Y_NEW),
        lambda: diagnose(net(), X, Y, X_NEW, Y_NEW),
    ),
    "worse_than_linear": (
        lambda: diagnose(trained(lr=0.01, epochs=15), X, Y, X_NEW, Y_NEW),
        lambda: diagnose(trained(), X, Y),
    ),
}


def course(it, lr=0.05, data=None, epochs=15, optim=None, engine="numpy", **options):
    """Train with a doctor; return its report."""
    doctor = Doctor(verbose=False)
    trainer = Trainer(it, optim or SGD(lr), engine=engine)
    options = {"verbose": False, "patience": None, "callbacks": [doctor]} | options
    trainer.fit(*(data or (X, Y, X_NEW, Y_NEW)), epochs=epochs, **options)
    return doctor.report


def noise():
    rng = np.random.default_rng(5)
    return X[:30], rng.standard_normal((30, 1)), X_NEW, rng.standard_normal((40, 1))


def wide():
    return net(Dense(40, "tanh"), Dense(1, "linear"))


COURSE = {
    "loss_not_falling": (
        lambda: course(net(), lr=1e-7),
        lambda: course(net()),
    ),
    "overfitting": (
        lambda: course(wide(), data=noise(), optim=Adam(0.01), epochs=200),
        lambda: course(wide(), optim=Adam(0.01), epochs=50),
    ),
    # A linear network on all rows at once: steps that are a little too long, each worse than
    # the one before.
    "growing_gradients": (
        lambda: course(net(Dense(1, "linear")), lr=1.0, batch_size=120, epochs=40),
        lambda: course(net(Dense(1, "linear")), lr=0.1, batch_size=120, epochs=40),
    ),
    "size_of_steps": (
        lambda: course(net(), lr=1e-8),
        lambda: course(net()),
    ),
    "dying_units": (
        lambda: course(net(Dense(8, "relu", bias_init=Constant(-9.0)), Dense(1, "linear"))),
        lambda: course(net(Dense(8, "relu"), Dense(1, "linear"))),
    ),
    "saturating_units": (
        lambda: course(net(Dense(8, "tanh", weight_init=Constant(20.0)), Dense(1, "linear"))),
        lambda: course(net()),
    ),
}


def kinds(report):
    return [remark.kind for remark in report.remarks]


def test_each_rule_has_a_pair():
    names = [rule.name for rule in first_rules()]
    assert len(set(names)) == len(names)
    assert set(names) == set(FIRST)
    assert {rule.name for rule in course_rules()} == set(COURSE)


@pytest.mark.parametrize("name", [*FIRST, *COURSE])
def test_a_rule_finds_its_fault_and_only_where_it_is(name):
    faulty, healthy = (FIRST | COURSE)[name]
    assert name in kinds(faulty())
    assert name not in kinds(healthy())


@pytest.mark.parametrize("name", [*FIRST, *COURSE])
def test_remarks_are_complete_and_fit_into_80_columns(name):
    report = (FIRST | COURSE)[name][0]()
    for remark in report.remarks:
        assert remark.where
        assert remark.what.endswith(".")
        assert remark.remedy.endswith(".")
        assert remark.figures
        assert remark.severity in ("error", "warning", "note")
    assert all(len(line) <= 80 for line in str(report).splitlines())
    told = json.loads(report.to_json())
    assert [remark["kind"] for remark in told["remarks"]] == kinds(report)
    order = ["error", "warning", "note"]
    severities = [order.index(remark.severity) for remark in report.remarks]
    assert severities == sorted(severities)
    assert report.is_healthy == (set(severities) <= {2})


def chapters_network(layers):
    hidden = [Dense(13) for _ in range(layers)]
    return NeuralNetwork([*hidden, Dense(1, "linear")], MeanSquaredError(), seed=20190501)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_the_chapters_networks_are_healthy_before_while_and_after_they_train(layers, boston_split):
    X_train, X_test, y_train, y_test = boston_split
    data = X_train, y_train, X_test, y_test
    it = chapters_network(layers)
    assert diagnose(it, *data, lr=0.01).is_healthy
    doctor = Doctor(verbose=False)
    options = {"eval_every": 10, "seed": 20190501, "verbose": False, "callbacks": [doctor]}
    Trainer(it, SGD(lr=0.01)).fit(*data, epochs=50, **options)
    assert doctor.report.remarks == ()
    assert diagnose(it, *data, lr=0.01).is_healthy


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_digits_are_healthy(activation, seed):
    pixels, digits = load_digits(return_X_y=True)
    pixels = pixels / 16.0
    layers = [Dense(64, activation), Dense(32, activation), Dense(10, "linear")]
    it = net(*layers, loss=SoftmaxCrossEntropy(), rng=seed)
    data = pixels[:1200], digits[:1200], pixels[1200:], digits[1200:]
    report = diagnose(it, *data, optimizer=Adam())
    assert report.is_healthy
    assert "constant_column" in kinds(report)
    assert course(it, optim=Adam(), data=data, epochs=12).is_healthy


def healthy_networks():
    rates, halves = np.exp(0.3 * Y), (Y > 0) * 1.0
    yield net(Dense(8, "relu"), BatchNorm(), Dropout(0.2), Dense(1, "linear")), X, Y
    yield net(loss=Huber()), X, Y
    yield net(loss=PoissonNLL()), X, np.floor(rates)
    yield net(loss=BinaryCrossEntropy()), X, halves
    yield net(Dense(8, "tanh"), Dense(2, "linear"), loss=GaussianNLL()), X, Y
    yield net(Dense(8, "tanh"), Dense(2, "linear"), loss=Quantile([0.1, 0.9])), X, Y
    yield net(), X.astype(np.float32), Y.astype(np.float32)
    yield classifier(), X, np.eye(3)[CLASSES]
    yield net(), X[:, 0:1], Y


@pytest.mark.parametrize("number", range(9))
def test_losses_layers_and_dtypes_of_all_kinds_can_be_healthy(number):
    it, features, targets = [*healthy_networks()][number]
    for optimizer in (Adam(CosineDecay(0.01)), LBFGS()):
        assert diagnose(it, features, targets, optimizer=optimizer).is_healthy


def test_numbers_of_categories_may_be_large():
    codes = np.arange(120)[:, np.newaxis] % 60
    it = net(Embedding([60]), Dense(1, "linear"))
    assert "unscaled_column" not in kinds(diagnose(it, codes, Y))
    assert "unscaled_column" in kinds(diagnose(net(), codes, Y))


def test_nothing_is_changed():
    it = net(Dense(8, "tanh"), Dropout(0.3), Dense(1, "linear"))
    optimizer = Adam()
    assert not diagnose(it, X, Y, lr=0.01).remarks
    assert not it.is_built
    trainer = Trainer(it, optimizer)
    trainer.fit(X, Y, epochs=2, verbose=False)
    before, steps = params_of(it), optimizer.t
    first = diagnose(it, X, Y, X_NEW, Y_NEW, optimizer=optimizer)
    again = diagnose(it, X, Y, X_NEW, Y_NEW, optimizer=optimizer)
    assert same_params(before, params_of(it))
    assert optimizer.t == steps
    assert first == again
    assert optimizer.net is it


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_a_doctor_changes_nothing(engine):
    def parameters(*callbacks):
        it = net(Dense(8, "tanh"), Dropout(0.3), Dense(1, "linear"))
        trainer = Trainer(it, Adam(), engine=engine)
        trainer.fit(X, Y, epochs=4, verbose=False, callbacks=[*callbacks])
        return params_of(it)

    assert same_params(parameters(), parameters(Doctor()))


@pytest.mark.parametrize("name", COURSE)
def test_a_doctor_says_each_thing_once_and_starts_anew(name, capsys):
    doctor = Doctor()
    it = net()
    trainer = Trainer(it, SGD(lr=1e-8))
    for _ in range(2):
        trainer.fit(X, Y, epochs=14, verbose=False, callbacks=[doctor])
        said = capsys.readouterr().out
        assert said.count("Doctor, epoch 3: warning: weights:") == 1
        assert said.count("Doctor, epoch 10: warning: loss:") == 1
        assert said.count("Doctor, ") == 2
        assert all(len(line) <= 80 for line in said.splitlines())
        assert sorted(kinds(doctor.report)) == ["loss_not_falling", "size_of_steps"]


def test_engines_say_the_same():
    first, second = (course(net(), lr=1e-8, engine=engine) for engine in ("numpy", "xla"))
    assert kinds(first) == kinds(second) != []


def test_a_doctor_goes_on_after_a_checkpoint(tmp_path):
    def fit(epochs):
        doctor = Doctor(verbose=False)
        trainer = Trainer(net(), SGD(lr=1e-8))
        callbacks = [doctor, Checkpoint(tmp_path, every=1)]
        trainer.fit(X, Y, epochs=epochs, verbose=False, callbacks=callbacks)
        return doctor.report

    assert kinds(fit(5)) == ["size_of_steps"]
    assert sorted(kinds(fit(12))) == ["loss_not_falling", "size_of_steps"]


def test_a_doctor_can_be_pickled_and_holds_no_rows():
    doctor = Doctor(verbose=False)
    Trainer(net(), SGD(lr=1e-8)).fit(X, Y, epochs=3, verbose=False, callbacks=[doctor])
    assert pickle.loads(pickle.dumps(doctor)).report == doctor.report
    assert not [value for value in vars(doctor).values() if isinstance(value, tuple)]


def test_rows_are_for_callbacks_only():
    trainer = Trainer(net(), SGD())
    with pytest.raises(NotReadyError, match="no fit goes on"):
        trainer.training_rows  # noqa: B018
    trainer.fit(X, Y, epochs=1, verbose=False)
    with pytest.raises(NotReadyError, match="no fit goes on"):
        trainer.training_rows  # noqa: B018


def test_faults_are_told_by_the_names_of_columns():
    spoiled = with_column(3, 5000.0)
    spoiled[7, 2] = np.inf
    report = diagnose(net(), spoiled, Y, names=["a", "b", "c", "d"])
    where = {remark.kind: remark.where for remark in report.remarks}
    assert where["not_finite"] == "column c"
    assert where["constant_column"] == where["unscaled_column"] == "column d"
    assert report.remarks[0].severity == "error"
    assert report.remarks[0].figures == {"nan": 0, "infinite": 1, "rows": 120}


def test_names_come_from_tables():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(with_column(0, None).astype(float), columns=list("pqrs"))
    report = diagnose(net(), table, Y)
    assert [(remark.kind, remark.where) for remark in report.remarks] == [
        ("not_finite", "column p")
    ]


def test_a_learning_rate_can_be_too_low_too_high_or_deadly():
    slow, fast, wild = (diagnose(net(), X, Y, lr=lr).remarks for lr in (1e-7, 0.9, 1e3))
    assert "Take a higher learning rate" in slow[0].remedy
    assert "Take a lower learning rate" in fast[0].remedy
    assert wild[0].severity == "error"
    relu = net(Dense(8, "relu"), Dense(8, "relu"), Dense(1, "linear"))
    (deadly,) = (r for r in diagnose(relu, X, 30.0 * Y, lr=0.01).remarks if "dead" in r.figures)
    assert deadly.kind == "learning_rate"


def test_validation_that_is_the_training_data_is_an_error():
    severities = {
        rows: [r.severity for r in diagnose(net(), X, Y, X[:rows], Y[:rows]).remarks]
        for rows in (120, 1)
    }
    assert severities == {120: ["error"], 1: ["error"]}
    mixed = np.concatenate([X[:3], X_NEW]), np.concatenate([Y[:3], Y_NEW])
    assert [r.severity for r in diagnose(net(), X, Y, *mixed).remarks] == ["warning"]


@pytest.mark.parametrize(
    ("load", "loss"), [(load_wine, SoftmaxCrossEntropy), (load_breast_cancer, BinaryCrossEntropy)]
)
def test_well_trained_classifiers_are_not_said_to_be_worse_than_linear_ones(load, loss):
    rows, labels = load(return_X_y=True)
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    order = np.random.default_rng(0).permutation(len(rows))
    rows, labels = rows[order], labels[order]
    outputs = 3 if loss is SoftmaxCrossEntropy else 1
    it = net(Dense(32, "tanh"), Dense(outputs, "linear"), loss=loss())
    Trainer(it, Adam(0.01)).fit(rows[:120], labels[:120], epochs=20, verbose=False)
    data = rows[:120], labels[:120], rows[120:], labels[120:]
    assert diagnose(it, *data).is_healthy


def test_one_row_in_both_parts_may_be_a_coincidence():
    mixed = np.concatenate([X[:1], X_NEW]), np.concatenate([Y[:1], Y_NEW])
    assert [r.severity for r in diagnose(net(), X, Y, *mixed).remarks] == ["note"]


def test_coarse_data_repeats_itself():
    coarse = RNG.integers(0, 2, (200, 3)).astype(float)
    targets = coarse.sum(axis=1)
    report = diagnose(net(), coarse[:150], targets[:150], coarse[150:180], targets[150:180])
    assert [r.severity for r in report.remarks if r.kind == "shared_rows"] == ["note"]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"net": 3}, ArgumentTypeError, "diagnose, net"),
        ({"lr": -1.0}, ArgumentError, "lr"),
        ({"lr": 0.1, "optimizer": SGD()}, ArgumentError, "either optimizer or lr"),
        ({"optimizer": "sgd"}, ArgumentTypeError, "diagnose, optimizer"),
        ({"names": ["a"]}, DataError, "4 names of columns"),
        ({"y": Y[:5]}, DataError, "the same number of rows"),
        ({"X": [["a"]], "y": [1.0]}, DataError, "X"),
        ({"X_val": X}, DataError, "X_val and y_val, or neither"),
        ({"X_test": X[:, :2]}, ShapeError, "X_test"),
        ({"X_val": X[:, :2], "y_val": Y}, ShapeError, "4 columns, as in X"),
        ({"X_val": X, "y_val": np.ones((120, 2))}, ShapeError, "1 columns, as in y"),
        ({"X": X[:0], "y": Y[:0]}, DataError, "at least one row"),
        ({"X": X[:, 0]}, ValueError, "two axes"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(change, kind, message):
    with pytest.raises(kind, match=message):
        diagnose(**({"net": net(), "X": X, "y": Y} | change))


def test_no_finite_row_at_all_is_told():
    report = diagnose(net(), np.full((5, 2), np.nan), np.ones(5))
    assert kinds(report) == ["not_finite", "not_finite"]


def test_validation_that_is_not_finite_is_told():
    spoiled = X_NEW.copy()
    spoiled[3, 1] = np.nan
    report = diagnose(net(), X, Y, spoiled, np.where(Y_NEW > 1.0, np.inf, Y_NEW))
    assert [r.where for r in report.remarks] == ["X_val, column 1", "y_val, column 0"]


def test_columns_of_rows_with_more_axes_are_named_by_their_places():
    pictures = X.reshape(120, 2, 2) * np.array([[1.0, 1.0], [500.0, 1.0]])
    report = diagnose(net(Flatten(), Dense(8, "tanh"), Dense(1, "linear")), pictures, Y)
    assert report.remarks[0].where == "column [1, 0]"


def test_what_the_network_or_the_loss_refuses_is_told():
    made_for_more = net(Dense(8, "tanh", inputs=7), Dense(1, "linear"))
    for it, y, where in ((made_for_more, Y, "X"), (net(), np.ones((120, 2)), "y")):
        (remark,) = (r for r in diagnose(it, X, y).remarks if r.kind == "does_not_fit")
        assert (remark.severity, remark.where) == ("error", where)


def test_a_logit_needs_no_softmax():
    it = net(Dense(3, "softmax"), loss=SoftmaxCrossEntropy())
    assert "end_of_network" in kinds(diagnose(it, X, CLASSES))


def test_a_jump_of_all_weights_is_told():
    report = course(net(), optim=SGD(1.9), epochs=8, data=(X, Y))
    assert "size_of_steps" in kinds(report)
