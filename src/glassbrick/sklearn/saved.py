"""SavedEstimator: what lets an estimator be written to a file, and made of it again."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sklearn.utils.validation import check_is_fitted

from glassbrick.arrays import Array
from glassbrick.checks import true_or_false
from glassbrick.files import as_path, write_sealed
from glassbrick.network import NeuralNetwork

__all__ = ["SavedEstimator"]


class SavedEstimator:
    """An estimator that `save` writes and `glassbrick.load` reads.

    A subclass tells its networks, `_networks`, and what else it learned, `_fitted_state` and
    `_arrays`; and takes all of it back, `_restore`. Its parameters, `n_features_in_` and
    `feature_names_in_` are no concern of its.
    """

    get_params: Callable[..., dict[str, Any]]

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the fitted estimator to one file, which `glassbrick.load` reads.

        It is a safetensors file, which other programs can read, too; it holds no code. It is
        written whole or not at all, with a checksum over every bit. Parameters that cannot be
        written are left out: functions, engines, a `RandomState`, callbacks other than
        `EarlyStopping` and `TimeBudget`. An estimator that is loaded has the default there.

        Parameters
        ----------
        path : str or path
            Of the file, which by custom ends in ".safetensors".
        overwrite : bool, default False
            Whether to replace a file that is there.

        Raises
        ------
        NotFittedError
            If it is not fitted.
        FileError
            If there is a file already, or it cannot be written.
        ArgumentError
            If a block of your own does not keep the arguments that it was made of as
            attributes, or keeps something that cannot be written.
        DataError
            If a parameter of the network is not finite.

        Examples
        --------
        >>> import tempfile
        >>> import glassbrick as gb
        >>> from glassbrick.sklearn import NetClassifier
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
        >>> path = tempfile.mkdtemp() + "/levels.safetensors"
        >>> NetClassifier(epochs=300, random_state=0).fit(X, y).save(path)
        >>> model = gb.load(path)
        >>> model
        NetClassifier(epochs=300, random_state=0)
        >>> model.predict([[0.0], [3.0]]).tolist()
        ['low', 'high']
        """
        from glassbrick.sklearn.estimator_file import arrays_of_estimator, describe_estimator

        who = f"{type(self).__name__}.save"
        overwrite = true_or_false(overwrite, f"{who}, overwrite")
        place = as_path(path, f"{who}, path")
        check_is_fitted(self)
        told, networks = describe_estimator(self, who)
        arrays = arrays_of_estimator(self, networks, who)
        write_sealed(place, told, arrays, who, overwrite=overwrite)

    @abstractmethod
    def _networks(self) -> list[NeuralNetwork]:
        """Return all networks that it learned."""

    @abstractmethod
    def _fitted_state(self) -> dict[str, Any]:
        """Return what else it learned: numbers (NaN too), texts, None; lists and dicts of them."""

    def _arrays(self) -> dict[str, Array]:
        """Return the arrays that it learned and that are in no network."""
        return {}

    @abstractmethod
    def _restore(
        self,
        networks: Sequence[NeuralNetwork],
        told: Mapping[str, Any],
        arrays: Mapping[str, Array],
    ) -> None:
        """Take back what was learned.

        The parameters, `n_features_in_` and `feature_names_in_` are there already. Whoever made
        the file may have put anything into it: what does not fit is to be refused here, so that
        what comes back can predict. A KeyError, TypeError, ValueError or any error of ours says
        that as well as a FileError does.

        Parameters
        ----------
        networks : sequence of NeuralNetwork
            As `_networks` returned them.
        told : mapping of str to object
            What `_fitted_state` returned.
        arrays : mapping of str to ndarray
            What `_arrays` returned; read-only.
        """
