"""Populations: each member ends as it would have ended alone."""

from __future__ import annotations

import math
import re
from concurrent.futures import Future
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import pyplot as plt
from rich.progress import Progress as RichProgress
from sklearn.model_selection import GroupKFold, KFold

from glassbrick import (
    LBFGS,
    SGD,
    AdamW,
    ArgumentError,
    ArgumentTypeError,
    BatchNorm,
    Callback,
    CosineDecay,
    Dense,
    DivergenceError,
    Dropout,
    EarlyStopping,
    ExponentialDecay,
    History,
    Huber,
    LambdaCallback,
    LeakyReLU,
    MeanSquaredError,
    NeuralNetwork,
    Operation,
    Population,
    ReduceLROnPlateau,
    Residual,
    ShapeError,
    Trainer,
)
from glassbrick.engines import AutoEngine, Job
from glassbrick.engines.xla import cohort, population
from glassbrick.population.scaling import Scaling
from glassbrick.training.together import Given, fit_together
from networks import make_data

X, y = make_data(rows=37)
X_val, y_val = make_data(rows=23, seed=1)
DATA = Given(X, y, X_val, y_val)


def make(seed=0, lr=0.05, engine="numpy"):
    layers = [Dense(4, "tanh"), Dense(1, "linear")]
    return Trainer(NeuralNetwork(layers, MeanSquaredError(), rng=seed), SGD(lr), engine=engine)


def alone(trainer, given=DATA, **settings):
    """Train one by itself, as `fit_together` trains it among others."""
    try:
        return trainer.fit(
            *(given.X, given.y, given.X_test, given.y_test),
            sample_weight=given.sample_weight,
            sample_weight_test=given.sample_weight_test,
            verbose=False,
            **settings,
        )
    except DivergenceError as error:
        return error


def assert_same(together, single, trainer, lone):
    """Whether a member ended as the same network that was trained alone."""
    assert type(together) is type(single)
    if isinstance(single, DivergenceError):
        assert str(together) == str(single)
        assert (together.epoch, together.batch) == (single.epoch, single.batch)
        together, single = together.history, single.history
    assert together.keys() == single.keys()
    for name in single:
        np.testing.assert_allclose(together[name], single[name], rtol=1e-10, atol=1e-10)
    for name in ("evaluated", "best_epoch", "stop_reason", "engine"):
        assert getattr(together, name) == getattr(single, name)
    for param, other in zip(trainer.net.params(), lone.net.params(), strict=True):
        np.testing.assert_allclose(param, other, rtol=1e-10, atol=1e-10)


def test_each_member_ends_as_it_would_have_alone(engine, monkeypatch):
    monkeypatch.setattr(cohort, "_FEWEST", 1)  # so that there are several shards
    rates = [0.05, 0.1, 1e300, 0.02]  # the third one diverges
    settings = {"epochs": 30, "eval_every": 1, "patience": 2, "batch_size": 8}
    trainers = [make(seed, lr, engine) for seed, lr in enumerate(rates)]
    outcomes = fit_together(trainers, DATA, **settings)
    for k, lr in enumerate(rates):
        lone = make(k, lr, engine)
        assert_same(outcomes[k], alone(lone, **settings), trainers[k], lone)
    assert isinstance(outcomes[2], DivergenceError)
    assert len({history.epochs for history in outcomes if isinstance(history, History)}) > 1


@pytest.mark.parametrize("given", [DATA, Given(X, y)])
def test_what_nobody_hears_of_is_told_all_the_same(given, engine):
    """Where losses are looked at after each seventh epoch, and the engine runs ahead until then."""
    factors = 1.0, 0.9, 1.8  # the last one diverges

    def grows(seed):
        layers = [Dense(4, "relu"), Dense(1, "linear")]
        net = NeuralNetwork(layers, MeanSquaredError(), rng=seed)
        return Trainer(net, SGD(ExponentialDecay(0.01, factors[seed])), engine=engine)

    settings = {"epochs": 40, "eval_every": 7, "patience": None, "batch_size": 8}
    trainers = [grows(seed) for seed in range(3)]
    outcomes = fit_together(trainers, given, **settings)
    for seed, trainer in enumerate(trainers):
        lone = grows(seed)
        single = alone(lone, given, **settings)
        assert_same(outcomes[seed], single, trainer, lone)
    assert [isinstance(outcome, DivergenceError) for outcome in outcomes] == [False, False, True]
    assert (outcomes[2].epoch, outcomes[2].batch) == (9, 4)  # of 5 batches, on both engines


def test_parameters_may_be_the_first_that_are_not_finite(engine):
    settings = {"epochs": 10, "eval_every": 7, "batch_size": 64}  # one batch, whose loss is finite
    large = Given(100.0 * X, 100.0 * y)
    trainers = [make(0, 1e-9, engine), make(1, 1e308, engine)]
    outcomes = fit_together(trainers, large, **settings)
    lone = make(1, 1e308, engine)
    assert_same(outcomes[1], alone(lone, large, **settings), trainers[1], lone)
    assert "epoch 1, batch 1, at learning rate 1e+308: a parameter" in str(outcomes[1])
    assert outcomes[0].epochs == 10


def test_who_diverges_in_the_steps_that_make_state_leaves(engine):
    def remembers(seed):
        net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=seed)
        return Trainer(net, SGD(0.01, momentum=0.9), engine=engine)

    given = [DATA, Given(X, 1e200 * y, X_val, y_val), DATA]
    outcomes = fit_together([remembers(seed) for seed in range(3)], given, epochs=4)
    assert (outcomes[1].epoch, outcomes[1].batch) == (1, 1)
    assert [outcomes[k].epochs for k in (0, 2)] == [4, 4]


def test_who_wants_to_hears_of_each_epoch(engine):
    class Hearer(Callback):
        """Looks at no network, so that an engine can run ahead."""

        is_spectator = True

        def __init__(self):
            self.heard = []

        def on_epoch_end(self, epoch, logs):
            self.heard.append((epoch, logs["loss"], logs["val_loss"]))

    hearers = [Hearer(), Hearer()]
    trainers = [make(k, engine=engine) for k in range(2)]
    settings = {"epochs": 9, "eval_every": 4, "patience": None}
    outcomes = fit_together(trainers, DATA, callbacks=lambda k: [hearers[k]], **settings)
    for history, hearer in zip(outcomes, hearers, strict=True):
        assert hearer.heard == list(zip(range(1, 10), history.loss, history.val_loss, strict=True))


# What members may differ in. Each case makes member k.


def rich_net(k):
    """Penalties, normalization, dropout at rates of their own, and a schedule with momentum."""
    layers = [
        Dense(6, "tanh", l2=0.01 * k, l1=0.001),
        BatchNorm(),
        Dropout(0.1 + 0.2 * k),
        Dense(4, LeakyReLU(0.1 * (k + 1))),
        Dense(1, "linear"),
    ]
    optim = SGD(
        CosineDecay(0.02 * (k + 1)),
        momentum=0.5 + 0.1 * k,
        weight_decay=0.01 * k,
        clip_norm=1.0 + k,
    )
    return Trainer(NeuralNetwork(layers, Huber(1.0 + k), rng=k), optim, engine="xla")


def adam_net(k):
    """Moving averages, of gradients and of parameters."""
    layers = [Dense(5, "gelu"), Residual([Dense(5, "relu")]), Dense(1, "linear")]
    optim = AdamW(0.01, betas=(0.9 - 0.1 * k, 0.99), ema=0.8 + 0.05 * k, weight_decay=0.1 * (k + 1))
    return Trainer(NeuralNetwork(layers, MeanSquaredError(), rng=k), optim, engine="xla")


def other_nets(k):
    """Networks of different sizes, which no program can train together."""
    layers = [Dense(3 + k, "sigmoid"), Dense(1, "linear")]
    return Trainer(NeuralNetwork(layers, MeanSquaredError(), seed=k), SGD(0.05), engine="xla")


class Halved(Operation):
    """Decides by a number what to do, which cannot be compiled if that number is an input."""

    def __init__(self, factor):
        self.factor = factor

    def _output(self):
        return self.input_ * (self.factor if self.factor > 0.3 else 0.5)

    def _input_grad(self, output_grad):
        return output_grad * (self.factor if self.factor > 0.3 else 0.5)


def deciding_nets(k):
    layers = [Dense(4, "tanh"), Halved([0.2, 0.9, 0.9][k]), Dense(1, "linear")]
    return Trainer(NeuralNetwork(layers, MeanSquaredError(), rng=k), SGD(0.05), engine="xla")


class WithTime(SGD):
    """Makes its rate smaller by itself."""

    def step(self):
        super().step()
        self.lr = self.lr * 0.99


def self_changing(k):
    layers = [Dense(4, "tanh"), Dense(1, "linear")]
    return Trainer(
        NeuralNetwork(layers, MeanSquaredError(), rng=k), WithTime(0.1 / (k + 1)), engine="xla"
    )


CASES = [(rich_net, 2, 1), (adam_net, 2, 1), (other_nets, 2, 2), (deciding_nets, 3, 2)]
CASES += [(self_changing, 2, 1)]


@pytest.mark.parametrize(("case", "members", "cohorts"), CASES)
def test_members_may_differ_in_numbers_and_more(case, members, cohorts, monkeypatch):
    formed = []
    form = population.form_cohorts

    def counting(*args):
        formed.append(form(*args))
        return formed[-1]

    monkeypatch.setattr(population, "form_cohorts", counting)
    settings = {"epochs": 7, "eval_every": 3, "batch_size": 8, "patience": None, "metrics": ["mae"]}
    weighed = Given(X, y, X_val, y_val, np.linspace(0.5, 1.5, 37), np.linspace(1.5, 0.5, 23))
    trainers = [case(k) for k in range(members)]
    outcomes = fit_together(trainers, weighed, **settings)
    assert [len(found) for found in formed] == [cohorts]
    for k in range(members):
        lone = case(k)
        assert_same(outcomes[k], alone(lone, weighed, **settings), trainers[k], lone)


def test_each_may_have_data_of_its_own(engine):
    both, targets = np.concatenate([X, X_val])[:41], np.concatenate([y, y_val])[:41]
    splits = KFold(4, shuffle=True, random_state=0).split(both)
    folds = [Given(both[a], targets[a], both[b], targets[b]) for a, b in splits]
    settings = {"epochs": 3, "batch_size": 8, "eval_every": 1}
    trainers = [make(k, engine=engine) for k in range(4)]
    outcomes = fit_together(trainers, folds, **settings)
    for k, given in enumerate(folds):
        lone = make(k, engine=engine)
        assert_same(outcomes[k], alone(lone, given, **settings), trainers[k], lone)


def test_callbacks_are_made_for_each():
    told = []

    def callbacks(k):
        return [LambdaCallback(on_epoch_end=lambda epoch, logs: told.append((k, epoch)))]

    fit_together([make(0), make(1)], DATA, epochs=2, callbacks=callbacks)
    assert sorted(told) == [(0, 1), (0, 2), (1, 1), (1, 2)]


def test_what_cannot_be_used_is_refused():
    trainer = make()
    with pytest.raises(ArgumentError, match="at least one"):
        fit_together([], DATA)
    with pytest.raises(ArgumentError, match=r"trainers\[1\]: expected another network"):
        fit_together([trainer, trainer], DATA)
    with pytest.raises(ArgumentError, match="one for each trainer"):
        fit_together([trainer], [DATA, DATA])
    with pytest.raises(ArgumentTypeError, match="callbacks=lambda k"):
        fit_together([trainer], DATA, callbacks=[EarlyStopping()])
    shared = LambdaCallback()
    with pytest.raises(ArgumentError, match="of member 1: expected new ones"):
        fit_together([make(), make()], DATA, callbacks=lambda _: [shared])
    with pytest.raises(ShapeError, match="member 1"):
        fit_together([make(), make()], [DATA, Given(X, y, X_val[:, :2], y_val)], epochs=1)


# Interrupts, and other errors.


class Pressed(Callback):
    """Presses Ctrl-C at the end of an epoch, or does something else that is wrong."""

    def __init__(self, epoch, error):
        self.epoch, self.error = epoch, error

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise self.error


def test_an_interrupt_ends_all_and_each_keeps_its_best(engine):
    trainers = [make(k, engine=engine) for k in range(3)]

    def callbacks(k):
        return [Pressed(4, KeyboardInterrupt)] if k == 1 else []

    outcomes = fit_together(
        trainers, DATA, epochs=9, eval_every=1, patience=None, callbacks=callbacks
    )
    assert outcomes[1].stop_reason == "interrupted"
    assert outcomes[1].epochs == 4
    assert {outcome.stop_reason for outcome in outcomes} <= {"interrupted", "completed"}
    for trainer, outcome in zip(trainers, outcomes, strict=True):
        if outcome.best_epoch is None:
            continue
        loss = trainer.net.loss_of(trainer.net.predict(X_val), y_val)
        assert loss == pytest.approx(outcome.best_loss, rel=1e-12)


def test_any_other_error_is_raised_and_all_are_left_in_order(engine):
    trainers = [make(k, engine=engine) for k in range(3)]

    def callbacks(k):
        return [Pressed(2, ZeroDivisionError("no"))] if k == 2 else []

    with pytest.raises(ZeroDivisionError, match="no"):
        fit_together(trainers, DATA, epochs=9, callbacks=callbacks)
    for trainer in trainers:
        assert trainer.history.stop_reason in ("running", "completed")
        trainer.fit(X, y, epochs=1, verbose=False)


def test_what_callbacks_change_is_heeded(engine):
    def callbacks(_):
        return [ReduceLROnPlateau("val_loss", patience=1, factor=0.3, min_delta=10.0)]

    settings = {"epochs": 5, "eval_every": 2, "patience": None}
    trainers = [make(k, engine=engine) for k in range(2)]
    outcomes = fit_together(trainers, DATA, callbacks=callbacks, **settings)
    for k in range(2):
        lone = make(k, engine=engine)
        assert_same(outcomes[k], alone(lone, callbacks=callbacks(k), **settings), trainers[k], lone)
    assert outcomes[0]["lr"][-1] < outcomes[0]["lr"][0]


def test_batch_hooks_and_lbfgs_have_their_way_in_company():
    batches = []
    by_scipy = Trainer(make(3).net, LBFGS())

    def callbacks(k):
        told = LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
        return [told] if k == 0 else []

    outcomes = fit_together([make(0), make(1), by_scipy], DATA, epochs=2, callbacks=callbacks)
    assert batches == [1, 2, 1, 2]
    lone = Trainer(make(3).net, LBFGS())
    assert_same(outcomes[2], alone(lone, epochs=2), by_scipy, lone)


def test_auto_decides_by_the_work_of_all():
    settings = {"epochs": 400, "eval_every": 400}
    few = fit_together([make(0)], DATA, engine="auto", **settings)
    assert few[0].engine == "numpy"
    jobs = [_job(make(k), 400) for k in range(1000)]
    chosen, reason = AutoEngine().choose_together(jobs)
    assert chosen.name == "xla"
    assert reason.startswith("auto: compiling takes")


def _job(trainer, epochs):
    trainer.net.build(3)
    return Job(trainer.net, trainer.optim, X, y, None, 8, epochs)


def test_progress_tells_how_many_are_done(capsys):
    fit_together([make(0), make(1, lr=1e300)], DATA, epochs=10, eval_every=1, verbose="lines")
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("100 % of the epochs: 2 of 2 networks, best loss ")
    assert lines[-1].endswith(", 1 diverged")


def test_the_last_state_of_the_bar_stays_and_few_are_drawn(capsys, monkeypatch):
    drawn, update = [], RichProgress.update

    def counted(bar, task, **state):
        drawn.append(state["completed"])
        update(bar, task, **state)

    monkeypatch.setattr(RichProgress, "update", counted)
    monkeypatch.setattr("glassbrick.training.members_progress.time.monotonic", lambda: 7.0)
    monkeypatch.setenv("COLUMNS", "100")
    fit_together([make(0), make(1)], DATA, epochs=10, eval_every=1, patience=None, verbose="bar")
    assert drawn == [1 / 20, 1.0]  # the clock stands still: after the first epoch, and at the end
    out = capsys.readouterr().out
    assert "100%" in out
    assert "2 of 2 networks, best loss " in out


# Population.


def make_with(seed, lr, width=4):
    layers = [Dense(width, "tanh"), Dense(1, "linear")]
    return Trainer(NeuralNetwork(layers, MeanSquaredError(), rng=seed), SGD(lr))


def test_a_population_is_the_grid_of_settings_folds_and_seeds():
    some = Population(make_with, seeds=2, settings={"lr": [0.01, 0.05, 1e300]}, folds=3)
    result = some.fit(X, y, epochs=4, patience=None, metrics=["r2"], verbose=False)
    assert len(result.members) == 2 * 3 * 3
    assert [group.settings["lr"] for group in result.groups] == [0.05, 0.01, 1e300]
    assert [group.diverged for group in result.groups] == [0, 0, 6]
    best = result.best
    losses = np.array([member.history.best_loss for member in best.members])
    assert best.mean == pytest.approx(losses.mean())
    folds = losses.reshape(3, 2).mean(axis=1)
    assert best.standard_error == pytest.approx(folds.std(ddof=1) / 3**0.5)
    assert best.std == pytest.approx(losses.std(ddof=1))
    assert result.best_member.history.best_loss == losses.min()
    assert result.by("val_r2").best.settings == best.settings
    assert math.isnan(result.groups[2].mean)
    validated = sorted(len(given.X_test) for given in some._data(X, y, None, None)[0])
    assert validated == [12, 12, 13]


def test_each_member_is_the_network_that_its_fold_alone_gives():
    some = Population(make_with, seeds=[5], settings=[{"lr": 0.1}], folds=KFold(4))
    result = some.fit(X, y, epochs=3, verbose=False)
    for member, (train, test) in zip(result.members, KFold(4).split(X), strict=True):
        lone = make_with(5, 0.1)
        given = Given(X[train], y[train], X[test], y[test])
        single = alone(lone, given, epochs=3, seed=5)
        assert member.seed == 5
        assert_same(member.outcome, single, member.trainer, lone)


def test_predictions_are_those_of_the_best_settings_scaled_as_they_were():
    far = 100.0 * X + 7.0
    some = Population(make_with, seeds=3, settings={"lr": [1e-9, 0.1]}, standardize=True)
    result = some.fit(far, y, 100.0 * X_val + 7.0, y_val, epochs=5, verbose=False)
    each = result.best.predict_each(100.0 * X_val + 7.0)
    assert each.shape == (3, 23, 1)
    np.testing.assert_allclose(result.predict(100.0 * X_val + 7.0), each.mean(axis=0))
    scaled = (100.0 * X_val + 7.0 - far.mean(axis=0)) / far.std(axis=0)
    np.testing.assert_allclose(each[0], result.best.members[0].net.predict(scaled))
    assert float(np.mean((each[0] - y_val) ** 2)) == pytest.approx(result.best.scores[0])


def test_a_result_prints_at_80_columns_and_in_notebooks():
    some = Population(make_with, seeds=2, settings={"lr": [0.05, 1e300], "width": [3, 4]})
    result = some.fit(X, y, X_val, y_val, epochs=2, verbose=False)
    text = str(result)
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith("8 networks: 4 settings, 2 seeds\n")
    assert re.search(r"^ *0.05 +\d +\d\.\d+ +\d\.\d+ +\d\.\d+ +2$", text, re.MULTILINE)
    assert re.search(r"^1e\+300 +\d +2 of 2$", text, re.MULTILINE)
    html = result._repr_html_()
    assert html.count("<tr>") == 5
    assert "2 of 2" in html
    records = result.to_dict()
    assert records[0]["lr"] == 0.05
    assert records[0]["stop_reason"] == "completed"
    assert math.isnan(records[-1]["val_loss"])
    assert result.to_frame().groupby("lr")["val_loss"].mean()[0.05] > 0.0


def test_a_result_is_drawn():
    one = Population(make_with, seeds=2, settings={"lr": [0.001, 0.01, 0.1]})
    axes = one.fit(X, y, X_val, y_val, epochs=2, verbose=False).plot()
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale()) == ("lr", "val loss", "log")
    two = Population(make_with, seeds=2, settings={"lr": [0.01, 1e300], "width": [3, 4]})
    axes = two.fit(X, y, X_val, y_val, epochs=2, verbose=False).plot()
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0].startswith("lr 0.01, width ")
    assert [text.get_text() for text in axes.texts] == ["all 2 diverged"] * 2
    plt.close("all")


def test_a_population_refuses_what_it_cannot_use():
    with pytest.raises(ArgumentError, match=r"expected a function of seed, rate; received"):
        Population(make_with, settings={"rate": [0.1]})
    with pytest.raises(ArgumentTypeError, match="expected a list of values"):
        Population(make_with, settings={"lr": 0.1})
    with pytest.raises(ArgumentError, match="each once"):
        Population(make_with, seeds=[1, 1], settings={"lr": [0.1]})
    same = Population(lambda seed: make_with(0, 0.1), seeds=2)
    with pytest.raises(ArgumentError, match=r"random numbers follow from the seed.*rng=seed"):
        same.fit(X, y, verbose=False)
    with pytest.raises(ArgumentTypeError, match="to return a Trainer"):
        Population(lambda seed: seed).fit(X, y, verbose=False)
    folded = Population(make_with, settings={"lr": [0.1]}, folds=3)
    with pytest.raises(ArgumentError, match="Leave out X_test and y_test, or folds"):
        folded.fit(X, y, X_val, y_val)
    for folds in (1, 99, [([0], [99])], [], "all", KFold):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="Population, folds"):
            Population(make_with, settings={"lr": [0.1]}, folds=folds).fit(X, y, verbose=False)


def test_what_a_recipe_is_refused_for_names_the_settings():
    trained = Population(make_with, seeds=1, settings={"lr": [0.1, -1.0]})
    with pytest.raises(ArgumentError, match=r"^Population, make\(0, lr=-1\.0\): SGD, lr: "):
        trained.fit(X, y, epochs=1, verbose=False)
    with pytest.raises(ArgumentError, match=r'^Population, engine: .*"auto"; received'):
        Population(make_with, engine="cuda")


def noisy(seed=0):
    """Data that a network soon learns by heart, so that its best epoch is not the last."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((40, 3))
    noise = random.integers(0, 2, (40, 1)).astype(float)
    return Given(rows[:25], noise[:25], rows[25:], noise[25:])


def test_scipy_ends_in_company_as_it_does_alone():
    trainers = [Trainer(make(k).net, LBFGS()) for k in range(2)]
    settings = {"epochs": 12, "eval_every": 1, "patience": None}
    outcomes = fit_together(trainers, noisy(), **settings)
    for k, trainer in enumerate(trainers):
        lone = Trainer(make(k).net, LBFGS())
        single = alone(lone, noisy(), **settings)
        assert single.best_epoch < single.epochs
        assert_same(outcomes[k], single, trainer, lone)


def test_all_settings_reach_each_member(engine):
    settings = {"epochs": 8, "eval_every": 2, "batch_size": 6, "patience": 1}
    weighed = {"class_weight": {0: 1.0, 1: 5.0}, "metrics": ["mae"]}
    usual = make(0, engine=engine)
    plain = alone(usual, noisy(), **settings)
    for more in (weighed, {"min_delta": 10.0}, {"restart": False}):
        trainers, lone = [make(k, engine=engine) for k in range(2)], make(0, engine=engine)
        if "restart" in more:
            for trainer in (*trainers, lone):
                alone(trainer, noisy(), epochs=2)
        outcomes = fit_together(trainers, noisy(), **settings, **more)
        single = alone(lone, noisy(), **settings, **more)
        assert single["loss"] != plain["loss"]
        assert_same(outcomes[0], single, trainers[0], lone)


def test_each_learns_in_the_dtype_of_its_data():
    double = noisy()
    names = ("X", "y", "X_test", "y_test")
    data = [double, Given(*(getattr(double, name).astype(np.float32) for name in names))]
    trainers = [make(k) for k in range(2)]
    fit_together(trainers, data, epochs=1)
    assert [trainer.net.dtype for trainer in trainers] == [np.float64, np.float32]
    fit_together(trainers, double, epochs=30, restart=False)
    lone = make(1)
    alone(lone, data[1], epochs=1)
    alone(lone, double, epochs=30, restart=False)
    for param, other in zip(trainers[1].net.params(), lone.net.params(), strict=True):
        assert np.array_equal(param, other)


def test_scores_are_those_of_the_parameters_that_were_kept():
    def callbacks(_):
        return [EarlyStopping(patience=3, restore_best=False)]

    data = noisy()
    some = Population(make_with, seeds=2, settings=[{"lr": 0.3}])
    result = some.fit(*list(vars(data).values())[:4], epochs=40, callbacks=callbacks, verbose=False)
    for member in result.members:
        assert member.history.best_epoch < member.history.epochs
        loss = member.net.loss_of(member.net.predict(data.X_test), data.y_test)
        assert member.score("val_loss") == pytest.approx(loss)
    assert result.best.epochs == np.mean([member.history.epochs for member in result.members])


def test_columns_are_scaled_also_if_they_never_change():
    rows = np.column_stack([np.full(20, 0.1), np.arange(20.0)])
    scaling = Scaling(rows)
    np.testing.assert_allclose(scaling(rows)[:, 0], 0.0, atol=0.0)
    np.testing.assert_allclose(scaling([[0.2, 9.5]]), [[0.1, 0.0]])
    with pytest.raises(ShapeError, match="Population, X: expected 2 columns, as in training"):
        scaling(rows[:, :1])


def test_folds_can_be_gone_through_again():
    some = Population(make_with, seeds=1, settings=[{"lr": 0.1}], folds=KFold(3).split(X))
    first, second = (some.fit(X, y, epochs=2, verbose=False) for _ in range(2))
    assert first.best.mean == second.best.mean
    assert len(second.members) == 3


@pytest.mark.parametrize(
    ("folds", "said"),
    [
        ([([0, 1, [2]], [3])], r"Population, folds\[0\]: expected a number of folds"),
        (KFold(99), r"Population, folds: KFold\(n_splits=99.* cannot split the rows"),
        (GroupKFold(2), r"list\(splitter\.split\(X, y, groups\)\)"),
    ],
)
def test_folds_that_there_are_not(folds, said):
    some = Population(make_with, settings=[{"lr": 0.1}], folds=folds)
    with pytest.raises((ArgumentError, ArgumentTypeError), match=said):
        some.fit(X, y, epochs=1, verbose=False)


def test_callbacks_that_there_are_not_name_the_member():
    with pytest.raises(ArgumentTypeError, match=r"^member 1: fit, callbacks: expected a list"):
        fit_together([make(0), make(1)], DATA, callbacks=lambda k: None if k else [], epochs=1)


def test_no_shard_gets_more_members_than_it_was_compiled_for(monkeypatch):
    """Where one that has few is busy, and many of the others wait."""
    some = object.__new__(cohort.Cohort)
    places = [SimpleNamespace(remaining=1, is_busy=number == 0) for number in range(16)]
    some.places, some._size, some._run = places, 8, None
    some._busy, some._idle = {Future(): (None, places[:1])}, [None, None]
    shares = []
    monkeypatch.setattr(cohort.Cohort, "_part", lambda *_: SimpleNamespace(epochs=1))
    monkeypatch.setattr(cohort.Cohort, "_work", lambda self, places, epochs: len(places))
    pool = SimpleNamespace(submit=lambda _train, _run, work, _part: shares.append(work) or Future())
    monkeypatch.setattr(some, "_idle", [SimpleNamespace(train=None)] * 2)
    some.begin(pool)
    assert shares == [8]
