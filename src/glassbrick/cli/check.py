"""`glassbrick check`: the gradients of all blocks in a user's file."""

from __future__ import annotations

from pathlib import Path

from glassbrick.checks import real_number
from glassbrick.cli.user_module import load_module
from glassbrick.errors import FileError, GlassbrickError
from glassbrick.glass import check_gradients
from glassbrick.glass.find_blocks import find_blocks

__all__ = ["run"]


def run(file: Path, tolerance: float) -> int:
    """Check and print; return the exit status."""
    from rich.console import Console

    real_number(tolerance, "--tolerance", above=0.0)
    module = load_module(file)
    console = Console(highlight=False)
    right = wrong = 0
    for found in find_blocks(vars(module), module.__name__):
        if found.block is None:
            console.print(f"{found.name} was not checked: {found.problem}\n", markup=False)
            wrong += 1
            continue
        try:
            report = check_gradients(found.block, tolerance=tolerance)
        except Exception as error:  # of the user's block, or ours about it: go on to the next
            name = "" if isinstance(error, GlassbrickError) else f"{type(error).__name__}: "
            console.print(f"{found.name} was not checked: {name}{error}\n", markup=False)
            wrong += 1
            continue
        if found.name != type(found.block).__name__:
            report.subject = f"{found.name} = {report.subject}"
        console.print(report)
        right, wrong = right + report.ok, wrong + (not report.ok)
    if not right + wrong:
        raise FileError(
            f"{file}: found no Operation, Layer, Loss or NeuralNetwork in it. "
            "Classes imported from elsewhere are not checked."
        )
    console.print(f"{right} of {right + wrong} blocks have right gradients")
    return 0 if not wrong else 1
