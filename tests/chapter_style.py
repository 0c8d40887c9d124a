"""Blocks as a reader of the chapter writes them: nothing of ours but the base classes."""

from __future__ import annotations

import numpy as np

from glassbrick import Layer, Loss, Operation, Optimizer, ParamOperation


class MyMultiply(ParamOperation):
    def __init__(self, W):
        super().__init__(W)

    def _output(self):
        return np.dot(self.input_, self.param)

    def _input_grad(self, output_grad):
        return np.dot(output_grad, np.transpose(self.param, (1, 0)))

    def _param_grad(self, output_grad):
        return np.dot(np.transpose(self.input_, (1, 0)), output_grad)


class MyBias(ParamOperation):
    def __init__(self, B):
        assert B.shape[0] == 1
        super().__init__(B)

    def _output(self):
        return self.input_ + self.param

    def _input_grad(self, output_grad):
        return np.ones_like(self.input_) * output_grad

    def _param_grad(self, output_grad):
        param_grad = np.ones_like(self.param) * output_grad
        return np.sum(param_grad, axis=0).reshape(1, param_grad.shape[1])


class MySigmoid(Operation):
    def __init__(self):
        super().__init__()

    def _output(self):
        return 1.0 / (1.0 + np.exp(-1.0 * self.input_))

    def _input_grad(self, output_grad):
        return self.output * (1.0 - self.output) * output_grad


class MyLinear(Operation):
    def _output(self):
        return self.input_

    def _input_grad(self, output_grad):
        return output_grad


class MyDense(Layer):
    def __init__(self, neurons, activation):
        super().__init__(neurons)
        self.activation = activation

    def _setup_layer(self, input_):
        random = np.random.RandomState(self.seed)
        self.params = []
        self.params.append(random.randn(input_.shape[1], self.neurons))
        self.params.append(random.randn(1, self.neurons))
        self.operations = [
            MyMultiply(self.params[0]),
            MyBias(self.params[1]),
            self.activation,
        ]


class MySquaredError(Loss):
    def __init__(self):
        super().__init__()

    def _output(self):
        return np.sum(np.power(self.prediction - self.target, 2)) / self.prediction.shape[0]

    def _input_grad(self):
        return 2.0 * (self.prediction - self.target) / self.prediction.shape[0]


class MySGD(Optimizer):
    def __init__(self, lr=0.01):
        super().__init__(lr)

    def step(self):
        for param, param_grad in zip(self.net.params(), self.net.param_grads(), strict=True):
            param -= self.lr * param_grad


class MyMomentum(Optimizer):
    def __init__(self, lr=0.01):
        super().__init__(lr)
        self.first = True

    def reset(self):
        self.first = True

    def step(self):
        if self.first:
            self.velocities = [np.zeros_like(param) for param in self.net.params()]
            self.first = False
        for param, grad, velocity in zip(
            self.net.params(), self.net.param_grads(), self.velocities, strict=True
        ):
            velocity *= 0.9
            velocity += self.lr * grad
            param -= velocity
