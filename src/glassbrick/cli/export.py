"""`glassbrick export`: a model for programs that know nothing of this package."""

from __future__ import annotations

from pathlib import Path

from glassbrick.loading import load

__all__ = ["run"]


def run(file: Path, onnx: Path | None, python: Path | None, force: bool) -> int:
    """Write what is asked for; return the exit status."""
    net = load(file)
    if onnx is not None:
        net.to_onnx(onnx, overwrite=force)
        print(f"ONNX model written to {onnx}")  # noqa: T201
    if python is not None:
        net.to_python(python, overwrite=force)
        print(f"Python file written to {python}")  # noqa: T201
    return 0
