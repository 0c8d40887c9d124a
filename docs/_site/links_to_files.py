"""Where links out of docs/ lead: to the page that includes the file, or to the file itself.

Pages link as is right for one who reads the repository; and some are files from elsewhere in it,
included, whose links start there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

INCLUDED = {
    "changelog": "CHANGELOG.md",
    "contributing": "CONTRIBUTING.md",
    "examples": "examples/README.md",
}
"""Pages of the site that are files from outside of docs/."""

ROOT = Path(__file__).parents[2]


def setup(app: Sphinx) -> dict[str, Any]:
    """Mend links as soon as a page is read."""
    app.add_transform(LinkFiles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class LinkFiles(SphinxTransform):
    """Let links to files of the repository lead somewhere on the site."""

    default_priority = 800

    def apply(self, **_: Any) -> None:
        """Look at all links that are not to pages in docs/."""
        here = ROOT / INCLUDED.get(self.env.docname, "docs/page.md")
        for link in list(self.document.findall(addnodes.pending_xref)):
            is_page = link.get("refdomain") == "doc"
            target = Path(f"{link['reftarget']}.md" if is_page else link["reftarget"])
            place = (here.parent / target).resolve()
            is_outside = not is_page or target.is_absolute()
            if link["reftype"] == "myst" and is_outside and place.exists():
                self._lead(link, place)

    def _lead(self, link: addnodes.pending_xref, place: Path) -> None:
        pages = {ROOT / path: page for page, path in INCLUDED.items()}
        if place in pages:
            link["refdomain"], link["reftarget"] = "doc", pages[place]
        elif place.is_dir():
            link.replace_self(link.children)
        else:
            path = "/" + os.path.relpath(place, self.env.srcdir)
            file = addnodes.download_reference("", "", *link.children, reftarget=path)
            file["refdoc"], file["reftype"], file["refdomain"] = self.env.docname, "myst", None
            file["refexplicit"] = True
            link.replace_self(file)
