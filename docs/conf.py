"""How Sphinx builds the documentation; say ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

import glassbrick

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_site"))

project = "Glassbrick"
author = copyright = "The Glassbrick developers"  # noqa: A001
version = release = glassbrick.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "generated_pages",
    "kernel_settings",
    "linked_names",
    "links_to_files",
    "math_in_mathml",
    "nothing_from_outside",
]
exclude_patterns = ["_build", "_site", "figures"]
nitpicky = True
default_role = "code"  # `Dense` in a docstring is code; linked_names makes a link of it

# Pages
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 60
nb_execution_show_tb = True
nb_execution_in_temp = True
nb_merge_streams = True
nb_ipywidgets_js = {}
pygments_dark_style = "github-dark"
nb_render_markdown_format = "gfm"
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"

# The reference
autodoc_typehints = "none"  # the docstrings tell types, in words
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True
viewcode_line_numbers = True

# How it looks
html_theme = "furo"
html_title = "Glassbrick"
html_static_path = ["_site/static"]
html_css_files = ["site.css"]
html_favicon = "_site/static/brick.svg"
html_copy_source = False
html_show_sourcelink = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"
