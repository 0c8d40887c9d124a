"""Glassbrick on its XLA engine."""

from __future__ import annotations

import jax  # noqa: F401 (the engine cannot do without: fail now if it is missing)
from workloads import Workload

from peers import glassbrick_numpy


def prepare(workload: Workload) -> glassbrick_numpy.GlassbrickModel:
    return glassbrick_numpy.GlassbrickModel(workload, "xla")


def train_chapter_model() -> float:
    return glassbrick_numpy.train_chapter_model("xla")
