"""The tape tells every number of a step, proves each gradient, and changes nothing."""

from __future__ import annotations

import copy
import json
import pickle
import time
from functools import partial
from io import StringIO

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

import glassbrick
from blocks import LAYERS, LOSSES, OPERATIONS, example_of, loss_pairs, make_input, make_layer
from glassbrick import (
    LBFGS,
    SGD,
    Adam,
    ArgumentError,
    ArgumentTypeError,
    BatchNorm,
    Concatenate,
    CosineDecay,
    DataError,
    Dense,
    Dropout,
    Embedding,
    FileError,
    Layer,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    NeuralNetwork,
    NotReadyError,
    Operation,
    ParamOperation,
    Residual,
    Series,
    ShapeError,
    Sigmoid,
    SoftmaxCrossEntropy,
    Trainer,
    UnknownNameError,
    WeightMultiply,
)
from glassbrick.layers.series import LayerOfLayers
from glassbrick.tape.formulas import formula_of, input_rule_of, param_rule_of, plain
from networks import SEED, make_data, make_net

jax.config.update("jax_enable_x64", True)


class Doubled(Operation):
    def _output(self):
        return 2.0 * self.input_

    def _input_grad(self, output_grad):
        return 2.0 * output_grad


class DoubledWrong(Doubled):
    def _input_grad(self, output_grad):
        return output_grad


class WrongInOneElement(Sigmoid):
    def _input_grad(self, output_grad):
        gradient = super()._input_grad(output_grad)
        gradient[0, -1] *= 1.001
        return gradient


class WeightsWrong(WeightMultiply):
    def _param_grad(self, output_grad):
        return -super()._param_grad(output_grad)


class WeightsWrongInOneElement(WeightMultiply):
    def _param_grad(self, output_grad):
        gradient = super()._param_grad(output_grad)
        gradient[7, 11] *= 1.01
        return gradient


class Weights(Layer):
    """A layer of weights of some class."""

    def __init__(self, kind, neurons):
        super().__init__(neurons)
        self.kind = kind

    def _setup_layer(self, input_):
        weights = self.rng.standard_normal((input_.shape[1], self.neurons))
        self.operations = [self.kind(weights), Sigmoid()]


class ResidualThatForgets(Residual):
    def _pass_back(self, passes, output_grad):
        return Series._pass_back(self, passes, output_grad)


class ResidualThatDoubles(Residual):
    def _pass_back(self, passes, output_grad):
        return output_grad + Series._pass_back(self, passes, 2.0 * output_grad)


class Halving(Dense):
    """A layer with a forward and a backward of its own, by default a wrong one."""

    factor = 1.0

    def forward(self, input_):
        return 0.5 * super().forward(input_)

    def backward(self, output_grad):
        return super().backward(self.factor * output_grad)


class HalvingRightly(Halving):
    factor = 0.5


class LossWrong(MeanSquaredError):
    def _input_grad(self):
        return (self.prediction - self.target) / len(self.prediction)


def network(*layers, loss=None, **source):
    return NeuralNetwork(list(layers), loss or MeanSquaredError(), **(source or {"rng": 0}))


def everything():
    """A network of all kinds of layers, with penalties."""
    return network(
        Concatenate([[glassbrick.Columns([0, 1]), Dense(3, "tanh", l2=0.1)],
                     [glassbrick.Columns([2]), Embedding(3, 2, l1=0.05)]]),
        BatchNorm(),
        Residual([Dense(6, "gelu"), Dropout(0.4), [Dense(5, "linear")]]),
        Dense(1, "linear"),
    )  # fmt: skip


def mixed_data(rows=8, dtype=np.float64):
    rng = np.random.default_rng(5)
    X = np.column_stack([rng.standard_normal((rows, 2)), rng.integers(0, 3, rows)])
    return X.astype(dtype), rng.standard_normal((rows, 1)).astype(dtype)


def everything_of(thing):
    """All state as bytes: parameters, statistics, random streams, what is built."""
    return pickle.dumps(copy.deepcopy(thing))


def memory_of(net):
    """The very objects that a network and its blocks hold, caches included."""
    return [(id(part), {name: id(value) for name, value in vars(part).items()})
            for part in [*net._parts(), net.loss]]  # fmt: skip


def wrong_places(tape):
    return [check.name for check in tape.wrong]


@pytest.mark.parametrize("hidden", [0, 1, 2])
def test_the_chapters_networks_equal_jax(hidden):
    rng = np.random.default_rng(hidden)
    x, y = rng.standard_normal((6, 13)), rng.standard_normal((6, 1))
    net = network(*(Dense(13, "sigmoid") for _ in range(hidden)), Dense(1, "linear"), seed=SEED)
    net.build(13)

    def loss_of(params, x):
        for number in range(hidden + 1):
            weights, bias = params[2 * number : 2 * number + 2]
            x = x @ weights + bias
            x = jax.nn.sigmoid(x) if number < hidden else x
        return jnp.mean(jnp.sum((x - y) ** 2, axis=1))

    value, (of_params, of_x) = jax.value_and_grad(loss_of, argnums=(0, 1))(list(net.params()), x)
    tape = net.explain(x, y)
    close = partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-12)
    close(tape.loss.value, value)
    found = [step.param_grad for step in tape if step.param is not None]
    assert len(found) == len(of_params) == 2 * hidden + 2
    for gradient, expected in zip(found, of_params, strict=True):
        close(gradient, expected)
    close(next(iter(tape)).input_grad, of_x)
    assert tape.is_right
    assert max(check.difference for check in tape.checks) < 1e-12


def test_numbers_are_those_of_forward_and_backward():
    x, y = mixed_data()
    net = everything()
    net.build(3)
    tape = net.explain(x, y)
    twin = copy.deepcopy(net)
    total = twin.train_batch(x, y)
    assert tape.loss.total == total
    assert tape.loss.penalty > 0.0
    assert tape.loss.total == pytest.approx(tape.loss.value + tape.loss.penalty, rel=1e-15)
    assert np.array_equal(tape.loss.prediction, twin.loss.prediction)
    assert np.array_equal(tape.loss.input_grad, twin.loss.input_grad)
    operations = twin.operations()
    steps = {step.name: step for step in tape if step.kind not in ("Residual", "Concatenate")}
    assert len(steps) == len(operations)
    for step in steps.values():
        (operation,) = [op for op in operations if np.array_equal(op.output, step.output)
                        and type(op).__name__ == step.kind
                        and np.array_equal(op.input_, step.input)]  # fmt: skip
        assert np.array_equal(step.input_grad, operation.input_grad)
        if isinstance(operation, ParamOperation):
            assert np.array_equal(step.param, operation.param)
            extra = 0.0 if step.penalty_grad is None else step.penalty_grad
            assert np.array_equal(step.param_grad + extra, operation.param_grad)
    assert sum(step.penalty_grad is not None for step in tape) == 2
    assert tape.is_right
    assert len(tape.checks) == len(tape) + 1 + sum(step.param is not None for step in tape)


def test_steps_are_in_the_order_of_the_forward_pass():
    tape = everything().explain(*mixed_data())
    names = list(tape.names)
    assert names[0] == "concatenate_1.series_1.columns_1.columns"
    assert names.index("concatenate_1") > names.index("concatenate_1.series_2.embedding_1.flatten")
    assert names.index("residual_1") < names.index("dense_1.weight_multiply")
    assert [step.name for step in tape] == names
    assert len(tape) == len(names)
    assert "residual_1" in tape
    assert "residual" not in tape
    residual = tape["residual_1"]
    backward = [step.name for step in tape.backward]
    assert sorted(backward) == sorted(names)
    assert backward[0] == "dense_1.linear"
    assert backward.index("residual_1.dense_1.gelu") < backward.index("residual_1")
    assert backward.index("batch_norm_1.bias_add") < backward.index("concatenate_1")
    inner = tape["residual_1.series_1.dense_1.linear"]
    assert np.array_equal(residual.output, residual.input + inner.output)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_operation(name, dtype):
    rng = np.random.default_rng(1)
    operation = example_of(OPERATIONS[name])
    width = operation.param.shape[operation.width_axis or 0] if hasattr(operation, "param") else 4
    x = make_input(operation, 5, width, rng).astype(dtype)
    outputs = 2
    net = network(operation, glassbrick.Flatten(), Dense(outputs, "tanh"))
    tape = net.explain(x, rng.standard_normal((5, outputs)))
    (step,) = [step for step in tape if step.kind == name and step.name != "flatten_2.flatten"][:1]
    assert tape.is_right, str(tape)
    assert step.input_check.checked
    assert step.input.dtype == dtype
    assert step.formula == formula_of(operation) != name
    assert (step.param is None) == (step.param_check is None) == (not hasattr(operation, "param"))


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name):
    rng = np.random.default_rng(1)
    layer = make_layer(LAYERS[name], 4, 4)
    x = make_input(copy.deepcopy(layer), 6, 4, rng)
    net = network(layer, Dense(1, "linear"))
    tape = net.explain(x, rng.standard_normal((6, 1)))
    assert tape.is_right, str(tape)
    assert all(check.checked for check in tape.checks)
    joints = [step for step in tape if isinstance(layer, LayerOfLayers) and step.kind == name]
    assert len(joints) == (isinstance(layer, LayerOfLayers) and name != "Series")


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_every_loss(name, weighted):
    rng = np.random.default_rng(1)
    for prediction, target in loss_pairs(LOSSES[name](), 5, 4, rng):
        net = network(Dense(prediction.shape[1], "linear"), loss=LOSSES[name]())
        weights = rng.uniform(0.0, 2.0, 5) if weighted else None
        tape = net.explain(rng.standard_normal((5, 3)), target, sample_weight=weights)
        assert tape.is_right, str(tape)
        assert tape.loss.kind == name
        assert tape.loss.input_check.checked
        assert (tape.loss.weights is None) != weighted


def test_a_dropouts_mask_is_shown_and_held():
    x, y = make_data(rows=6)
    net = network(Dense(8, "tanh", inputs=3), Dropout(0.5), Dense(1, "linear"))
    net.build(3)
    step = net.explain(x, y)["dropout_1.dropout"]
    assert set(np.unique(step.kept["mask"])) == {0.0, 2.0}
    assert np.array_equal(step.output, step.input * step.kept["mask"])
    assert step.is_right
    net.train_batch(x, y)  # which draws what was told
    assert np.array_equal(net.layers[1].operation.mask, step.kept["mask"])


def test_a_batchs_statistics_are_shown():
    x, y = make_data(rows=6)
    net = network(BatchNorm(), Dense(1, "linear"))
    step = net.explain(x, y)["batch_norm_1.batch_standardize"]
    np.testing.assert_allclose(step.kept["batch_mean"][0], x.mean(axis=0), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(step.kept["batch_variance"][0], x.var(axis=0), rtol=1e-12)
    np.testing.assert_allclose(step.kept["mean"][0], 0.1 * x.mean(axis=0), rtol=1e-12, atol=1e-14)


PLANTED = {
    "dense_1.doubled_wrong": lambda: [Dense(4, DoubledWrong()), BatchNorm(), Dense(1)],
    "dense_2.wrong_in_one_element": lambda: [Dense(4), Dense(3, WrongInOneElement()), Dense(1)],
    "residual_1.doubled_wrong_1.doubled_wrong": lambda: [Residual([DoubledWrong()]), Dense(1)],
    "concatenate_1.doubled_wrong_1.doubled_wrong": (
        lambda: [Concatenate([DoubledWrong(), Doubled()]), Dense(1, "linear")]
    ),
    "residual_that_forgets_1": lambda: [Dense(3), ResidualThatForgets([Dense(3)]), Dense(1)],
    "residual_that_doubles_1": lambda: [Dense(3), ResidualThatDoubles([Dense(3)]), Dense(1)],
    "halving_1": lambda: [Dense(3, "tanh"), Halving(4, "tanh"), Dense(1, "linear")],
}


@pytest.mark.parametrize("place", PLANTED)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_wrong_rule_is_marked_there_and_nowhere_else(place, dtype):
    x, y = make_data(rows=6, dtype=dtype)
    tape = network(*PLANTED[place]()).explain(x, y)
    assert wrong_places(tape) == [f"{place}.input_grad"]
    assert [step.name for step in tape if not step.is_right] == [place]
    assert not tape.is_right
    assert "1 of" in tape.verdict
    assert str(tape).count("WRONG") == 2


def test_a_wrong_gradient_of_a_parameter_is_marked():
    x, y = make_data(rows=6)
    tape = network(Dense(4), Weights(WeightsWrong, 3), Dense(1)).explain(x, y)
    assert wrong_places(tape) == ["weights_1.weights_wrong.param_grad"]
    assert "but numerically" in tape["weights_1.weights_wrong"].param_check.problem


def test_one_wrong_element_of_a_large_parameter_is_found():
    x, y = make_data(rows=6, features=40)
    tape = network(Weights(WeightsWrongInOneElement, 30), Dense(1)).explain(x, y)
    check = tape["weights_1.weights_wrong_in_one_element"].param_check
    assert wrong_places(tape) == [check.name]
    assert "[7, 11]" in check.problem
    assert check.directional
    assert check.checked < 40 * 30


def test_a_wrong_loss_is_marked():
    tape = network(Dense(3), Dense(1), loss=LossWrong()).explain(*make_data(rows=6))
    assert wrong_places(tape) == ["loss_wrong.input_grad"]
    assert not tape.loss.is_right


def test_a_layer_of_its_own_is_judged_as_a_whole():
    x, y = make_data(rows=6)
    tape = network(HalvingRightly(4, "tanh"), Dense(1, "linear")).explain(x, y)
    assert tape.is_right
    assert tape["halving_rightly_1"].input_check.checked
    wrong_inside = network(HalvingRightly(4, DoubledWrong()), Dense(1, "linear")).explain(x, y)
    assert wrong_places(wrong_inside) == ["halving_rightly_1.doubled_wrong.input_grad"]
    assert wrong_inside["halving_rightly_1"].input_check is None


@pytest.mark.parametrize("seed", range(8))
def test_rounding_is_not_called_wrong_where_terms_cancel(seed):
    x, y = make_data(rows=6, seed=seed)
    net = network(Dense(4, "linear"), BatchNorm(), Dense(1, "linear"), rng=seed)
    tape = net.explain(x, y)
    assert np.abs(tape["dense_1.bias_add"].param_grad).max() < 1e-14
    assert tape.is_right
    assert glassbrick.check_gradients(net, x, y)


class Direct(Layer):
    """A layer that computes by itself, and has operations for their parameters only."""

    def _setup_layer(self, input_):
        self.operations = [WeightMultiply(self.rng.standard_normal((input_.shape[1], 2)))]

    def forward(self, input_):
        if self.first:
            self._set_up(input_)
        self.input_, weights = input_, self.operations[0].param
        self.output = np.tanh(input_ @ weights)
        return self.output

    def backward(self, output_grad):
        (operation,) = self.operations
        slope = output_grad * (1.0 - self.output**2)
        operation.param_grad = self._grad_of_weights(slope)
        return slope @ operation.param.T

    def _grad_of_weights(self, slope):
        return self.input_.T @ slope


class DirectWrong(Direct):
    def _grad_of_weights(self, slope):
        return 2.0 * self.input_.T @ slope


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", [Direct, DirectWrong])
def test_parameters_of_a_layer_that_computes_by_itself(kind, dtype):
    x, y = make_data(rows=6, dtype=dtype)
    net = network(kind(2), Dense(1, "linear"))
    tape = Trainer(net, SGD(0.5)).explain(x, y)
    (name,) = [name for name in tape.names if name.endswith("_1.weight_multiply")][:1]
    step = tape[name]
    assert wrong_places(tape) == [f"{name}.param_grad"] * (kind is DirectWrong)
    assert step.input is None
    assert step.param_check.checked == 6
    np.testing.assert_allclose(step.update, -0.5 * step.param_grad, rtol=1e-5, atol=1e-7)


def test_where_nothing_is_smooth_nothing_is_called_wrong():
    net = network(Dense(1, "relu", inputs=2, weight_init="zeros"), loss=MeanAbsoluteError())
    tape = net.explain(np.ones((3, 2)), np.ones((3, 1)))
    assert tape.is_right
    assert tape.verdict.endswith("not checked")
    assert "not checked" in str(tape)


def settled(kind):
    """A network, and a trainer, that have something to lose."""
    net = everything()
    X, y = mixed_data(rows=20)
    trainer = Trainer(net, Adam(0.01, ema=0.9))
    if kind != "unbuilt":
        trainer.fit(X, y, epochs=2, verbose=False, batch_size=8)
    if kind == "between forward and backward":
        net.train_batch(X[:5], y[:5])
        net.forward(X[5:9])
    return net, trainer


@pytest.mark.parametrize("kind", ["unbuilt", "trained", "between forward and backward"])
@pytest.mark.parametrize("who", ["net", "trainer"])
def test_nothing_changes(kind, who):
    net, trainer = settled(kind)
    before = everything_of((net, trainer.optim)), memory_of(net), net.is_built
    arrays = {id(a): a.copy() for op in net.operations() for a in vars(op).values()
              if isinstance(a, np.ndarray)}  # fmt: skip
    explained = net if who == "net" else trainer
    assert explained.explain(*mixed_data()).is_right
    assert (everything_of((net, trainer.optim)), memory_of(net), net.is_built) == before
    for operation in net.operations():
        for array in vars(operation).values():
            if isinstance(array, np.ndarray):
                assert np.array_equal(array, arrays[id(array)])


@pytest.mark.parametrize("engine", ["numpy", "xla"])
@pytest.mark.parametrize("source", [{"rng": 4}, {"seed": 3}])
def test_training_goes_on_bit_for_bit(engine, source):
    X, y = make_data(rows=20)

    def fit(look):
        net = network(Dense(4, "tanh"), BatchNorm(), Dropout(0.3), Dense(1, "linear"), **source)
        trainer = Trainer(net, SGD(0.05, momentum=0.9), engine=engine)
        for restart in (True, False, False):
            if look:
                net.explain(X[:5], y[:5])
                trainer.explain(X[:5], y[:5])
            history = trainer.fit(X, y, epochs=3, restart=restart, verbose=False)
        return history.loss, [param.tolist() for param in net.params()]

    assert fit(look=True) == fit(look=False)


@pytest.mark.parametrize("source", [{"rng": 4}, {"seed": 3}])
def test_an_unbuilt_network_is_explained_with_what_it_would_draw(source):
    X, y = make_data(rows=5)
    net = make_net(**source)
    tape = net.explain(X, y)
    assert not net.is_built
    loss = net.train_batch(X, y)
    assert tape.loss.total == loss
    shown = [step.param for step in tape if step.param is not None]
    assert all(map(np.array_equal, shown, net.params()))


@pytest.mark.parametrize("optim", [SGD(0.1), SGD(0.1, momentum=0.9, weight_decay=0.1), Adam(0.1)])
def test_the_update_is_the_optimizers(optim):
    X, y = mixed_data()
    net = everything()
    trainer = Trainer(net, copy.deepcopy(optim))
    trainer.fit(X, y, epochs=2, verbose=False)
    tape = trainer.explain(X, y)
    net.train_batch(X, y)
    trainer.optim.step()
    steps = [step for step in tape if step.param is not None]
    by_bytes = {step.new_param.tobytes() for step in steps}
    assert by_bytes == {param.tobytes() for param in net.params()}
    for step in steps:
        assert np.array_equal(step.new_param - step.param, step.update)
        assert step.update.any()
    assert net.explain(X, y)["dense_1.bias_add"].update is None


def test_an_optimizer_that_is_not_ready_says_so():
    X, y = make_data(rows=5)
    with pytest.raises(NotReadyError, match="LBFGS"):
        Trainer(make_net(), LBFGS()).explain(X, y)
    trainer = Trainer(make_net(), SGD(CosineDecay(0.1)))
    with pytest.raises(NotReadyError, match="CosineDecay"):
        trainer.explain(X, y)
    trainer.fit(X, y, epochs=2, verbose=False)
    assert trainer.explain(X, y).is_right


def test_arrays_are_the_callers_own():
    X, y = mixed_data()
    net = everything()
    net.build(3)
    tape = Trainer(net, SGD(0.1)).explain(X, y)
    arrays = [tape.x, *tape.loss.arrays.values()]
    arrays += [array for step in tape for array in step.arrays.values()]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0
        assert not any(np.shares_memory(array, other) for other in (X, y, *net.params()))
    assert tape["dense_1.bias_add"].shapes["param"] == (1, 1)
    assert tape.loss.shapes["target"] == (8, 1)


def test_it_prints_within_80_columns():
    X, y = mixed_data(rows=4)
    tape = Trainer(everything(), SGD(0.1)).explain(X, y)
    text = str(tape)
    assert max(map(len, text.splitlines())) <= 80
    for name in tape.names:
        assert text.count(f"\n{name}   ") == 2
    for part in ("FORWARD", "LOSS", "BACKWARD", "mask 4x6", "Y = X W", "∂L/∂W = Xᵀ G",
                 "new_param 1x1", "penalty "):  # fmt: skip
        assert part in text
    value = np.array2string(tape["dense_1.bias_add"].new_param, precision=4)
    assert value in text
    console = Console(width=60, record=True, file=StringIO())
    console.print(tape)
    assert "BACKWARD" in console.export_text()
    assert repr(tape).startswith(f"<Tape of {len(tape)} steps, loss ")


def test_large_arrays_are_summarized():
    text = str(network(Dense(64), Dense(1)).explain(*make_data(rows=60, features=50)))
    assert "param 50x64: min -" in text
    assert len(text.splitlines()) < 120
    assert "24 elements, and all along a random direction" in text


def test_json_round_trip(tmp_path):
    X, y = mixed_data()
    tape = Trainer(everything(), Adam(0.1)).explain(X, y)
    told = json.loads(tape.to_json())
    assert [step["name"] for step in told["steps"]] == tape.names
    for step, found in zip(tape, told["steps"], strict=True):
        assert found["arrays"].keys() == step.arrays.keys()
        for name, array in step.arrays.items():
            stored = found["arrays"][name]
            again = np.array(stored["values"], stored["dtype"]).reshape(stored["shape"])
            assert np.array_equal(again, array)
            assert again.dtype == array.dtype
        assert found["input_check"]["verdict"] == "right"
        assert found["formula"] == step.formula
    assert told["loss"]["total"] == tape.loss.total
    assert told["is_right"] is True
    path = tmp_path / "step.json"
    tape.save(path)
    assert json.loads(path.read_text(encoding="utf-8")) == told
    with pytest.raises(FileError):
        tape.save(path)
    tape.save(path, overwrite=True)


def test_json_of_float32_and_of_what_is_not_finite():
    X, y = make_data(rows=4, dtype=np.float32)
    net = network(Dense(2, inputs=3), Dense(1, "linear"))
    tape = net.explain(X, y)
    stored = json.loads(tape.to_json())["steps"][0]["arrays"]["param"]
    assert stored["dtype"] == "float32" or stored["dtype"] == "float64"
    net = network(Dense(1, "linear", inputs=3))
    next(net.params())[...] = 1e200
    tape = net.explain(1e200 * np.ones((2, 3)), np.ones((2, 1)))
    assert json.loads(tape.to_json(indent=1))["loss"]["value"] == "inf"
    assert "inf" in str(tape)


def test_speed():
    rng = np.random.default_rng(0)
    layers = [Dense(256, "relu"), Dense(128, "relu"), Dense(10, "linear")]
    net = network(*layers, loss=SoftmaxCrossEntropy())
    x, y = rng.standard_normal((32, 784)), rng.integers(0, 10, 32)
    trainer = Trainer(net, Adam(0.001))
    fastest = 60.0
    for _ in range(5):
        started = time.perf_counter()
        tape = trainer.explain(x, y)
        fastest = min(fastest, time.perf_counter() - started)
    assert tape.is_right
    check = tape["dense_1.weight_multiply"].param_check
    assert (check.directional, check.checked) == (True, 8)
    assert fastest < 2.0


def test_names():
    tape = make_net().explain(*make_data(rows=4))
    assert tape["dense_1.tanh"].kind == "Tanh"
    with pytest.raises(UnknownNameError, match=r"'dense_1.tan'. There are: dense_1.tanh") as error:
        tape["dense_1.tan"]
    assert isinstance(error.value, KeyError)
    assert str(error.value).startswith("Tape: expected the name of a step; received")
    with pytest.raises(UnknownNameError, match=r"There are: dense_1\.weight_multiply, "):
        tape["qqqq"]
    with pytest.raises(ArgumentTypeError):
        tape[0]


class NoRowLoss(Loss):
    def _output(self):
        return np.sum(self.prediction)

    def _input_grad(self):
        return np.ones_like(self.prediction)


BAD = {
    "one axis": ((np.ones(3), np.ones(3)), {}, ShapeError),
    "no rows": ((np.ones((0, 3)), np.ones((0, 1))), {}, DataError),
    "nan": (([[1.0, np.nan, 2.0]], [1.0]), {}, DataError),
    "text": (([["a", "b", "c"]], [1.0]), {}, DataError),
    "other rows": ((np.ones((2, 3)), np.ones((3, 1))), {}, DataError),
    "other columns": ((np.ones((2, 4)), np.ones((2, 1))), {}, ShapeError),
    "other outputs": ((np.ones((2, 3)), np.ones((2, 2))), {}, ShapeError),
    "weights of others": ((np.ones((2, 3)), [1, 2]), {"sample_weight": [1, 2, 3]}, ShapeError),
    "weights below 0": ((np.ones((2, 3)), [1, 2]), {"sample_weight": [1, -2]}, DataError),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_inputs(case):
    arguments, weights, error = BAD[case]
    net = make_net()
    net.build(3)
    for explained in (net, Trainer(net, SGD())):
        before = everything_of(net)
        with pytest.raises(error):
            explained.explain(*arguments, **weights)
        assert everything_of(net) == before


def test_a_loss_that_takes_no_weights_says_so():
    with pytest.raises(ArgumentError, match="RowLoss"):
        network(Dense(1), loss=NoRowLoss()).explain([[1.0]], [1.0], sample_weight=[1.0])


def test_formulas_are_plain_text():
    for kind in [*OPERATIONS.values(), *LAYERS.values(), *LOSSES.values()]:
        block = example_of(kind)
        for text in (formula_of(block), input_rule_of(block), param_rule_of(block)):
            assert not set(text) & set("\\{}`\n:")
    assert formula_of(Doubled()) == "Doubled"
    assert input_rule_of(Doubled()) == param_rule_of(Doubled()) == ""
    assert input_rule_of(Sigmoid()) == "∂L/∂x = G ⊙ y', y' = y(1-y)"
    assert param_rule_of(WeightMultiply(np.ones((1, 1)))) == "∂L/∂W = Xᵀ G"
    assert input_rule_of(MeanSquaredError()) == "∂L/∂p_ij = 2/n (p_ij-t_ij)"
    assert plain(r"y = \sqrt{\overline{x^2}+\epsilon}") == "y = √(mean(x^2)+ε)"
