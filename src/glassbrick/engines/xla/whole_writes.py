"""Writes at given places, done on whole arrays where batches are spread over devices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

from glassbrick.engines.xla.placement import Placement
from glassbrick.engines.xla.pure_call import PureCall

__all__ = ["with_whole_writes"]

_WRITES = "scatter"  # and scatter-add, scatter-max, ...
_jaxpr: Any = Jaxpr  # JAX has no types for it
_PLAIN_CALLS = ("jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call")


def with_whole_writes(call: PureCall, placement: Placement) -> PureCall:
    """Return a call that does the same, and writes into arrays that each device has whole.

    What XLA makes of ``a[0] = 1`` is wrong if the rows of `a` are spread (seen with jaxlib 0.10.2,
    https://github.com/jax-ml/jax/issues/23052): each device writes, into the nearest row that it
    has. All else may stay spread.
    """
    if not placement.is_spread or _WRITES not in call.text:
        return call

    def whole(*args: Any) -> list[Any]:
        return _evaluated(call.jaxpr, args, placement)

    return replace(call, jaxpr=jax.make_jaxpr(whole)(*call.jaxpr.in_avals))


def _evaluated(closed: ClosedJaxpr, args: Sequence[Any], placement: Placement) -> list[Any]:
    """Do what was recorded, equation by equation."""
    jaxpr: Any = closed.jaxpr
    known = dict(zip(jaxpr.constvars, closed.consts, strict=True))
    known |= dict(zip(jaxpr.invars, args, strict=True))

    def values(atoms: Sequence[Any]) -> list[Any]:
        return [atom.val if isinstance(atom, Literal) else known[atom] for atom in atoms]

    for equation in jaxpr.eqns:
        given, inner = values(equation.invars), list(_inside(equation))
        if equation.primitive.name in _PLAIN_CALLS and inner:
            found = _evaluated(inner[0], given, placement)
        elif equation.primitive.name.startswith(_WRITES):
            given[0] = placement.whole(given[0])
            found = placement.whole(_done(jaxpr, equation, given))
        elif any(_WRITES in str(part) for part in inner):  # a loop
            found = placement.whole(_done(jaxpr, equation, placement.whole(given)))
        else:
            found = _done(jaxpr, equation, given)
        known |= dict(zip(equation.outvars, found, strict=True))
    return values(jaxpr.outvars)


def _inside(equation: Any) -> Iterator[ClosedJaxpr]:
    """Find what an equation calls."""
    for value in equation.params.values():
        for part in value if isinstance(value, tuple | list) else (value,):
            if isinstance(part, ClosedJaxpr):
                yield part


def _done(jaxpr: Any, equation: Any, given: Sequence[Any]) -> list[Any]:
    """Do one equation of many; of a variable that it takes twice, the first value counts."""
    pairs = list(zip(equation.invars, given, strict=True))
    values = {atom: value for atom, value in pairs[::-1] if not isinstance(atom, Literal)}
    parts = {"eqns": [equation], "effects": equation.effects, "debug_info": jaxpr.debug_info}
    alone = _jaxpr((), list(values), equation.outvars, **parts)
    found: list[Any] = jaxpr_as_fun(ClosedJaxpr(alone, ()))(*values.values())
    return found
