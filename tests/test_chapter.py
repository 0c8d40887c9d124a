"""The chapter's code, with only its imports changed, prints the chapter's numbers."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import glassbrick
from chapter_style import MyDense, MyLinear, MyMomentum, MySGD, MySigmoid, MySquaredError
from glassbrick import SGD, Dense, Linear, MeanSquaredError, NeuralNetwork, Sigmoid, Trainer
from glassbrick.cli.chapter_models import MODELS
from glassbrick.datasets import load_boston
from networks import SEED, make_data, params_of, same_params

PRINTED = {
    0: ([30.293, 28.469, 26.293, 25.541, 25.087], "3.52", "5.01"),
    1: ([27.435, 21.839, 18.918, 17.195, 16.215], "2.60", "4.03"),
    2: ([44.143, 25.278, 22.339, 16.500, 14.655], "2.45", "3.83"),
}


def expected_output(hidden_layers):
    losses, mae, rmse = PRINTED[hidden_layers]
    lines = [
        f"Validation loss after {10 * (i + 1)} epochs is {loss:.3f}"
        for i, loss in enumerate(losses)
    ]
    lines += ["", f"Mean absolute error: {mae}", f"Root mean squared error {rmse}"]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def split_by_scikit_learn():
    """The chapter's own way to its data, scikit-learn's scaler and split included."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    boston = load_boston()
    data = StandardScaler().fit_transform(boston.data)
    return train_test_split(data, boston.target, test_size=0.3, random_state=80718)


@pytest.mark.parametrize("hidden_layers", [0, 1, 2])
def test_the_21_numbers(hidden_layers, engine, split_by_scikit_learn, capsys):
    X_train, X_test, y_train, y_test = split_by_scikit_learn
    y_train, y_test = glassbrick.to_2d_np(y_train), glassbrick.to_2d_np(y_test)
    hidden = [Dense(neurons=13, activation=Sigmoid()) for _ in range(hidden_layers)]
    net = NeuralNetwork(
        layers=[*hidden, Dense(neurons=1, activation=Linear())],
        loss=MeanSquaredError(),
        seed=SEED,
    )
    trainer = Trainer(net, SGD(lr=0.01), engine=engine)
    trainer.fit(X_train, y_train, X_test, y_test, epochs=50, eval_every=10, seed=SEED)
    print()
    glassbrick.eval_regression_model(net, X_test, y_test)
    assert capsys.readouterr().out == expected_output(hidden_layers)


def test_the_command_compares_with_the_same_numbers():
    for model in MODELS:
        losses, mae, rmse = PRINTED[model.hidden_layers]
        assert model.losses == tuple(f"{loss:.3f}" for loss in losses)
        assert (model.mae, model.rmse) == (mae, rmse)


def test_the_split_needs_no_scikit_learn(split_by_scikit_learn):
    theirs = split_by_scikit_learn
    ours = load_boston().chapter_split()
    for a, b in zip(ours, theirs, strict=True):
        assert np.allclose(a, b.reshape(a.shape), rtol=1e-13, atol=1e-13)
    assert [a.shape for a in ours] == [(354, 13), (152, 13), (354, 1), (152, 1)]


def test_the_data():
    boston = load_boston()
    assert list(boston.feature_names[[0, -2, -1]]) == ["CRIM", "B", "LSTAT"]
    assert boston.target[:3].tolist() == [24.0, 21.6, 34.7]
    assert "Column B" in boston.ethics_note
    assert "segregation" in boston.ethics_note


def test_blocks_in_the_chapters_style_give_the_same_parameters(boston_split):
    X_train, X_test, y_train, y_test = boston_split
    theirs = NeuralNetwork(
        [MyDense(13, MySigmoid()), MyDense(1, MyLinear())], MySquaredError(), seed=SEED
    )
    ours = NeuralNetwork([Dense(13), Dense(1, "linear")], MeanSquaredError(), seed=SEED)
    for net, optimizer in ((theirs, MySGD(lr=0.01)), (ours, SGD(lr=0.01))):
        # The layers of one draw from the network's stream, of the other from their own: so
        # that the shuffles agree, parameters are drawn before and kept.
        net.build(13)
        trainer = Trainer(net, optimizer)
        trainer.fit(X_train, y_train, X_test, y_test, epochs=5, restart=False, verbose=False)
    for a, b in zip(theirs.params(), ours.params(), strict=True):
        assert np.allclose(a, b, rtol=1e-9, atol=1e-12)


def test_the_books_own_loop_gives_the_same_parameters(boston_split, monkeypatch):
    """A whole system in the book's style, trained by itself, against ours."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    import book_style as book

    X_train, X_test, y_train, y_test = boston_split
    theirs = book.NeuralNetwork(
        [book.Dense(13, book.Sigmoid()), book.Dense(1, book.Linear())],
        book.MeanSquaredError(),
        seed=SEED,
    )
    state = np.random.get_state()
    losses = book.Trainer(theirs, book.SGD(lr=0.01)).fit(
        X_train, y_train, X_test, y_test, epochs=20, eval_every=10, batch_size=32, seed=SEED
    )
    np.random.set_state(state)
    ours = NeuralNetwork([Dense(13), Dense(1, "linear")], MeanSquaredError(), seed=SEED)
    history = Trainer(ours, SGD(lr=0.01)).fit(
        X_train, y_train, X_test, y_test, epochs=20, seed=SEED, verbose=False
    )
    assert [history.val_loss[9], history.val_loss[19]] == pytest.approx(losses, rel=1e-10)
    for a, b in zip(theirs.params(), ours.params(), strict=True):
        assert np.allclose(a, b, rtol=1e-9, atol=1e-12)
    del sys.modules["book_style"]


def test_an_optimizer_with_memory_starts_anew_with_the_fit():
    X, y = make_data()
    net = NeuralNetwork([Dense(4), Dense(1)], MeanSquaredError(), rng=0)
    trainer = Trainer(net, MyMomentum(lr=0.01))
    results = []
    for _ in range(2):
        trainer.fit(X, y, epochs=3, verbose=False)
        results.append(params_of(net))
    assert same_params(*results)
