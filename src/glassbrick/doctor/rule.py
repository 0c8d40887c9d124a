"""Rule: what looks for one kind of fault; and the list of rules, which finds them by itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Generic, Literal, TypeAlias, TypeVar

from glassbrick.doctor.remark import Remark

__all__ = ["Looked", "Needs", "Rule", "rule", "rules_in"]

Looked = TypeVar("Looked")  # at which a rule looks: a Patient before training, a Chart during it

Needs: TypeAlias = Literal["nothing", "numbers", "a pass", "a training"]

_IN_TURN: tuple[Needs, ...] = "nothing", "numbers", "a pass", "a training"


@dataclass(frozen=True)
class Rule(Generic[Looked]):
    """One kind of fault, and how to find it.

    Attributes
    ----------
    name : str
        The kind of its remarks.
    look : callable
        Yields remarks on what it is given.
    needs : {"nothing", "numbers", "a pass", "a training"}
        Without what it cannot look: finite features and targets, or a network that takes them,
        and is trained a little or was before.
    """

    name: str
    look: Callable[[Looked], Iterable[Remark]]
    needs: Needs

    def remarks(self, looked: Looked) -> list[Remark]:
        """Look, and return what was found."""
        return [replace(remark, kind=self.name) for remark in self.look(looked)]


def rule(
    needs: Needs = "nothing",
) -> Callable[[Callable[[Looked], Iterable[Remark]]], Rule[Looked]]:
    """Return a decorator that makes a rule, named like the function, of a function."""

    def made(look: Callable[[Looked], Iterable[Remark]]) -> Rule[Looked]:
        return Rule(look.__name__, look, needs)

    return made


def rules_in(package: ModuleType) -> list[Rule[Looked]]:
    """Return all rules of all modules of a package, causes before what they bring about.

    What can be seen of data comes before what a pass shows, and that before what trainings show.
    """
    found: list[Rule[Looked]] = []
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        members = vars(importlib.import_module(f"{package.__name__}.{module.name}"))
        found += [member for member in members.values() if isinstance(member, Rule)]
    return sorted(found, key=lambda rule: _IN_TURN.index(rule.needs))
