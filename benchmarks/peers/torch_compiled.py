"""PyTorch, with network and loss compiled."""

from __future__ import annotations

import torch
from workloads import Workload

from peers.torch_eager import TorchModel


def prepare(workload: Workload) -> TorchModel:
    return TorchModel(workload, torch.compile)
