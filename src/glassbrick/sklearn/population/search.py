"""PopulationSearchCV: scikit-learn's search for settings, with all networks trained at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import GridSearchCV, ParameterGrid, ParameterSampler, check_cv
from sklearn.utils import get_tags, indexable
from sklearn.utils.validation import check_is_fitted

from glassbrick.arrays import Array
from glassbrick.checks import positive_integer
from glassbrick.sklearn.fitting import Fitted
from glassbrick.sklearn.population.fits import Asked, can_fit_together, fit_each
from glassbrick.sklearn.population.scores import Ranking
from glassbrick.sklearn.population.stand_in import StandIn

__all__ = ["PopulationSearchCV"]


class PopulationSearchCV(GridSearchCV):
    """Search for the best settings of an estimator, by cross-validation; see `GridSearchCV`.

    It finds what scikit-learn's search finds, with the same attributes, but trains the networks of
    all settings and all splits at once. The estimator is one of `glassbrick.sklearn`, or a
    pipeline that ends with one, whose other steps are fitted anew for each setting and split.
    With any other estimator it is scikit-learn's search.

    Parameters
    ----------
    estimator : estimator
        What is fitted.
    param_grid : dict, or list of dict
        Names of parameters, and lists of values to try. With `n_iter` also distributions, as of
        scipy.stats.
    n_iter : int, optional
        Try so many settings, drawn at random from `param_grid`, as `RandomizedSearchCV` does. By
        default all combinations.
    scoring, refit, cv, verbose, error_score, return_train_score
        As of `GridSearchCV`.
    random_state : int, RandomState or None, default None
        What draws settings, with `n_iter`.
    n_jobs, pre_dispatch
        As of `GridSearchCV`; for other estimators.

    Attributes
    ----------
    ranking_ : Ranking
        All settings, the best first, with means and standard errors: a table, and a plot.
    cv_results_, best_estimator_, best_score_, best_params_, best_index_, scorer_, n_splits_, \
refit_time_, multimetric_, classes_, n_features_in_, feature_names_in_
        As of `GridSearchCV`. The time of a fit is its share of the time of all that were trained
        with it.

    Raises
    ------
    ArgumentError, ArgumentTypeError, ValueError
        From `fit`, if an argument cannot be used.

    Warns
    -----
    FitFailedWarning
        From `fit`, if some settings cannot be fitted, or their training diverges. They have the
        score `error_score`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from glassbrick.sklearn import NetClassifier, PopulationSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> model = NetClassifier(epochs=20, random_state=0)
    >>> search = PopulationSearchCV(model, {"lr": [1e-6, 1e-5, 0.01]}, cv=3).fit(X, y)
    >>> search.best_params_
    {'lr': 0.01}
    >>> search.predict(X).shape
    (150,)
    """

    def __init__(
        self,
        estimator: Any,
        param_grid: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        n_iter: int | None = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: bool | str | Callable[..., int] = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: int | np.random.RandomState | None = None,
        error_score: float | str = np.nan,
        return_train_score: bool = False,
    ):
        """Keep the arguments; `fit` looks at them."""
        super().__init__(
            estimator,
            param_grid,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.n_iter, self.random_state = n_iter, random_state

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit and score all settings, and then the best one on all rows.

        Parameters
        ----------
        X : array_like, sparse matrix or DataFrame, shape (rows, features)
            The features.
        y : array_like
            What is to be predicted.
        **params
            Of the estimator's `fit`, such as `sample_weight`, and `groups` for the splits.
        """
        if not can_fit_together(self.estimator, y, params):
            super().fit(X, y, **params)
            return self
        X, y = indexable(X, y)
        own = {name: value for name, value in params.items() if name != "groups"}
        chooser = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = list(chooser.split(X, y, params.get("groups")))
        settings = self._settings()
        asked = Asked(self.estimator, X, y, own)
        stand_in = StandIn(self.estimator, lambda: fit_each(asked, settings, splits))
        search = GridSearchCV(
            stand_in,
            [{name: [value] for name, value in setting.items()} for setting in settings],
            scoring=check_scoring(self.estimator) if self.scoring is None else self.scoring,
            n_jobs=1,  # for the fits stand in a row
            refit=self.refit,
            cv=splits,
            verbose=self.verbose,
            error_score=self.error_score,
            return_train_score=self.return_train_score,
        ).fit(X, y, **params)
        _tell_times(search.cv_results_, stand_in.fits, len(splits))
        for name in vars(search):
            if name.endswith("_"):
                setattr(self, name, getattr(search, name))
        return self

    @property
    def ranking_(self) -> Ranking:
        """All settings, the best first: to be printed, or drawn."""
        check_is_fitted(self, "cv_results_")
        is_named = self.multimetric_ and isinstance(self.refit, str)
        found = [n for n in self.cv_results_ if n.startswith("rank_test_")]
        name = self.refit if is_named else found[0].removeprefix("rank_test_")
        return Ranking(self.cv_results_, name)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = get_tags(self.estimator).target_tags.multi_output
        return tags

    def _run_search(self, evaluate_candidates: Callable[..., Any]) -> None:
        """Let scikit-learn's search try the settings; for estimators of others."""
        evaluate_candidates(self._settings())

    def _settings(self) -> list[dict[str, Any]]:
        """Return what to try."""
        if self.n_iter is None:
            return list(ParameterGrid(self.param_grid))
        count = positive_integer(self.n_iter, f"{type(self).__name__}, n_iter", "Or None.")
        sampler = ParameterSampler(self.param_grid, count, random_state=self.random_state)
        return list(sampler)


def _tell_times(results: dict[str, Any], fits: Sequence[Fitted[Any]], splits: int) -> None:
    """Tell how long fits took, for the loop found them done."""
    seconds: Array = np.reshape([fit.seconds for fit in fits], (-1, splits))
    results["mean_fit_time"], results["std_fit_time"] = seconds.mean(axis=1), seconds.std(axis=1)
