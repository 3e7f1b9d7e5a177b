"""The version, in every place that names it.

    python .ci/version.py           check that all places agree, and print it
    python .ci/version.py v0.3.0    the same, and that it is the one of this tag
    python .ci/version.py --set 0.3.0

It is said once, in rust/Cargo.toml; the package and its metadata read it there. The other places
are files that somebody else reads and that must hold it themselves.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
NUMBER = r"\d+\.\d+\.\d+"


class Place(NamedTuple):
    """A file and the patterns around the version, of which all that match must hold it."""

    path: str
    before: str
    after: str = ""

    def pattern(self) -> re.Pattern[str]:
        """What comes before, the version, what comes after."""
        return re.compile(f"({self.before})({NUMBER})({self.after})", re.MULTILINE)


SAID = Place("rust/Cargo.toml", r'^\[workspace\.package\]\nversion = "', '"$')
PLACES = (
    SAID,
    Place("rust/Cargo.lock", r'^name = "solweig-[a-z]+"\nversion = "', '"$'),
    Place("qgis/solweig_provider/metadata.txt", "^version=", "$"),
    Place("recipe/recipe.yaml", '^  version: "', '"$'),
    Place("CITATION.cff", "^version: ", "$"),
    Place("docs/qgis.md", r"solweig_provider-", r"\.zip"),
)
# The newest one of the changelog is written by hand, with its date.
CHANGELOG = Place("CHANGELOG.md", r"\A(?:(?!^## \d).*\n)*^## ", r" - \d{4}-\d\d-\d\d$")


def found(root: Path) -> dict[str, set[str]]:
    """Versions by file."""
    return {
        place.path: {
            match[2]
            for match in place.pattern().finditer((root / place.path).read_text(encoding="utf-8"))
        }
        for place in (*PLACES, CHANGELOG)
    }


def agreed(root: Path) -> str:
    """The version of all places; ValueError names those that say otherwise."""
    versions = found(root)
    said = versions[SAID.path]
    if len(said) != 1:
        raise ValueError(f"{SAID.path}: expected one version, got {sorted(said)}")
    odd = [
        f"{path}: {sorted(found) or 'none'}" for path, found in versions.items() if found != said
    ]
    if odd:
        raise ValueError(f"expected {said.pop()} as in {SAID.path}, got in {'; '.join(odd)}")
    return said.pop()


def write(root: Path, version: str) -> None:
    """Put a version into every place but the changelog."""
    if not re.fullmatch(NUMBER, version):
        raise ValueError(f"version: expected three numbers with dots, got {version!r}")
    for place in PLACES:
        path = root / place.path
        old = path.read_text(encoding="utf-8")
        new = place.pattern().sub(lambda match: f"{match[1]}{version}{match[3]}", old)
        path.write_bytes(new.encode("utf-8"))


def main(arguments: list[str]) -> None:
    """Check, or set."""
    if arguments[:1] == ["--set"] and len(arguments) == 2:
        write(ROOT, arguments[1])
        return
    version = agreed(ROOT)
    if arguments not in ([], [f"v{version}"]):
        raise ValueError(f"tag: expected v{version}, got {' '.join(arguments)}")
    print(version)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ValueError as error:
        sys.exit(str(error))
