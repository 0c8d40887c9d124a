"""Every error that Glassbrick raises on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassbrick.training.history import History

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "DataError",
    "DistributedError",
    "DivergenceError",
    "FileError",
    "GlassbrickError",
    "LostProcessError",
    "MissingExtraError",
    "NotReadyError",
    "OwnershipError",
    "ShapeError",
    "TracingError",
    "UnknownNameError",
]


class GlassbrickError(Exception):
    """The base of all errors of this package: catch it to catch them all."""

    def within(self, place: str) -> None:
        """Put the name of the block in which the error arose before its message."""
        self.args = (f"{place}: {self.args[0]}", *self.args[1:])


class ArgumentError(GlassbrickError, ValueError):
    """An argument of the right type has a value that cannot be used."""


class ArgumentTypeError(GlassbrickError, TypeError):
    """An argument is of a type that cannot be used."""


class ShapeError(GlassbrickError, ValueError):
    """An array has another shape than the block that received it needs."""


class DataError(GlassbrickError, ValueError):
    """Data that nothing can be learned from: NaN, text, no rows, rows that do not match."""


class NotReadyError(GlassbrickError, RuntimeError, AttributeError):
    """Something was asked for before the call that makes it.

    It is an ``AttributeError`` too, so that ``hasattr(operation, "output")`` is a
    question, not a failure.
    """


class OwnershipError(GlassbrickError, ValueError):
    """One block was put in two places, where each would overwrite what the other remembers."""


class DivergenceError(GlassbrickError, RuntimeError):
    """The loss or a parameter stopped being a finite number during training.

    Attributes
    ----------
    epoch, batch : int
        Where it happened, counted from 1; the last batch if it showed only in the
        evaluation after it.
    lr : float
        The learning rate at that moment.
    history : History
        All epochs that were completed before.
    """

    def __init__(self, message: str, *, epoch: int, batch: int, lr: float, history: History):
        super().__init__(message)
        self.epoch = epoch
        self.batch = batch
        self.lr = lr
        self.history = history


class DistributedError(GlassbrickError, RuntimeError):
    """Several processes cannot begin a run together, or do not do the same in it."""


class LostProcessError(DistributedError):
    """A process of the run was lost, and the others cannot go on without it.

    Attributes
    ----------
    process : int
        Its number.
    host : str
        Where it ran.
    """

    def __init__(self, message: str, *, process: int, host: str):
        super().__init__(message)
        self.process = process
        self.host = host


class TracingError(GlassbrickError, RuntimeError):
    """A block or an optimizer does something that the XLA engine cannot compile."""


class UnknownNameError(GlassbrickError, KeyError):
    """Something was asked for by a name that nothing has."""

    __str__ = Exception.__str__  # that of KeyError puts the message into quotes


class MissingExtraError(GlassbrickError, ImportError):
    """An optional dependency is not installed, or is broken."""

    def __init__(self, feature: str, package: str, extra: str, problem: str = "is not installed"):
        super().__init__(
            f"{feature} needs {package}, which {problem}. "
            f"Install it with: pip install 'glassbrick[{extra}]'"
        )


class FileError(GlassbrickError, OSError):
    """A file cannot be read, run or written, or holds nothing to work on."""
