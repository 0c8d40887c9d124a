"""What a compiled step may reach, and how: wherever it is held, it counts, or it is refused."""

from __future__ import annotations

import collections
import ctypes
import functools
import gc
import itertools
import random
import threading
import types
import weakref
from typing import NamedTuple

import jax
import numpy as np
import pytest

from glassbrick import (
    SGD,
    ArgumentError,
    BiasAdd,
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
    WeightMultiply,
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


class InSinglePrecision(Steps):
    def step(self):
        super().step()
        self.lr = self.lr * np.float32(0.9)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_learning_rate_computed_in_single_precision_stays_a_number(dtype):
    rates = []
    for engine in ("numpy", "xla"):
        trainer = Trainer(make_net(), InSinglePrecision(), engine=engine)
        trainer.fit(X.astype(dtype), y.astype(dtype), **SETTINGS)
        assert type(trainer.optim.lr) is float
        assert next(trainer.net.params()).dtype == dtype
        rates.append(trainer.optim.lr)
    assert rates[0] == pytest.approx(rates[1], rel=1e-6)


class ReadOnlyAtFirst(Steps):
    def set_up(self):
        self.velocity = np.broadcast_to(0.0, (3, 5))

    def step(self):
        self.velocity = 0.9 * self.velocity + next(iter(self.net.param_grads()))
        super().step()


def test_an_array_that_cannot_be_written_into_is_replaced():
    eager, compiled = require_agreement(ReadOnlyAtFirst)
    assert np.allclose(eager.velocity, compiled.velocity, rtol=1e-12)
    assert np.any(compiled.velocity)


def test_what_is_changed_in_place_between_two_parts_of_a_fit_counts():
    from glassbrick.engines import XLA, Job, NumpyEngine

    results = []
    for engine in (NumpyEngine(), XLA()):
        trainer = Trainer(make_net(), SGD(0.05))
        trainer.net.build(3)
        session = engine.start(Job(trainer.net, trainer.optim, X, y, None, 8, 2))
        for _ in range(2):
            list(session.train(1, lambda: np.arange(len(X))))
            for param in trainer.net.params():
                param *= 0.5
        results.append(params_of(trainer.net))
    for eager, compiled in zip(*results, strict=True):
        assert np.allclose(eager, compiled, rtol=1e-12, atol=1e-14)


class CountsEvaluations(MeanSquaredError):
    evaluations = 0

    def _output(self):
        if len(self.prediction) == 7:  # the validation rows
            self.evaluations += 1
        return super()._output()


def test_what_only_an_evaluation_counts_is_refused():
    net = NeuralNetwork([Dense(1)], CountsEvaluations(), rng=0)
    with pytest.raises(TracingError, match=r"network\.loss\.evaluations"):
        Trainer(net, SGD(), engine="xla").fit(X, y, X[:7], y[:7], **SETTINGS)


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
        return 1.0 + 0.01 * self.total + 0.01 * self.pair.sum


def test_scalars_stay_scalars():
    eager, compiled = require_agreement(Scalars)
    assert compiled.total == pytest.approx(eager.total, rel=1e-9)
    assert compiled.pair.sum == pytest.approx(eager.pair.sum, rel=1e-9)
    assert isinstance(compiled.total, float)
    assert type(compiled.pair) is Pair
    assert type(compiled.pair.sum) is np.float64


class OnlyInShortBatches(Sigmoid):
    """Computes a number in the last batch of an epoch only."""

    def __init__(self):
        super().__init__()
        self.scale = 0.5

    def _output(self):
        if len(self.input_) == len(X) % 8:
            self.scale = 0.9 * self.scale + 0.1 * np.mean(self.input_)
        return super()._output() * self.scale


def test_a_number_that_only_the_short_batch_computes():
    def net():
        layers = [Dense(3, OnlyInShortBatches()), Dense(1)]
        return NeuralNetwork(layers, MeanSquaredError(), rng=0)

    require_agreement(lambda: SGD(0.05), net)


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
    mean = np.ones(())

    def factor(self, grad):
        self.mean *= 0.9
        self.mean += 0.1 * np.sum(grad)
        return 1.0 + 0.01 * self.mean


def test_an_array_of_a_class():
    """It is the class's, and all its objects': refused, unless it is taken over first."""
    require_refusal(ClassArray, r"ClassArray\.factor .*self\.mean|ClassArray\.mean")
    assert ClassArray.mean == 1.0

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
    assert steps_taken <= 4  # some steps may have been run before
    assert COUNTS["steps"] <= 4 * 6
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
    net = make_net()
    net.build(3)
    part = memoryview(next(net.params()))

    class Reads(Steps):
        def factor(self, grad):
            return np.sum(np.asarray(part) * np.sum(grad))

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


class UsesAGlobalList(Steps):
    def factor(self, grad):
        return SCALE[0]


def test_names_mean_the_same_after_recordings_at_the_same_time():
    scale, failures = SCALE, []

    def fit():
        try:
            for _ in range(6):
                Trainer(make_net(), UsesAGlobalList(), engine="xla").fit(X, y, **SETTINGS)
        except Exception as error:  # of any kind: it is the thread's
            failures.append(error)

    threads = [threading.Thread(target=fit) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert SCALE is scale
    assert type(SCALE) is list


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
    class Promoting(Steps):
        def factor(self, grad):
            return np.ones(1, np.float32)

    with settings():
        require_agreement(Promoting)


class Underflows(Steps):
    def factor(self, grad):
        return 1.0 + np.exp(np.array([-800.0]))


def test_floating_point_errors_of_constants_do_not_disturb():
    with np.errstate(all="raise"):
        require_agreement(Underflows)


class RunningMean(Sigmoid):
    """Has state that the forward rule changes."""

    def __init__(self):
        super().__init__()
        self.mean, self.count = np.zeros(()), np.zeros((), int)

    def _output(self):
        self.count += 1
        self.mean *= 0.9
        self.mean += 0.1 * np.mean(self.input_)
        return super()._output()


class Exploding(SGD):
    def step(self):
        super().step()
        self.lr *= 3.0


@pytest.mark.parametrize("seconds", [0.2, 0.0])
def test_after_divergence_the_state_is_what_numpy_leaves(seconds, monkeypatch):
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
        running = net.layers[0].operations[2]
        found[-1] += (pytest.approx(running.mean, rel=1e-6), running.count)
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


# What a rule may not do, though it would go unnoticed.


class Swallows(Steps):
    def factor(self, grad):
        try:
            return min(1.0, 0.01 / np.linalg.norm(grad))
        except Exception:
            return 1.0


class MomentumInTheOperation(WeightMultiply):
    def _param_grad(self, output_grad):
        return super()._param_grad(output_grad) + 0.9 * getattr(self, "param_grad", 0.0)


class SmoothedByItself(Sigmoid):
    def _output(self):
        output, before = super()._output(), getattr(self, "output", None)
        return output if before is None else 0.5 * (output + before)


class WithMomentum(Dense):
    def _setup_layer(self, input_):
        super()._setup_layer(input_)
        first, *rest = self.operations
        self.operations = [MomentumInTheOperation(first.param), *rest]


class KeepsAView(Steps):
    def set_up(self):
        self.before = np.zeros(15)

    def step(self):
        param = next(self.net.params())
        super().step()
        param += 0.01 * np.sum(param.ravel() - self.before)
        self.before = param.ravel()


class LooksAtTheLastShape(Sigmoid):
    def __init__(self):
        super().__init__()
        self.last = np.zeros((8, 5))

    def _output(self):
        x = self.input_
        drift = 0.1 * np.mean(x - self.last) if self.last.shape == x.shape else 0.0
        self.last = x * 1.0
        return super()._output() + drift


class LooksAtTheTrainer(Steps):
    def factor(self, grad):
        return 1.0 if trainer.best_loss > 0.75 else 0.1


trainer = None


@pytest.mark.parametrize(
    ("net", "optimizer", "words"),
    [
        (make_net, Swallows, r"Swallows\.factor .*min\(1\.0, 0\.01 / np\.linalg\.norm"),
        (
            lambda: NeuralNetwork([WithMomentum(3), Dense(1)], MeanSquaredError(), rng=0),
            SGD,
            r"MomentumInTheOperation\.param_grad of the batch before .*not in `memory`",
        ),
        (
            lambda: NeuralNetwork([Dense(3, SmoothedByItself()), Dense(1)], MeanSquaredError()),
            SGD,
            r"SmoothedByItself\.output of the batch before",
        ),
        (make_net, KeepsAView, r"optimizer\.before: expected .* received a view"),
        (
            lambda: NeuralNetwork([Dense(5, LooksAtTheLastShape()), Dense(1)], MeanSquaredError()),
            SGD,
            r"\.last: expected to be the same after each training step",
        ),
        (make_net, LooksAtTheTrainer, r"LooksAtTheTrainer\.factor .*a Trainer\.best_loss"),
    ],
)
def test_what_would_go_unnoticed_is_refused(net, optimizer, words):
    globals()["trainer"] = Trainer(make_net(), SGD())
    require_refusal(optimizer, words, net)


def counted(function):
    """Count calls, as tutorials on decorators do."""

    @functools.wraps(function)
    def wrapper(*args):
        wrapper.calls += 1
        return function(*args) * (1.0 if wrapper.calls <= 20 else 0.0)

    wrapper.calls = 0
    return wrapper


class Counter:
    """A decorator that is a class."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __get__(self, owner, kind=None):
        return functools.partial(self, owner)

    def __call__(self, *args):
        self.calls += 1
        return self.function(*args) * (1.0 if self.calls <= 20 else 0.0)


class InItsOwnDict:
    """A descriptor that keeps the numbers of all objects."""

    def __init__(self):
        self.values = {}

    def __get__(self, owner, kind=None):
        return self if owner is None else self.values.get(id(owner), 0.0)

    def __set__(self, owner, value):
        self.values[id(owner)] = value


def scheduled(grad):
    schedule.steps += 1
    return 1.0 if schedule.steps <= 20 else 0.0


BUFFER = bytearray(1)
schedule = types.ModuleType("users_schedule")
schedule.steps = 0


class Ids:
    def __init__(self):
        global ids
        ids += 1
        self.number = ids


ids = 0


class Cleaner:
    """Does something when it is gone."""

    rate, cleaned = 1.0, []

    def __del__(self):
        Cleaner.cleaned.append(1)


def hidden_counters():
    class Decorated(Steps):
        @counted
        def factor(self, grad):
            return 1.0

    class DecoratedByClass(Steps):
        @Counter
        def factor(self, grad):
            return 1.0

    class Described(Steps):
        average = InItsOwnDict()

        def factor(self, grad):
            self.average = 0.9 * self.average + 0.1 * np.sum(grad * grad)
            return 1.0 / (1.0 + self.average)

    class InAModule(Steps):
        def factor(self, grad):
            return scheduled(grad)

    class InABuffer(Steps):
        def factor(self, grad):
            BUFFER[0] += 1
            return 1.0 if BUFFER[0] <= 200 else 0.0

    class InAHelper(Steps):
        def factor(self, grad):
            return 1.0 if Ids().number <= 20 else 0.0

    class InANewGlobal(Steps):
        def step(self):
            global newest
            super().step()
            newest = next(iter(self.net.param_grads()))

    class InANewAttribute(Steps):
        def step(self):
            super().step()
            type(self).newest = next(iter(self.net.param_grads()))

    class WithCleaner(Steps):
        def set_up(self):
            self.cleaner = Cleaner()

        def factor(self, grad):
            return self.cleaner.rate

    return [
        (Decorated, r"factor\.wrapper\.calls: expected to be the same"),
        (DecoratedByClass, r"DecoratedByClass\.factor\.calls: expected to be the same"),
        (Described, r"Described\.average\.values"),
        (InAModule, r"users_schedule\.steps: expected to be the same"),
        (InABuffer, r"test_survey\.BUFFER: expected to be the same"),
        (InAHelper, r"test_survey\.ids: expected to be the same"),
        (InANewGlobal, r"test_survey\.newest: expected"),
        (InANewAttribute, r"InANewAttribute\.newest: expected"),
        (WithCleaner, r"WithCleaner\.factor .*a Cleaner\.rate"),
    ]


@pytest.mark.parametrize(("optimizer", "words"), hidden_counters())
def test_hidden_state_is_refused(optimizer, words):
    Cleaner.cleaned.clear()
    require_refusal(optimizer, words)
    assert len(Cleaner.cleaned) <= 1
    globals().pop("newest", None)


def test_a_step_that_does_something_else_each_time_is_refused():
    steps = ctypes.c_int(0)  # nobody looks in there

    class Alternates(Steps):
        def factor(self, grad):
            steps.value += 1
            return np.abs(grad) if steps.value <= 7 else np.negative(grad)

    require_refusal(Alternates, "does something else each time")


def test_auto_leaves_nothing_in_new_names(monkeypatch):
    monkeypatch.setattr("glassbrick.engines.auto_engine._SECONDS_TO_START", 0.0)

    class Peeks(Steps):
        def step(self):
            global newest
            super().step()
            if "newest" in globals() and float(np.sum(newest)) > 1e9:
                raise OverflowError
            newest = next(iter(self.net.param_grads()))

    globals().pop("newest", None)
    history = Trainer(make_net(), Peeks(), engine="auto").fit(X, y, **SETTINGS)
    assert history.engine == "numpy"
    assert type(globals().pop("newest")) is np.ndarray


class Odd(dict):
    """Shows other items than it holds."""

    def items(self):
        return [(key, value + 1.0) for key, value in super().items()]


def test_what_cannot_be_copied_is_refused():
    class Holds(Steps):
        def set_up(self):
            self.odd = Odd(a=1.0)

    require_refusal(Holds, r"optimizer\.odd\['a'\]: expected an object that can be copied")


# What takes a while, or is unusual, but can be followed.


class TakesTwoSteps(Steps):
    def set_up(self):
        self.before, self.last = None, collections.deque(maxlen=3)

    def step(self):
        grads = [grad * 1.0 for grad in self.net.param_grads()]
        self.last.append(np.sum(grads[0]))
        rate = self.lr * (1.0 + 0.1 * sum(self.last))
        for number, param in enumerate(self.net.params()):
            older = 0.0 if self.before is None else self.before[number]
            param -= rate * (grads[number] + 0.5 * older)
        self.before = grads


@pytest.mark.parametrize("batch_size", [4, 8])
def test_state_may_take_some_steps_to_be_there(batch_size, monkeypatch):
    require_agreement(TakesTwoSteps, batch_size=batch_size)
    monkeypatch.setattr("glassbrick.engines.auto_engine._SECONDS_TO_START", 0.0)
    auto = Trainer(make_net(), TakesTwoSteps(), engine="auto")
    assert auto.fit(X, y, **(SETTINGS | {"batch_size": batch_size})).engine == "xla"


class Dotted(dict):
    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__


class Unusual(Steps):
    """Sets of classes, dicts with attributes, start values that cannot be written into."""

    skipped = frozenset({BiasAdd})

    def set_up(self):
        self.settings = Dotted(scale=0.5, table=np.ones(1))
        self.velocity = np.broadcast_to(0.0, (3, 5))
        self.names = {("a", 1), ("b", 2)}
        self.refs = None

    def step(self):
        if self.refs is None:
            self.refs = [weakref.ref(layer) for layer in self.net.layers]
        self.velocity = 0.9 * self.velocity + self.refs[0]().param_grads[0]
        self.net.layers[0].params[0][...] -= self.lr * self.velocity * self.settings.scale
        for layer in self.net.layers[1:]:
            for operation in layer.param_operations:
                if type(operation) not in self.skipped and ("a", 1) in self.names:
                    operation.param -= self.lr * operation.param_grad * self.settings.table


def test_unusual_containers():
    require_agreement(Unusual)


class NaNInHiding(Sigmoid):
    def _output(self):
        return np.where(self.input_ > 1e9, np.sqrt(-np.abs(self.input_)), super()._output())


def test_a_stop_at_nan_that_the_user_has_set_does_not_stop_ours():
    def net():
        return NeuralNetwork([Dense(3, NaNInHiding()), Dense(1)], MeanSquaredError(), rng=0)

    with jax.debug_nans(True):
        require_agreement(lambda: SGD(lr=0.05), net)
        trainer = Trainer(make_net(), FirstStepMakesState(1e200), engine="xla")
        with pytest.raises(DivergenceError):
            trainer.fit(X, y, **SETTINGS)


class OwnRate(Steps):
    """Its property does more than the optimizer's."""

    @property
    def lr(self):
        return self._lr

    @lr.setter
    def lr(self, value):
        self._lr = value * 0.5

    def step(self):
        super().step()
        self._lr *= 0.99


def test_the_rate_is_written_back_as_it_is():
    eager, compiled = require_agreement(OwnRate, eval_every=1)
    assert compiled.lr == pytest.approx(eager.lr, rel=1e-12)


class FirstStepMakesState(Steps):
    def set_up(self):
        self.velocity = None

    def step(self):
        if self.velocity is None:
            self.velocity = [np.zeros_like(param) for param in self.net.params()]
        super().step()


def test_divergence_in_the_very_first_batch(engine):
    trainer = Trainer(make_net(), FirstStepMakesState(), engine=engine)
    with pytest.raises(DivergenceError, match="epoch 1, batch 1"):
        trainer.fit(X, y * 1e200, **SETTINGS)


class Huge(MeanSquaredError):
    def _output(self):
        return np.float64(1e39) + np.sum(self.prediction, dtype=np.float64)


def test_a_loss_may_be_wider_than_the_data(engine):
    net = NeuralNetwork([Dense(1, "linear")], Huge(), rng=0)
    history = Trainer(net, SGD(lr=1e-3), engine=engine).fit(
        X.astype(np.float32), y.astype(np.float32), **SETTINGS
    )
    assert history.loss[0] == pytest.approx(1e39)


def test_constants_of_equal_shape_are_told_apart():
    results = []
    for number in (1.0, 2.0):
        constant = np.full((1, 1), number)

        class Scaled(Steps):
            def factor(self, grad, constant=constant):
                return constant[0, 0] if grad.ndim < 2 else np.multiply(constant, 1.0 + 0 * grad)

        require_agreement(Scaled)
        results.append(trained(Scaled, engines=("xla",))[0])
    first, second = (params_of(trainer.net) for trainer in results)
    assert not np.allclose(first[0], second[0])


def test_deeply_linked_objects_are_refused_clearly():
    class Link:
        def __init__(self, following):
            self.following = following

    class Linked(Steps):
        def set_up(self):
            self.chain = None
            for _ in range(5000):
                self.chain = Link(self.chain)

    require_refusal(Linked, "linked too deeply")
