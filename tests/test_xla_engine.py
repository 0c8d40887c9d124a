"""The XLA engine: the same numbers, state found wherever it is, and nothing left behind."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassbrick as gb
from blocks import norm_error
from chapter_style import (
    MyDense,
    MyLinear,
    MyMomentum,
    MySGD,
    MySigmoid,
    MySquaredError,
)
from glassbrick import (
    SGD,
    Dense,
    GlassbrickError,
    Layer,
    Loss,
    MeanSquaredError,
    MissingExtraError,
    NeuralNetwork,
    Operation,
    Optimizer,
    Sigmoid,
    TracingError,
    Trainer,
)
from glassbrick.engines.xla import program
from glassbrick.engines.xla.tracing import TracedArray
from glassbrick.operations.by_name import ACTIVATIONS
from networks import make_data, make_net, make_trainer, params_of, same_params

X, y = make_data(rows=37)
SETTINGS = {"epochs": 4, "eval_every": 2, "batch_size": 8, "patience": None, "verbose": False}


def on_both(make_net, make_optim, X=X, y=y, **settings):
    """Train on both engines; return both networks and optimizers."""
    trained = []
    for engine in ("numpy", "xla"):
        trainer = Trainer(make_net(), make_optim(), engine=engine)
        history = trainer.fit(X, y, X[:9], y[:9], **(SETTINGS | settings))
        trained.append((trainer, history))
    return trained


def require_agreement(trained, tolerance=1e-12):
    (eager, expected), (compiled, history) = trained
    assert history.loss == pytest.approx(expected.loss, rel=tolerance)
    assert history.val_loss == pytest.approx(expected.val_loss, rel=tolerance)
    assert (history.evaluated, history.best_epoch) == (expected.evaluated, expected.best_epoch)
    for a, b in zip(compiled.net.params(), eager.net.params(), strict=True):
        assert type(a) is np.ndarray
        assert a.dtype == b.dtype
        assert np.allclose(a, b, rtol=tolerance, atol=tolerance)


def traced_arrays():
    """Those that are still alive somewhere."""
    gc.collect()
    return [thing for thing in gc.get_objects() if type(thing) is TracedArray]


# The chapter's style.


@pytest.mark.parametrize("optimizer", [MySGD, MyMomentum])
@pytest.mark.parametrize("hidden", [0, 1, 2])
def test_blocks_in_the_chapters_style_train_compiled(hidden, optimizer, boston_split):
    X_train, X_test, y_train, y_test = boston_split

    def net():
        layers = [MyDense(13, MySigmoid()) for _ in range(hidden)]
        return NeuralNetwork([*layers, MyDense(1, MyLinear())], MySquaredError(), seed=20190501)

    trained = []
    for engine in ("numpy", "xla"):
        trainer = Trainer(net(), optimizer(lr=0.001), engine=engine)
        history = trainer.fit(X_train, y_train, X_test, y_test, epochs=20, verbose=False)
        trained.append((trainer, history))
    require_agreement(trained)


# 100 random networks.


@pytest.mark.parametrize("optimizer", [SGD, MyMomentum])
@pytest.mark.parametrize("loss", [MeanSquaredError, MySquaredError])
@settings(max_examples=25)
@given(
    widths=st.lists(st.integers(1, 9), max_size=3),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    features=st.integers(1, 6),
    outputs=st.integers(1, 3),
    rows=st.integers(1, 40),
    batch_size=st.integers(1, 45),
    single=st.booleans(),
)
def test_random_networks_agree(
    widths, activation, features, outputs, rows, batch_size, single, loss, optimizer
):
    dtype, tolerance = (np.float32, 1e-5) if single else (np.float64, 1e-12)
    X, y = make_data(rows, features, outputs, dtype)
    params = []
    for engine in ("numpy", "xla"):
        hidden = [Dense(n, activation, weight_init="glorot_uniform") for n in widths]
        net = NeuralNetwork([*hidden, Dense(outputs, "linear")], loss(), rng=4)
        trainer = Trainer(net, optimizer(lr=1e-3), engine=engine)
        with np.errstate(under="ignore"):
            trainer.fit(X, y, epochs=2, batch_size=batch_size, verbose=False)
        params.append(params_of(net))
    for eager, compiled in zip(*params, strict=True):
        assert compiled.dtype == dtype
        assert norm_error(compiled, eager) <= tolerance


# State is found wherever it is held.


class Adam(Optimizer):
    """With its slots in a dict, its time as an array, and its helper in slots."""

    def __init__(self, lr=0.01):
        super().__init__(lr)
        self.reset()

    def reset(self):
        self.slots = {}
        self.time = np.zeros(())

    def step(self):
        self.time += 1.0
        for number, (param, grad) in enumerate(self.net.params_and_grads()):
            if number not in self.slots:
                self.slots[number] = Slot(np.zeros_like(param), [np.zeros_like(param)])
            slot = self.slots[number]
            slot.mean *= 0.9
            slot.mean += 0.1 * grad
            slot.square[0] = 0.999 * slot.square[0] + 0.001 * grad**2
            mean = slot.mean / (1.0 - 0.9**self.time)
            square = slot.square[0] / (1.0 - 0.999**self.time)
            param -= self.lr * mean / (np.sqrt(square) + 1e-8)


class Slot:
    __slots__ = ("mean", "square")

    def __init__(self, mean, square):
        self.mean, self.square = mean, square


class Rebinding(Optimizer):
    """Binds new arrays to its attributes, and to the parameters' names, in each step."""

    velocity = None
    pair = ()

    def reset(self):
        self.velocity, self.pair = None, ()

    def step(self):
        grads = list(self.net.param_grads())
        if self.velocity is None:
            self.velocity = [0.0 * grad for grad in grads]
        self.velocity = [0.9 * v + g for v, g in zip(self.velocity, grads, strict=True)]
        self.pair = (sum(np.sum(g * g) for g in grads), self.velocity[0])
        for layer in self.net.layers:
            for operation in layer.param_operations:
                grad = self.velocity[[p is operation.param for p in self.net.params()].index(True)]
                operation.param = operation.param - self.lr * grad


class Decaying(SGD):
    """Lowers its own learning rate in each step."""

    def step(self):
        super().step()
        self.lr *= 0.99


class Averaging(SGD):
    """Holds another optimizer, and an average that begins as a Python number."""

    def __init__(self, lr=0.01):
        super().__init__(lr)
        self.inner = MyMomentum(lr)
        self.average = 0.0

    def reset(self):
        self.inner.reset()
        self.average = 0.0

    def step(self):
        self.inner.net = self.net
        self.inner.step()
        self.average = 0.9 * self.average + 0.1 * next(self.net.params()).mean()


def numbers_in(thing):
    """All numbers that an optimizer holds, in order."""
    if isinstance(thing, np.ndarray | float):
        return [np.asarray(thing)]
    if isinstance(thing, dict):
        return [n for value in thing.values() for n in numbers_in(value)]
    if isinstance(thing, list | tuple):
        return [n for value in thing for n in numbers_in(value)]
    if isinstance(thing, Slot):
        return numbers_in([thing.mean, thing.square])
    if isinstance(thing, Optimizer):
        return numbers_in({k: v for k, v in sorted(vars(thing).items()) if k != "_net"})
    return []


@pytest.mark.parametrize("optimizer", [SGD, MyMomentum, Adam, Rebinding, Decaying, Averaging])
@pytest.mark.parametrize("batch_size", [8, 37, 50])
def test_optimizers_state_is_found(optimizer, batch_size):
    trained = on_both(make_net, lambda: optimizer(lr=0.02), batch_size=batch_size)
    require_agreement(trained)
    eager, compiled = (numbers_in(trainer.optim) for trainer, _ in trained)
    assert len(eager) == len(compiled) > 0
    for a, b in zip(eager, compiled, strict=True):
        assert np.allclose(a, b, rtol=1e-11, atol=1e-13)
    trainer = trained[1][0]
    assert type(trainer.optim.lr) is float
    for each, _ in trained:  # and goes on
        each.fit(X, y, X[:9], y[:9], **(SETTINGS | {"batch_size": batch_size}), restart=False)
    require_agreement([(each, each.fit(X, y, **SETTINGS)) for each, _ in trained])


class Normalize(Operation):
    """Subtracts a running mean; keeps scratch of the batch's shape, and its length."""

    def __init__(self, width):
        super().__init__()
        self.mean = np.zeros((1, width))
        self.count = np.zeros((), dtype=np.int64)
        self.history = {"last": None}

    def _output(self):
        self.positive = self.input_ > 0.0
        self.rows = len(self.input_)
        self.mean = 0.9 * self.mean + 0.1 * self.input_.mean(axis=0, keepdims=True)
        self.count += 1
        self.history["last"] = np.abs(self.input_).max()
        return self.input_ - self.mean * self.positive

    def _input_grad(self, output_grad):
        return output_grad * 1.0


class Normalized(Layer):
    def _setup_layer(self, input_):
        weights = self.rng.standard_normal((input_.shape[1], self.neurons))
        bias = np.zeros((1, self.neurons))
        from glassbrick import BiasAdd, WeightMultiply

        self.operations = [WeightMultiply(weights), BiasAdd(bias), Normalize(self.neurons)]


@pytest.mark.parametrize("batch_size", [8, 37])
def test_running_statistics_are_found(batch_size):
    def net():
        return NeuralNetwork([Normalized(4), Dense(1, "linear")], MeanSquaredError(), rng=2)

    trained = on_both(net, lambda: SGD(lr=0.01), batch_size=batch_size)
    require_agreement(trained)
    eager, compiled = (trainer.net.layers[0].operations[2] for trainer, _ in trained)
    assert np.allclose(eager.mean, compiled.mean, rtol=1e-12)
    assert eager.count == compiled.count
    assert compiled.count.dtype == np.int64
    assert np.allclose(eager.history["last"], compiled.history["last"], rtol=1e-12)


def test_the_arrays_stay_the_same_objects():
    trainer = Trainer(make_net(), Adam(), engine="xla")
    trainer.net.build(3)
    params, time_ = list(trainer.net.params()), trainer.optim.time
    before = params_of(trainer.net)
    trainer.fit(X, y, restart=False, **SETTINGS)
    assert all(a is b for a, b in zip(params, trainer.net.params(), strict=True))
    assert trainer.optim.time == 4 * 5
    assert not same_params(before, params_of(trainer.net))
    slots = trainer.optim.slots
    arrays = numbers_in(slots)
    trainer.fit(X, y, restart=False, **SETTINGS)
    assert all(a is b for a, b in zip(arrays, numbers_in(trainer.optim.slots), strict=True))
    assert trainer.optim.time is time_


def test_shared_arrays_stay_shared():
    class Shares(SGD):
        def reset(self):
            self.first = next(self.net.params())

        def step(self):
            super().step()
            self.first *= 0.5

    trained = on_both(make_net, Shares)
    require_agreement(trained)
    trainer = trained[1][0]
    assert trainer.optim.first is next(trainer.net.params())


# Nothing is left behind.


class Stops(Sigmoid):
    """Fails while it is traced, after so many rules."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def _input_grad(self, output_grad):
        if isinstance(output_grad, TracedArray):
            pass
        if type(output_grad) is not np.ndarray:
            raise self.error
        return super()._input_grad(output_grad)


@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), KeyboardInterrupt()])
def test_no_tracer_is_left_when_tracing_fails(error):
    net = NeuralNetwork([Dense(4, Stops(error)), Dense(1)], MeanSquaredError(), rng=0)
    trainer = Trainer(net, MyMomentum(), engine="xla")
    if isinstance(error, KeyboardInterrupt):
        assert trainer.fit(X, y, **SETTINGS).stop_reason == "interrupted"
    else:
        with pytest.raises(ZeroDivisionError, match="mine") as caught:
            trainer.fit(X, y, **SETTINGS)
        (note,) = caught.value.__notes__
        assert note.startswith("Stops._input_grad (test_xla_engine.py, line ")
        del caught
    error.__traceback__ = None
    assert not traced_arrays()
    assert all(type(p) is np.ndarray for p in net.params())
    assert net.predict(X).shape == y.shape


@pytest.mark.parametrize("optimizer", [SGD, MyMomentum, Adam, Rebinding])
def test_no_tracer_is_left_after_training(optimizer):
    trainer = Trainer(make_net(), optimizer(lr=0.01), engine="xla")
    trainer.fit(X, y, X, y, **SETTINGS)
    assert not traced_arrays()
    for layer in trainer.net.layers:
        for block in (layer, *layer.operations):
            assert not set(block.memory) & set(vars(block))


def press_ctrl_c_after(seconds):
    thread = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT))
    thread.start()
    return thread


@pytest.mark.parametrize("rows", [37, 40_000])
def test_ctrl_c(engine, rows):
    X, y = make_data(rows)
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, X, y, epochs=1, verbose=False)
    timer = press_ctrl_c_after(0.7)
    began = time.perf_counter()
    history = trainer.fit(X, y, X, y, epochs=10**7, eval_every=1, patience=None, verbose=False)
    assert time.perf_counter() - began < 5.0
    timer.join()
    assert history.stop_reason == "interrupted"
    loss = MeanSquaredError().forward(trainer.net.predict(X), y)
    if history.best_epoch is not None:
        assert float(loss) == pytest.approx(history.best_loss, rel=1e-9)
    assert trainer.fit(X, y, epochs=1, restart=False, verbose=False).stop_reason == "completed"


def test_an_interrupted_epoch_keeps_the_steps_that_were_done(monkeypatch):
    from glassbrick.engines.xla import session

    run, calls = session.XLASession._run, []

    def interrupted(self, orders, part):
        calls.append(part)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return run(self, orders, part)

    monkeypatch.setattr(session, "_SECONDS_A_CALL", 0.0)  # a step a call
    monkeypatch.setattr(session.XLASession, "_run", interrupted)
    alike, target = np.full((40, 3), 0.5), np.full((40, 1), 0.2)
    eager, compiled = make_trainer(), make_trainer(engine="xla")
    for trainer in (eager, compiled):
        trainer.net.build(3)
    history = compiled.fit(alike, target, restart=False, **SETTINGS)
    assert history.stop_reason == "interrupted"
    for _ in range(3):
        eager.net.train_batch(alike[:8], target[:8])
        eager.optim.step()
    for a, b in zip(eager.net.params(), compiled.net.params(), strict=True):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-14)


# Compiling.


@pytest.fixture
def compilations():
    """Count what XLA compiles."""
    found = []
    program._kept.clear()

    def listen(event, duration, **_):
        if event == "/jax/core/compile/backend_compile_duration":
            found.append(duration)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield found
    jax.monitoring.clear_event_listeners()


@pytest.mark.parametrize("optimizer", [SGD, MyMomentum, Adam])
def test_a_second_fit_compiles_nothing(optimizer, compilations):
    trainer = Trainer(make_net(), optimizer(lr=0.017), engine="xla")
    trainer.fit(X, y, X, y, **SETTINGS)
    assert compilations
    compilations.clear()
    trainer.optim.lr = 0.002
    trainer.fit(X, y, X, y, **SETTINGS)
    trainer.fit(X, y, X, y, **SETTINGS, restart=False)
    Trainer(make_net(rng=5), optimizer(lr=0.3), engine="xla").fit(X, y, X, y, **SETTINGS)
    assert not compilations


def test_a_rule_that_was_exchanged_is_compiled_anew(monkeypatch):
    table = {"factor": 1.0}

    class Scaled(Sigmoid):
        def _output(self):
            return super()._output() * table["factor"]

        def _input_grad(self, output_grad):
            return super()._input_grad(output_grad)

    for factor in (1.0, 2.0):
        table["factor"] = factor
        require_agreement(
            on_both(
                lambda: NeuralNetwork([Dense(3, Scaled()), Dense(1)], MeanSquaredError(), rng=1),
                SGD,
            )
        )


def test_jax_is_left_as_it_was():
    def settings():
        return {name: getattr(jax.config, name) for name in dir(jax.config) if "jax_" in name}

    before = settings()
    kind = jax.numpy.ones(3).dtype
    trainer = make_trainer(engine="xla")
    dtypes = []

    class Watch:
        def __call__(self, history):
            dtypes.append(jax.numpy.ones(3).dtype)

    trainer.fit(X, y, X, y, **SETTINGS)
    assert settings() == before
    assert jax.numpy.ones(3).dtype == kind


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_datas_dtype_counts(dtype):
    X, y = make_data(dtype=dtype)
    trainer = make_trainer(engine="xla")
    trainer.fit(X, y, X, y, **SETTINGS)
    assert all(param.dtype == dtype for param in trainer.net.params())


def test_a_plus_b_epochs_compiled():
    for rows, batch_size, first, second in (
        (37, 8, 2, 3),
        (8, 8, 1, 1),
        (5, 9, 3, 1),
        (37, 1, 1, 2),
    ):
        X, y = make_data(rows)
        settings = {"eval_every": 1, "batch_size": batch_size, "patience": None, "verbose": False}
        for optimizer in (SGD, MyMomentum):
            whole, parts = (Trainer(make_net(), optimizer(lr=0.1), engine="xla") for _ in range(2))
            one = whole.fit(X, y, X[::-1], y, epochs=first + second, **settings)
            parts.fit(X, y, X[::-1], y, epochs=first, **settings)
            two = parts.fit(X, y, X[::-1], y, epochs=second, restart=False, **settings)
            assert same_params(params_of(whole.net), params_of(parts.net))
            assert (one.loss, one.val_loss) == (two.loss, two.val_loss)


def test_long_epochs_run_in_parts_with_the_same_numbers(monkeypatch):
    from glassbrick.engines.xla import pace, session

    results = []
    for first, seconds in ((16, 0.2), (1, 0.0), (3, 1e-4), (1000, 10.0)):
        monkeypatch.setattr(pace, "_FIRST_STEPS", first)
        monkeypatch.setattr(session, "_SECONDS_A_CALL", seconds)
        trainer = make_trainer(engine="xla")
        history = trainer.fit(X, y, X, y, **(SETTINGS | {"batch_size": 5, "epochs": 6}))
        results.append((params_of(trainer.net), history.loss, history.val_loss))
    for params, loss, val_loss in results[1:]:
        assert same_params(params, results[0][0])
        assert (loss, val_loss) == results[0][1:]


def test_without_jax(monkeypatch):
    monkeypatch.setattr("glassbrick.engines.xla_engine.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'glassbrick\[xla\]'"):
        make_trainer(engine="xla")


def in_a_new_process(code, **environment):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
        cwd=Path(__file__).parent,
    )
    return run.stdout.split()


def test_a_broken_jax(tmp_path):
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "__init__.py").write_text("raise RuntimeError('jaxlib is too old')")
    code = """
from glassbrick import MissingExtraError
try:
    trainer.fit(X, y, epochs=1, verbose=False)
except MissingExtraError as error:
    print(error)
from glassbrick.engines import auto_engine
auto_engine._SECONDS_TO_START = 0.0
print(make_trainer(engine="auto").fit(X, y, epochs=1, verbose=False).engine)
"""
    words = in_a_new_process(FIT + code, PYTHONPATH=str(tmp_path))
    assert "cannot be imported: RuntimeError: jaxlib is too old" in " ".join(words)
    assert words[-1] == "numpy"


FIT = """
import numpy as np
from networks import make_data, make_trainer
X, y = make_data()
trainer = make_trainer(engine="xla")
"""


def test_importing_jax_draws_nothing_from_the_users_stream():
    code = """
np.random.seed(3)
trainer.fit(X, y, epochs=1, verbose=False)
print(np.random.rand())
np.random.seed(3)
print(np.random.rand())
"""
    first, second = in_a_new_process(FIT + code)
    assert first == second


def test_compiled_programs_are_kept_on_disk_if_one_wants(tmp_path):
    code = """
import jax
hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event))
trainer.fit(X, y, X, y, epochs=2, verbose=False)
print(hits.count("/jax/compilation_cache/cache_hits"), *next(trainer.net.params()).ravel())
"""
    settings = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    first, *numbers = in_a_new_process(FIT + code, **settings)
    second, *again = in_a_new_process(FIT + code, **settings)
    assert (int(first), int(second)) == (0, 1)
    assert numbers == again


# Errors.


def broken(statement, where="_output"):
    """Make an operation with a statement that cannot be compiled."""
    source = f"""
import math, random, time
import numpy as np
from glassbrick import Sigmoid
helper = np.random.default_rng(0)
table = np.zeros((3, 4))
def outside(x):
    return float(x.sum())
class Broken(Sigmoid):
    def {where}(self, *args):
        x = args[0] if args else self.input_
        if type(x) is not np.ndarray:
            {statement}
        return super().{where}(*args)
"""
    names = {"__name__": "my_blocks"}
    import linecache

    name = f"/somewhere/my_blocks_{abs(hash(statement))}.py"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec"), names)
    return names["Broken"]


ERRORS = {
    "if x.sum() > 0: pass": ["a branch on a value", "x.sum() > 0", "np.where"],
    "x.max() and 1": ["a branch on a value", "np.where"],
    "float(x[0, 0])": ["float(x)", "`float(x[0, 0])`", "Leave it an array"],
    "int(x[0, 0])": ["int(x)", "Leave it an array"],
    "x[0, 0].item()": ["item()", "Leave it an array"],
    "x.tolist()": ["tolist()"],
    "math.sqrt(x.sum())": ["float(x)", "math.sqrt(x.sum())", "np.sqrt for math.sqrt"],
    "outside(x)": ["float(x)", "Broken._output, outside", "line 8"],
    "range(x[0, 0].astype(int))": ["used as an index or a length"],
    "np.linalg.eigvals(x)": ["np.linalg.eigvals", "not among what", "docs/engines.md"],
    "np.unique(x)": ["np.unique", "shape of its result would depend on values"],
    "x.nonzero()": ["ndarray.nonzero", "not among what can be compiled"],
    "np.asarray(x)": ["np.asarray(x)", "np.asarray are not needed"],
    "table.dot(x.T)": ["table.dot(x.T)", "np.dot(c, x)"],
    "table[0] = x[0, 0]": ["np.zeros_like(x)"],
    "np.add(table, x[0, 0], out=table)": ["writing into an array of numbers", "np.zeros_like(x)"],
    "np.multiply(x, 2.0, out=np.zeros(x.shape))": ["writing into an array of numbers"],
    "x[x > 0]": ["x[mask]", "np.where"],
    "x[x > 0] = x[0]": ["x[mask] = values"],
    "x * np.random.randn(4)": ["an array that is another one", "randn", "random numbers"],
    "x + np.random.rand()": ["a number that is another one", "rand", "`x + np.random.rand()`"],
    "x * (helper.random(x.shape) > 0.5)": ["a Generator.random", "Draw random numbers where"],
    "x * np.random.default_rng().normal()": ["default_rng", "normal"],
    "x * random.random()": ["a number that is another one", "random"],
    "x * time.perf_counter()": ["a number that is another one", "the time"],
    "np.vectorize(math.exp)(x)": ["Broken._output"],
    "np.frexp": [],
    "np.quantile(x, 0.5, method='weibull')": ["np.quantile", "JAX cannot"],
    "x.view(np.int64)": ["view(dtype)"],
    "0.5 in x": ["value in x"],
}
ERRORS.pop("np.frexp")


@pytest.mark.usefixtures("restored_random_state")
@pytest.mark.parametrize("where", ["_output", "_input_grad"])
@pytest.mark.parametrize("statement", ERRORS)
def test_errors_name_class_method_and_function(statement, where):
    Broken = broken(statement, where)
    net = NeuralNetwork([Dense(4, Broken()), Dense(1)], MeanSquaredError(), rng=0)
    trainer = Trainer(net, SGD(), engine="xla")
    with pytest.raises(TracingError) as caught:
        trainer.fit(X, y, **SETTINGS)
    message = str(caught.value)
    for part in ERRORS[statement]:
        assert part.replace("_output", where) in message
    assert f"dense_1: Broken.{where}" in message
    assert "my_blocks" in message
    assert 'engine="numpy"' in message
    Trainer(NeuralNetwork([Dense(1)], MeanSquaredError(), rng=0), SGD()).fit(X, y, **SETTINGS)


def test_an_error_in_an_optimizer_names_it():
    class Careful(SGD):
        def step(self):
            norm = sum(np.sum(grad**2) for grad in self.net.param_grads())
            if norm > 1.0:
                return
            super().step()

    with pytest.raises(TracingError, match=r"Careful\.step .*line \d+.*`norm > 1\.0`.*np\.where"):
        Trainer(make_net(), Careful(), engine="xla").fit(X, y, **SETTINGS)


class Counting(SGD):
    steps = 0

    def step(self):
        super().step()
        self.steps += 1


class CountingInADict(SGD):
    def __init__(self):
        super().__init__()
        self.state = {"steps": 0}

    def step(self):
        super().step()
        self.state["steps"] += 1


class Remembering(SGD):
    def __init__(self):
        super().__init__()
        self.losses = []

    def step(self):
        super().step()
        self.losses.append(0.0)


class ById(SGD):
    def __init__(self):
        super().__init__()
        self.velocities = {}

    def step(self):
        for param, grad in self.net.params_and_grads():
            velocity = self.velocities.setdefault(id(param), np.zeros_like(param))
            velocity += grad
            param -= self.lr * velocity


@pytest.mark.parametrize(
    ("optimizer", "path"),
    [
        (Counting, r"optimizer\.steps"),
        (CountingInADict, r"optimizer\.state\['steps'\]"),
        (Remembering, r"optimizer\.losses"),
        (ById, r"optimizer\.velocities.*not by id\(param\)"),
    ],
)
def test_what_changes_outside_of_arrays_is_refused(optimizer, path):
    trainer = Trainer(make_net(), optimizer(), engine="xla")
    with pytest.raises(TracingError, match=path) as caught:
        trainer.fit(X, y, **SETTINGS)
    assert "np.zeros(())" in str(caught.value)
    del caught  # whose traceback holds what was being traced
    assert not traced_arrays()
    assert all(type(param) is np.ndarray for param in trainer.net.params())


class CountingLoss(MeanSquaredError):
    calls = 0

    def _output(self):
        self.calls += 1
        return super()._output()


class LossOfTheLastBatch(Loss):
    """Depends on how long the batch before was: nothing that a compiled step could know."""

    rows = 1

    def _output(self):
        before, self.rows = self.rows, len(self.prediction)
        return np.sum((self.prediction - self.target) ** 2) / before

    def _input_grad(self):
        return 2.0 * (self.prediction - self.target)


@pytest.mark.parametrize("loss", [CountingLoss, LossOfTheLastBatch])
def test_a_loss_that_changes_outside_of_arrays_is_refused(loss):
    net = NeuralNetwork([Dense(1, "linear")], loss(), rng=0)
    with pytest.raises(TracingError, match=r"network\.loss\.(calls|rows)"):
        Trainer(net, SGD(lr=1e-4), engine="xla").fit(X, y, X, y, **SETTINGS)


def test_a_loss_may_keep_the_number_of_rows():
    class Keeps(MeanSquaredError):
        def _output(self):
            self.rows = len(self.prediction)
            self.error = self.prediction - self.target
            return np.sum(self.error**2) / self.rows

        def _input_grad(self):
            return 2.0 * self.error / self.rows

    require_agreement(
        on_both(lambda: NeuralNetwork([Dense(3), Dense(1)], Keeps(), rng=0), lambda: SGD(lr=0.01))
    )


def test_overridden_methods_are_traced():
    class Doubled(NeuralNetwork):
        def train_batch(self, x_batch, y_batch):
            return super().train_batch(2.0 * x_batch, y_batch)

    require_agreement(
        on_both(lambda: Doubled([Dense(3), Dense(1)], MeanSquaredError(), rng=0), SGD)
    )


def test_a_batch_that_fails_its_checks_is_refused_as_always():
    class Short(Sigmoid):
        def _input_grad(self, output_grad):
            return output_grad[:1]

    net = NeuralNetwork([Dense(4, Short()), Dense(1)], MeanSquaredError(), rng=0)
    with pytest.raises(GlassbrickError, match=r"dense_1: Short\._input_grad must return"):
        Trainer(net, SGD(), engine="xla").fit(X, y, **SETTINGS)


def test_a_known_step_that_draws_is_refused_too():
    """It computes the same as one that was recorded before, and moves a stream on."""

    class Drawing(gb.Tanh):
        def _output(self):
            random.random()
            return super()._output()

    X, y = make_data()

    def fit(activation):
        layers = [Dense(3, activation), Dense(1, "linear")]
        net = NeuralNetwork(layers, MeanSquaredError(), rng=0)
        Trainer(net, SGD(lr=0.01), engine="xla").fit(X, y, epochs=1, verbose=False)

    fit(gb.Tanh())
    with pytest.raises(TracingError, match="draws random numbers"):
        fit(Drawing())
