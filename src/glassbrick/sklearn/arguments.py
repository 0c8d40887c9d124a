"""What a constructor does with its arguments: it keeps them, and looks at none."""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["keep_arguments"]


def keep_arguments(estimator: object, arguments: dict[str, Any]) -> None:
    """Keep the arguments of a constructor as attributes, which is all that it may do.

    Parameters
    ----------
    estimator : object
        Whose constructor it is.
    arguments : dict
        Its ``locals()``.
    """
    names = inspect.signature(type(estimator)).parameters
    vars(estimator).update({name: arguments[name] for name in names if name in arguments})
