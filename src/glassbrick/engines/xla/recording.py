"""Records what a call does to the arrays of a network and an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.arrays import is_traced
from glassbrick.checks import complaint
from glassbrick.engines.xla.layout import Layout
from glassbrick.engines.xla.pure_call import PureCall, abstract
from glassbrick.engines.xla.random_streams import RandomStreams
from glassbrick.engines.xla.survey import Survey
from glassbrick.engines.xla.tracing import (
    Journal,
    TracedArray,
    journal,
    refusals,
)
from glassbrick.engines.xla.tracing.journal import overlap
from glassbrick.engines.xla.tracing.values import value_of
from glassbrick.engines.xla.watch import watch
from glassbrick.errors import TracingError

__all__ = ["Recording", "Roots", "record"]

_lock = RLock()
_known: set[int] = set()  # what was recorded twice already, and was the same both times

Roots = dict[str, Any]
"""The objects whose arrays are the state, by the names that paths begin with."""


@dataclass(frozen=True, eq=False)
class Recording:
    """What a call did: to arrays, as a `PureCall`, and to the objects that hold them.

    The objects themselves are as they were before: the call was made with copies.

    Attributes
    ----------
    pure : PureCall
        What it did to arrays.
    before, after : Layout
        The structure of the state.
    constants : sequence of int
        The entries of its `Journal`.
    left : dict of str to object
        The copies as the call left them, without numbers.
    """

    pure: PureCall
    before: Layout
    after: Layout
    constants: Sequence[int]
    left: Roots
    _held: list[Any]

    @property
    def scratch(self) -> set[int]:
        """Arrays that take another shape with each batch, and that the call did not read."""
        numbers = (self._number_kept(path) for path in self.before.differences(self.after))
        return {number for number in numbers if number is not None} - self.pure.read

    @property
    def differences(self) -> list[str]:
        """The paths at which the call left another structure behind, but for scratch."""
        paths, scratch = self.before.differences(self.after), self.scratch
        return [path for path in paths if self._number_kept(path) not in scratch]

    @property
    def varying(self) -> set[str]:
        """The paths of numbers in whose place the call left computed ones."""
        return {
            path
            for path in self.differences
            if path in self.before.facts and _is_number(self.before.facts[path])
            if path in self.after.places and self.after.arrays[self.after.places[path]][0] == ()
        }

    def require_apart(self) -> None:
        """Refuse a state in which an array that changes is part of another one.

        Raises
        ------
        TracingError
            If two arrays that are not the same object overlap in memory.
        """
        places = self.before.places
        used = {p: n for p, n in places.items() if n in self.pure.changed | self.pure.read}
        for path, number in used.items():
            for other in used if number in self.pure.changed else ():
                if used[other] != number and _overlap(self._held[number], self._held[used[other]]):
                    raise TracingError(
                        f"{path}, which a training step changes, shares memory with {other}. A "
                        "compiled step knows of a view only if the step itself makes it: make one "
                        "from the other in each step, or hold copies. "
                        'Or train with engine="numpy".'
                    )

    def _number_kept(self, path: str) -> int | None:
        """Return the number of the array that stands at a path before and after, if one does."""
        number = self.before.places.get(path)
        return number if number == self.after.places.get(path) else None


def record(
    roots: Roots,
    call: Callable[..., Any],
    *inputs: Any,
    varying: frozenset[str] = frozenset(),
) -> Recording:
    """Record a call twice, to see that it does the same again; once if an earlier call did.

    What differs would be the same for ever once it is compiled: random numbers, the time.

    Parameters
    ----------
    roots : dict of str to object
        The objects whose arrays are the state. They stay as they are.
    call : callable
        Is given copies of the roots and a `TracedArray` for each input, and returns one, or a
        list or dict of them.
    *inputs : array
        Of which shape and dtype count.
    varying : frozenset of str
        Paths of numbers that are state like arrays.

    Raises
    ------
    TracingError
        If the call does what cannot be compiled.
    """
    with _lock, np.errstate(all="ignore"):  # names that rules refer to mean copies meanwhile
        return _record_twice(roots, call, inputs, varying)


def _record_twice(
    roots: Roots, call: Callable[..., Any], inputs: Sequence[Any], varying: frozenset[str]
) -> Recording:
    before = RandomStreams()
    try:
        first = _record(roots, call, inputs, varying, None)
        what = hash((first.pure.text, *first.constants))
        if what in _known and not before.moved():
            return first
        between = RandomStreams()  # until here, modules that were imported may have drawn
        second = _record(roots, call, inputs, varying, first.constants)
        moved = between.moved()
    finally:
        before.restore()
    if moved:
        raise TracingError(
            "A training step draws random numbers from np.random or random (or another thread "
            "did so, just now). Compiled, they would be the same in every step. Draw random "
            'numbers where the block is set up, or train with engine="numpy".'
        )
    if first.pure.text != second.pure.text:
        raise TracingError(
            "A training step does something else each time, which depends neither on arrays nor on "
            "attributes: on the time, on a file, on random numbers? Only what is the same in every "
            'step can be compiled. Train with engine="numpy".'
        )
    _known.add(what)
    return second


def _record(
    roots: Roots,
    call: Callable[..., Any],
    inputs: Sequence[Any],
    varying: frozenset[str],
    constants: Sequence[int] | None,
) -> Recording:
    """Record a call, which must use the same constants as it did before, if it was called."""
    survey = Survey(roots, varying, _box)
    held = [found.held for found in survey.found]
    boxes = [found.stand_in for found in survey.found]
    given: list[Any] = []
    left = Survey({})
    entries = Journal(held, constants)
    refused: list[TracingError] = []

    def function(state: list[Any], *values: Any) -> Any:
        nonlocal left
        if constants is None:
            _require_true_copies(survey, varying)
        given.extend(state)
        for box, value in zip(boxes, state, strict=True):
            box.stand_for(value)
        result = call(survey.copies, *map(TracedArray, values))
        for error in refused:  # which the call did not let through
            raise error
        left = Survey(survey.copies, varying)
        return jax.tree.map(_current, result), [_current(found.held) for found in left.found]

    token, noted = journal.set(entries), refusals.set(refused)
    try:
        with survey.copies_in_place():
            jaxpr, result = watch(function, list(map(abstract, held)), *map(abstract, inputs))
    finally:
        journal.reset(token)
        refusals.reset(noted)
    _require_no_views(left, boxes)
    last = [found.held for found in left.found]
    changed = (
        number
        for number, box in enumerate(boxes)
        if box.current is not given[number] or number >= len(last) or last[number] is not box
    )
    read = (number for number, box in enumerate(boxes) if box.was_read)
    return Recording(
        pure=PureCall(jaxpr, result, frozenset(read), frozenset(changed), len(boxes)),
        before=Layout.of(survey),
        after=Layout.of(left),
        constants=entries.entries,
        left=survey.copies,
        _held=held,
    )


def _require_true_copies(survey: Survey, varying: frozenset[str]) -> None:
    """Refuse objects that are not what their attributes and items make them."""
    differing = Layout.of(survey).differences(Layout.of(Survey(survey.copies, varying)))
    if differing:
        raise TracingError(
            complaint(
                differing[0],
                "an object that can be copied attribute by attribute, item by item",
                "one whose copy is not the same",
                'Hold the arrays in plain lists and dicts, or train with engine="numpy".',
            )
        )


def _require_no_views(left: Survey, boxes: list[TracedArray]) -> None:
    """Refuse that a call leaves views, of which the next one would not know what they are."""
    held = {id(found.held) for found in left.found} | set(map(id, boxes))
    for path, number in left.places.items():
        array = left.found[number].held
        if is_traced(array) and array.root is not array and id(array.root) in held:
            raise TracingError(
                complaint(
                    path,
                    "an array of its own after the step",
                    "a view of another one",
                    "Keep a copy, np.copy(x), or make the view anew where it is used. Or train "
                    'with engine="numpy".',
                )
            )


def _box(thing: Any) -> TracedArray:
    """Make what stands for an array or a number, as yet without a value."""
    if is_traced(thing):  # left by a recording
        return TracedArray(thing, scalar=thing.scalar, number=thing.number)
    is_number = type(thing) is float
    return TracedArray(np.asarray(thing), scalar=np.isscalar(thing), number=is_number)


def _current(thing: Any) -> Any:
    """Return the value of what is left; what was there before is taken down as a constant."""
    if type(thing) is TracedArray:
        return thing.current
    return jnp.asarray(value_of(thing))


def _overlap(first: Any, second: Any) -> bool:
    return overlap(*(getattr(array, "_shadow", array) for array in (first, second)))


def _is_number(fact: Any) -> bool:
    kind = fact[0] if isinstance(fact, tuple) else None
    return isinstance(kind, type) and issubclass(kind, float | np.generic)
