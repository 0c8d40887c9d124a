"""The diagram of a network."""

from glassbrick.diagram.diagram import Diagram
from glassbrick.diagram.drawn import Drawn

__all__ = ["Diagram", "Drawn"]
