"""StandIn: lets loops of scikit-learn's score, warn and tell, with all fits done already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

from sklearn.base import clone
from sklearn.utils import get_tags

from glassbrick.sklearn.fitting import Fitted

__all__ = ["StandIn"]

_OWN = ("_estimator", "fits", "_queue", "_settings")


class StandIn:
    """Stands for an estimator, and becomes a fitted one in `fit`: the next, in their order.

    So a loop of scikit-learn's does all that it does, checks, scores, errors and their names, by
    its own code. It has to take one fit after the other. When all have been taken, `fit` fits.

    Parameters
    ----------
    estimator : estimator
        For which it stands.
    fit_all : callable
        Returns all fits, in the order in which the loop asks for them. It is called by the first
        `fit`, when the loop has checked its arguments.

    Attributes
    ----------
    fits : list of Fitted
        Those that were done; shared by all copies.
    """

    def __init__(self, estimator: Any, fit_all: Callable[[], list[Fitted[Any]]]):
        fits: list[Fitted[Any]] = []

        def one_by_one() -> Iterator[Fitted[Any]]:
            fits.extend(fit_all())
            yield from fits

        self._begin(estimator, fits, one_by_one())

    def _begin(self, estimator: Any, fits: list[Fitted[Any]], queue: Iterator[Fitted[Any]]) -> None:
        self._estimator, self.fits, self._queue = estimator, fits, queue
        self._settings: dict[str, Any] = {}

    def __sklearn_clone__(self) -> Self:
        twin = object.__new__(type(self))
        twin._begin(self._estimator, self.fits, self._queue)
        return twin

    def set_params(self, **settings: Any) -> Self:
        """Take down what is to be set; refuse what cannot be."""
        clone(self._estimator).set_params(**settings)
        self._settings |= settings
        return self

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Become what was fitted, or raise what was raised."""
        found = next(self._queue, None)
        if found is None:
            result = clone(self._estimator).set_params(**self._settings).fit(X, y, **params)
        elif isinstance(found.result, Exception):
            raise found.result
        else:
            result = found.result
        noted = {name: value for name, value in vars(self).items() if name not in _OWN}
        self.__class__, self.__dict__ = type(result), vars(result) | noted
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)

    def __sklearn_tags__(self) -> Any:
        return get_tags(self._estimator)
