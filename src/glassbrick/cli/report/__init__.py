"""The page about a training: one file, which needs nothing else."""

from glassbrick.cli.report.page import page_of

__all__ = ["page_of"]
