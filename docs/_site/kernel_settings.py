"""The surroundings of code that is run for a page: sharp figures, data, and no more."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
SETTINGS = """
c = get_config()
c.InlineBackend.figure_formats = {"svg"}
c.HistoryManager.enabled = False
c.IPKernelApp.matplotlib = "inline"
c.IPKernelApp.log_level = "ERROR"
"""
STARTUP = f"""
import os, shutil
shutil.copy({str(ROOT / "examples" / "penguins.csv")!r}, ".")
"""


def setup(app: Sphinx) -> dict[str, Any]:
    """Set IPython up before any page is read."""
    app.connect("config-inited", _prepare)
    logging.getLogger("traitlets").setLevel(logging.WARNING)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _prepare(app: Sphinx, _config: object) -> None:
    folder = Path(app.outdir).parent / "ipython"
    shutil.rmtree(folder, ignore_errors=True)
    profile = folder / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(SETTINGS, encoding="utf-8")
    (profile / "startup" / "data.py").write_text(STARTUP, encoding="utf-8")
    os.environ |= {
        "IPYTHONDIR": str(folder),
        "MATPLOTLIBRC": str(Path(__file__).with_name("matplotlibrc")),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "OMP_NUM_THREADS": "1",  # several pages are run at once
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "NO_COLOR": "1",
    }
