"""The summary of a network."""

from glassbrick.summary.summarize import summarize
from glassbrick.summary.summary import Summary, SummaryRow

__all__ = ["Summary", "SummaryRow", "summarize"]
