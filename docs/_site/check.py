"""What a finished site must hold to, beyond what Sphinx warns of.

    python docs/_site/check.py build/docs

Nothing is loaded from elsewhere, every link inside has its target, and no path of the machine that
built it is left in a page.
"""

from __future__ import annotations

import re
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

REPOSITORY = Path(__file__).resolve().parents[2]

LOADED = {
    "script": ("src",), "link": ("href",), "img": ("src", "srcset"), "source": ("src", "srcset"),
    "iframe": ("src",), "video": ("src", "poster"), "audio": ("src",), "object": ("data",),
    "embed": ("src",), "use": ("href",), "input": ("src",),
}  # fmt: skip
"""Attributes by which a page fetches something by itself."""
ONLY_NAMED = {"canonical", "next", "prev", "index", "search", "author", "copyright"}
"""Relations of ``link`` that fetch nothing."""
_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


def elsewhere(address: str) -> bool:
    """Whether an address is of another host."""
    return bool(urlsplit(address).netloc) or urlsplit(address).scheme in {"http", "https", "ftp"}


class Page(HTMLParser):
    """What a page loads, links to and can be linked to by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self._in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a tag says."""
        said = {name: value or "" for name, value in attrs}
        self.anchors |= {said[name] for name in ("id", "name") if name in said}
        self._in_style = tag == "style"
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        if not set(said.get("rel", "").split()) & ONLY_NAMED:
            for name in LOADED.get(tag, ()):
                # A srcset names several, each with a width.
                parts = said.get(name, "").split(",") if name == "srcset" else [said.get(name, "")]
                self.loads += [part.split()[0] for part in parts if part.strip()]
        self.loads += addresses_of_style(said.get("style", ""))

    def handle_data(self, data: str) -> None:
        """Take what a style in the page loads."""
        if self._in_style:
            self.loads += addresses_of_style(data)


def addresses_of_style(text: str) -> list[str]:
    """What a style sheet loads."""
    return [a or b for a, b in _STYLE.findall(text)]


def machine_paths() -> list[str]:
    """Paths that no page may hold, with a slash behind, so that none is the beginning of a word."""
    folders = {REPOSITORY, Path.home(), Path(tempfile.gettempdir()), Path(sys.prefix)}
    return sorted(f"{folder.as_posix()}/" for folder in folders if len(folder.parts) > 1)


def faults_of(site: Path) -> list[str]:
    """Everything that is wrong with a site, a line each."""
    texts = {path: path.read_text("utf-8") for path in sorted(site.rglob("*.html"))}
    if not texts:
        return [f"no page in {site}"]
    pages = {path: Page(text) for path, text in texts.items()}
    faults = []
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        faults += [f"{name}: loads {a} from elsewhere" for a in page.loads if elsewhere(a)]
        for link in [*page.links, *page.loads]:
            fault = fault_of_link(link, path, pages, site)
            if fault:
                faults.append(f"{name}: {fault}")
    for path in sorted(site.rglob("*.css")):
        name, text = path.relative_to(site).as_posix(), path.read_text("utf-8")
        faults += [f"{name}: loads {a} from elsewhere" for a in addresses_of_style(text)
                   if elsewhere(a)]  # fmt: skip
    said = {**texts, **{path: path.read_text("utf-8") for path in site.rglob("searchindex.js")}}
    for path, text in said.items():
        name = path.relative_to(site).as_posix()
        found = [path for path in machine_paths() if path in text]
        if found:
            faults.append(f"{name}: holds {max(found, key=len)}, a path of this machine")
    return faults


def fault_of_link(link: str, path: Path, pages: dict[Path, Page], site: Path) -> str | None:
    """What is wrong with a link inside the site."""
    parts = urlsplit(link)
    if elsewhere(link) or parts.scheme in {"mailto", "data", "javascript"}:
        return None
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(site) or not target.exists():
        return f"{link} leads nowhere"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return f"{link}: no such place in that page"
    return None


def main() -> None:
    """Print what is wrong, and fail if there is anything."""
    site = Path(sys.argv[1]).resolve()
    faults = faults_of(site)
    print("\n".join(faults) or f"{len(list(site.rglob('*.html')))} pages hold together")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
