"""The diagram of a network."""

from glassbrick.diagram.drawn import Drawn

__all__ = ["Drawn"]
