"""What looks over the finished site of the documentation finds what it is there to find."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "docs" / "_site"))
import check  # noqa: E402 - no module of the package

SOUND = """<html><head><link rel="stylesheet" href="style.css">
<link rel="canonical" href="https://example.org/"></head>
<body><h1 id="top">A</h1><a href="other.html#there">b</a> <a href="#top">c</a>
<a href="https://example.org/elsewhere">d</a> <img src="a.png"></body></html>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text(SOUND)
    (tmp_path / "other.html").write_text('<p id="there">B</p>')
    (tmp_path / "style.css").write_text("p { background: url(a.png) }")
    (tmp_path / "a.png").write_bytes(b"")
    return tmp_path


def test_a_sound_site_has_no_fault(site: Path) -> None:
    assert check.faults_of(site) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("index.html", "a.png", "https://example.org/a.png", "loads https://example.org/a.png"),
        ("index.html", "style.css", "//example.org/style.css", "loads //example.org/style.css"),
        ("index.html", "</body>", "<script src='https://example.org/x.js'></script>", "x.js from"),
        ("index.html", "</head>", "<style>@import 'https://example.org/f.css'</style>", "f.css"),
        ("style.css", "a.png", "'https://example.org/font.woff'", "font.woff from elsewhere"),
        ("index.html", "a.png", "b.png", "b.png leads nowhere"),
        ("index.html", "other.html", "gone.html", "gone.html#there leads nowhere"),
        ("index.html", "#there", "#nowhere", "no such place in that page"),
        ("other.html", "B", f"{ROOT.as_posix()}/docs", "a path of this machine"),
    ],
)
def test_faults_are_found(site: Path, file: str, old: str, new: str, fault: str) -> None:
    path = site / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    found = check.faults_of(site)
    assert len(found) == 1
    assert fault in found[0]


def test_no_site_is_a_fault(tmp_path: Path) -> None:
    assert check.faults_of(tmp_path) == [f"no page in {tmp_path}"]
