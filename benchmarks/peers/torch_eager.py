"""PyTorch, in a loop as one writes it by hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from workloads import BETAS, Workload, boston, squared_error

from peers import in_batches

_HIDDEN = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}

if "OMP_NUM_THREADS" in os.environ:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


class TorchModel:
    def __init__(self, workload: Workload, compile_: Callable[[Callable], Callable]):
        self.X, self.y = map(torch.from_numpy, workload.data())
        self.batch = workload.batch
        self.net = network(workload.sizes, workload.hidden)
        with torch.no_grad():
            linear = [module for module in self.net if isinstance(module, nn.Linear)]
            for module, (weight, bias) in zip(linear, workload.params(), strict=True):
                module.weight.copy_(torch.from_numpy(weight.T))
                module.bias.copy_(torch.from_numpy(bias))
        lr, eps = workload.for_average()
        params = self.net.parameters()
        self.optim: torch.optim.Optimizer = (
            torch.optim.SGD(params, lr)
            if workload.optimizer == "SGD"
            else torch.optim.Adam(params, lr, BETAS, eps, fused=True)
        )
        if workload.classifies:
            self.y = self.y.ravel()
        error = nn.CrossEntropyLoss() if workload.classifies else nn.MSELoss()
        self.loss = compile_(lambda X, y: error(self.net(X), y))

    def fit(self, epochs: int) -> None:
        for _ in range(epochs):
            order = torch.randperm(len(self.X))
            for rows in in_batches(len(self.X), self.batch, order):
                self.optim.zero_grad(set_to_none=True)
                self.loss(self.X[rows], self.y[rows]).backward()
                self.optim.step()

    def predict(self, X: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return self.net(torch.from_numpy(X)).numpy()


def network(sizes: tuple[int, ...], hidden: str) -> nn.Sequential:
    modules: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        modules += [nn.Linear(inputs, outputs), _HIDDEN[hidden]()]
    return nn.Sequential(*modules[:-1])


def prepare(workload: Workload) -> TorchModel:
    return TorchModel(workload, lambda function: function)


def train_chapter_model() -> float:
    X, y, X_val, y_val = (torch.from_numpy(array).float() for array in boston())
    net, error = network((13, 13, 13, 1), "sigmoid"), nn.MSELoss()
    optim = torch.optim.SGD(net.parameters(), lr=0.01)
    loss = 0.0
    for epoch in range(1, 51):
        for rows in in_batches(len(X), 32, torch.randperm(len(X))):
            optim.zero_grad(set_to_none=True)
            error(net(X[rows]), y[rows]).backward()
            optim.step()
        if epoch % 10 == 0:
            with torch.no_grad():
                loss = squared_error(net(X_val).numpy(), y_val.numpy())
    return loss
