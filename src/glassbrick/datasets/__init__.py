"""Data that comes with the package."""

from glassbrick.datasets.boston import Boston, load_boston

__all__ = ["Boston", "load_boston"]
