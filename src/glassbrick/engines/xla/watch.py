"""watch: lets JAX watch the user's code, whose errors come out as they were raised."""

from __future__ import annotations

from collections.abc import Callable
from traceback import walk_tb
from typing import Any

import jax

from glassbrick.engines.xla.tracing import place_in_users_code
from glassbrick.errors import GlassbrickError

__all__ = ["watch"]


class _ErrorOfTheUser(Exception):  # noqa: N818
    """Goes through JAX in place of an error of the user's code, which is none of its business."""


def watch(function: Callable[..., Any], *examples: Any) -> tuple[Any, Any]:
    """Let JAX write down what a function does.

    Parameters
    ----------
    function : callable
        Takes values of JAX, and returns a pair of pytrees of them.
    *examples : pytree of jax.ShapeDtypeStruct or float
        Shapes and dtypes of what it takes.

    Returns
    -------
    jaxpr : ClosedJaxpr
        What it does.
    result : pytree of jax.ShapeDtypeStruct
        Shapes and dtypes of the first part of what it returns.
    """
    errors: list[BaseException] = []

    def guarded(*args: Any) -> Any:
        try:
            return function(*args)
        except BaseException as error:
            errors.append(error)
            raise _ErrorOfTheUser from None

    try:
        jaxpr, (result, _) = jax.make_jaxpr(guarded, return_shape=True)(*examples)
    except _ErrorOfTheUser:
        pass
    else:
        return jaxpr, result
    raise _explained(errors.pop())


def _explained(error: BaseException) -> BaseException:
    """Say of an error of the user's code where it arose."""
    if isinstance(error, Exception) and not isinstance(error, GlassbrickError):
        *_, (frame, _) = walk_tb(error.__traceback__)
        error.add_note(
            f'{place_in_users_code(frame)}, recorded for engine="xla" with copies of the objects'
        )
    return error
