"""LBFGS: for small data, all of it at once, with a memory of how the loss is curved."""

from __future__ import annotations

from typing import NoReturn

from glassbrick.checks import positive_integer, real_number
from glassbrick.errors import NotReadyError
from glassbrick.optimizers.optimizer import Optimizer

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Limited-memory BFGS, by SciPy: each epoch is one iteration over all rows at once.

    It needs no learning rate, and ends by itself where nothing more is to be gained. For data of
    up to some thousand rows, and networks without dropout, nothing is as exact. `batch_size` has
    no meaning with it. It needs SciPy: ``pip install 'glassbrick[scipy]'``.

    Parameters
    ----------
    memory : int, default 10
        How many steps it remembers.
    tolerance : float, default 1e-9
        It ends when a step lowers the loss by less than this part of it.
    gradient_tolerance : float, default 0
        It ends when no number in the gradient is larger than this.
    evaluations : int, optional
        It ends after the iteration in which the loss has been computed so many times.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range.

    Notes
    -----
    Byrd et al., A Limited Memory Algorithm for Bound Constrained Optimization, 1995.

    Examples
    --------
    >>> from glassbrick import Dense, LBFGS, MeanSquaredError, NeuralNetwork, Trainer
    >>> net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> history = Trainer(net, LBFGS()).fit([[1.0], [2.0], [4.0]], [3.0, 5.0, 9.0], verbose=False)
    >>> history.stop_reason, net.predict([[10.0]]).round(3).tolist()
    ('converged', [[21.0]])
    """

    def __init__(
        self,
        memory: int = 10,
        tolerance: float = 1e-9,
        *,
        gradient_tolerance: float = 0.0,
        evaluations: int | None = None,
    ):
        super().__init__(1.0)
        self.memory = positive_integer(memory, "LBFGS, memory")
        self.tolerance = real_number(tolerance, "LBFGS, tolerance", above=0.0, or_equal=True)
        who = "LBFGS, gradient_tolerance"
        self.gradient_tolerance = real_number(gradient_tolerance, who, above=0.0, or_equal=True)
        who = "LBFGS, evaluations"
        self.evaluations = None if evaluations is None else positive_integer(evaluations, who)

    def step(self) -> NoReturn:
        """Refuse: it takes all rows at once, so only `Trainer.fit` can use it."""
        raise NotReadyError(
            "LBFGS.step: it needs the loss at several points before it can make a step. "
            "Train with Trainer(net, LBFGS()).fit(X, y)."
        )

    def __repr__(self) -> str:
        return f"LBFGS(memory={self.memory})"
