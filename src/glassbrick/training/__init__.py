"""How networks are trained."""

from glassbrick.training.batches import permute_data
from glassbrick.training.history import History
from glassbrick.training.trainer import Trainer

__all__ = ["History", "Trainer", "permute_data"]
