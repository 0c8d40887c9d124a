"""Records what a call does to the arrays of a network and an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from traceback import walk_tb
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.checks import complaint
from glassbrick.engines.xla.pure_call import PureCall, abstract
from glassbrick.engines.xla.survey import Survey
from glassbrick.engines.xla.tracing import Journal, TracedArray, journal, place_in_users_code
from glassbrick.errors import GlassbrickError, TracingError

__all__ = ["Layout", "Recording", "record", "record_twice"]


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
        Numbers, texts, classes, lengths; see `Survey`.
    """

    places: dict[str, int]
    arrays: tuple[tuple[tuple[int, ...], np.dtype[Any]], ...]
    facts: dict[str, Hashable]

    @classmethod
    def of(cls, survey: Survey) -> Layout:
        """Describe what was found."""
        kinds = [_kind(array) for array in survey.by_number()]
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


@dataclass(frozen=True, eq=False)
class Recording:
    """What a call did: to arrays, as a `PureCall`, and to the objects that hold them.

    The objects themselves are as they were before.

    Attributes
    ----------
    pure : PureCall
        What it did to arrays.
    before, after : Layout
        The structure of the state.
    constants : sequence of int
        The entries of its `Journal`.
    """

    pure: PureCall
    before: Layout
    after: Layout
    constants: Sequence[int]
    _found: Survey  # the objects as they were
    _left: Survey  # the objects as the call left them

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

    def enter(self, *, same_arrays: bool = False) -> list[Any]:
        """Leave the objects as the call left them; return the arrays in them, to be filled.

        Arrays that were there before are the same, of another shape only if `same_arrays`.
        """
        self._left.restore()
        self._left.forget_memories()
        arrays: dict[int, Any] = {}
        for path, number in self.after.places.items():
            kind = self.after.arrays[number]
            if number not in arrays:
                old = self._found.arrays.get(path)
                fits = old is not None and (same_arrays or _kind(old) == kind)
                is_taken = any(old is array for array in arrays.values())
                arrays[number] = old if fits and not is_taken else np.zeros(*kind)
        by_box = {id(box): arrays[self.after.places[p]] for p, box in self._left.arrays.items()}
        self._left.replace(lambda box: by_box[id(box)])
        return [arrays[number] for number in range(len(self.after.arrays))]

    def leave(self) -> None:
        """Put the objects back as they were before."""
        self._found.restore()

    def require_apart(self) -> None:
        """Refuse a state in which an array that changes is part of another one.

        Raises
        ------
        TracingError
            If two arrays that are not the same object overlap in memory.
        """
        arrays, places = self._found.arrays, self.before.places
        used = {p: n for p, n in places.items() if n in self.pure.changed | self.pure.read}
        for path, number in used.items():
            for other in used if number in self.pure.changed else ():
                overlap = np.may_share_memory(arrays[path], arrays[other])
                if overlap and used[other] != number:
                    raise TracingError(
                        f"{path}, which a training step changes, shares memory with {other}. A "
                        "compiled step cannot keep views of one array in step with each other: "
                        'make one from the other in each step, or train with engine="numpy".'
                    )

    def _number_kept(self, path: str) -> int | None:
        """Return the number of the array at a path, if that is the same before and after."""
        number = self.before.places.get(path)
        return number if number == self.after.places.get(path) else None


class _ErrorOfTheUser(Exception):  # noqa: N818
    """Goes through JAX in place of an error of the user's code, which is none of its business."""


def record(
    roots: dict[str, Any],
    call: Callable[..., Any],
    *inputs: Any,
    first: Recording | None = None,
) -> Recording:
    """Record a call.

    Parameters
    ----------
    roots : dict of str to object
        The objects whose arrays are the state, by the names that paths begin with.
    call : callable
        Is given a `TracedArray` for each input, and returns one, or a list or dict of them.
    *inputs : array
        Of which shape and dtype count.
    first : Recording, optional
        Of the same call, which must have used the same constants.

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
    entries = Journal({}, first.constants if first is not None else None)

    def function(state: list[Any], *values: Any) -> Any:
        nonlocal left
        given.extend(state)
        boxes.extend(map(_box, state, held))
        entries.held = dict(zip(map(id, held), boxes, strict=True))
        survey.replace(lambda array: entries.held[id(array)])
        result = call(*map(TracedArray, values))
        left = Survey.of(**roots)
        return jax.tree.map(_current, result), [_current(array) for array in left.by_number()]

    token = journal.set(entries)
    try:
        with _read_only(held):
            jaxpr, result = _make_jaxpr(function, list(map(abstract, held)), *map(abstract, inputs))
    finally:
        journal.reset(token)
        survey.restore()
    last = left.by_number()
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
        _found=survey,
        _left=left,
    )


def record_twice(roots: dict[str, Any], call: Callable[..., Any], *inputs: Any) -> Recording:
    """Record a call, and see that it does the same again while the arrays hold other numbers.

    What would differ, and be the same for ever once it is compiled, is refused: random
    numbers, the time, and numbers taken from arrays of the state past their stand-ins.

    Raises
    ------
    TracingError
        If it does not, and for all that `record` refuses.
    """
    first = record(roots, call, *inputs)
    with _other_numbers(Survey.of(**roots).by_number()):
        return record(roots, call, *inputs, first=first)


@contextmanager
def _other_numbers(arrays: list[Any]) -> Iterator[None]:
    """Let arrays hold other numbers meanwhile."""
    kept = [(array, array.copy()) for array in arrays if getattr(array, "size", 0)]
    try:
        with np.errstate(all="ignore"):
            for array, numbers in kept:
                array[...] = ~numbers if numbers.dtype.kind == "b" else -1 - numbers
        yield
    finally:
        for array, numbers in kept:
            array[...] = numbers


@contextmanager
def _read_only(arrays: list[Any]) -> Iterator[None]:
    """Let nobody write into arrays meanwhile: it would be done once, and not in each step."""
    writeable = [a for a in arrays if isinstance(a, np.ndarray) and a.flags.writeable]
    for array in writeable:
        array.flags.writeable = False
    try:
        yield
    finally:
        for array in sorted(writeable, key=_depth):  # a view can be so only if its base is
            array.flags.writeable = True


def _depth(array: Any) -> int:
    """Count the arrays that an array is a view of."""
    return 0 if array is None else 1 + _depth(getattr(array, "base", None))


def _make_jaxpr(function: Callable[..., Any], *examples: Any) -> tuple[Any, Any]:
    """Let JAX watch a function; errors in it come out as they were raised."""
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
    if not isinstance(error, Exception) or isinstance(error, GlassbrickError):
        return error
    frame = [frame for frame, _ in walk_tb(error.__traceback__)][-1]
    is_ours = frame.f_globals.get("__name__", "").startswith("glassbrick.engines")
    if isinstance(error, ValueError) and "read-only" in str(error) and not is_ours:
        return TracingError(
            complaint(
                place_in_users_code(frame),
                "writes into arrays by way of self.net, self.param and the like",
                str(error),
                "An array that a rule holds in another way, in a closure or a default argument, "
                'is written into once, and not in each step. Or train with engine="numpy".',
            )
        )
    error.add_note(f'{place_in_users_code(frame)}, compiled for engine="xla"')
    return error


def _kind(array: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    return np.shape(array), np.dtype(getattr(array, "dtype", np.float64))


def _box(value: Any, array: Any) -> TracedArray:
    is_number = isinstance(array, float) or getattr(array, "number", False)
    return TracedArray(value, scalar=is_number, number=is_number)


def _current(thing: Any) -> Any:
    return thing.current if type(thing) is TracedArray else jnp.asarray(thing)
