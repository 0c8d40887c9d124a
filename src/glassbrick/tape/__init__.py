"""The tape: every number of one training step, each gradient proven."""

from glassbrick.tape.explained import Explained, ExplainedWithUpdate
from glassbrick.tape.step import LossStep, Step
from glassbrick.tape.tape import Tape

__all__ = ["Explained", "ExplainedWithUpdate", "LossStep", "Step", "Tape"]
