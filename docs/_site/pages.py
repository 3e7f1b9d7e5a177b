"""Sphinx extension: navigation from ``README.md``, and links that leave the site.

``README.md`` lists every page, for readers of the repository. The same lists are the navigation of
the site: a page is added by its line there, and one without a line is an error of the build, for it
is in no table of contents.

Links to files of the repository that are no pages (``../benchmarks/README.md``) become links to the
repository, if the file exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)

MARK = "<!-- every page -->"
"""Where the lists of pages go; the page that holds it is the root of the navigation."""
NO_PAGES = ("README.md", "samples")
"""What of this folder is no part of the site."""
_LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_SECTION = re.compile(r"^\*\*(.+)\*\*$", re.MULTILINE)
_PAGE = re.compile(r"\]\(([\w/-]+)\.(?:md|py)(?:#[^)]*)?\)")


def listing(text: str) -> str:
    """The lists of pages, without what is before the first."""
    first = _SECTION.search(text)
    return text[first.start() :] if first else ""


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Headings of the lists and the pages below each, a page where it is named first."""
    seen: set[str] = set()
    _, *parts = _SECTION.split(listing(text))
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        pages = [page for page in dict.fromkeys(_PAGE.findall(body)) if page not in seen]
        seen.update(pages)
        yield heading, pages


def contents(text: str) -> str:
    """Tables of contents for the side of every page."""
    return "\n".join(
        "\n".join([f"```{{toctree}}\n:hidden:\n:caption: {heading}\n", *pages, "```\n"])
        for heading, pages in sections(text)
    )


def listed(text: str) -> str:
    """The lists with headings that are sections of a page."""
    return _SECTION.sub(r"## \1\n", listing(text))


def outside(app: Sphinx, docname: str, text: str) -> str:
    """Links to files that are no part of the site, as links to the repository."""
    docs = Path(app.srcdir)
    repository = docs.parent
    folder = Path(app.env.doc2path(docname)).parent

    def lead(found: re.Match[str]) -> str:
        target, anchor = found[1], found[2] or ""
        path = (folder / target).resolve()
        if path.is_relative_to(docs) and not any(path.is_relative_to(docs / n) for n in NO_PAGES):
            return found[0]
        if not path.exists() or not path.is_relative_to(repository):
            log.warning("no such file: %s", target, location=docname, type="pages")
            return found[0]
        kind = "tree" if path.is_dir() else "blob"
        where = path.relative_to(repository).as_posix()
        return f"]({app.config.repository_url}/{kind}/main/{where}{anchor})"

    return _LINK.sub(lead, text)


def read_source(app: Sphinx, docname: str, source: list[str]) -> None:
    """Fill in the lists, and lead links out."""
    docs = Path(app.srcdir)
    text = source[0]
    if MARK in text:
        readme = docs / "README.md"
        app.env.note_dependency(str(readme))
        pages = readme.read_text("utf-8")
        text = text.replace(MARK, f"{listed(pages)}\n\n{contents(pages)}")
    source[0] = outside(app, docname, text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("repository_url", "", "env", str)
    app.connect("source-read", read_source)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
