"""What only the whole data hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stored import PART


def needed(path: Path) -> Path:
    """The same path; the test skips, and names the file, if it is one that the part leaves out.

    In the whole an absent file is an error, as it is to who opens it.
    """
    if PART in path.parents and not path.exists():
        pytest.skip(f"only in the whole data, not in tests/data: {path.relative_to(PART)}")
    return path
