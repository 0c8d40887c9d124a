"""The search for a learning rate: it finds a good one, and changes nothing."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

import glassbrick as gb
from glassbrick import SGD, Adam, Dense, GlassbrickError, NeuralNetwork, Trainer, datasets
from networks import make_data, make_net, make_trainer, params_of, same_params

X, y = make_data(rows=200)


def test_nothing_is_changed():
    trainer = Trainer(make_net(), Adam(lr=0.01))
    trainer.fit(X, y, epochs=2, verbose=False)
    before, state = params_of(trainer.net), [np.copy(a) for a in trainer.optim._memory[0]]
    trainer.find_lr(X, y)
    assert same_params(before, params_of(trainer.net))
    assert all(np.array_equal(a, b) for a, b in zip(state, trainer.optim._memory[0], strict=True))
    assert trainer.optim.lr == 0.01
    assert trainer.history.epochs == 2
    unbuilt = make_trainer()
    unbuilt.find_lr(X, y, steps=20)
    assert not unbuilt.net.is_built


@pytest.mark.parametrize("optim", [SGD, Adam])
def test_the_suggestion_is_a_good_one(optim):
    X_train, _, y_train, _ = datasets.load_boston().chapter_split()
    layers = [Dense(32, "relu"), Dense(1, "linear")]
    trainer = Trainer(NeuralNetwork(layers, gb.MeanSquaredError(), rng=0), optim())
    search = trainer.find_lr(X_train, y_train)
    rates = {"suggested": search.suggestion, "a hundredth": search.suggestion / 100}
    losses = {}
    for name, rate in rates.items():
        trainer.optim.lr = rate
        losses[name] = trainer.fit(X_train, y_train, epochs=20, verbose=False).loss[-1]
    assert losses["suggested"] < 25
    assert losses["suggested"] < 0.5 * losses["a hundredth"]


@pytest.mark.parametrize("optim", [SGD, Adam])
@pytest.mark.parametrize("seed", range(4))
def test_batches_that_scatter_do_not_mislead_it(optim, seed):
    X_train, _, y_train, _ = datasets.load_boston().chapter_split()
    y_train = (y_train - y_train.mean()) / y_train.std()
    layers = [Dense(64, "relu"), Dense(1, "linear")]
    trainer = Trainer(NeuralNetwork(layers, gb.MeanSquaredError(), rng=seed), optim())
    trainer.optim.lr = trainer.find_lr(X_train, y_train).suggestion
    losses = trainer.fit(X_train, y_train, epochs=15, verbose=False).loss
    assert losses[-1] < 0.25 * losses[0]


def test_what_is_told():
    search = make_trainer().find_lr(X, y, lowest=1e-5, highest=1e3, steps=100)
    assert 5 <= len(search.rates) == len(search.losses) == len(search.smoothed) <= 100
    assert np.allclose(np.diff(np.log(search.rates)), np.log(1e8) / 99)
    assert search.suggestion in search.rates
    assert repr(search).startswith("RateSearch(steps=")
    assert search.losses[0] == pytest.approx(search.smoothed[0])


def test_the_plot(tmp_path):
    with mpl.rc_context({"backend": "agg"}):
        from matplotlib import pyplot

        axes = make_trainer().find_lr(X, y).plot()
        assert axes.get_xscale() == "log"
        assert any("suggestion" in text.get_text() for text in axes.get_legend().get_texts())
        axes.figure.savefig(tmp_path / "plot.png")
        assert make_trainer().find_lr(X, y).plot(axes) is axes
        pyplot.close("all")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"lowest": 0.0}, "find_lr, lowest"),
        ({"lowest": 2.0, "highest": 1.0}, "find_lr, highest"),
        ({"steps": 0}, "find_lr, steps"),
        ({"batch_size": 0}, "find_lr, batch_size"),
        ({"lowest": 1e8, "highest": 1e9}, "begin with lowest"),
    ],
)
def test_settings(settings, words):
    with pytest.raises(GlassbrickError, match=words):
        make_trainer().find_lr(X, y * 1e3, **settings)
