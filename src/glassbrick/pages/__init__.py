"""Pages: one self-contained file of HTML from data and a built front end (sources: frontend/)."""

from glassbrick.pages.page import page, script

__all__ = ["page", "script"]
