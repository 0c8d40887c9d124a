"""What operations, layers and losses share: a memory of the last batch, and one owner."""

from __future__ import annotations

import re
import weakref
from typing import Any, ClassVar, Self

from glassbrick.errors import NotReadyError, OwnershipError

__all__ = ["Block"]


class Block:
    """A part of a network that remembers the last batch between forward and backward.

    Attributes
    ----------
    memory : tuple of str
        Names of the attributes in which `forward` and `backward` keep the last batch.
        They are dropped by `release`, and never copied or pickled. A block that keeps
        more, a mask for example, adds the name:
        ``memory = (*Operation.memory, "mask")``.
    """

    memory: ClassVar[tuple[str, ...]] = ()

    _owner: weakref.ref[Any] | None = None

    def release(self) -> None:
        """Forget the last batch. Parameters stay."""
        for name in self.memory:
            self.__dict__.pop(name, None)

    def claim(self, owner: object, description: str) -> None:
        """Make `owner` the only object that may use this block.

        Raises
        ------
        OwnershipError
            If the block belongs to another living object. Two owners would each
            overwrite what the other's backward pass needs.
        """
        current = self._owner() if self._owner is not None else None
        if current is not None and current is not owner:
            me = type(self).__name__
            raise OwnershipError(
                f"{description}: this {me} already belongs to {current!r}. A block remembers "
                f"its last batch, so it can have only one place; make a new {me} for each."
            )
        self._owner = weakref.ref(owner)

    def apart(self) -> Self:
        """Return a twin that shares parameters with this block but remembers no batch."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__getstate__())
        return twin

    def __getstate__(self) -> dict[str, Any]:
        left_out = {*self.memory, "_owner"}
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def not_ready(self, name: str) -> NotReadyError:
        """Say what must be called before the memory `name` exists.

        There is no ``__getattr__`` to say it for every access, because merely defining
        one slows each attribute of each block down, by 8 % of a small network's step.
        """
        made_by = "backward" if name.endswith("_grad") else "forward"
        return NotReadyError(
            f"{type(self).__name__}.{name} does not exist yet: call {made_by} first. "
            "(What forward and backward keep is released by predict and at the end of fit.)"
        )


def snake_case(name: str) -> str:
    """Turn a class name into the name of a block.

    >>> snake_case("WeightMultiply"), snake_case("ReLU"), snake_case("LeakyReLU")
    ('weight_multiply', 'relu', 'leaky_relu')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name).lower()
