"""Sphinx: the site. Pages that describe data are made from that data before the build (`generate.py`)."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
for root in ("auditor", "pytest_plugin", "reports"):
    sys.path.insert(0, str(HERE.parent / root))
sys.path.insert(0, str(HERE))

import generate  # noqa: E402

import toolaudit  # noqa: E402

project = "toolaudit"
author = "the toolaudit authors"
project_copyright = "the toolaudit authors, MIT license"
version = release = toolaudit.__version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_generated", "examples", "**/.pytest_cache"]
nitpicky = True

html_theme = "furo"
html_title = "toolaudit"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "default"
pygments_dark_style = "github-dark"

generate.write(HERE)
