"""Records what a call does to the arrays of a network and an optimizer, as a pure function."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from traceback import walk_tb
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from glassbrick.arrays import Array
from glassbrick.engines.xla.survey import Survey
from glassbrick.engines.xla.tracing import TracedArray, no_random_numbers, place_in_users_code
from glassbrick.errors import GlassbrickError

__all__ = ["Layout", "Recording", "abstract", "record"]


@dataclass(frozen=True)
class Layout:
    """The structure of a state: where arrays are, which places share one, and all else.

    Attributes
    ----------
    places : dict of str to int
        The number of the array at each path.
    arrays : tuple of (shape, dtype)
        Of each array, by number.
    facts : dict of str to hashable
        Numbers, texts, classes, functions; see `Survey`.
    """

    places: dict[str, int]
    arrays: tuple[tuple[tuple[int, ...], np.dtype[Any]], ...]
    facts: dict[str, Hashable]

    @classmethod
    def of(cls, survey: Survey) -> Layout:
        """Describe what was found."""
        kinds = [(np.shape(array), _dtype(array)) for array in survey.by_number()]
        return cls(survey.numbers(), tuple(kinds), survey.facts)

    def differences(self, other: Layout) -> list[str]:
        """List the paths at which the two differ."""
        differing = [
            path
            for path in {**self.places, **other.places}
            if self.places.get(path) != other.places.get(path)
            or self.arrays[self.places[path]] != other.arrays[other.places[path]]
        ]
        facts = {**self.facts, **other.facts}
        return differing + [path for path in facts if self.facts.get(path) != other.facts.get(path)]


@dataclass(eq=False)
class Recording:
    """What a call did, as a function of JAX.

    Attributes
    ----------
    before, after : Layout
        Of the state. The objects themselves are as they were before.
    read, changed : set of int
        Numbers of the arrays, as of before, that the call looked at or changed.
    result : pytree of jax.ShapeDtypeStruct
        Shape and dtype of what the call returned.
    """

    before: Layout
    after: Layout
    read: set[int]
    changed: set[int]
    result: Any
    _found: Survey  # the objects as they were
    _left: Survey  # the objects as the call left them
    _jaxpr: ClosedJaxpr

    def __call__(self, state: list[Any], *inputs: Any) -> tuple[Any, list[Any]]:
        """Return what the call returns, and all arrays of the state after it."""
        flat = jaxpr_as_fun(self._jaxpr)(*state, *inputs)
        count = len(self.after.arrays)
        result = jax.tree.unflatten(jax.tree.structure(self.result), flat[: -count or None])
        return result, flat[-count:] if count else []

    @property
    def text(self) -> str:
        """All that decides what is compiled, but for the numbers of constants."""
        return re.sub(r" at 0x[0-9a-f]+", "", str(self._jaxpr))

    @property
    def constants(self) -> list[Array]:
        """The arrays that are part of the compiled code."""
        return [np.asarray(constant) for constant in self._jaxpr.consts]

    @property
    def scratch(self) -> set[int]:
        """Arrays that take another shape with each batch, and that the call did not read."""
        numbers = (self._number_kept(path) for path in self.before.differences(self.after))
        return {number for number in numbers if number is not None} - self.read

    @property
    def differences(self) -> list[str]:
        """The paths at which the call left another structure behind, but for scratch."""
        paths = self.before.differences(self.after)
        return [path for path in paths if self._number_kept(path) not in self.scratch]

    def enter(self) -> list[Any]:
        """Leave the objects as the call left them, with arrays to be filled; return these.

        Arrays that were there before are the same.
        """
        before = self._found.arrays
        self._left.restore()
        self._left.forget_memories()
        arrays: dict[int, Any] = {}
        for path, number in self.after.places.items():
            shape, dtype = self.after.arrays[number]
            if number not in arrays:
                old = before.get(path)
                fits = old is not None and (np.shape(old), _dtype(old)) == (shape, dtype)
                is_taken = any(old is array for array in arrays.values())
                arrays[number] = old if fits and not is_taken else np.zeros(shape, dtype)
        by_box = {id(box): arrays[self.after.places[p]] for p, box in self._left.arrays.items()}
        self._left.replace(lambda box: by_box[id(box)])
        return [arrays[number] for number in range(len(self.after.arrays))]

    def leave(self) -> None:
        """Put the objects back as they were before."""
        self._found.restore()

    def _number_kept(self, path: str) -> int | None:
        """Return the number of the array at a path, if that is the same before and after."""
        number = self.before.places.get(path)
        return number if number == self.after.places.get(path) else None


def record(roots: dict[str, Any], call: Callable[..., Any], *inputs: Any) -> Recording:
    """Record a call.

    Parameters
    ----------
    roots : dict of str to object
        The objects whose arrays are the state, by the names that paths begin with.
    call : callable
        Is given a `TracedArray` for each input, and returns one, or a list or dict of them.
    *inputs : array
        Of which shape and dtype count.

    Raises
    ------
    TracingError
        If the call does what cannot be compiled. The objects are as before in any case.
    """
    survey = Survey.of(**roots)
    held = survey.by_number()
    boxes: list[TracedArray] = []
    given: list[Any] = []
    left = Survey()

    def function(state: list[Any], *values: Any) -> Any:
        nonlocal left
        given.extend(state)
        boxes.extend(map(_box, state, held))
        by_id = dict(zip(map(id, held), boxes, strict=True))
        survey.replace(lambda array: by_id[id(array)])
        result = call(*map(TracedArray, values))
        left = Survey.of(**roots)
        return jax.tree.map(_current, result), [_current(array) for array in left.by_number()]

    try:
        with no_random_numbers():
            jaxpr, (result, _) = jax.make_jaxpr(function, return_shape=True)(
                [abstract(array) for array in held], *map(abstract, inputs)
            )
    except Exception as error:
        if not isinstance(error, GlassbrickError):
            frames = [frame for frame, _ in walk_tb(error.__traceback__)]
            error.add_note(f'{place_in_users_code(frames[-1])}, compiled for engine="xla"')
        raise
    finally:
        survey.restore()
    last = left.by_number()
    return Recording(
        before=Layout.of(survey),
        after=Layout.of(left),
        read={n for n, box in enumerate(boxes) if box.was_read},
        changed={
            n
            for n, box in enumerate(boxes)
            if box.current is not given[n] or n >= len(last) or last[n] is not box
        },
        result=result,
        _found=survey,
        _left=left,
        _jaxpr=jaxpr,
    )


def abstract(array: Any) -> Any:
    """Return what JAX needs to know of an array; a Python number as it is."""
    if isinstance(array, float):
        return array
    return jax.ShapeDtypeStruct(array.shape, array.dtype)  # type: ignore[no-untyped-call]


def _dtype(array: Any) -> np.dtype[Any]:
    return np.dtype(getattr(array, "dtype", np.float64))


def _box(value: Any, array: Any) -> TracedArray:
    is_number = isinstance(array, float) or getattr(array, "number", False)
    return TracedArray(value, scalar=is_number, number=is_number)


def _current(thing: Any) -> Any:
    return thing.current if type(thing) is TracedArray else jnp.asarray(thing)
