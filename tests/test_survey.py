"""What a compiled step may reach, and how: wherever it is held, it counts, or it is refused."""

from __future__ import annotations

import collections
import functools
import gc
import itertools
import random
import threading
import weakref
from typing import NamedTuple

import jax
import numpy as np
import pytest

from glassbrick import (
    SGD,
    ArgumentError,
    Dense,
    DivergenceError,
    Layer,
    Loss,
    MeanSquaredError,
    NeuralNetwork,
    Optimizer,
    Sigmoid,
    TracingError,
    Trainer,
)
from glassbrick.engines.xla.tracing import TracedArray
from networks import make_data, make_net, params_of, same_params

X, y = make_data(rows=29)
SETTINGS = {"epochs": 3, "batch_size": 8, "verbose": False}


def trained(make_optim, net=make_net, engines=("numpy", "xla"), **settings):
    """Train a network with each engine."""
    trainers = []
    for engine in engines:
        trainer = Trainer(net(), make_optim(), engine=engine)
        trainer.fit(X, y, X[:7], y[:7], **(SETTINGS | settings))
        trainers.append(trainer)
    return trainers


def require_agreement(make_optim, net=make_net, **settings):
    eager, compiled = trained(make_optim, net, **settings)
    for a, b in zip(eager.net.params(), compiled.net.params(), strict=True):
        assert type(b) is np.ndarray
        assert np.allclose(a, b, rtol=1e-12, atol=1e-14)
    return eager.optim, compiled.optim


def require_refusal(make_optim, words, net=make_net):
    """See that it is refused, and that nothing is left behind."""
    network = net()
    network.build(3)
    before = params_of(network)
    with pytest.raises(TracingError, match=words) as caught:
        Trainer(network, make_optim(), engine="xla").fit(X, y, restart=False, **SETTINGS)
    assert same_params(before, params_of(network))
    del caught
    gc.collect()
    assert not [thing for thing in gc.get_objects() if type(thing) is TracedArray]


class Steps(SGD):
    """Moves by a factor times the gradient; `extra` is called in each step."""

    def __init__(self, lr=0.05):
        super().__init__(lr)
        self.set_up()

    def set_up(self):
        pass

    def factor(self, grad):
        return 1.0

    def step(self):
        for param, grad in self.net.params_and_grads():
            param -= self.lr * self.factor(grad) * grad


# Numbers and arrays, wherever they are.


class SameFloat(Steps):
    """Holds the very object that is the learning rate, as something else."""

    def __init__(self, lr=0.05):
        super().__init__(lr)
        self.momentum = self._lr

    def factor(self, grad):
        self.lr *= 0.9
        return self.momentum


def test_a_number_that_is_the_learning_rates_object_is_not_the_learning_rate():
    eager, compiled = require_agreement(SameFloat)
    assert compiled.momentum == eager.momentum == 0.05
    assert compiled.lr == pytest.approx(eager.lr, rel=1e-12)


class Nested(Optimizer):
    def __init__(self, lr=0.05):
        super().__init__(lr)
        self.inner = SGD(lr)

    def step(self):
        self.inner.net = self.net
        self.inner.step()
        self.inner.lr *= 0.95


def test_the_rate_of_an_optimizer_within_stays_a_number():
    eager, compiled = require_agreement(Nested)
    assert type(compiled.inner.lr) is float
    assert compiled.inner.lr == pytest.approx(eager.inner.lr, rel=1e-12)


class Assigning(Steps):
    def step(self):
        super().step()
        self.lr = 0.03


def test_a_learning_rate_may_be_set_to_a_number_in_a_step():
    eager, compiled = require_agreement(Assigning)
    assert compiled.lr == eager.lr == 0.03


class Falling(Steps):
    def step(self):
        super().step()
        self.lr = self.lr - 0.02


def test_a_learning_rate_that_falls_to_nothing_is_refused_on_both_engines(engine):
    trainer = Trainer(make_net(), Falling(), engine=engine)
    with pytest.raises(ArgumentError, match="Falling, lr"):
        trainer.fit(X, y, **SETTINGS)


class Private:
    __slots__ = ("__velocity", "__weakref__")

    def __init__(self):
        self.__velocity = None

    def add(self, grad):
        if self.__velocity is None:
            self.__velocity = np.zeros_like(grad)
        self.__velocity *= 0.9
        self.__velocity += grad
        return self.__velocity


class Pair(NamedTuple):
    sum: float
    last: int


class ListOfItsOwn(list):
    pass


def make_holder(kind):
    """Make an optimizer that holds a velocity for each parameter in some kind of container."""

    class Holding(Optimizer):
        def reset(self):
            self.held = kind()
            self.scale = 0.5

        def step(self):
            for number, (param, grad) in enumerate(self.net.params_and_grads()):
                param -= self.lr * velocity(self.held, number, grad)

    def velocity(held, number, grad):
        if isinstance(held, dict | collections.UserDict):
            if number not in held:
                held[number] = np.zeros_like(grad)
            held[number] = 0.9 * held[number] + grad
            return held[number]
        if isinstance(held, collections.deque | list):
            if len(held) <= number:
                held.append(np.zeros_like(grad))
            held[number] += grad
            return held[number]
        return held(number, grad)

    def make():
        optim = Holding(0.02)
        optim.reset()
        return optim

    return make


def bound_method():
    privates = collections.defaultdict(Private)
    return functools.partial(lambda privates, number, grad: privates[number].add(grad), privates)


def closure():
    privates = [Private() for _ in range(6)]

    def add(number, grad):
        return privates[number].add(grad)

    return add


def default_argument():
    def add(number, grad, privates=[Private() for _ in range(6)]):  # noqa: B006, B008
        return privates[number].add(grad)

    return add


@pytest.mark.parametrize(
    "kind",
    [
        dict,
        list,
        collections.UserDict,
        collections.OrderedDict,
        functools.partial(collections.deque, maxlen=9),
        ListOfItsOwn,
        bound_method,
        closure,
        default_argument,
    ],
)
def test_containers(kind):
    require_agreement(make_holder(kind))


class KeyedByOperation(Steps):
    def set_up(self):
        self.velocities = {}

    def step(self):
        for layer in self.net.layers:
            for operation in layer.param_operations:
                old = self.velocities.get(operation, 0.0)
                self.velocities[operation] = new = 0.9 * old + operation.param_grad
                operation.param -= self.lr * new


def test_a_dict_keyed_by_objects():
    eager, compiled = require_agreement(KeyedByOperation)
    assert [type(key) for key in compiled.velocities] == [type(key) for key in eager.velocities]
    operations = [o for layer in compiled.net.layers for o in layer.param_operations]
    assert set(compiled.velocities) == set(operations)


class Alike:
    """Looks like every other of its kind."""

    def __repr__(self):
        return "Alike()"


class KeyedByAlike(Steps):
    def set_up(self):
        self.keys = [Alike(), Alike()]
        self.sums = {key: np.full((), float(number)) for number, key in enumerate(self.keys)}

    def factor(self, grad):
        self.sums[self.keys[0]] += 0.01
        self.sums[self.keys[1]] += 0.1
        return self.sums[self.keys[0]] / self.sums[self.keys[1]]


def test_keys_that_look_alike_are_kept_apart():
    eager, compiled = require_agreement(KeyedByAlike)
    for a, b in zip(eager.sums.values(), compiled.sums.values(), strict=True):
        assert a == pytest.approx(b)


class Scalars(Steps):
    """Its numbers become NumPy's in the first step, one of them in a tuple."""

    def set_up(self):
        self.total, self.pair = 0.0, None

    def factor(self, grad):
        self.total = 0.5 * self.total + np.sum(grad)
        before = 0.0 if self.pair is None else self.pair.sum
        self.pair = Pair(before + np.mean(grad), 1)
        return 1.0 + 0.01 * self.total + self.pair.sum


def test_scalars_stay_scalars():
    eager, compiled = require_agreement(Scalars)
    assert compiled.total == pytest.approx(eager.total, rel=1e-9)
    assert compiled.pair.sum == pytest.approx(eager.pair.sum, rel=1e-9)
    assert isinstance(compiled.total, float)
    assert type(compiled.pair) is Pair
    assert type(compiled.pair.sum) is np.float64


class WeakToNet(Steps):
    def set_up(self):
        self.ref = None

    def step(self):
        if self.ref is None:
            self.ref = weakref.ref(self.net.layers[0])
        super().step()
        for param in self.ref().params:
            param *= 0.999


def test_a_weak_reference_leads_to_the_same_object():
    require_agreement(WeakToNet)


class OfAllKinds(Steps):
    """Holds arrays that are not numbers, or must not be written into."""

    def set_up(self):
        self.names = np.array(["a", "b"])
        self.when = np.array(["2020-01-01"], dtype="datetime64[D]")
        self.column = np.array(["a", None], dtype=object)
        self.bytes = np.arange(3, dtype=np.uint8)
        self.table = np.arange(4.0)
        self.table.flags.writeable = False
        self.flag, self.lock = True, threading.Lock()

    def factor(self, grad):
        with self.lock:
            return self.table[1] + self.bytes[2] * self.flag + len(self.names)


def test_attributes_of_all_kinds():
    require_agreement(OfAllKinds)
    auto = Trainer(make_net(), OfAllKinds(), engine="auto")
    auto.fit(X, y, **SETTINGS)


class ClassArray(Steps):
    mean = np.zeros(())

    def factor(self, grad):
        self.mean *= 0.9
        self.mean += 0.1 * np.sum(grad)
        return 1.0 + 0.01 * self.mean


def test_an_array_of_a_class():
    """It is the class's, and all its objects': refused, unless it is taken over first."""
    require_refusal(ClassArray, r"ClassArray\.factor .*self\.mean|ClassArray\.mean")
    assert ClassArray.mean == 0.0

    class Own(ClassArray):
        def reset(self):
            self.mean = np.zeros(())

    require_agreement(Own)


# What rules reach by name.

network = None
SCALE = [0.5, {"more": 2.0}]
COUNTS = {"steps": 0}
steps_taken = 0
RNG = np.random.default_rng(3)


class ByGlobalName(Steps):
    """As one writes it in a notebook: `network` is a global."""

    def step(self):
        for param, grad in zip(network.params(), network.param_grads(), strict=True):
            param -= self.lr * SCALE[0] * SCALE[1]["more"] * grad


def test_a_network_that_a_rule_reaches_by_a_global_name():
    results = []
    for engine in ("numpy", "xla"):
        globals()["network"] = make_net()
        trainer = Trainer(network, ByGlobalName(0.05), engine=engine)
        trainer.fit(X, y, **SETTINGS)
        assert network is trainer.net
        results.append(params_of(network))
    for eager, compiled in zip(*results, strict=True):
        assert np.allclose(eager, compiled, rtol=1e-12, atol=1e-14)


class CountsInAGlobal(Steps):
    def step(self):
        global steps_taken
        steps_taken += 1
        super().step()


class CountsInAGlobalDict(Steps):
    def factor(self, grad):
        COUNTS["steps"] += 1
        return 2.0 if COUNTS["steps"] % 2 else 1.0


class CountsInItsClass(Steps):
    count = 0

    def step(self):
        super().step()
        type(self).count += 1


class CachesInItsClass(Steps):
    cache: dict[str, object] = {}

    def factor(self, grad):
        self.cache.setdefault("all", []).append(grad)
        return 1.0


class CountsWithAnIterator(Steps):
    def set_up(self):
        self.steps = itertools.count()

    def factor(self, grad):
        return 2.0 if next(self.steps) % 2 else 1.0


class KeepsASet(Steps):
    def set_up(self):
        self.seen = set()

    def factor(self, grad):
        self.seen.add(len(self.seen))
        return 1.0


class WeaklyKeyed(Steps):
    def set_up(self):
        self.velocities = weakref.WeakKeyDictionary()

    def step(self):
        for layer in self.net.layers:
            self.velocities[layer] = [0.9 * grad for grad in layer.param_grads]
        super().step()


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        (CountsInAGlobal, r"test_survey\.steps_taken: expected to be the same"),
        (CountsInAGlobalDict, r"test_survey\.COUNTS\['steps'\]: expected to be the same"),
        (CountsInItsClass, r"CountsInItsClass\.count: expected to be the same"),
        (CachesInItsClass, r"CachesInItsClass\.cache.*: expected to be the same"),
        (CountsWithAnIterator, r"CountsWithAnIterator\.factor .*a count asked for its next item"),
        (KeepsASet, r"optimizer\.seen: expected to be the same"),
        (WeaklyKeyed, r"WeaklyKeyed\.step .*a WeakKeyDictionary"),
    ],
)
def test_what_is_counted_outside_of_arrays_is_refused(optimizer, words):
    require_refusal(optimizer, words)
    assert steps_taken <= 1  # a step may have been run before
    assert COUNTS["steps"] <= 6
    globals()["steps_taken"], COUNTS["steps"] = 0, 0
    CountsInItsClass.count, CachesInItsClass.cache = 0, {}


def test_a_generator_that_is_not_used_is_no_matter():
    class Has(Steps):
        def set_up(self):
            self.rng = np.random.default_rng(0)
            self.rows = (row for row in range(3))
            self.noise = self.rng.normal()

    require_agreement(Has)


# Random numbers.


class StoresOnly(Steps):
    """What it draws goes nowhere but into an attribute."""

    def factor(self, grad):
        self.noise = np.random.default_rng().normal(size=3)
        return 1.0


class DrawsALength(Steps):
    def factor(self, grad):
        return grad[: np.random.randint(1, 9)].sum()


class DrawsABranch(Steps):
    def factor(self, grad):
        return 2.0 if random.random() < 2.0 else 1.0


class DrawsFromItsOwn(Steps):
    def set_up(self):
        self.rng = np.random.default_rng(0)

    def factor(self, grad):
        return 2.0 if self.rng.random() < 0.5 else 1.0


class DrawsFromAGlobal(Steps):
    def factor(self, grad):
        return RNG.normal()


@pytest.mark.usefixtures("restored_random_state")
@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        (StoresOnly, "an array that is another one each time"),
        (DrawsALength, r"DrawsALength\.factor .*another one each time \(randint"),
        (DrawsABranch, "draws random numbers"),
        (DrawsFromItsOwn, r"DrawsFromItsOwn\.factor .*a Generator\.random.*where the block is set"),
        (DrawsFromAGlobal, r"DrawsFromAGlobal\.factor .*a Generator\.normal"),
    ],
)
def test_random_numbers_are_refused(optimizer, words):
    optim = optimizer()
    np.random.seed(3)
    random.seed(3)
    before = np.random.get_state()[1].copy(), random.getstate(), RNG.bit_generator.state
    own = optim.rng.bit_generator.state if hasattr(optim, "rng") else None
    if optimizer is StoresOnly:
        optim.noise = np.zeros(3)
    net = make_net()
    net.build(3)
    trainer = Trainer(net, optim, engine="xla")
    with pytest.raises(TracingError, match=words):
        trainer.fit(X, y, restart=False, **SETTINGS)
    assert np.array_equal(before[0], np.random.get_state()[1])
    assert before[1:] == (random.getstate(), RNG.bit_generator.state)
    if own is not None:
        assert own == optim.rng.bit_generator.state


# What cannot stand for an array.


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.ma.masked_array([1.0, 2.0], [True, False]), "a MaskedArray"),
        (np.zeros((1, 1)).view(np.matrix), "a matrix"),
        (np.array([np.zeros(2), np.zeros(3)], dtype=object), "an array of objects"),
    ],
)
def test_arrays_that_compute_in_their_own_way_are_refused(value, words):
    class Holds(Steps):
        def set_up(self):
            self.value = value

    require_refusal(Holds, rf"optimizer\.value: expected .* received {words}")


def test_a_memory_map_is_an_array(tmp_path):
    class Mapped(Steps):
        def set_up(self):
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
            self.sum = np.memmap(path, np.float64, "w+", shape=(1,))

        def factor(self, grad):
            self.sum += np.sum(grad)
            return 1.0 + 0.01 * self.sum

    eager, compiled = require_agreement(Mapped)
    assert type(compiled.sum) is np.memmap
    assert np.allclose(eager.sum, compiled.sum, rtol=1e-9)


def test_a_part_of_a_parameter_held_where_nobody_looks_is_refused():
    local = threading.local()

    net = make_net()
    net.build(3)
    local.part = next(net.params())[:1]

    class Reads(Steps):
        def factor(self, grad):
            return np.sum(grad[:1] * local.part[0, 0]) + np.sum(local.part * np.sum(grad))

    with pytest.raises(TracingError, match=r"Reads\.factor .*shares memory with a parameter"):
        Trainer(net, Reads(), engine="xla").fit(X, y, restart=False, **SETTINGS)


# Nothing is left behind, and nobody is disturbed.


def test_others_may_predict_while_a_network_is_recorded():
    net = make_net()
    net.build(3)
    trainer = Trainer(net, SGD(lr=1e-9), engine="xla")
    expected = net.predict(X)
    done, wrong = threading.Event(), []

    def predict():
        while not done.is_set():
            try:
                wrong.extend([] if np.allclose(net.predict(X), expected, atol=1e-5) else ["other"])
            except Exception as error:  # all are wrong
                wrong.append(error)

    thread = threading.Thread(target=predict)
    thread.start()
    try:
        for _ in range(15):
            trainer.fit(X, y, restart=False, **SETTINGS)
    finally:
        done.set()
        thread.join()
    assert not wrong


def test_two_networks_that_share_an_array_are_recorded_at_the_same_time():
    shared = np.linspace(0.0, 1.0, 12).reshape(3, 4)

    class Shared(Layer):
        def _setup_layer(self, input_):
            from glassbrick import BiasAdd, WeightMultiply

            self.operations = [WeightMultiply(shared), BiasAdd(np.zeros((1, 4)))]

    def fit():
        net = NeuralNetwork([Shared(4), Dense(1)], MeanSquaredError(), rng=0)
        trainer = Trainer(net, SGD(lr=1e-12), engine="xla")
        for _ in range(5):
            trainer.fit(X, y, **SETTINGS)

    threads = [threading.Thread(target=fit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.allclose(shared, np.linspace(0.0, 1.0, 12).reshape(3, 4), atol=1e-6)


def test_looking_whether_something_can_be_compiled_changes_nothing(monkeypatch):
    monkeypatch.setattr("glassbrick.engines.auto_engine._SECONDS_TO_START", 0.0)

    class Draws(Steps):
        count = 0

        def set_up(self):
            self.rng = np.random.default_rng(0)

        def factor(self, grad):
            type(self).count += 1
            return self.rng.random()

    results = []
    for engine in ("numpy", "auto"):
        Draws.count = 0
        trainer = Trainer(make_net(), Draws(), engine=engine)
        history = trainer.fit(X, y, **SETTINGS)
        assert history.engine == "numpy"
        results.append((params_of(trainer.net), Draws.count))
    assert same_params(results[0][0], results[1][0])
    assert results[0][1] == results[1][1]


def test_a_rule_that_fails_is_told_by_numpy(monkeypatch):
    monkeypatch.setattr("glassbrick.engines.auto_engine._SECONDS_TO_START", 0.0)

    class Fails(Steps):
        def factor(self, grad):
            return 1.0 if type(grad) is np.ndarray else {}["no such key"]

    history = Trainer(make_net(), Fails(), engine="auto").fit(X, y, **SETTINGS)
    assert history.engine == "numpy"
    assert "no such key" in history.engine_reason


@pytest.mark.parametrize(
    "settings",
    [
        lambda: jax.disable_jit(),
        lambda: jax.debug_nans(True),
        lambda: jax.check_tracer_leaks(True),
        lambda: jax.numpy_rank_promotion("raise"),
        lambda: jax.numpy_dtype_promotion("strict"),
        lambda: jax.transfer_guard("disallow"),
        lambda: jax.enable_x64(True),
    ],
)
def test_the_users_settings_of_jax_do_not_disturb(settings):
    with settings():
        require_agreement(lambda: SGD(lr=0.05))


class RunningMean(Sigmoid):
    """Has state that the forward rule changes."""

    def __init__(self):
        super().__init__()
        self.mean = np.zeros(())

    def _output(self):
        self.mean *= 0.9
        self.mean += 0.1 * np.mean(self.input_)
        return super()._output()


class Exploding(SGD):
    def step(self):
        super().step()
        self.lr *= 3.0


@pytest.mark.parametrize("seconds", [0.2, 0.0])
def test_after_divergence_the_state_is_that_before_the_bad_batch(seconds, monkeypatch):
    from glassbrick.engines.xla import session

    monkeypatch.setattr(session, "_SECONDS_A_CALL", seconds)
    found = []
    for engine in ("numpy", "xla"):
        net = NeuralNetwork(
            [Dense(3, RunningMean()), Dense(1, "linear")], MeanSquaredError(), rng=0
        )
        trainer = Trainer(net, Exploding(lr=0.01), engine=engine)
        with pytest.raises(DivergenceError) as caught:
            trainer.fit(X, y, epochs=400, eval_every=400, batch_size=8, verbose=False)
        error = caught.value
        found.append((error.epoch, error.batch, error.history.epochs))
        found[-1] += (pytest.approx(error.lr, rel=1e-9),)
        assert np.isfinite(net.layers[0].operations[2].mean)
    assert found[0] == found[1]


class Zero(Loss):
    def _output(self):
        return 0.0

    def _input_grad(self):
        return self.prediction - self.target


def test_a_loss_may_be_a_number_of_python():
    require_agreement(
        lambda: SGD(lr=0.05), lambda: NeuralNetwork([Dense(3), Dense(1)], Zero(), rng=0)
    )


class NoLoss(NeuralNetwork):
    def train_batch(self, x_batch, y_batch):
        super().train_batch(x_batch, y_batch)


def test_a_step_without_a_loss_is_refused():
    with pytest.raises(TracingError, match=r"NoLoss\.train_batch: expected the loss, one number"):
        Trainer(NoLoss([Dense(1)], MeanSquaredError(), rng=0), SGD(), engine="xla").fit(
            X, y, **SETTINGS
        )
