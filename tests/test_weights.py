"""Weights of rows and of classes, and targets that are looked at once."""

from __future__ import annotations

import numpy as np
import pytest

import glassbrick as gb
from glassbrick import SGD, DataError, Dense, GlassbrickError, NeuralNetwork, Trainer
from networks import make_data, make_trainer, params_of, same_params

X, y = make_data(rows=24)
LABELS = (X[:, 0] > -0.5).astype(int) + (X[:, 1] > 0.5)
WHOLE = {"verbose": False, "batch_size": 1000, "epochs": 5}


def classifier(engine, **source):
    layers = [Dense(6, "tanh"), Dense(3, "linear")]
    net = NeuralNetwork(layers, gb.SoftmaxCrossEntropy(), **(source or {"rng": 0}))
    return Trainer(net, SGD(lr=0.3), engine=engine)


def alike(first, second):
    return all(
        np.allclose(a, b, rtol=1e-12, atol=1e-13)
        for a, b in zip(first.net.params(), second.net.params(), strict=True)
    )


def test_a_weight_is_a_number_of_rows(engine):
    counts = np.arange(24) % 4  # 0 to 3
    weighted, repeated = make_trainer(engine=engine), make_trainer(engine=engine)
    history = weighted.fit(X, y, X, y, sample_weight=counts, sample_weight_test=counts, **WHOLE)
    more_X, more_y = X.repeat(counts, 0), y.repeat(counts, 0)
    expected = repeated.fit(more_X, more_y, more_X, more_y, **WHOLE)
    assert alike(weighted, repeated)
    assert history.loss == pytest.approx(expected.loss, rel=1e-12)
    assert history.val_loss == pytest.approx(expected.val_loss, rel=1e-12)


def test_only_proportions_of_weights_matter(engine):
    weights = np.random.default_rng(0).uniform(0.5, 2.0, 24)
    first, second = make_trainer(engine=engine), make_trainer(engine=engine)
    settings = WHOLE | {"batch_size": 7}
    first.fit(X, y, sample_weight=weights, **settings)
    second.fit(X, y, sample_weight=1000.0 * weights[:, np.newaxis], **settings)
    assert alike(first, second)
    plain = make_trainer(engine=engine)
    plain.fit(X, y, **settings)
    assert not alike(first, plain)
    plain.fit(X, y, sample_weight=np.full(24, 3.0), **settings)
    other = make_trainer(engine=engine)
    other.fit(X, y, **settings)
    assert alike(plain, other)


def test_engines_agree_on_weights():
    weights = np.random.default_rng(0).uniform(0.0, 2.0, 24)
    trainers = [classifier(engine) for engine in ("numpy", "xla")]
    histories = [
        t.fit(X, LABELS, X, LABELS, batch_size=7, epochs=6, sample_weight=weights,
              class_weight={0: 3.0}, sample_weight_test=weights, verbose=False)
        for t in trainers
    ]  # fmt: skip
    assert alike(*trainers)
    assert histories[0].val_loss == pytest.approx(histories[1].val_loss, rel=1e-12)


@pytest.mark.parametrize("form", ["labels", "one column", "one-hot"])
def test_class_weights_are_weights_of_rows(engine, form):
    targets = {
        "labels": LABELS,
        "one column": LABELS[:, np.newaxis],
        "one-hot": np.eye(3)[LABELS],
    }[form]
    by_class, by_row = classifier(engine), classifier(engine)
    by_class.fit(X, targets, class_weight={0: 5.0, 2: 0.5}, **WHOLE)
    by_row.fit(X, targets, sample_weight=np.array([5.0, 1.0, 0.5])[LABELS], **WHOLE)
    assert alike(by_class, by_row)


def test_balanced_classes_count_alike():
    from sklearn.utils.class_weight import compute_sample_weight

    balanced, by_row = classifier("numpy"), classifier("numpy")
    balanced.fit(X, LABELS, class_weight="balanced", **WHOLE)
    by_row.fit(X, LABELS, sample_weight=compute_sample_weight("balanced", LABELS), **WHOLE)
    assert alike(balanced, by_row)


def test_class_weights_equal_pytorch():
    torch = pytest.importorskip("torch")
    weights = np.array([5.0, 1.0, 0.5])
    trainer = classifier("numpy")
    trainer.net.build(3)
    theirs = [torch.tensor(param, requires_grad=True) for param in trainer.net.params()]
    trainer.fit(X, LABELS, class_weight=dict(enumerate(weights)), restart=False, **WHOLE)
    loss_of = torch.nn.CrossEntropyLoss(torch.tensor(weights))  # divides by the sum of weights
    optimizer = torch.optim.SGD(theirs, lr=0.3)
    for _ in range(5):
        W1, b1, W2, b2 = theirs
        logits = torch.tanh(torch.tensor(X) @ W1 + b1) @ W2 + b2
        optimizer.zero_grad()
        loss_of(logits, torch.tensor(LABELS)).backward()
        optimizer.step()
    for ours, other in zip(trainer.net.params(), theirs, strict=True):
        assert np.allclose(ours, other.detach().numpy(), rtol=1e-12, atol=1e-13)


class PlainLoss(gb.Loss):
    """The chapter's contract, which knows nothing of rows."""

    def _output(self):
        return np.sum((self.prediction - self.target) ** 2)

    def _input_grad(self):
        return 2.0 * (self.prediction - self.target)


def test_a_loss_that_cannot_weigh_says_so():
    net = NeuralNetwork([Dense(1, "linear")], PlainLoss(), rng=0)
    trainer = Trainer(net, SGD(lr=1e-4))
    with pytest.raises(GlassbrickError, match="RowLoss"):
        trainer.fit(X, y, sample_weight=np.ones(24), **WHOLE)
    assert trainer.fit(X, y, **WHOLE).epochs == 5


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"sample_weight": np.ones(23)}, "sample_weight: expected one number for each of 24 rows"),
        ({"sample_weight": np.ones((24, 2))}, "one number for each"),
        ({"sample_weight": -np.arange(24.0)}, "not negative; received -1 at row 1"),
        ({"sample_weight": np.full(24, np.nan)}, "finite numbers"),
        ({"sample_weight": np.zeros(24)}, "all rows have 0"),
        ({"sample_weight_test": np.ones(24)}, "no X_test"),
        ({"class_weight": "balance"}, '"balanced" or a dict'),
        ({"class_weight": 3}, '"balanced" or a dict'),
        ({"class_weight": {7: 1.0}}, r"classes that rows have: \[0, 1, 2\]; received 7"),
        ({"class_weight": {0: -1.0}}, r"class_weight\[0\]"),
    ],
)
def test_weights_that_cannot_be_used(settings, words):
    trainer = classifier("numpy")
    with pytest.raises(GlassbrickError, match=words):
        trainer.fit(X, LABELS, **settings, **WHOLE)
    assert not trainer.net.is_built


def test_class_weights_need_classes():
    with pytest.raises(GlassbrickError, match="targets that are classes"):
        make_trainer().fit(X, y, class_weight="balanced", **WHOLE)


def binary():
    net = NeuralNetwork([Dense(1, "linear")], gb.BinaryCrossEntropy(), rng=0)
    return Trainer(net, SGD())


def counts():
    return Trainer(NeuralNetwork([Dense(1, "linear")], gb.PoissonNLL(), rng=0), SGD())


def with_last(values, last):
    return np.append(np.asarray(values, float)[:-1], last)


@pytest.mark.parametrize(
    ("make", "targets"),
    [
        (lambda: classifier("numpy"), with_last(LABELS, 3)),
        (lambda: classifier("numpy"), with_last(LABELS, 0.5)),
        (lambda: classifier("numpy"), with_last(LABELS, -1)),
        (lambda: classifier("xla"), with_last(LABELS, 3)),
        (binary, with_last(LABELS > 0, 2)),
        (counts, with_last(LABELS, -1)),
    ],
)
def test_targets_are_looked_at_before_training(make, targets):
    good = np.minimum(np.maximum(np.rint(targets), 0), 1 if make is binary else 2)
    trainer = make()
    trainer.net.build(3)
    before = params_of(trainer.net)
    for name, given in (
        ("y_train", (X, targets)),
        ("y_test", (X, good, X, targets)),
    ):
        with pytest.raises(DataError, match=f"fit, {name}: .*23") as caught:
            trainer.fit(*given, **WHOLE)
        assert "received" in str(caught.value)
        assert same_params(before, params_of(trainer.net))
    trainer.fit(X, good, **WHOLE)
