"""The documentation site. ``poe docs`` builds it with warnings as errors and checks what came out.

Sphinx and Furo put everything a page needs beside it, so that the site is built and read without a
network; ``_site/check.py`` holds it to that. Pages are Markdown (MyST), tutorials are notebooks in
percent format, which run while the site is built. Navigation: the lists of ``README.md``.
"""

import inspect
import os
import sys
from pathlib import Path

import solweig

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_site"))
from reference import meant  # noqa: E402 - beside this file, not installed

project = "solweig"
author = "the solweig authors"
copyright = "the solweig authors, GPL-3.0-or-later"
version = release = solweig.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.linkcode",
    "pages",
    "public_names",
]
root_doc = "index"
exclude_patterns = ["README.md", "conf.py", "_site", "samples", "**/.ipynb_checkpoints"]
repository_url = "https://github.com/solweig/solweig"
nitpicky = True
# Types in signatures belong to other projects, whose inventories would have to be fetched, or to no
# page; what descriptions refer to must be there.
nitpick_ignore_regex = [("py:class", r"(?!solweig\.[A-Z]\w*$).*")]

# ---- pages
source_suffix = {".md": "myst-nb", ".py": "myst-nb"}
highlight_language = "none"
myst_heading_anchors = 4
myst_links_external_new_tab = False
suppress_warnings = ["myst.header"]  # pages that begin with tables of a report skip a level

# ---- tutorials
# Pages built on a machine with a card are those of one without.
os.environ["SOLWEIG_NO_GPU"] = "1"
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "force"
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_merge_streams = True

# ---- reference
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
# As parameters are: several names may share a line.
napoleon_custom_sections = [("Attributes", "params_style")]
python_maximum_signature_line_length = 88


def linkcode_resolve(domain, info):
    """Where the repository holds the source of something."""
    if domain != "py" or not info["module"]:
        return None
    try:
        value = meant(".".join(filter(None, (info["module"], info["fullname"]))))
        value = inspect.unwrap(value.fget if isinstance(value, property) else value)
        path = Path(inspect.getsourcefile(value))
        line = inspect.getsourcelines(value)[1]
    except (ImportError, TypeError, OSError):
        return None  # a field, or a value
    within = path.relative_to(Path(solweig.__file__).parent).as_posix()
    return f"{repository_url}/blob/main/python/solweig/{within}#L{line}"


# ---- looks
html_theme = "furo"
html_title = f"solweig {release}"
html_static_path = ["_site/static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": repository_url,
    "source_branch": "main",
    "source_directory": "docs/",
    "top_of_page_buttons": ["edit"],
}
