"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassbrick.cli.engine_name import EngineName
from glassbrick.cli.table_commands import evaluate, explain, predict, train

__all__ = ["app", "chapter", "check", "export", "show"]


app = typer.Typer(
    name="glassbrick",
    help="Deep learning from building blocks you can see through.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from glassbrick import __version__

        typer.echo(f"glassbrick {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Deep learning from building blocks you can see through."""


@app.command()
def chapter(
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw validation losses and predictions into FILE (.png, .svg or .pdf).",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write FILE over if it exists.")] = False,
    engine: Annotated[
        EngineName, typer.Option(help="What runs the batches: NumPy, XLA (needs JAX), or a choice.")
    ] = EngineName.numpy,
) -> None:
    """Train the chapter's three networks on the Boston data, and compare all 21 figures.

    Exit status 1 if a figure differs from the chapter's.
    """
    from glassbrick.cli.chapter import run

    raise typer.Exit(run(plot, force, engine.value))


for _command in (train, predict, evaluate, explain):
    app.command()(_command)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="A Python file; it is run.")],
    tolerance: Annotated[float, typer.Option(help="Largest relative error that passes.")] = 1e-7,
) -> None:
    """Check the gradients of all operations, layers, losses and networks in a file.

    Classes that need arguments are checked if a variable of the file holds one.
    Exit status 1 if a gradient is wrong or nothing was found to check.
    """
    from glassbrick.cli.check import run

    raise typer.Exit(run(file, tolerance))


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="MODEL", help="A file that save has written.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it for machines.")] = False,
    diagram: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw the network into this file.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write FILE.svg over if it exists.")
    ] = False,
) -> None:
    """Show what a model file holds: layers, shapes, parameters, loss; of an estimator its settings.

    Exit status 1 if it is damaged.
    """
    from glassbrick.cli.show import run

    raise typer.Exit(run(file, as_json, diagram, force))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="MODEL", help="A file that save has written.")],
    onnx: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an ONNX model (needs onnx).")
    ] = None,
    python: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a file of plain NumPy.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write FILE over if it exists.")] = False,
) -> None:
    """Write a model for other programs: as ONNX, or as plain NumPy."""
    if onnx is None and python is None:
        raise typer.BadParameter("say what to write: --onnx FILE or --python FILE")
    from glassbrick.cli.export import run

    raise typer.Exit(run(file, onnx, python, force))
