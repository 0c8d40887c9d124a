"""Networks and layers: building, predicting, copying, and what they refuse."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest

from glassbrick import (
    ArgumentTypeError,
    BiasAdd,
    Dense,
    GlassbrickError,
    Layer,
    MeanSquaredError,
    NeuralNetwork,
    NotReadyError,
    Operation,
    OwnershipError,
    ShapeError,
    Sigmoid,
    Tanh,
    WeightMultiply,
)
from networks import make_data, make_net, params_of, same_params

X, y = make_data()


def test_predict_is_forward():
    net = make_net()
    net.build(3)
    assert np.array_equal(net.predict(X), net.forward(X))
    assert np.allclose(net.predict(X, batch_size=7), net.forward(X), rtol=1e-14)


def test_predict_returns_the_callers_own():
    net = make_net()
    net.build(3)
    prediction = net.predict(X)
    prediction[...] = 0.0
    assert net.predict(X).any()


def test_predict_needs_parameters():
    with pytest.raises(NotReadyError, match="has no parameters yet"):
        make_net().predict(X)
    with pytest.raises(NotReadyError):
        _ = make_net().dtype


def test_predictions_from_many_threads_while_gradients_are_pending():
    net = make_net()
    net.build(3)
    parts = [X[i : i + 5] for i in range(0, 40, 5)]
    expected = [net.predict(part) for part in parts]
    prediction = net.forward(X)
    wrong = []

    def work():
        for _ in range(50):
            for part, right in zip(parts, expected, strict=True):
                if not np.array_equal(net.predict(part), right):
                    wrong.append(part)

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong
    net.loss.forward(prediction, y)
    net.backward(net.loss.backward())


def test_predict_sees_parameters_that_were_replaced():
    net = make_net()
    net.build(3)
    before = net.predict(X)
    net.layers[0].operations[0].param = np.zeros((3, 5))
    assert not np.array_equal(before, net.predict(X))


def test_backward_returns_the_gradient_of_the_data():
    net = make_net()
    prediction = net.forward(X)
    net.loss.forward(prediction, y)
    assert net.backward(net.loss.backward()).shape == X.shape


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))])
@pytest.mark.parametrize("source", [{"seed": 4}, {"rng": 4}])
def test_copies_are_apart(twin_of, source):
    net = make_net(**source)
    net.train_batch(X, y)
    twin = twin_of(net)
    assert same_params(params_of(net), params_of(twin))
    for param in twin.params():
        param += 1.0
    assert not same_params(params_of(net), params_of(twin))
    assert twin.layers[0].operations[0]._owner() is twin.layers[0]
    with pytest.raises(OwnershipError):
        NeuralNetwork([twin.layers[0]], MeanSquaredError())
    twin.train_batch(X, y)


def test_a_layer_of_a_network_that_is_gone_can_be_used_again():
    layer = Dense(3)
    NeuralNetwork([layer], MeanSquaredError())
    NeuralNetwork([layer, Dense(1)], MeanSquaredError())


def test_first_draws_parameters_anew():
    net = make_net(seed=None)
    net.forward(X)
    before = params_of(net)
    net.layers[0].first = True
    net.forward(X)
    assert not np.array_equal(before[0], next(net.params()))


def test_names_and_reprs():
    net = make_net()
    assert [layer.name for layer in net.layers] == ["dense_1", "dense_2", "dense_3"]
    assert repr(net) == (
        "NeuralNetwork([Dense(5, Tanh), Dense(4, Sigmoid), Dense(1, Linear)], "
        "MeanSquaredError(), rng=0)"
    )
    assert repr(WeightMultiply(np.ones((2, 3)))) == "WeightMultiply((2, 3))"


def test_a_layer_outside_of_a_network():
    layer = Dense(2, "tanh")
    with pytest.raises(NotReadyError, match=r"Dense\(2\) has no parameters yet"):
        _ = layer.params
    layer.forward(X)
    assert [param.shape for param in layer.params] == [(3, 2), (1, 2)]
    with pytest.raises(ShapeError, match=r"Dense\(2\): forward: expected .*3 features"):
        layer.forward(X[:, :2])
    with pytest.raises(ArgumentTypeError):
        Dense(2).forward(X.tolist())
    layer.seed = 7
    layer.first = True
    layer.forward(X)
    expected = np.random.RandomState(7).randn(3, 2)
    assert np.array_equal(layer.params[0], expected)


def test_a_layer_that_draws_from_the_global_stream_is_served():
    class Theirs(Layer):
        def _setup_layer(self, input_):
            np.random.seed(self.seed)
            self.params = []
            self.params.append(np.random.randn(input_.shape[1], self.neurons))
            self.params.append(np.random.randn(1, self.neurons))
            self.operations = [
                WeightMultiply(self.params[0]),
                BiasAdd(self.params[1]),
                Sigmoid(),
            ]

    state = np.random.get_state()
    ours, theirs = (
        NeuralNetwork([kind(4), kind(1)], MeanSquaredError(), seed=9) for kind in (Dense, Theirs)
    )
    for net in (ours, theirs):
        net.train_batch(X, y)
    np.random.set_state(state)
    assert same_params(params_of(ours), params_of(theirs))
    assert same_params(list(ours.param_grads()), list(theirs.param_grads()))


def test_a_parameter_that_no_operation_holds_is_refused():
    class Forgetful(Layer):
        def _setup_layer(self, input_):
            self.params = [np.ones((3, 2)), np.ones((1, 2))]
            self.operations = [WeightMultiply(self.params[0])]

    with pytest.raises(OwnershipError, match=r"shape \(1, 2\) that no operation holds"):
        Forgetful(2).forward(X)


def test_operations_must_be_operations():
    class Careless(Layer):
        def _setup_layer(self, input_):
            self.operations = [WeightMultiply(np.ones((3, 2))), np.tanh]

    with pytest.raises(ArgumentTypeError, match="an Operation"):
        Careless(2).forward(X)


def test_operations_can_be_replaced_as_a_whole():
    layer = Dense(2, "tanh")
    layer.forward(X)
    layer.operations = [*layer.operations, Tanh()]
    assert layer.forward(X).shape == (40, 2)
    assert len(layer.params) == 2
    other = Dense(2)
    other.forward(X)
    before = other.operations
    with pytest.raises(OwnershipError, match=r"Dense\(2\): operations: .*already belongs"):
        other.operations = [layer.operations[0]]
    assert other.operations is before


def test_an_error_in_the_middle_names_the_layer():
    net = make_net()
    net.build(3)
    net.layers[1].operations[1].param = np.ones((1, 1))
    with pytest.raises(GlassbrickError, match=r"dense_2: BiasAdd\.forward.*rows of 1 values"):
        net.forward(X)
    net = make_net()
    net.forward(X)
    with pytest.raises(ShapeError, match=r"dense_3: Linear\.backward, output_grad"):
        net.backward(np.ones((40, 2)))


def test_build_with_a_middle_layer_of_another_width():
    with pytest.raises(ShapeError, match=r"dense_2: forward: expected .*7 features"):
        NeuralNetwork([Dense(5, inputs=3), Dense(1, inputs=7)], MeanSquaredError())


def test_a_failed_build_leaves_the_network_as_it_was():
    net = NeuralNetwork([Dense(5, inputs=3), Dense(1)], MeanSquaredError(), rng=0)
    before = params_of(net)
    with pytest.raises(ShapeError):
        net.build(4)
    assert same_params(before, params_of(net))
    assert net.predict(X).shape == (40, 1)


def test_missing_attributes_are_plain_attribute_errors():
    assert not hasattr(Sigmoid(), "output")
    with pytest.raises(AttributeError, match="outptu"):
        _ = Sigmoid().outptu
    with pytest.raises(NotReadyError):
        Sigmoid().backward(np.ones((1, 1)))


class CachesInADict(Operation):
    def __init__(self):
        self.cache = {}

    def _output(self):
        self.cache["mask"] = self.input_ > 0
        return self.input_ * self.cache["mask"]

    def _input_grad(self, output_grad):
        return output_grad * self.cache["mask"]


class AroundAnother(Operation):
    def __init__(self):
        self.inner = Tanh()

    def _output(self):
        return self.input_ + self.inner.forward(self.input_)

    def _input_grad(self, output_grad):
        return output_grad + self.inner.backward(output_grad)


@pytest.mark.parametrize("kind", [CachesInADict, AroundAnother])
def test_predict_disturbs_no_block_however_it_remembers(kind):
    net = NeuralNetwork([Dense(5, kind()), Dense(1, "linear")], MeanSquaredError(), rng=0)
    net.train_batch(X, y)
    undisturbed = [grad.copy() for grad in net.param_grads()]
    net.loss.forward(net.forward(X), y)
    net.predict(X[::-1])
    net.backward(net.loss.backward())
    assert same_params(undisturbed, list(net.param_grads()))


def test_blocks_within_blocks_are_released():
    operation = AroundAnother()
    operation.forward(X)
    operation.release()
    assert not hasattr(operation.inner, "output")


def test_parameters_hidden_in_a_layer_are_refused():
    class Composite(Layer):
        def _setup_layer(self, input_):
            self.inner = Dense(self.neurons)
            self.operations = [Tanh()]

    with pytest.raises(OwnershipError, match="attribute inner holds a Dense"):
        Composite(3).forward(X)


def test_a_layer_whose_forward_sets_it_up_as_in_the_chapter():
    class Mine(Layer):
        def _setup_layer(self, input_):
            self.params = []
            self.params.append(np.ones((input_.shape[1], self.neurons)))
            self.operations = [WeightMultiply(self.params[0]), Sigmoid()]

        def forward(self, input_):
            if self.first:
                self._setup_layer(input_)
                self.first = False
            self.input_ = input_
            for operation in self.operations:
                input_ = operation.forward(input_)
            self.output = input_
            return self.output

    net = NeuralNetwork([Mine(4), Dense(1)], MeanSquaredError())
    net.train_batch(X, y)
    assert [grad.shape for grad in net.param_grads()] == [(3, 4), (4, 1), (1, 1)]
    assert net.predict(X).shape == y.shape


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parameters_that_users_draw_get_the_dtype_of_the_data(dtype):
    class Scaled(WeightMultiply):
        def __init__(self, W):
            super().__init__(W)
            self.W = W  # the same array by another name

        def _output(self):
            return self.input_.dot(self.W)

    class Mix(Layer):
        def _setup_layer(self, input_):
            weights = self.rng.standard_normal((input_.shape[1], self.neurons))
            self.operations = [Scaled(weights), Tanh()]

    net = NeuralNetwork([Mix(4), Dense(1)], MeanSquaredError(), rng=0)
    net.train_batch(X.astype(dtype), y.astype(dtype))
    assert {param.dtype for param in net.params()} == {np.dtype(dtype)}
    assert {grad.dtype for grad in net.param_grads()} == {np.dtype(dtype)}
    assert net.predict(X).dtype == dtype
    operation = net.layers[0].operations[0]
    assert operation.W is operation.param


def test_blocks_of_a_network_that_could_not_be_made_are_free():
    layers = [Dense(5, inputs=3), Dense(1, inputs=7)]
    kept = None
    try:
        NeuralNetwork(layers, MeanSquaredError())
    except ShapeError as error:
        kept = error
    assert kept is not None
    owner = NeuralNetwork([Dense(2)], MeanSquaredError())
    free = Dense(4)
    with pytest.raises(OwnershipError) as caught:
        NeuralNetwork([free, owner.layers[0]], MeanSquaredError())
    assert free._owner is None
    assert owner.layers[0]._owner() is owner
    assert caught.value is not None
    NeuralNetwork([layers[0], Dense(1)], MeanSquaredError())
    activation = Tanh()
    with pytest.raises(GlassbrickError):
        Dense(3, activation, weight_init="no such")
    Dense(3, activation)


def test_a_loss_has_one_network():
    loss = MeanSquaredError()
    owner = NeuralNetwork([Dense(1)], loss)
    with pytest.raises(OwnershipError, match="MeanSquaredError already belongs to"):
        NeuralNetwork([Dense(1)], loss)
    assert owner.loss is loss


def test_predict_never_draws_parameters():
    net = make_net()
    net.build(3)
    net.layers[1].first = True
    activation = net.layers[1].activation
    with pytest.raises(NotReadyError):
        net.predict(X)
    assert activation._owner() is net.layers[1]


def test_predict_leaves_the_callers_data_alone():
    class InPlace(Operation):
        def _output(self):
            return np.maximum(self.input_, 0.0, out=self.input_)

        def _input_grad(self, output_grad):
            return output_grad

    class Only(Layer):
        def _setup_layer(self, input_):
            self.operations = [InPlace()]

    data = X.copy()
    net = NeuralNetwork([Only(3)], MeanSquaredError())
    net.build(3)
    with pytest.raises(ValueError, match="read-only"):
        net.predict(data)
    assert np.array_equal(data, X)


def test_a_twin_is_of_one_piece():
    layer = make_net().layers[0]
    layer.forward(X)
    twin = layer.apart()
    assert twin.activation is twin.operations[2]
    assert twin.activation is not layer.activation
    assert twin.params[0] is layer.params[0]


def test_predict_bounds_how_many_rows_pass_at_a_time():
    seen = []

    class Watched(Sigmoid):
        def _output(self):
            seen.append(len(self.input_))
            return super()._output()

    net = NeuralNetwork([Dense(4, Watched(), inputs=3), Dense(1)], MeanSquaredError())
    seen.clear()
    net.predict(X, batch_size=15)
    assert seen == [15, 15, 10]


def test_the_layers_source_is_there_only_while_it_is_set_up():
    layer = Dense(3)
    layer.forward(X)
    assert not hasattr(layer, "rng")


@pytest.mark.parametrize("source", [{"rng": 0}, {"seed": None}])
def test_a_seed_of_an_earlier_network_is_forgotten(source):
    layers = [Dense(3), Dense(3)]
    NeuralNetwork(layers, MeanSquaredError(), seed=5)
    net = NeuralNetwork(layers, MeanSquaredError(), **source)
    net.build(3)
    first, _, second, _ = params_of(net)
    assert not np.array_equal(first, second)


def test_a_seed_of_ones_own_is_kept():
    def params_with(seed):
        layers = [Dense(3), Dense(3)]
        layers[1].seed = seed
        net = NeuralNetwork(layers, MeanSquaredError(), rng=0)
        net.build(3)
        return params_of(net)

    one, two = params_with(7), params_with(8)
    assert same_params(one[:2], two[:2])
    assert not np.array_equal(one[2], two[2])
    assert np.array_equal(one[2], params_with(7)[2])


def test_an_operation_without_super_init_is_told():
    class Forgetful(WeightMultiply):
        def __init__(self, W):
            self.W = W

    class Made(Layer):
        def _setup_layer(self, input_):
            self.operations = [Forgetful(np.ones((3, 2)))]

    with pytest.raises(GlassbrickError, match=r"Call super\(\).__init__\(param\) in Forgetful"):
        Made(2).forward(X)


def test_a_pickled_network_keeps_its_seed():
    net = pickle.loads(pickle.dumps(make_net(seed=9)))
    twin = make_net(seed=9)
    for each in (net, twin):
        each.build(3)
    assert same_params(params_of(net), params_of(twin))
    fresh = [pickle.loads(pickle.dumps(make_net(seed=None))) for _ in range(2)]
    for each in fresh:
        each.build(3)
    assert not same_params(*map(params_of, fresh))
