"""Finds the blocks in a namespace, ours or a user's file, and makes one of each to check."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from glassbrick.errors import GlassbrickError
from glassbrick.glass.trial_inputs import trial_input, trial_widths
from glassbrick.layers import Layer
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation, ParamOperation

__all__ = ["FoundBlock", "find_blocks"]

Checkable: TypeAlias = Operation | Layer | Loss | NeuralNetwork

_PARAM_SHAPES = ((4, 3), (1, 4), (4,), (1,))


@dataclass(frozen=True)
class FoundBlock:
    """A block by the name it has in its namespace.

    Attributes
    ----------
    name : str
        Of the class or the variable.
    block : Operation, Layer, Loss, NeuralNetwork or None
        One to check; None if none could be made.
    problem : str
        Why none could be made, and what to do.
    """

    name: str
    block: Checkable | None
    problem: str = ""


def find_blocks(namespace: dict[str, Any], defined_in: str) -> Iterator[FoundBlock]:
    """Find the blocks of a module.

    Parameters
    ----------
    namespace : dict
        The module's ``vars``.
    defined_in : str
        Only classes of this module, or of this package, are taken: not imported ones.

    Yields
    ------
    FoundBlock
        One for each variable that holds a block, and for each class that can be made
        without arguments (or, if it is of our kinds, with a parameter or a number of
        neurons). Abstract classes are passed over.
    """
    made = set()
    for name, value in namespace.items():
        if isinstance(value, Operation | Layer | Loss | NeuralNetwork):
            made.add(type(value))
            yield FoundBlock(name, value)
    for name, value in namespace.items():
        if not inspect.isclass(value) or inspect.isabstract(value) or value in made:
            continue
        ours = value.__module__ == defined_in or value.__module__.startswith(f"{defined_in}.")
        if ours and issubclass(value, Operation | Layer | Loss):
            made.add(value)
            yield _make(name, value)


def _make(name: str, kind: type[Any]) -> FoundBlock:
    failure: Exception | None = None
    for arguments in _arguments(kind):
        try:
            block = kind(*arguments)
            if isinstance(block, ParamOperation):
                _try(block)
        except Exception as error:
            failure = failure or error
            continue
        return FoundBlock(name, block)
    problem = (
        f"none could be made without arguments ({type(failure).__name__}: {failure}). "
        f"Put one into the file: example = {name}(...)"
    )
    return FoundBlock(name, None, problem)


def _arguments(kind: type[Any]) -> Iterator[tuple[Any, ...]]:
    rng = np.random.default_rng(0)
    if issubclass(kind, ParamOperation):
        for shape in _PARAM_SHAPES:
            yield (rng.standard_normal(shape),)
    if issubclass(kind, Layer):
        yield (3,)
    yield ()


def _try(block: ParamOperation) -> None:
    """Raise unless the operation takes some input with the parameter it was given."""
    rng = np.random.default_rng(0)
    try:
        trial_input(block.forward, 6, trial_widths(block), rng, type(block).__name__)
    finally:
        block.release()


def load_module(file: Path) -> ModuleType:
    """Run a user's file, as a module of which nothing is kept on disk.

    Raises
    ------
    GlassbrickError
        If it cannot be run; the message names the line.
    """
    loader = SourceFileLoader("checked_blocks", str(file))
    module = ModuleType(loader.name)
    module.__file__ = str(file)
    sys.modules[loader.name] = module  # where dataclasses and pickle look for it
    sys.path.insert(0, str(file.resolve().parent))  # so that it finds what stands beside it
    try:
        code = loader.source_to_code(loader.get_data(str(file)), str(file))
        exec(code, vars(module))  # noqa: S102 (the user's own file)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise GlassbrickError(f"{file}{line}: {error.msg}.") from error
    except (Exception, SystemExit) as error:
        lines = [f.lineno for f in extract_tb(error.__traceback__) if f.filename == str(file)]
        if isinstance(error, OSError) and not lines:
            raise GlassbrickError(f"{file}: {error.strerror or error}.") from None
        line = f", line {lines[-1]}" if lines else ""
        raise GlassbrickError(f"{file}{line}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    return module
