"""Makes links of names in code: `gb.Dense`, `Trainer.fit` and `net.explain(x, y)` lead to the API.

So pages and docstrings need no markup for it, and read the same where nothing builds them.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

NAME = re.compile(r"(?:gb\.|glassbrick\.)?([A-Za-z_][\w.]*)")
OBJECTS = {
    "estimator": "sklearn.TabularRegressor",
    "history": "History",
    "model": "sklearn.TabularRegressor",
    "net": "NeuralNetwork",
    "optim": "Optimizer",
    "report": "HealthReport",
    "tape": "Tape",
    "trainer": "Trainer",
}
"""What pages call the objects that they make."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Link what pages tell."""
    app.add_post_transform(LinkNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class LinkNames(SphinxPostTransform):
    """Put links around literals that begin with a name of the API."""

    default_priority = 500

    def run(self, **_: Any) -> None:
        """Look at all literals that are no part of a link or a heading."""
        for literal in list(self.document.findall(nodes.literal)):
            found = None if _is_in_link_or_heading(literal) else self._find(literal.astext())
            if found is None:
                continue
            page, anchor, name = found
            here = self.env.docname
            link = make_refnode(self.app.builder, here, page, anchor, literal.deepcopy(), name)
            literal.replace_self(link)

    def _find(self, text: str) -> tuple[str, str, str] | None:
        """Return page and anchor of what a text names, and its full name."""
        match = NAME.match(text)
        if match is None:
            return None
        said, name = match[0], match[1].rstrip(".")
        if name.islower() and "." not in said and "_" not in name:
            return None  # `load` and `fit` are words, too
        first, _, rest = name.partition(".")
        documented = self.env.domains.python_domain.objects
        candidates = [name, f"sklearn.{name}", f"displays.{name}"]
        if first in OBJECTS and rest:
            candidates.append(f"{OBJECTS[first]}.{rest}")
        for candidate in candidates:
            entry = documented.get(f"glassbrick.{candidate}")
            if entry is not None and entry.objtype != "module":
                return entry.docname, entry.node_id, f"glassbrick.{candidate}"
        return None


def _is_in_link_or_heading(node: nodes.Node) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.reference | nodes.title | nodes.rubric):
            return True
    return False
