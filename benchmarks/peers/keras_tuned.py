"""Keras 3 on its JAX backend, with several steps a call."""

from __future__ import annotations

from workloads import Workload

from peers import keras_jax

_STEPS_A_CALL = 10  # of 1, 10 and 50 the fastest where all are possible


def prepare(workload: Workload) -> keras_jax.KerasModel:
    return keras_jax.prepare(workload, _STEPS_A_CALL)
