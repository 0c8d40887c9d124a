"""The Boston housing data: what the chapter trains on."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files

import numpy as np

from glassbrick.arrays import Array

__all__ = ["ETHICS_NOTE", "Boston", "load_boston"]

_CHAPTER_SPLIT_SEED = 80718
_CHAPTER_TEST_ROWS = 152  # 30 % of 506, rounded up

ETHICS_NOTE = (
    "Column B is (1000 (b - 0.63)^2), b being the share of Black residents of a town. Its makers "
    "assumed that segregation raises house prices, and the formula cannot be undone to check "
    "them. Use the data to follow the chapter's numbers, not to learn about houses or people."
)


@dataclass(frozen=True)
class Boston:
    """Median house values of 506 Boston census tracts in 1970, with 13 features of each.

    Attributes
    ----------
    data : ndarray, shape (506, 13)
        The features, unscaled.
    target : ndarray, shape (506,)
        Median value of owner-occupied homes, in 1000 dollars, cut off at 50.
    feature_names : ndarray of str, shape (13,)
        CRIM crimes per head, ZN and INDUS shares of land, CHAS by the Charles River, NOX
        nitric oxides, RM rooms, AGE share built before 1940, DIS distance to work, RAD
        highways, TAX property tax, PTRATIO pupils per teacher, B see `ethics_note`,
        LSTAT share of lower status.
    ethics_note : str
        Why column B should not be used for anything but the chapter's numbers.
    """

    data: Array = field(repr=False)
    target: Array = field(repr=False)
    feature_names: Array
    ethics_note: str = field(default=ETHICS_NOTE, repr=False)

    def chapter_split(self) -> tuple[Array, Array, Array, Array]:
        """Scale and split the data as the chapter does.

        Features have mean 0 and variance 1 over all 506 rows, test rows included, as in
        the chapter; in work of your own take mean and variance from the training rows.

        Returns
        -------
        X_train, X_test : ndarray, shapes (354, 13) and (152, 13)
            Features.
        y_train, y_test : ndarray, shapes (354, 1) and (152, 1)
            Targets.

        Notes
        -----
        Chapter section 3.8: the split is that of scikit-learn's ``train_test_split`` with
        ``test_size=0.3, random_state=80718``.
        """
        X = (self.data - self.data.mean(axis=0)) / self.data.std(axis=0)
        y = self.target.reshape(-1, 1)
        order = np.random.RandomState(_CHAPTER_SPLIT_SEED).permutation(len(X))
        test, train = order[:_CHAPTER_TEST_ROWS], order[_CHAPTER_TEST_ROWS:]
        return X[train], X[test], y[train], y[test]


def load_boston() -> Boston:
    """Load the Boston housing data, which comes with the package.

    Returns
    -------
    Boston
        With `data`, `target`, `feature_names` and the method `chapter_split`.

    Notes
    -----
    Harrison and Rubinfeld, Hedonic prices and the demand for clean air, 1978. See
    `Boston.ethics_note` on column B.

    Examples
    --------
    >>> boston = load_boston()
    >>> boston.data.shape, boston.target.shape
    ((506, 13), (506,))
    """
    file = files("glassbrick.datasets") / "boston_house_prices.csv"
    with file.open(encoding="utf-8") as lines:
        next(lines)  # the counts of rows and features
        names = [name.strip('"') for name in next(lines).strip().split(",")]
        table = np.loadtxt(lines, delimiter=",")
    return Boston(table[:, :-1], table[:, -1], np.array(names[:-1]))
