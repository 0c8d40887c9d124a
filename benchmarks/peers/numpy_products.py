"""The matrix products of a step alone, in NumPy: what no step on NumPy can be faster than."""

from __future__ import annotations

import numpy as np
from workloads import Workload


class Products:
    def __init__(self, workload: Workload):
        rng = np.random.default_rng(0)
        self.steps_an_epoch = workload.steps_an_epoch
        arrays = [rng.standard_normal((workload.batch, n), np.float32) for n in workload.sizes]
        grads = [np.ones_like(array) for array in arrays]
        weights = [weight for weight, _ in workload.params()]
        outputs = [np.empty_like(array) for array in arrays]
        weight_grads = [np.empty_like(weight) for weight in weights]
        input_grads = [np.empty_like(array) for array in arrays]
        layers = range(len(weights))
        self.products = [
            *((arrays[n], weights[n], outputs[n + 1]) for n in layers),
            *((arrays[n].T, grads[n + 1], weight_grads[n]) for n in layers),
            *((grads[n + 1], weights[n].T, input_grads[n]) for n in layers[1:]),
        ]

    def fit(self, epochs: int) -> None:
        for _ in range(epochs * self.steps_an_epoch):
            for left, right, out in self.products:
                np.matmul(left, right, out)


def prepare(workload: Workload) -> Products:
    return Products(workload)
