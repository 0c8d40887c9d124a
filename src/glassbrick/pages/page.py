"""A page as one file that needs no network: its script, its data, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any

__all__ = ["page", "script"]


def script(name: str) -> str:
    """Return the script of a page, which defines `GlassbrickPage.mount(element, data)`.

    Parameters
    ----------
    name : str
        "explain" or "watch".
    """
    built = files("glassbrick.pages") / "built" / f"{name}.js"
    return built.read_text(encoding="utf-8")


def page(name: str, title: str, data: Mapping[str, Any]) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    name : str
        Of its script.
    title : str
        Of the document.
    data : mapping
        What the page shows; JSON without NaN and infinities.
    """
    # A "<" could end the element that the data stand in.
    told = json.dumps(data, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n"
        "<style>body { margin: 0; } #page { min-height: 100vh; }</style>\n</head>\n<body>\n"
        '<div id="page"></div>\n<noscript>This page needs JavaScript.</noscript>\n'
        f'<script id="data" type="application/json">{told}</script>\n'
        f"<script>{script(name)}</script>\n"
        '<script>GlassbrickPage.mount(document.getElementById("page"), '
        'JSON.parse(document.getElementById("data").textContent));</script>\n'
        "</body>\n</html>\n"
    )
