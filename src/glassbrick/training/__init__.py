"""How networks are trained."""

from glassbrick.training.history import History
from glassbrick.training.trainer import Trainer

__all__ = ["History", "Trainer"]
