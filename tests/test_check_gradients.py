"""check_gradients catches what is wrong, says where, and leaves what is right alone."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from glassbrick import (
    ArgumentTypeError,
    DataError,
    Dense,
    Layer,
    Loss,
    MeanSquaredError,
    NeuralNetwork,
    Operation,
    ParamOperation,
    ReLU,
    ShapeError,
    Sigmoid,
    WeightMultiply,
    check_gradients,
)
from glassbrick.numeric.numeric_gradient import has_kink, numeric_gradient


class ReLUThatPassesAll(Operation):
    def _output(self):
        return np.maximum(self.input_, 0.0)

    def _input_grad(self, output_grad):
        return output_grad * (self.output >= 0)  # always true, once negatives are cut off


class BiasWithoutSum(ParamOperation):
    def _output(self):
        return self.input_ + self.param

    def _input_grad(self, output_grad):
        return output_grad

    def _param_grad(self, output_grad):
        return output_grad


class BiasOfFirstRow(BiasWithoutSum):
    def _param_grad(self, output_grad):
        return output_grad[:1]


class HalfSquaredError(MeanSquaredError):
    def _input_grad(self):
        return (self.prediction - self.target) / len(self.prediction)


class Transposed(WeightMultiply):
    def _param_grad(self, output_grad):
        return output_grad.T.dot(self.input_)


class WrongInOneElement(Sigmoid):
    def _input_grad(self, output_grad):
        gradient = super()._input_grad(output_grad)
        gradient[0, -1] *= 1.001
        return gradient


class WritesIntoItsInput(Operation):
    def _output(self):
        self.input_ *= 2.0
        return self.input_

    def _input_grad(self, output_grad):
        return 2.0 * output_grad


class WritesIntoItsInputOnce(Operation):
    def _output(self):
        return np.maximum(self.input_, 0.0, out=self.input_)  # done twice, it does no more

    def _input_grad(self, output_grad):
        return output_grad * (self.input_ > 0)


class WritesIntoItsGradient(Operation):
    def _output(self):
        return 2.0 * self.input_

    def _input_grad(self, output_grad):
        output_grad *= 2.0
        return output_grad


class ReturnsAList(Sigmoid):
    def _input_grad(self, output_grad):
        return super()._input_grad(output_grad).tolist()


class ReturnsComplex(Sigmoid):
    def _input_grad(self, output_grad):
        return super()._input_grad(output_grad) + 1j


class SteepWithoutItsFactor(Operation):
    def _output(self):
        return np.tanh(2000.0 * self.input_)

    def _input_grad(self, output_grad):
        return output_grad * (1.0 - self.output**2)


NOISE = np.random.default_rng(0)  # of an operation's own sources the check knows


class Noisy(Operation):
    def _output(self):
        return self.input_ * NOISE.random(self.input_.shape)

    def _input_grad(self, output_grad):
        return output_grad


class Coarse(Operation):
    def _output(self):
        return self.input_.astype(np.float32)

    def _input_grad(self, output_grad):
        return output_grad


class Raises(Operation):
    def _output(self):
        return self.input_ * 1.0

    def _input_grad(self, output_grad):
        return output_grad[99]


class Shared(Layer):
    """One activation object in two places."""

    def _setup_layer(self, input_):
        n, activation = input_.shape[1], Sigmoid()
        first, second = (WeightMultiply(self.rng.standard_normal((n, n))) for _ in "ab")
        self.operations = [first, activation, second, activation]


WRONG = [
    (ReLUThatPassesAll(), "reluthat_passes_all.input_grad"),
    (BiasWithoutSum(np.zeros((1, 4))), "bias_without_sum.param_grad"),
    (BiasOfFirstRow(np.zeros((1, 4))), "bias_of_first_row.param_grad"),
    (HalfSquaredError(), "half_squared_error.input_grad"),
    (Transposed(np.arange(16.0).reshape(4, 4)), "transposed.param_grad"),
    (WrongInOneElement(), "wrong_in_one_element.input_grad"),
    (WritesIntoItsInput(), "writes_into_its_input.forward"),
    (WritesIntoItsInputOnce(), "writes_into_its_input_once.forward"),
    (WritesIntoItsGradient(), "writes_into_its_gradient.input_grad"),
    (ReturnsAList(), "returnsalist.input_grad"),
    (ReturnsComplex(), "returns_complex.input_grad"),
    (SteepWithoutItsFactor(), "steep_without_its_factor.input_grad"),
    (Noisy(), "noisy.input_grad"),
    (Coarse(), "coarse.input_grad"),
    (Raises(), "raises.input_grad"),
    (Shared(4), "shared.forward"),
]


@pytest.mark.parametrize(("block", "where"), WRONG, ids=lambda x: type(x).__name__)
def test_what_is_wrong_is_found_where_it_is(block, where):
    report = check_gradients(block)
    assert not report
    assert [result.name for result in report.wrong] == [where]
    assert report.wrong[0].problem


def test_the_report_names_element_and_figures():
    result = check_gradients(ReLUThatPassesAll(), [[-1.0, 2.0]]).wrong[0]
    assert result.problem.startswith("at [0, 0] of an array of shape (1, 2) it is ")
    assert result.problem.endswith("but numerically 0")
    assert result.error > 0.1
    problem = check_gradients(BiasWithoutSum(np.zeros((1, 4)))).wrong[0].problem
    assert "is a sum over the rows missing?" in problem
    assert "the same operation stands twice" in check_gradients(Shared(4)).wrong[0].problem


@pytest.mark.parametrize(
    ("block", "said"),
    [(Noisy(), "something else when it is called again"), (Coarse(), "float64 into float32")],
)
def test_what_cannot_be_judged_is_told_apart(block, said):
    assert said in check_gradients(block).wrong[0].problem


@pytest.mark.parametrize("where", [(0, 0), (39, 39), (17, 23)])
def test_one_wrong_element_of_many_is_found(where):
    class OneWrong(Sigmoid):
        def _input_grad(self, output_grad):
            gradient = super()._input_grad(output_grad)
            gradient[where] *= 1.01
            return gradient

    x = np.random.default_rng(0).standard_normal((40, 40))
    (wrong,) = check_gradients(OneWrong(), x).wrong
    assert f"at {list(where)} of an array" in wrong.problem


def test_a_layer_with_a_forward_of_its_own_is_judged_as_a_whole():
    class Centred(Dense):
        def forward(self, input_):
            return super().forward(input_ - input_.mean(axis=1, keepdims=True))

        def backward(self, output_grad):
            gradient = super().backward(output_grad)
            return gradient - gradient.mean(axis=1, keepdims=True)

    report = check_gradients(Centred(3))
    assert report, str(report)
    assert {result.block for result in report.results} == {"centred"}


class Fussy(Operation):
    """Raises something unexpected when it is given complex numbers."""

    def _output(self):
        assert not np.iscomplexobj(self.input_)
        return self.input_ * 3.0

    def _input_grad(self, output_grad):
        return output_grad * 3.0


class PythonFloatLoss(Loss):
    def _output(self):
        return float(np.mean((self.prediction - self.target) ** 2))

    def _input_grad(self):
        return 2.0 * (self.prediction - self.target) / self.prediction.size


class ConjugatingLoss(Loss):
    """Takes complex numbers, but is not analytic: vdot conjugates its first argument."""

    def _output(self):
        error = self.prediction - self.target
        return np.vdot(error, error) / error.size

    def _input_grad(self):
        return 2.0 * (self.prediction - self.target) / self.prediction.size


@pytest.mark.parametrize("block", [Fussy(), PythonFloatLoss(), ConjugatingLoss()])
def test_blocks_that_are_not_analytic_are_judged_by_differences(block):
    result = check_gradients(block).results[0]
    assert (result.ok, result.method) == (True, "differences")


def test_a_shared_activation_across_layers_is_found():
    activation = Sigmoid()

    class Careless(Layer):
        def _setup_layer(self, input_):
            weights = self.rng.standard_normal((input_.shape[1], self.neurons))
            self.operations = [WeightMultiply(weights), activation]

    net = NeuralNetwork([Careless(4), Careless(4)], MeanSquaredError(), rng=0)
    report = check_gradients(net)
    assert not report
    assert "already belongs to" in str(report)


def test_a_wrong_operation_in_a_network_is_named_and_no_other():
    net = NeuralNetwork(
        [Dense(4, "tanh"), Dense(4, ReLUThatPassesAll()), Dense(4, ReLU()), Dense(1, "linear")],
        MeanSquaredError(),
        rng=3,
    )
    wrong = check_gradients(net).wrong
    assert {result.name for result in wrong} == {"dense_2.reluthat_passes_all.input_grad"}


def test_a_layer_that_goes_back_in_the_wrong_order_is_found_end_to_end():
    class Backwards(Dense):
        def backward(self, output_grad):
            for operation in self.operations:
                output_grad = operation.backward(output_grad)
            return output_grad

    report = check_gradients(Backwards(4), np.random.default_rng(0).standard_normal((5, 4)))
    wrong = {result.name for result in report.wrong}
    assert wrong
    assert all(name.startswith(("backwards.input_grad", "backwards.params")) for name in wrong)


def test_a_wrong_loss_in_a_network_is_named():
    net = NeuralNetwork([Dense(3), Dense(1)], HalfSquaredError(), rng=0)
    assert [r.name for r in check_gradients(net).wrong] == ["half_squared_error.input_grad"]


class Absolute(Operation):  # not analytic: its complex step would be zero
    def _output(self):
        return np.abs(self.input_)

    def _input_grad(self, output_grad):
        return output_grad * np.sign(self.input_)


class Log(Operation):  # takes positive numbers only
    def _output(self):
        return np.log(self.input_)

    def _input_grad(self, output_grad):
        return output_grad / self.input_


class SoftmaxOfRows(Operation):
    def _output(self):
        e = np.exp(self.input_ - self.input_.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def _input_grad(self, output_grad):
        inner = (output_grad * self.output).sum(axis=1, keepdims=True)
        return self.output * (output_grad - inner)


class Clip(Operation):
    def _output(self):
        return np.clip(self.input_, -0.5, 0.5)

    def _input_grad(self, output_grad):
        return output_grad * (np.abs(self.input_) < 0.5)


class Masked(Operation):
    memory = (*Operation.memory, "mask")

    def _output(self):
        self.mask = self.input_.real > 0
        return np.where(self.mask, self.input_, 0.1 * self.input_)

    def _input_grad(self, output_grad):
        return np.where(self.mask, output_grad, 0.1 * output_grad)


class AbsoluteError(Loss):
    def _output(self):
        return np.mean(np.abs(self.prediction - self.target))

    def _input_grad(self):
        return np.sign(self.prediction - self.target) / self.prediction.size


class Scale(ParamOperation):
    def _output(self):
        return self.input_ * self.param

    def _input_grad(self, output_grad):
        return output_grad * self.param

    def _param_grad(self, output_grad):
        return (output_grad * self.input_).sum(axis=0, keepdims=True)


RIGHT = [Absolute(), Log(), SoftmaxOfRows(), Clip(), Masked(), AbsoluteError()]


@pytest.mark.parametrize("block", [*RIGHT, Scale(np.full((1, 3), 2.0))], ids=repr)
@pytest.mark.parametrize("seed", range(5))
def test_what_is_right_passes(block, seed):
    report = check_gradients(block, rng=seed)
    assert report, str(report)
    assert all(result.error <= 1e-7 for result in report.results)


def test_methods():
    assert check_gradients(Sigmoid()).results[0].method == "complex step"
    assert check_gradients(Absolute()).results[0].method == "differences"


@pytest.mark.parametrize("block", [ReLU(), Absolute(), Masked(), Clip()])
def test_elements_at_a_kink_are_left_out(block):
    at_kink = np.array([[0.0, 1.0, -1.0, 1e-9, 0.5, -0.5]])
    result = check_gradients(block, at_kink).results[0]
    assert result.ok
    assert result.checked + result.skipped == 6
    assert result.checked >= 3


def test_a_wrong_gradient_is_found_beside_a_kink():
    result = check_gradients(ReLUThatPassesAll(), [[0.0, 1.0, -1.0, 0.0]]).results[0]
    assert not result.ok
    assert result.checked == 2


def test_nothing_comparable_is_not_right():
    report = check_gradients(ReLU(), [[0.0, 0.0]])
    assert not report
    assert "nothing could be compared" in str(report)


def test_the_block_itself_is_left_alone():
    net = NeuralNetwork([Dense(3, inputs=2), Dense(1)], MeanSquaredError(), rng=0)
    before = [param.copy() for param in net.params()]
    net.build(2, np.float32)
    assert check_gradients(net)
    assert {param.dtype for param in net.params()} == {np.dtype(np.float32)}
    assert all(np.allclose(a, b) for a, b in zip(before, net.params(), strict=True))
    assert not set(net.layers[0].memory) & set(vars(net.layers[0]))


def test_large_arrays_are_sampled():
    report = check_gradients(Dense(30, inputs=40))
    weights = next(r for r in report.results if r.name == "dense.weight_multiply.param_grad")
    assert weights.checked == 2 * 60  # of 1,200, for one row and for six


def test_what_cannot_be_checked_is_refused():
    with pytest.raises(ArgumentTypeError, match="calling the class"):
        check_gradients(Sigmoid)
    with pytest.raises(ArgumentTypeError, match="an Operation, a Layer, a Loss"):
        check_gradients(3)
    for input_ in (5.0, np.empty((0, 3))):
        with pytest.raises(ShapeError, match="at least one row"):
            check_gradients(Sigmoid(), input_)
    with pytest.raises(ArgumentTypeError, match="check_gradients: rng"):
        check_gradients(Sigmoid(), rng="a")

    class Picky(Operation):
        def _output(self):
            return np.sqrt(self.input_ - 100.0)

        def _input_grad(self, output_grad):
            return output_grad / (2.0 * self.output)

    with pytest.raises(DataError, match="check_gradients\\(block, input_\\)"):
        check_gradients(Picky())
    assert check_gradients(Picky(), np.full((2, 2), 101.0))

    class LogLoss(Loss):
        def _output(self):
            return -np.mean(np.log(self.prediction - 5.0))

        def _input_grad(self):
            return -1.0 / (self.prediction - 5.0) / self.prediction.size

    with pytest.raises(DataError, match="prediction, target"):
        check_gradients(LogLoss())
    assert check_gradients(LogLoss(), np.full((2, 2), 7.0), np.ones((2, 2)))


def test_the_report_prints_within_80_columns(capsys):
    net = NeuralNetwork([Dense(4), Dense(4, ReLUThatPassesAll())], MeanSquaredError(), rng=3)
    Console(width=80, force_terminal=False).print(check_gradients(net))
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "dense_2.weight_multiply.param_grad " in out
    assert "WRONG" in out
    assert "1 of 11 gradients wrong" in out


def test_the_report_as_text():
    text = str(check_gradients(Sigmoid()))
    assert text.startswith("Sigmoid(): 1 gradient right\n  right  sigmoid.input_grad: error ")
    assert text.endswith("at 28 elements, by complex step")


def test_the_worst_of_several_batches_is_told():
    class WrongForOneRow(Sigmoid):
        def _input_grad(self, output_grad):
            return super()._input_grad(output_grad) * (2.0 if len(output_grad) == 1 else 1.0)

    class WrongForManyRows(Sigmoid):
        def _input_grad(self, output_grad):
            return super()._input_grad(output_grad) * (2.0 if len(output_grad) > 1 else 1.0)

    for block, shape in ((WrongForOneRow(), "(1, 4)"), (WrongForManyRows(), "(6, 4)")):
        (wrong,) = check_gradients(block).wrong
        assert f"an array of shape {shape}" in wrong.problem
        assert wrong.checked == 28


def test_a_steep_function_is_not_mistaken_for_a_kink():
    def steep(x):
        return np.tanh(2000.0 * x)

    at = np.array([[1e-3, 0.0, 3.0]])
    assert not any(has_kink(steep, at, np.ones((1, 3)), (0, i)) for i in range(3))

    def very_steep(x):
        return np.tanh(20_000.0 * x)

    assert not has_kink(very_steep, np.array([[5e-5]]), np.ones((1, 1)), (0, 0))
    assert has_kink(np.abs, at, np.ones((1, 3)), (0, 1))


def test_methods_are_chosen_by_what_they_can_do():
    at, weights = np.array([[0.5, 1e-5]]), np.ones((1, 2))
    smooth = numeric_gradient(np.sin, at, weights, [(0, 0)])
    assert (smooth.method, smooth.values[0]) == ("complex step", pytest.approx(np.cos(0.5), 1e-14))
    bent = numeric_gradient(np.abs, at, weights, [(0, 0), (0, 1)])
    assert bent.method == "differences"
    assert bent.values[0] == pytest.approx(1.0, rel=1e-9)
    assert np.isnan(bent.values[1])  # within a step of the kink


class SoftmaxCrossEntropy(Loss):
    """Its gradient is the usual p - t, which is right where each row of targets sums to 1."""

    factor = 1.0

    def _output(self):
        e = np.exp(self.prediction - self.prediction.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return -np.sum(self.target * np.log(self.p)) / len(self.p)

    def _input_grad(self):
        return self.factor * (self.p - self.target) / len(self.p)


class WrongCrossEntropy(SoftmaxCrossEntropy):
    factor = 2.0


class BinaryCrossEntropy(Loss):
    def _output(self):
        p = np.clip(self.prediction, 1e-7, 1 - 1e-7)
        return -np.mean(self.target * np.log(p) + (1 - self.target) * np.log(1 - p))

    def _input_grad(self):
        p = np.clip(self.prediction, 1e-7, 1 - 1e-7)
        return (p - self.target) / (p * (1 - p)) / p.size


class LogLikelihood(Loss):
    def _output(self):
        return -np.mean(np.log(self.prediction))

    def _input_grad(self):
        return -1.0 / self.prediction / self.prediction.size


class HuberNotCutOff(Loss):
    """Right for errors up to 1 only."""

    def _output(self):
        error = np.abs(self.prediction - self.target)
        return np.mean(np.where(error <= 1.0, 0.5 * error**2, error - 0.5))

    def _input_grad(self):
        return (self.prediction - self.target) / self.prediction.size


@pytest.mark.parametrize("seed", range(10))
def test_a_loss_that_is_right_for_small_errors_only_is_wrong(seed):
    assert not check_gradients(HuberNotCutOff(), rng=seed)


def test_losses_of_probabilities_are_judged_by_probabilities():
    report = check_gradients(SoftmaxCrossEntropy())
    assert report, str(report)
    assert "right for targets that are probabilities, not for random numbers" in str(report)
    fractions = np.random.default_rng(0).uniform(0.1, 0.9, (2, 5, 3))
    assert check_gradients(BinaryCrossEntropy(), *fractions)
    report = check_gradients(BinaryCrossEntropy())  # clipped: flat outside, unlike its gradient
    assert not report
    assert "if it takes only some predictions and targets, give such" in str(report)
    assert check_gradients(LogLikelihood())  # not finite outside, so it is judged inside
    assert check_gradients(NeuralNetwork([Dense(3, "linear")], SoftmaxCrossEntropy(), rng=0))
    report = check_gradients(WrongCrossEntropy())
    assert not report
    assert "if it takes only some predictions and targets, give such" in str(report)
    report = check_gradients(SoftmaxCrossEntropy(), np.ones((2, 3)), np.full((2, 3), 0.9))
    assert not report
    assert "give such" not in str(report)


class ByAnotherName(WeightMultiply):
    def __init__(self, W):
        super().__init__(W)
        self.W = W

    def _output(self):
        return self.input_.dot(self.W)


class Unused(WeightMultiply):
    def __init__(self, W):
        super().__init__(W)
        self.W = W.copy()

    def _output(self):
        return self.input_.dot(self.W)


class Accumulates(WeightMultiply):
    total = 0.0

    def _param_grad(self, output_grad):
        self.total = self.total + super()._param_grad(output_grad)
        return self.total


class ReusesItsOutput(Operation):
    def _output(self):
        if not hasattr(self, "buffer") or self.buffer.shape != self.input_.shape:
            self.buffer = np.empty(self.input_.shape)
        return np.multiply(self.input_, 2.0, out=self.buffer)

    def _input_grad(self, output_grad):
        return 2.0 * output_grad


def test_parameters_by_another_name_are_moved_too():
    W = np.random.default_rng(0).standard_normal((4, 3))
    operation = ByAnotherName(W)
    assert check_gradients(operation)
    assert operation.W is operation.param is W
    (wrong,) = check_gradients(Unused(W)).wrong
    assert "the output does not depend on that array at all" in wrong.problem


def test_gradients_that_accumulate_are_found():
    (wrong,) = check_gradients(Accumulates(np.ones((3, 2)))).wrong
    assert wrong.name == "accumulates.param_grad"
    assert "something else when it is called again" in wrong.problem


def test_an_operation_may_reuse_its_output():
    assert check_gradients(ReusesItsOutput())


def test_a_networks_target_may_be_of_one_axis():
    net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    assert check_gradients(net, np.ones((5, 2)), np.arange(5.0))


@pytest.mark.parametrize(("share", "right"), [(0.1, True), (0.2, False)])
def test_a_block_whose_output_depends_on_what_it_remembers_is_checked(share, right):
    class Centre(Operation):
        def set_up(self, input_, rng):
            self.average = np.zeros_like(input_[:1])

        def _output(self):
            self.average += 0.1 * (self.input_.mean(axis=0, keepdims=True) - self.average)
            return self.input_ - self.average

        def _input_grad(self, output_grad):
            return output_grad - share * output_grad.mean(axis=0, keepdims=True)

    net = NeuralNetwork([Centre(), Dense(2)], MeanSquaredError(), rng=0)
    assert bool(check_gradients(net)) is right
