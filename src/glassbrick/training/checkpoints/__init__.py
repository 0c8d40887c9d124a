"""Checkpoints: a training that goes on, to the bit, after whatever ended its process."""

from glassbrick.training.checkpoints.folder import Folder
from glassbrick.training.checkpoints.keeper import Keeper

__all__ = ["Folder", "Keeper"]
