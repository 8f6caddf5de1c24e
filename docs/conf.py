"""How the documentation is built: Sphinx, MyST and furo; a warning is a failure."""

from importlib.metadata import version as _version

project = "Credit Check SDK"
author = "The Credit Check SDK authors"
copyright = "2026, The Credit Check SDK authors"
release = _version("credit-check-sdk")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 4

autodoc_class_signature = "separated"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"Credit Check SDK {release} · 应查必查"
html_static_path: list[str] = []
html_show_sourcelink = False
html_show_sphinx = False
