"""A tape in a notebook: its page in a frame, or as a widget."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from glassbrick.errors import MissingExtraError
from glassbrick.pages import page, script
from glassbrick.tape.as_page import page_data

if TYPE_CHECKING:
    from anywidget import AnyWidget

    from glassbrick.tape.tape import Tape

__all__ = ["as_frame", "as_widget"]

_MOST = 2_000_000  # characters that may be put into a notebook without being asked for

# The page is a stranger in a notebook: it has no access to it, and gets its keys for itself.
_FRAME = (
    '<iframe title="{title}" sandbox="allow-scripts" loading="lazy" srcdoc="{page}" '
    'style="width: 100%; height: 46rem; border: 1px solid #8884; border-radius: 8px; '
    'resize: vertical"></iframe>'
)
_MODULE = """{script}
export default {{
  render({{ model, el }}) {{
    // A notebook has other uses for the keys of the page.
    const keep = (event) => event.stopPropagation();
    el.addEventListener("keydown", keep);
    el.dataset.lmSuppressShortcuts = "true";
    const leave = GlassbrickPage.mount(el, JSON.parse(model.get("data")));
    return () => {{ el.removeEventListener("keydown", keep); leave(); }};
  }},
}};
"""


def as_frame(tape: Tape) -> str:
    """Return HTML with the page in it; of a long tape its listing, and how to save the page."""
    data = page_data(tape)
    whole = page("explain", data["title"], data)
    if len(whole) <= _MOST:
        return _FRAME.format(title=escape(data["title"]), page=escape(whole))
    size = f"{len(whole) / 1e6:.1f} MB"
    return (
        f"<pre>{escape(str(tape))}</pre><p>The page on this step has {size}, too many for a "
        'notebook. Save it, <code>tape.to_html("step.html")</code>, explain fewer rows, or show '
        "<code>tape.widget()</code>.</p>"
    )


def as_widget(tape: Tape) -> AnyWidget:
    """Return the page as a widget; see `Tape.widget`."""
    try:
        from anywidget import AnyWidget
        from traitlets import Unicode
    except ImportError:
        raise MissingExtraError("Tape.widget", "anywidget", "notebook") from None

    def told(widget: Any) -> str:  # noqa: ARG001
        return f"<Widget of {tape!r}>"

    members = {
        "_esm": _MODULE.format(script=script("explain")),
        "data": Unicode().tag(sync=True),
        "__repr__": told,
        "__doc__": "The page on a training step, as a widget.",
    }
    kind: Any = type("TapeWidget", (AnyWidget,), members)
    widget: AnyWidget = kind(data=json.dumps(page_data(tape), allow_nan=False))
    return widget
