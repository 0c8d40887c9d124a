"""Warns of anything that a built page would fetch from a server: the site works offline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*\b(?:src|data)=["'](?:https?:)?//"""
    r"""|<link\b(?=[^>]*\brel=["'](?:stylesheet|preload|icon|preconnect))[^>]*href=["'](?:https?:)?//"""
    r"""|(?:@import\s+|url\()["']?(?:https?:)?//"""
)
"""Tags and rules of style that a browser follows by itself; not links that a reader follows."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Look when all is built."""
    app.connect("build-finished", _look)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _look(app: Sphinx, failure: Exception | None) -> None:
    if failure is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    for path in [*folder.rglob("*.html"), *folder.rglob("*.css")]:
        for found in FETCHED.finditer(path.read_text(encoding="utf-8")):
            where, what = path.relative_to(folder), found[0][:120]
            logging.getLogger(__name__).warning("%s fetches from a server: %s", where, what)
