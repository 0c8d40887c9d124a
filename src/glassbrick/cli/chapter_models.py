"""The chapter's three networks, and what it prints of each."""

from __future__ import annotations

from dataclasses import dataclass

from glassbrick.arrays import Array
from glassbrick.layers import Dense
from glassbrick.losses import MeanSquaredError
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Linear, Sigmoid
from glassbrick.training import History

__all__ = ["EPOCHS", "EVAL_EVERY", "MODELS", "SEED", "Model", "Outcome", "PrintedFigure"]

SEED = 20190501
EPOCHS, EVAL_EVERY = 50, 10


@dataclass(frozen=True)
class Model:
    """One of the chapter's networks, and what the chapter prints for it."""

    title: str
    hidden_layers: int
    losses: tuple[str, ...]  # after 10, 20, 30, 40, 50 epochs
    mae: str
    rmse: str

    def build(self) -> NeuralNetwork:
        """Make the network anew, as the chapter does."""
        hidden = [Dense(neurons=13, activation=Sigmoid()) for _ in range(self.hidden_layers)]
        layers = [*hidden, Dense(neurons=1, activation=Linear())]
        return NeuralNetwork(layers, loss=MeanSquaredError(), seed=SEED)


MODELS = (
    Model(
        "Linear regression", 0, ("30.293", "28.469", "26.293", "25.541", "25.087"), "3.52", "5.01"
    ),
    Model(
        "One hidden layer", 1, ("27.435", "21.839", "18.918", "17.195", "16.215"), "2.60", "4.03"
    ),
    Model(
        "Two hidden layers", 2, ("44.143", "25.278", "22.339", "16.500", "14.655"), "2.45", "3.83"
    ),
)


@dataclass(frozen=True)
class PrintedFigure:
    """A number as the chapter prints it, and as it came out here."""

    name: str
    chapter: str
    here: str

    @property
    def agrees(self) -> bool:
        """Whether both are the same to the last printed digit."""
        return self.chapter == self.here


@dataclass(frozen=True)
class Outcome:
    """A trained model: its figures, and what the plot shows."""

    model: Model
    figures: list[PrintedFigure]
    history: History
    actual: Array
    predicted: Array
