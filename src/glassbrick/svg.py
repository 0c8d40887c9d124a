"""SVG: elements in the colours of light and dark, the room that text takes, and a whole picture."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import sha256
from xml.etree.ElementTree import Element, tostring

__all__ = ["document", "element", "fit", "label", "room_of", "to_scroll"]

_STYLE = "max-width: 100%; height: auto"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"

# Of each class of element: which attributes have which colour, in light and in dark. They stand
# as attributes, which every program reads, and as a style sheet for browsers in the dark.
_INKS: dict[str, dict[str, tuple[str, str]]] = {
    "paper": {"fill": ("#fdfcfa", "#16181c")},
    "frame": {"fill": ("#f4f2ed", "#1f2228"), "stroke": ("#b9b4aa", "#4d535d")},
    "pill": {"fill": ("#fdfcfa", "#16181c"), "stroke": ("#b9b4aa", "#4d535d")},
    "end": {"fill": ("#fdfcfa", "#16181c"), "stroke": ("#5c626d", "#a0a5ad")},
    "neuron": {"fill": ("#fdfcfa", "#16181c"), "stroke": ("#22252b", "#e4e3df")},
    "ink": {"fill": ("#22252b", "#e4e3df")},
    "soft": {"fill": ("#5c626d", "#a0a5ad")},
    "wire": {"stroke": ("#5c626d", "#a0a5ad")},
    "plus": {"stroke": ("#2b7bba", "#5aa5e0")},
    "minus": {"stroke": ("#c8641b", "#e08a45")},
    "training": {"stroke": ("#2f6690", "#7fb4dc")},
    "validation": {"stroke": ("#8a6524", "#c9a56a")},
    "best": {"fill": ("#8a6524", "#c9a56a"), "stroke": ("#fdfcfa", "#16181c")},
    "grid": {"stroke": ("#dcd9d3", "#363a41")},
    "zero": {"stroke": ("#8b8f97", "#7d828b")},
}
_number = itertools.count(1)


def element(tag: str, ink: str = "", /, **attributes: float | str) -> Element:
    """Return an element in the colours of a class.

    Parameters
    ----------
    tag, ink : str
        Its name, and the class.
    **attributes
        Numbers are rounded to a thousandth; "_" in a name becomes "-". What is called text
        stands in the element.
    """
    found = Element(tag)
    if ink:
        found.set("class", ink)
        for name, (light, _) in _INKS[ink].items():
            found.set(name, light)
    found.text = _readable(str(attributes.pop("text", "")))
    for name, value in attributes.items():
        found.set(name.replace("_", "-"), value if isinstance(value, str) else _short(value))
    return found


def label(
    text: str, x: float, y: float, size: float = 11.0, ink: str = "ink", **attributes: str
) -> Element:
    """Return a line of text with its middle at a height."""
    return element("text", ink, text=text, x=x, y=y + 0.36 * size, font_size=size, **attributes)


def room_of(text: str, size: float, *, is_bold: bool = False) -> float:
    """Return how wide a text is at most, in the wide fonts that a system may have."""
    total = sum(map(_width, text))
    return size * total * (1.12 if is_bold else 1.0)


def fit(text: str, size: float, room: float, *, is_bold: bool = False) -> str:
    """Cut a text to the room that it has."""
    text = _readable(text)
    if room_of(text, size, is_bold=is_bold) <= room:
        return text
    while text and room_of(f"{text}…", size, is_bold=is_bold) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def document(
    elements: Sequence[Element], size: tuple[float, float], title: str, description: str
) -> str:
    """Put elements together to an SVG, which has a background of its own.

    Its ids differ from those of all others, so that several can be in one page.
    """
    width, height = size
    body = "".join(tostring(item, encoding="unicode") for item in elements)
    name = f"glassbrick-{sha256(body.encode()).hexdigest()[:8]}-{next(_number)}"
    root = element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        id=name,
        viewBox=f"0 0 {_short(width)} {_short(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        font_family=_FONT,
        style=_STYLE,
    )
    root.append(element("title", text=title, id=f"{name}-title"))
    root.append(element("desc", text=description, id=f"{name}-desc"))
    root.append(element("style", text=_dark(name)))
    root.append(element("rect", "paper", width=width, height=height, rx=10.0))
    root.extend(elements)
    return tostring(root, encoding="unicode")


def to_scroll(svg: str, least: float) -> str:
    """Return a picture as HTML: on small screens it is at least so wide, and can be moved."""
    wide = svg.replace(_STYLE, f"{_STYLE}; min-width: {least:.0f}px", 1)
    return f'<div style="overflow-x: auto">{wide}</div>'


def _dark(name: str) -> str:
    """Return the colours for readers whose system is dark."""
    rules = []
    for ink, colours in _INKS.items():
        told = "; ".join(f"{attribute}: {dark}" for attribute, (_, dark) in colours.items())
        rules.append(f"#{name} .{ink} {{ {told} }}")
    return f"@media (prefers-color-scheme: dark) {{ {' '.join(rules)} }}"


def _short(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")


def _readable(text: str) -> str:
    """Put a sign in the place of what XML cannot hold, and a space in that of a new line."""
    text = re.sub(r"\s+", " ", text)
    return re.sub("[^\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text)


def _width(character: str) -> float:
    """Return the width of a character of a wide sans serif, DejaVu Sans, in ems, rounded up."""
    if unicodedata.combining(character):
        return 0.0
    if not character.isascii():
        return 1.05
    for characters, width in _WIDTHS:
        if character in characters:
            return width
    return 0.66


_WIDTHS: Iterable[tuple[str, float]] = (
    ("ijlI|'", 0.3),
    (' ,.:;!()[]ftr-/"\\`', 0.42),
    ("mMW%@", 1.01),
    ("wCDGHNOQRUABKPVXYZ&+=<>~^#", 0.85),
)
