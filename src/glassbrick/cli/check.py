"""`glassbrick check`: the gradients of all blocks in a user's file."""

from __future__ import annotations

import sys
from pathlib import Path

from glassbrick.errors import DataError, GlassbrickError
from glassbrick.glass import check_gradients
from glassbrick.glass.find_blocks import find_blocks, load_namespace

__all__ = ["run"]


def run(file: Path, tolerance: float) -> int:
    """Check and print; return the exit status."""
    from rich.console import Console

    namespace = load_namespace(_read(file), str(file))
    console = Console(highlight=False, soft_wrap=False)
    right = wrong = 0
    for found in find_blocks(namespace, "checked_blocks"):
        if found.block is None:
            console.print(f"{found.name} was not checked: {found.problem}\n", markup=False)
            wrong += 1
            continue
        try:
            report = check_gradients(found.block, tolerance=tolerance)
        except DataError as error:
            console.print(f"{found.name} was not checked: {error}\n", markup=False)
            wrong += 1
            continue
        if found.name != type(found.block).__name__:
            report.subject = f"{found.name} = {report.subject}"
        console.print(report)
        right, wrong = right + report.ok, wrong + (not report.ok)
    if not right + wrong:
        raise GlassbrickError(
            f"{file}: found no Operation, Layer, Loss or NeuralNetwork in it. "
            "Classes imported from elsewhere are not checked."
        )
    console.print(f"{right} of {right + wrong} blocks have right gradients")
    return 0 if not wrong else 1


def _read(file: Path) -> str:
    try:
        source = file.read_text(encoding="utf-8")
    except OSError as error:
        raise GlassbrickError(f"{file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise GlassbrickError(f"{file}: this is not a Python file in UTF-8.") from None
    sys.path.insert(0, str(file.resolve().parent))  # as if it were run, so that it finds its own
    return source
