"""What operations, layers and losses share: a memory of the last batch, and one owner."""

from __future__ import annotations

import weakref
from typing import Any, ClassVar, Self

from glassbrick.errors import NotReadyError, OwnershipError

__all__ = ["Block", "inherits"]


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
        """Forget the last batch, in blocks within this one too. Parameters stay."""
        for name in self.memory:
            self.__dict__.pop(name, None)
        for value in self.__dict__.values():
            if isinstance(value, Block):
                value.release()

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
                f"its last batch, so it can have only one place; make a new {me} for each. "
                "(In a notebook, run the cell that makes it again, too.)"
            )
        self._owner = weakref.ref(owner)

    def disown(self, owner: object) -> None:
        """Let the block be claimed by others again, if `owner` has it."""
        if self._owner is not None and self._owner() is owner:
            self._owner = None

    def apart(self) -> Self:
        """Return a twin that shares arrays with this block but remembers no batch.

        Blocks and containers that the block holds are apart too, so that the twin may
        write into them.
        """
        twin = object.__new__(type(self))
        for name, value in self.__getstate__().items():
            twin.__dict__[name] = _apart(value)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        left_out = {*self.memory, "_owner"}
        # Copied at once, because another thread may be training.
        state = self.__dict__.copy()
        return {name: value for name, value in state.items() if name not in left_out}

    def not_ready(self, name: str) -> NotReadyError:
        """Say what must be called before the memory `name` exists.

        There is no ``__getattr__`` to say it for every access, because merely defining
        one slows every attribute of a block down, from 7 to 18 nanoseconds.
        """
        made_by = "backward" if name.endswith("_grad") else "forward"
        return NotReadyError(
            f"{type(self).__name__}.{name} does not exist yet: call {made_by} first. "
            "(What forward and backward keep is released at the end of fit.)"
        )


def _apart(value: Any) -> Any:
    if isinstance(value, Block):
        return value.apart()
    if type(value) in (list, tuple, set):
        return type(value)(_apart(item) for item in value)
    if type(value) is dict:
        return {key: _apart(item) for key, item in value.items()}
    return value


def inherits(block: object, base: type, *methods: str) -> bool:
    """Whether neither a subclass of `base` nor the block itself has such methods of its own."""
    return all(
        getattr(getattr(block, method), "__func__", None) is getattr(base, method)
        for method in methods
    )
