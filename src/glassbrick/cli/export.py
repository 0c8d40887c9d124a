"""`glassbrick export`: a model for programs that know nothing of this package."""

from __future__ import annotations

from pathlib import Path

from glassbrick.checks import describe
from glassbrick.cli.outputs import require_room
from glassbrick.errors import FileError
from glassbrick.loading import load
from glassbrick.network import NeuralNetwork

__all__ = ["run"]


def run(file: Path, onnx: Path | None, python: Path | None, force: bool) -> int:
    """Write what is asked for; return the exit status."""
    for option, path in (("--onnx", onnx), ("--python", python)):
        if path is not None:
            require_room(path, option, force)
    model = load(file)
    if python is not None and not isinstance(model, NeuralNetwork):
        alone = (
            "Export the network in it alone: save it in Python, model.net_.save(path), and export "
            "that file"
            if hasattr(model, "net_")
            else "It prepares its columns besides, which --python does not write"
        )
        raise FileError(
            f"export, --python: expected a network in {file}; received {describe(model)}. "
            f"{alone}; or use --onnx, which holds all of it."
        )
    if onnx is not None:
        model.to_onnx(onnx, overwrite=force)
        print(f"ONNX model written to {onnx}")  # noqa: T201
    if python is not None:
        model.to_python(python, overwrite=force)
        print(f"Python file written to {python}")  # noqa: T201
    return 0
