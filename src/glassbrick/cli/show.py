"""`glassbrick show`: what a model file holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glassbrick.files import read_sealed
from glassbrick.loading import load
from glassbrick.network import NeuralNetwork

__all__ = ["run"]


def run(file: Path, as_json: bool) -> int:
    """Print what a file holds; return the exit status."""
    from rich.console import Console

    net = load(file)
    if as_json:
        print(json.dumps(_told(net, file), indent=2))  # noqa: T201
        return 0
    console = Console(highlight=False)
    if net.is_built:
        console.print(net.summary())
    else:
        console.print(repr(net), markup=False)
        console.print("It has no parameters yet.")
    console.print(f"Loss: {net.loss!r}", markup=False)
    console.print(f"Random numbers: {net.streams!r}", markup=False)
    return 0


def _told(net: NeuralNetwork, file: Path) -> dict[str, Any]:
    told, arrays = read_sealed(file, "show")
    described = {name: {"dtype": a.dtype.name, "shape": a.shape} for name, a in arrays.items()}
    params = sum(param.size for param in net.params()) if net.is_built else 0
    return {"file": str(file), "parameters": params, **told, "arrays": described}
