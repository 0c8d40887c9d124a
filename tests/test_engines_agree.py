"""Every public block on both engines: found by itself, compared, and its gradients proven."""

from __future__ import annotations

import copy
import io

import jax
import numpy as np
import pytest
from rich.console import Console

from blocks import (
    LAYERS,
    LOSSES,
    OPERATIONS,
    loss_pairs,
    make_input,
    make_layer,
    make_operation,
    norm_error,
    takes_categories,
)
from chapter_style import MyDense, MySigmoid
from glassbrick import (
    SGD,
    ArgumentTypeError,
    DataError,
    Dense,
    Flatten,
    Layer,
    Linear,
    MeanSquaredError,
    MissingExtraError,
    NeuralNetwork,
    Series,
    Sigmoid,
    TracingError,
    Trainer,
    compare_engines,
)
from glassbrick.engines import XLA, AutoEngine, Job, NumpyEngine
from glassbrick.engines.auto_engine import seconds_saved
from glassbrick.engines.xla.recording import record
from glassbrick.engines.xla.survey import Survey
from networks import make_data, make_net, make_trainer, params_of, same_params

X, y = make_data(rows=23, outputs=2)
TOLERANCES = {np.float64: 1e-12, np.float32: 1e-5}


class Holder(Layer):
    """A layer of one operation, between two dense ones."""

    def __init__(self, kind):
        super().__init__(4)
        self.kind = kind

    def _setup_layer(self, input_):
        self.operations = [make_operation(self.kind, input_.shape[1], 4, self.rng)]


def networks():
    """For each public block, layers with it, and a loss. What takes categories comes first."""
    for name, kind in OPERATIONS.items():
        yield (
            name,
            lambda k=kind: ([*before(k), Holder(k), Flatten(), Dense(2)], MeanSquaredError()),
        )
    for name, kind in LAYERS.items():
        yield name, lambda k=kind: ([make_layer(k, 3, 3), Dense(2)], MeanSquaredError())
    for name, kind in LOSSES.items():
        yield name, lambda k=kind: ([Dense(5), Dense(2, "linear")], k())


squares = MeanSquaredError


def before(kind):
    """What stands before an operation: nothing if it takes categories."""
    operation = make_operation(kind, 3, 4, np.random.default_rng(0))
    return [] if takes_categories(operation, 3) else [Dense(5)]


NETWORKS = dict(networks())


def targets_for(loss):
    """Targets for a network of two outputs."""
    rng = np.random.default_rng(5)
    ((_, target), *_) = loss_pairs(loss, len(X), 2, rng, rng.standard_normal(y.shape))
    return target


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-4)])
def test_what_passes_by_default(dtype, tolerance):
    assert compare_engines(make_net(outputs=2), X.astype(dtype), y).tolerance == tolerance


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_public_block_agrees(name, dtype):
    layers, loss = NETWORKS[name]()
    net = NeuralNetwork(layers, loss, rng=0)
    rows = make_input(make_layer_of(layers), len(X), 3, np.random.default_rng(0))
    targets, tolerance = targets_for(loss), TOLERANCES[dtype]
    report = compare_engines(net, rows.astype(dtype), targets, tolerance=tolerance)
    assert report.ok, str(report)
    assert report.worst.relative <= TOLERANCES[dtype]
    places = {result.place.split(".")[-1] for result in report.results}
    assert "loss" in places
    assert len(report.results) >= 3 * len(layers)


def make_layer_of(layers):
    """The first block of a list, apart, to see what it takes."""
    return Series(copy.deepcopy(layers))


def compiled(function, *inputs, of=None):
    """Record a function, and return it as one of JAX.

    Of a block with a state, `of`, the function is given a copy first.
    """
    roots = {} if of is None else {"block": of}
    with jax.enable_x64(True):
        pure = record(roots, lambda roots, *given: function(*roots.values(), *given), *inputs).pure
        state = [np.array(found.held) for found in Survey(roots).found]
    return lambda *args: pure(state, *args)[0]


@pytest.mark.parametrize("rows", [1, 6])
@pytest.mark.parametrize("name", OPERATIONS)
def test_compiled_gradients_are_those_of_automatic_differentiation(name, rows):
    """JAX differentiates the compiled forward rule; the compiled backward rule is ours."""
    rng = np.random.default_rng(rows)
    operation = make_operation(OPERATIONS[name], 5, 4, rng)
    inputs = [make_input(operation, rows, 5, rng)]
    inputs += [operation.param] if hasattr(operation, "param") else []
    output_grad = rng.standard_normal(operation.forward(inputs[0]).shape)

    def forward(operation, x, *param):
        if param:
            operation.replace_param(param[0])
        return operation.forward(x)

    def backward(operation, x, output_grad, *param):
        forward(operation, x, *param)
        input_grad = operation.backward(output_grad)
        return [input_grad, operation.param_grad] if param else [input_grad]

    with jax.enable_x64(True):
        _, pull_back = jax.vjp(compiled(forward, *inputs, of=operation), *inputs)
        expected = pull_back(output_grad)
        ours = jax.jit(compiled(backward, inputs[0], output_grad, *inputs[1:], of=operation))
        found = ours(inputs[0], output_grad, *inputs[1:])
    assert len(expected) == len(found) == len(inputs)
    for ours, theirs in zip(found, expected, strict=True):
        assert norm_error(ours, theirs) <= 1e-12


@pytest.mark.parametrize("rows", [1, 6])
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_compiled_loss_gradients_are_those_of_automatic_differentiation(name, rows, weighted):
    loss, rng = LOSSES[name](), np.random.default_rng(rows)
    weights = [rng.uniform(0.0, 2.0, (rows, 1))] if weighted else []

    def backward(*inputs):
        loss.forward(*inputs)
        return loss.backward()

    for pair in loss_pairs(loss, rows, 3, rng):
        inputs = [*pair, *weights]
        with jax.enable_x64(True):
            expected = jax.grad(compiled(loss.forward, *inputs))(*inputs)
            found = jax.jit(compiled(backward, *inputs))(*inputs)
        assert norm_error(found, expected) <= 1e-12
        assert norm_error(backward(*inputs), expected) <= 1e-12


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", LOSSES)
def test_training_with_every_loss_agrees(name, dtype):
    results = []
    for engine in ("numpy", "xla"):
        layers, loss = NETWORKS[name]()
        trainer = Trainer(NeuralNetwork(layers, loss, rng=1), SGD(lr=0.02), engine=engine)
        targets = targets_for(loss)
        history = trainer.fit(
            X.astype(dtype), targets, X, targets, epochs=5, batch_size=8, verbose=False
        )
        assert history.val_loss[-1] < history.val_loss[0]
        results.append((history.loss, history.val_loss, params_of(trainer.net)))
    for eager, compiled_ in zip(*results, strict=True):
        for one, other in zip(eager, compiled_, strict=True):
            assert norm_error(one, other) <= 10 * TOLERANCES[dtype]


def test_a_difference_is_found_where_it_is():
    class Twofaced(Sigmoid):
        def _output(self):
            output = super()._output()
            return output if type(output) is np.ndarray else output * 1.001

    net = NeuralNetwork([Dense(4), Dense(3, Twofaced()), Dense(2)], MeanSquaredError(), rng=0)
    report = compare_engines(net, X, y)
    assert not report
    wrong = [(r.place, r.what) for r in report.results if not r.ok]
    assert wrong[0][0].startswith("dense_1")  # its gradients: they come after in time
    outputs = [place for place, what in wrong if what == "output"]
    assert outputs[0] == "dense_2.twofaced"
    found = {(r.place, r.what): r for r in report.results}
    assert found["dense_2.twofaced", "output"].relative == pytest.approx(1e-3, rel=1e-3)
    assert "DIFFER" in str(report)
    assert "arrays differ" in report.verdict


def test_a_difference_in_kind_is_found():
    class Widening(Sigmoid):
        def _output(self):
            output = super()._output()
            return output if type(output) is np.ndarray else output.astype(np.float64)

    net = NeuralNetwork([Dense(4, Widening()), Dense(2)], MeanSquaredError(), rng=0)
    report = compare_engines(net, X.astype(np.float32), y)
    assert not report
    assert "float32 (23, 4) against float64 (23, 4)" in str(report)


def test_the_report_fits_a_terminal():
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(compare_engines(make_net(outputs=2), X, y))
    lines = console.export_text().splitlines()
    assert any("dense_1.weight_multiply" in line and "23x5" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_comparing_leaves_the_network_as_it_was():
    net = make_net(outputs=2)
    compare_engines(net, X, y)
    assert not net.is_built
    net.build(3)
    before = params_of(net)
    compare_engines(net, X, y, tolerance=1e-9)
    assert same_params(before, params_of(net))
    for layer in net.layers:
        assert not set(layer.memory) & set(vars(layer))


def test_comparing_the_chapters_style():
    assert compare_engines(
        NeuralNetwork([MyDense(4, MySigmoid()), Dense(2)], MeanSquaredError()), X, y
    )


def test_networks_that_compute_the_same_by_other_names():
    for kind in (Flatten, Linear):
        net = NeuralNetwork([Dense(5), kind(), Dense(2)], MeanSquaredError(), rng=0)
        report = compare_engines(net, X, y)
        assert f"{kind.__name__.lower()}_1" in {result.place for result in report.results}


def test_what_cannot_be_compared():
    with pytest.raises(ArgumentTypeError, match="compare_engines, net"):
        compare_engines(Dense(3), X, y)
    with pytest.raises(DataError, match="the same number of rows"):
        compare_engines(make_net(outputs=2), X, y[:-1])
    with pytest.raises(ArgumentTypeError, match="tolerance"):
        compare_engines(make_net(outputs=2), X, y, tolerance="small")


# The choice between engines.


def job_of(trainer, X, y, epochs):
    return Job(trainer.net, trainer.optim, X, y, None, 8, epochs)


def test_auto_takes_numpy_for_small_jobs_and_xla_for_large_ones():
    trainer = make_trainer(engine="auto", outputs=2)
    trainer.net.build(3)
    engine, reason = trainer.engine.choose(job_of(trainer, X, y, epochs=5))
    assert type(engine) is NumpyEngine
    assert reason.startswith("auto: compiling takes 1.5 s and would save ")
    engine, reason = trainer.engine.choose(job_of(trainer, X, y, epochs=10**6))
    assert type(engine) is XLA
    assert "saves" in reason


def test_larger_networks_save_more():
    small, large = (
        make_trainer(),
        Trainer(NeuralNetwork([Dense(900, inputs=3), Dense(1)], MeanSquaredError()), SGD()),
    )
    small.net.build(3)
    few, many = (seconds_saved(job_of(t, X, y, epochs=10)) / n for t, n in ((small, 9), (large, 6)))
    assert few < many  # an operation
    assert seconds_saved(job_of(small, X, y, epochs=20)) == pytest.approx(2 * 9 * few)


def test_auto_states_its_choice_in_the_history(monkeypatch):
    trainer = make_trainer(engine="auto", outputs=2)
    history = trainer.fit(X, y, epochs=2, verbose=False)
    assert history.engine == "numpy"
    assert history.engine_reason.startswith("auto: ")
    monkeypatch.setattr("glassbrick.engines.auto_engine._SECONDS_TO_START", 0.0)
    history = trainer.fit(X, y, epochs=2, restart=False, verbose=False)
    assert history.engine == "numpy"  # who goes on, goes on with the same numbers
    history = trainer.fit(X, y, epochs=2, verbose=False)
    assert history.engine == "xla"
    assert "engine='xla'" in repr(history)
    assert type(trainer.engine) is AutoEngine
    assert (
        make_trainer(outputs=2).fit(X, y, epochs=1, verbose=False).engine_reason == "as asked for"
    )


def test_auto_does_without_what_cannot_be_compiled(monkeypatch):
    monkeypatch.setattr("glassbrick.engines.auto_engine._SECONDS_TO_START", 0.0)

    class Branching(SGD):
        steps = 0

        def step(self):
            self.steps += 1
            super().step()

    trainer = Trainer(make_net(outputs=2), Branching(), engine="auto")
    history = trainer.fit(X, y, epochs=3, batch_size=8, verbose=False)
    assert history.engine == "numpy"
    assert "auto: XLA cannot compile this: optimizer.steps" in history.engine_reason
    assert trainer.optim.steps == 9


def test_auto_does_without_jax(monkeypatch):
    monkeypatch.setattr("glassbrick.engines.auto_engine._SECONDS_TO_START", 0.0)
    monkeypatch.setattr("glassbrick.engines.xla_engine.find_spec", lambda name: None)
    history = make_trainer(engine="auto", outputs=2).fit(X, y, epochs=2, verbose=False)
    assert history.engine == "numpy"
    assert "JAX" in history.engine_reason
    assert "pip install 'glassbrick[xla]'" in history.engine_reason
    with pytest.raises(MissingExtraError, match="JAX"):
        compare_engines(make_net(outputs=2), X, y)


def test_an_engine_can_be_given_as_an_object():
    trainer = make_trainer(engine=XLA(), outputs=2)
    assert trainer.fit(X, y, epochs=1, verbose=False).engine == "xla"


# Arrays that are one in memory.


def test_overlapping_state_is_refused():
    class Flat(SGD):
        """Holds all parameters as one array, of which the network's are parts."""

        def step(self):
            self.flat -= self.lr * np.concatenate([g.ravel() for g in self.net.param_grads()])

    net = NeuralNetwork([Dense(2, "linear")], MeanSquaredError(), rng=0)
    net.build(3)
    optim = Flat()
    optim.flat = np.concatenate([param.ravel() for param in net.params()])
    operations = net.layers[0].param_operations
    operations[0].replace_param(optim.flat[:6].reshape(3, 2))
    operations[1].replace_param(optim.flat[6:].reshape(1, 2))
    eager = params_of(net)
    with pytest.raises(TracingError, match=r"optimizer\.flat.* shares memory with network\.layers"):
        Trainer(net, optim, engine="xla").fit(X, y, epochs=1, restart=False, verbose=False)
    assert same_params(eager, params_of(net))
    Trainer(net, optim).fit(X, y, epochs=1, restart=False, verbose=False)
    assert not same_params(eager, params_of(net))


def closed_over(rule):
    """Make an optimizer whose rule has the parameters from elsewhere than from itself."""

    def make(net):
        params = list(net.params())

        class Closed(SGD):
            def step(self):
                rule(params, self.net.params_and_grads(), self.lr)

        return Closed()

    return make


def descends(params, pairs, lr):
    for param, (_, grad) in zip(params, pairs, strict=True):
        param -= lr * grad


def decays(params, pairs, lr):
    for number, (param, grad) in enumerate(pairs):
        np.subtract(params[number], lr * (grad + np.multiply(param, 0.1)), out=params[number])


def shrinks(params, pairs, lr):
    first = params[0]
    first *= 0.99
    descends(params, pairs, lr)


def penalizes(params, pairs, lr):
    for number, (param, grad) in enumerate(pairs):
        param -= lr * (grad + 0.1 * params[number])


@pytest.mark.parametrize("rule", [descends, decays, shrinks, penalizes])
def test_state_that_is_reached_from_elsewhere_too(rule):
    results = []
    for engine in ("numpy", "xla"):
        net = make_net(outputs=2)
        net.build(3)
        Trainer(net, closed_over(rule)(net), engine=engine).fit(
            X, y, epochs=3, batch_size=8, restart=False, verbose=False
        )
        results.append(params_of(net))
    for eager, compiled in zip(*results, strict=True):
        assert np.allclose(eager, compiled, rtol=1e-12, atol=1e-14)
