"""The chapter's design in its plainest form, as a yardstick.

The same NumPy calls, no checks beyond the chapter's own, everything kept and copied as there.
"""

from __future__ import annotations

from copy import deepcopy

import numpy as np

# ruff: noqa: NPY002 (a yardstick, written as the book's readers write it)


def same_shape(a, b):
    assert a.shape == b.shape, f"shapes {a.shape} and {b.shape} differ"


class Operation:
    def forward(self, input_):
        self.input_ = input_
        self.output = self._output()
        return self.output

    def backward(self, output_grad):
        same_shape(self.output, output_grad)
        self.input_grad = self._input_grad(output_grad)
        same_shape(self.input_, self.input_grad)
        return self.input_grad


class ParamOperation(Operation):
    def __init__(self, param):
        self.param = param

    def backward(self, output_grad):
        same_shape(self.output, output_grad)
        self.input_grad = self._input_grad(output_grad)
        self.param_grad = self._param_grad(output_grad)
        same_shape(self.input_, self.input_grad)
        same_shape(self.param, self.param_grad)
        return self.input_grad


class WeightMultiply(ParamOperation):
    def _output(self):
        return np.dot(self.input_, self.param)

    def _input_grad(self, output_grad):
        return np.dot(output_grad, np.transpose(self.param, (1, 0)))

    def _param_grad(self, output_grad):
        return np.dot(np.transpose(self.input_, (1, 0)), output_grad)


class BiasAdd(ParamOperation):
    def _output(self):
        return self.input_ + self.param

    def _input_grad(self, output_grad):
        return np.ones_like(self.input_) * output_grad

    def _param_grad(self, output_grad):
        spread = np.ones_like(self.param) * output_grad
        return np.sum(spread, axis=0).reshape(1, spread.shape[1])


class Sigmoid(Operation):
    def _output(self):
        return 1.0 / (1.0 + np.exp(-1.0 * self.input_))

    def _input_grad(self, output_grad):
        slope = self.output * (1.0 - self.output)
        return slope * output_grad


class Linear(Operation):
    def _output(self):
        return self.input_

    def _input_grad(self, output_grad):
        return output_grad


class Dense:
    def __init__(self, neurons, activation):
        self.neurons, self.activation = neurons, activation
        self.first = True

    def _setup(self, input_):
        np.random.seed(self.seed)
        self.params = [
            np.random.randn(input_.shape[1], self.neurons),
            np.random.randn(1, self.neurons),
        ]
        self.operations = [
            WeightMultiply(self.params[0]),
            BiasAdd(self.params[1]),
            self.activation,
        ]

    def forward(self, input_):
        if self.first:
            self._setup(input_)
            self.first = False
        self.input_ = input_
        for operation in self.operations:
            input_ = operation.forward(input_)
        self.output = input_
        return self.output

    def backward(self, output_grad):
        same_shape(self.output, output_grad)
        for operation in reversed(self.operations):
            output_grad = operation.backward(output_grad)
        self.param_grads = [
            operation.param_grad
            for operation in self.operations
            if issubclass(operation.__class__, ParamOperation)
        ]
        return output_grad


class MeanSquaredError:
    def forward(self, prediction, target):
        same_shape(prediction, target)
        self.prediction, self.target = prediction, target
        return np.sum(np.power(prediction - target, 2)) / prediction.shape[0]

    def backward(self):
        self.input_grad = 2.0 * (self.prediction - self.target) / self.prediction.shape[0]
        same_shape(self.prediction, self.input_grad)
        return self.input_grad


class NeuralNetwork:
    def __init__(self, layers, loss, seed):
        self.layers, self.loss = layers, loss
        for layer in layers:
            layer.seed = seed

    def forward(self, x_batch):
        for layer in self.layers:
            x_batch = layer.forward(x_batch)
        return x_batch

    def backward(self, loss_grad):
        for layer in reversed(self.layers):
            loss_grad = layer.backward(loss_grad)

    def train_batch(self, x_batch, y_batch):
        loss = self.loss.forward(self.forward(x_batch), y_batch)
        self.backward(self.loss.backward())
        return loss

    def params(self):
        for layer in self.layers:
            yield from layer.params

    def param_grads(self):
        for layer in self.layers:
            yield from layer.param_grads


class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self):
        for param, param_grad in zip(self.net.params(), self.net.param_grads(), strict=True):
            param -= self.lr * param_grad


class Trainer:
    def __init__(self, net, optim):
        self.net, self.optim = net, optim
        optim.net = net

    def fit(self, X, y, X_test, y_test, epochs, eval_every, batch_size, seed):
        np.random.seed(seed)
        losses = []
        for epoch in range(1, epochs + 1):
            if epoch % eval_every == 0:
                deepcopy(self.net)
            order = np.random.permutation(X.shape[0])
            X, y = X[order], y[order]
            for start in range(0, X.shape[0], batch_size):
                self.net.train_batch(X[start : start + batch_size], y[start : start + batch_size])
                self.optim.step()
            if epoch % eval_every == 0:
                losses.append(self.net.loss.forward(self.net.forward(X_test), y_test))
        return losses
