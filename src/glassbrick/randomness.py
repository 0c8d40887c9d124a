"""Where randomness comes from: the chapter's one legacy stream, or modern spawned generators."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any, Protocol, TypeAlias

import numpy as np

from glassbrick.checks import complaint, describe, refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError, ShapeError

__all__ = [
    "ChapterStreams",
    "Place",
    "RandomSource",
    "ReservedRoom",
    "ReservedStreams",
    "SeedLike",
    "SpawnedStreams",
    "Streams",
    "as_generator",
    "as_streams",
    "legacy_seed",
    "streams_from",
]

RandomSource: TypeAlias = np.random.Generator | np.random.RandomState
"""Both kinds draw by `standard_normal(size)`, `uniform(low, high, size)`, `permutation(order)`."""

SeedLike: TypeAlias = int | np.random.SeedSequence | np.random.Generator

Place: TypeAlias = tuple[int, ...]
"""Number of a layer in a network, of a layer within that one, ..., of an operation."""

_LARGEST_LEGACY_SEED = 2**32 - 1


class Streams(Protocol):
    """Gives each part of a network's training its source of random numbers.

    Attributes
    ----------
    seed : int or None
        Of the chapter's single stream; None if there is none, or it has none.
    """

    seed: int | None

    def for_layer(self, place: Place, seed: int | None) -> RandomSource:
        """Return the source of the initial parameters of the layer at `place`."""

    def for_shuffling(self, seed: int | None) -> RandomSource:
        """Return the source of the row orders of a new training run."""

    def for_steps(self, place: Place, seed: int | None) -> np.random.Generator:
        """Return the source of what an operation draws in each training step."""

    def to_json(self) -> dict[str, Any]:
        """Return what `streams_from` makes the same streams of."""


class ChapterStreams:
    """One legacy stream for everything, seeded again by each layer, as in the chapter.

    Layers of equal shape therefore start with equal parameters, and the seed of a fit
    governs only its first shuffle. The chapter's printed numbers depend on both.
    Other programs' use of ``numpy.random`` neither disturbs this stream nor is disturbed.
    """

    def __init__(self, seed: int | None):
        self.seed = seed
        self._stream = np.random.RandomState(seed)

    def for_layer(self, place: Place, seed: int | None) -> RandomSource:  # noqa: ARG002
        """Seed the stream again, unless `seed` is None, and return it."""
        if seed is not None:
            self._stream.seed(seed)
        return self._stream

    def for_shuffling(self, seed: int | None) -> RandomSource:
        """Seed the stream again, with fresh entropy if `seed` is None, and return it."""
        self._stream.seed(seed)
        return self._stream

    def for_steps(self, place: Place, seed: int | None) -> np.random.Generator:
        """Return a generator apart from the stream, so that the chapter's numbers stay."""
        seed = self.seed if seed is None else seed
        return np.random.default_rng(None if seed is None else (seed, *place))

    def to_json(self) -> dict[str, Any]:
        """Return what `streams_from` makes the same streams of."""
        return {"seed": self.seed}

    def __getstate__(self) -> dict[str, Any]:
        return {"seed": self.seed}  # a saved network carries its seed, not 624 words of state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def __repr__(self) -> str:
        return f"seed={self.seed}"


class SpawnedStreams:
    """Independent generators, for each layer, each operation and for shuffling, from one root.

    Each fit that starts anew begins the same streams again: same `rng`, same result.
    """

    _LAYER, _SHUFFLING, _STEPS = 0, 1, 2  # first words of the spawn keys; never renumber

    seed: int | None = None

    def __init__(self, rng: SeedLike):
        self._root = _seed_sequence(rng)

    def to_json(self) -> dict[str, Any]:
        """Return what `streams_from` makes the same streams of."""
        return {"rng": self._root.entropy, "spawn_key": list(self._root.spawn_key)}

    def _spawn(self, *key: int) -> np.random.Generator:
        spawn_key = (*self._root.spawn_key, *key)
        return np.random.default_rng(
            np.random.SeedSequence(self._root.entropy, spawn_key=spawn_key)
        )

    def for_layer(self, place: Place, seed: int | None) -> RandomSource:
        """Return the generator of a layer, or one of its own if it was given a seed."""
        return np.random.default_rng(seed) if seed is not None else self._spawn(self._LAYER, *place)

    def for_shuffling(self, seed: int | None) -> RandomSource:  # noqa: ARG002
        """Return the generator of the row orders. The chapter's `seed` has no part in it."""
        return self._spawn(self._SHUFFLING)

    def for_steps(self, place: Place, seed: int | None) -> np.random.Generator:  # noqa: ARG002
        """Return the generator of an operation."""
        return self._spawn(self._STEPS, *place)

    def __repr__(self) -> str:
        return f"rng={self._root.entropy}"


class ReservedStreams:
    """Zeros in the place of random parameters, for those that are about to be read from a file.

    Parameters
    ----------
    streams : Streams
        Where all other random numbers come from.
    room : int
        How many numbers there are to be read; larger parameters are refused.
    """

    def __init__(self, streams: Streams, room: int):
        self._streams, self._room = streams, room
        self.for_shuffling, self.for_steps = streams.for_shuffling, streams.for_steps
        self.to_json, self.seed = streams.to_json, streams.seed

    def for_layer(self, place: Place, seed: int | None) -> Any:  # noqa: ARG002
        """Return a source of zeros."""
        return ReservedRoom(self._room)


class ReservedRoom:
    """Has the methods of a random source, and draws zeros.

    Parameters
    ----------
    room : int
        How many at most.
    """

    def __init__(self, room: int):
        self._room = room

    def zeros(self, shape: Any) -> Any:
        """Return zeros of a shape.

        Raises
        ------
        ShapeError
            If there is not so much room.
        """
        size = math.prod(shape) if isinstance(shape, tuple | list) else shape
        if size > self._room:
            received = f"{self._room:,} in the file"
            raise ShapeError(complaint("parameters", f"{size:,} numbers", received))
        return np.zeros(shape)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        shape_first = name in ("standard_normal", "random", "permutation")

        def draw(*args: Any, size: Any = None, **_: Any) -> Any:
            if size is None and args and (shape_first or len(args) > 2):
                size = args[0] if shape_first else args[2]
            return 0.0 if size is None else self.zeros(size)

        return draw


def as_streams(rng: Any) -> Streams:
    """Return streams for what a user gave as `rng`, or for reserved ones those."""
    return rng if isinstance(rng, ReservedStreams) else SpawnedStreams(rng)


def streams_from(told: dict[str, Any]) -> Streams:
    """Make the streams of what their `to_json` told.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is something else.
    """
    match told:
        case {"seed": seed, **rest} if not rest:
            return ChapterStreams(legacy_seed(seed, "streams, seed"))
        case {"rng": int() | list() as entropy, "spawn_key": list(keys), **rest} if not rest:
            words = entropy if isinstance(entropy, list) else [entropy]
            if all(type(n) is int and n >= 0 for n in (*words, *keys)):
                streams = SpawnedStreams(0)
                streams._root = np.random.SeedSequence(entropy, spawn_key=tuple(keys))
                return streams
    raise ArgumentError(complaint("streams", "a seed, or rng and spawn_key", describe(told)))


def _seed_sequence(rng: Any) -> np.random.SeedSequence:
    if isinstance(rng, np.random.SeedSequence):
        return rng.spawn(1)[0]
    if isinstance(rng, np.random.Generator):
        seed_seq = getattr(rng.bit_generator, "seed_seq", None)
        if isinstance(seed_seq, np.random.SeedSequence):
            # Spawning, unlike drawing, leaves the caller's own stream where it was.
            return seed_seq.spawn(1)[0]
        refuse(ArgumentError, "rng", "a Generator made by np.random.default_rng", rng)
    if isinstance(rng, bool) or not isinstance(rng, Integral):
        refuse(ArgumentTypeError, "rng", "an int, a SeedSequence or a Generator", rng)
    if rng < 0:
        refuse(ArgumentError, "rng", "an int of at least 0", rng)
    return np.random.SeedSequence(int(rng))


def as_generator(rng: Any, who: str) -> np.random.Generator:
    """Return a generator for what a user gave as `rng`: it, or one made of an int or None."""
    if isinstance(rng, np.random.Generator):
        return rng
    try:
        return np.random.default_rng(None if rng is None else _seed_sequence(rng))
    except (ArgumentError, ArgumentTypeError) as error:
        error.within(who)
        raise


def legacy_seed(value: Any, who: str) -> int | None:
    """Return `value` if it can seed a legacy stream: None, or 0 to 4294967295."""
    if value is None:
        return None
    expected = f"None or a whole number from 0 to {_LARGEST_LEGACY_SEED}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        refuse(ArgumentTypeError, who, expected, value)
    if not 0 <= int(value) <= _LARGEST_LEGACY_SEED:
        refuse(ArgumentError, who, expected, value)
    return int(value)
